"""Rows that stay on disk: numbers of one type that lie in a file one after the other, read when they are asked for.

They are read into memory of their own and not mapped into it: the process stays small however much it has read,
and a file that is cut off meanwhile is an error and not the end of the process.
"""

import os
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from nnctl.errors import DataError
from nnctl.nn import Array

DENSE = 4  # times as many rows as are wanted are read in one go rather than each by itself


class RawFile:
    """An open file of which any part can be read, by several threads and processes at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._descriptor)
        self._opened = self._state()

    @property
    def has_changed(self) -> bool:
        """Whether the file has been written to since it was opened."""
        return self._state() != self._opened

    def _state(self) -> tuple[int, int]:
        found = os.fstat(self._descriptor)
        return found.st_size, found.st_mtime_ns

    def __reduce__(self) -> Any:
        return RawFile, (self.path,)  # a process that is spawned opens it anew

    def read(self, size: int, offset: int) -> bytes:
        """Return so many bytes from a place on."""
        read = self._read(size, offset)
        while len(read) < size:  # no system reads more than 2 GB at once
            more = self._read(size - len(read), offset + len(read))
            if not more:
                size = os.fstat(self._descriptor).st_size
                raise DataError(
                    f"{self.path}: has only {size:,} bytes by now, and was longer when training or prediction began.\n"
                    "Leave data files alone while they are read."
                )
            read += more
        return read

    def read_rows(self, size: int, offsets: Sequence[int]) -> bytes:
        """Return so many bytes from each of some places on."""
        pread, descriptor = os.pread, self._descriptor
        try:
            read = b"".join([pread(descriptor, size, offset) for offset in offsets])
        except OSError:
            read = b""
        if len(read) == size * len(offsets):
            return read
        return b"".join([self.read(size, offset) for offset in offsets])  # which tells what is wrong, or goes on

    def _read(self, size: int, offset: int) -> bytes:
        try:
            return os.pread(self._descriptor, size, offset)
        except OSError as error:
            raise DataError(f"{self.path}: cannot be read any more: {error.strerror}") from None


@dataclass(frozen=True)
class OnDisk:
    """Rows (m, ...) of a file: X[rows] are such rows, too, and np.asarray reads them."""

    file: RawFile
    offset: int  # of row 0
    dtype: np.dtype[Any]
    example: tuple[int, ...]  # the shape of a row
    rows: range | Array  # which rows these are

    @property
    def shape(self) -> tuple[int, ...]:
        """(m, ...)."""
        return (len(self.rows), *self.example)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return 1 + len(self.example)

    @property
    def size(self) -> int:
        """The number of numbers."""
        return prod(self.shape)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, which: Any) -> Any:
        """Return some of the rows, on disk, too; or one row, read."""
        rows = self.rows
        if np.ndim(which) == 0 and not isinstance(which, slice):
            return np.asarray(self[np.array([which])])[0]
        if isinstance(rows, range) and not isinstance(which, slice):
            rows = rows.start + rows.step * np.asarray(which)  # all of them as an array would take longer than to read
        else:
            rows = rows[which]
        return OnDisk(self.file, self.offset, self.dtype, self.example, rows)

    def read(self) -> Array:
        """Return the rows, read."""
        return np.asarray(self)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        """Return the rows, read."""
        return np.frombuffer(self._read(), self.dtype).reshape(self.shape).astype(dtype or self.dtype, copy=False)

    def _read(self) -> bytes | memoryview:
        size, rows = self.dtype.itemsize * prod(self.example), self.rows
        if not len(rows):
            return b""
        if isinstance(rows, range) and rows.step == 1:
            return self.file.read(len(rows) * size, self.offset + rows.start * size)
        listed = np.asarray(rows)
        first, last = int(listed.min()), int(listed.max())
        if last - first < DENSE * len(listed):
            span = np.frombuffer(self.file.read((last - first + 1) * size, self.offset + first * size), np.uint8)
            return span.reshape(-1, size)[listed - first].data
        return self.file.read_rows(size, (self.offset + size * listed).tolist())
