"""Unpacked columns are those of a table that stay on disk: rows of float64 in an NPY file of the cache, in which a text
is the index of its value. Behind them stands, as JSON, which columns they are and what was said of them.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy

from nnctl.data import cache
from nnctl.data.columns import Columns, Named, Texts
from nnctl.data.disk import OnDisk, RawFile
from nnctl.data.portions import COLUMN_VALUES, Portions, rows_of_a_portion
from nnctl.nn import Array

CELL = np.dtype("<f8")


@dataclass(frozen=True)
class UnpackedColumns(Named):
    """Columns on disk."""

    names: tuple[str, ...]
    rows: OnDisk  # (m, k)
    places: Mapping[str, int]  # of the columns in a row
    values: Mapping[str, tuple[str, ...]]  # of each column of texts

    @property
    def file(self) -> RawFile:
        """The file in which they are."""
        return self.rows.file

    @property
    def number_names(self) -> tuple[str, ...]:
        """The names of the columns of numbers, in their order."""
        return tuple(name for name in self.names if name not in self.values)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, rows: Any) -> "UnpackedColumns":
        return replace(self, rows=self.rows[rows])

    def read(self, names: Sequence[str] | None = None) -> Columns:
        """Return the rows in memory, with all columns or with some, in their order here."""
        wanted = [name for name in self.names if names is None or name in names]
        places = [self.places[name] for name in wanted]
        cells, m = np.empty((len(self), len(places))), 0
        for rows in Portions(self.rows):
            np.take(rows, places, axis=1, out=cells[m : m + len(rows)], mode="clip")  # "raise" would buffer a copy
            m += len(rows)
        of_numbers = [place for place, name in enumerate(wanted) if name not in self.values]
        numbers = cells if len(of_numbers) == len(wanted) else cells.take(of_numbers, axis=1)
        texts = {
            name: Texts(cells[:, place].astype(np.int32), self.values[name])
            for place, name in enumerate(wanted)
            if name in self.values
        }
        return Columns(tuple(wanted), numbers, texts)

    def blocks(self) -> Iterator[Columns]:
        """Yield the rows in memory, some at a time."""
        size = rows_of_a_portion(self.rows.example)
        return (self[start : start + size].read() for start in range(0, len(self), size))

    def together(self) -> Iterator[Sequence[str]]:
        """Yield all names, some at a time."""
        size = max(1, COLUMN_VALUES // len(self))
        return (self.names[start : start + size] for start in range(0, len(self.names), size))

    def without(self, gone: Collection[str | None]) -> "UnpackedColumns":
        """Return the columns but for some of them."""
        return replace(self, names=tuple(name for name in self.names if name not in gone))


@dataclass(frozen=True)
class Label:
    """What stands behind the rows: the columns in their order, the values of those of texts, and what is said."""

    names: Sequence[str]
    values: Mapping[str, Sequence[str]]
    notes: Sequence[str]
    named_lines: bool


def write(file: BinaryIO, blocks: Iterator[Array], width: int) -> int:
    """Write blocks of rows (k, width); return how many rows they are."""
    cache.write_header(file, (0, width), CELL)
    m = 0
    for block in blocks:
        file.write(np.ascontiguousarray(block, CELL).data)
        m += len(block)
    return m


def finish(file: BinaryIO, label: Label, m: int, width: int) -> None:
    """Write what stands behind m rows, and before them."""
    file.write(json.dumps(asdict(label)).encode())
    file.seek(0)
    cache.write_header(file, (m, width), CELL)


def opened(path: Path) -> tuple[UnpackedColumns, Array, Label] | None:
    """Return the columns of a file, the number of each row and what is said; None where it is none, or not whole."""
    try:
        with path.open("rb") as file:
            npy.read_magic(file)
            (m, width), by_columns, dtype = npy.read_array_header_2_0(file)
            offset = file.tell()
            file.seek(offset + m * width * CELL.itemsize)
            label = Label(**json.load(file))
    except Exception:  # whatever NumPy raises of a damaged header, and json of a damaged end: it is written anew
        return None
    if by_columns or dtype != CELL or width != len(label.names) + 1 or not m:
        return None
    rows = OnDisk(RawFile(path), offset, CELL, (width,), range(m))
    values = {name: tuple(texts) for name, texts in label.values.items()}
    places = {name: place for place, name in enumerate(label.names)}
    columns = UnpackedColumns(tuple(label.names), rows, places, values)
    lines = np.concatenate([portion[:, -1] for portion in Portions(rows)]).astype(np.int64)
    return columns, lines, label
