"""Spans are the rest of a large text in pieces of whole lines that are known by their places in the file alone.

So they can be read apart from each other, as long as they are grids: a quote that is open at the end of one would
reach into the next.
"""

import io
import os
from pathlib import Path
from typing import IO

import numpy as np

from nnctl.data import pieces
from nnctl.data.grid import grid
from nnctl.data.records import Apart, Records, Source
from nnctl.nn import Array

LARGE = 2**24  # bytes of a text that are worth the start of processes


class Spans(Apart):
    """The lines of an open file from where they are being read."""

    def __init__(self, lines: pieces.Lines, file: io.BufferedReader, mark: str, n: int) -> None:
        self._lines, self._mark, self._n = lines, mark, n
        self._file = file.fileno()
        self._begin, self._size = lines.end, os.fstat(self._file).st_size
        self._length = pieces.SIZE
        self.count = -(-(self._size - self._begin) // self._length)

    def read(self, index: int) -> Records | None:
        """Return the rows of a span, numbered from 1, or None where it is no grid."""
        begin, end = self._border(index), self._border(index + 1)
        if not 0 < end - begin <= 2 * self._length:  # there are no ends of lines
            return None
        raw = os.pread(self._file, end - begin, begin)
        if len(raw) < end - begin or b"\0" in raw:
            return None
        try:
            return grid(raw.decode(), self._mark, self._n, 1)
        except UnicodeDecodeError:
            return None

    def passed(self, index: int, m: int) -> Array:
        """Let the lines go on behind a span of m rows, and return their numbers (m,)."""
        first = self._lines.taken + 1
        self._lines.skip_to(self._border(index + 1), m)
        return np.arange(first, first + m)

    def _border(self, index: int) -> int:
        """Return where the first line of a span begins."""
        if index == 0:
            return self._begin
        at = self._begin + index * self._length - 1  # a line that begins at the border has its end before it
        while at < self._size:
            raw = os.pread(self._file, 4096, at)
            if (end := raw.find(b"\n")) >= 0:
                return at + end + 1
            at += len(raw) or self._size
        return self._size


def spans(lines: pieces.Lines, file: IO[bytes], source: Source, mark: str, n: int) -> Spans | None:
    """Return the rest of an open text in spans, or None where it is short, compressed, or not UTF-8."""
    if not isinstance(source.path, Path) or not isinstance(file, io.BufferedReader) or lines.left:
        return None
    if not pieces.is_utf8(source.encoding) or os.fstat(file.fileno()).st_size - lines.end < LARGE:
        return None
    return Spans(lines, file, mark, n)
