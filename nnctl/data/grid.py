"""A grid is a block of a text whose cells stand between separators and ends of lines and nothing else: no quotes.

There the cells are known by their places in the text, and all numbers are read at once, as csv and `float` read them.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nnctl.data.decimals import PAD, decimals
from nnctl.data.records import Records
from nnctl.nn import Array

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
END, SPACE = b"\n "


@dataclass(frozen=True)
class Grid(Records):
    """Cells (m, n) by their starts and ends in a text."""

    raw: bytes  # the text, and a PAD
    starts: Array
    ends: Array

    def cells(self, column: int, rows: Array | None = None) -> Sequence[str]:
        """Return the texts of a column."""
        borders = (own[:, column] if rows is None else own[rows, column] for own in (self.starts, self.ends))
        places = zip(*(own.tolist() for own in borders), strict=True)
        return [self.raw[start:end].decode() for start, end in places]

    def floats(self, columns: Sequence[int]) -> tuple[Array, Array]:
        """Return columns as numbers (m, n), nan for an empty cell, and which cells (m, n) are plain numbers."""
        places = (self.starts, self.ends)
        if list(columns) != list(range(self.starts.shape[1])):
            places = (self.starts.take(columns, axis=1), self.ends.take(columns, axis=1))
        return decimals(np.frombuffer(self.raw, np.uint8), *places)


def grid(text: str, separator: str, n: int, line: int) -> Grid | None:
    """Return whole lines of n cells as a grid, of which the first line has a number, or None where they are none."""
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    if separator not in SEPARATORS or '"' in text or "\r" in text:
        return None
    raw = b"".join([text.encode(), b"" if text.endswith("\n") else b"\n", bytes(PAD)])
    signs = np.frombuffer(raw, np.uint8)[:-PAD]
    at_end = signs == END
    ends = np.flatnonzero((signs == ord(separator)) | at_end)
    m = np.count_nonzero(at_end)
    if len(ends) != m * n or not at_end[ends[n - 1 :: n]].all():
        return None
    starts = np.zeros_like(ends)
    np.add(ends[:-1], 1, out=starts[1:])
    lengths = ends - starts
    blank = n == 1 and not lengths.all()  # an empty line is no row
    if blank or lengths.max() > csv.field_size_limit() or (b" " in raw and (signs[starts] == SPACE).any()):
        return None
    return Grid(np.arange(line, line + m), (), raw, starts.reshape(m, n), ends.reshape(m, n))
