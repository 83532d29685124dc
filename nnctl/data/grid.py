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
END, POINT, SPACE = b"\n. "


@dataclass(frozen=True)
class Grid(Records):
    """Cells (m, n) by their starts, points and ends in a text; the last point, or the end."""

    raw: bytes  # the text, and a PAD
    starts: Array
    points: Array
    ends: Array

    def cells(self, column: int, rows: Array | None = None) -> Sequence[str]:
        """Return the texts of a column."""
        borders = (own[:, column] if rows is None else own[rows, column] for own in (self.starts, self.ends))
        places = zip(*(own.tolist() for own in borders), strict=True)
        return [self.raw[start:end].decode() for start, end in places]

    def floats(self, columns: Sequence[int]) -> tuple[Array, Array]:
        """Return columns as numbers (m, n), nan for an empty cell, and which cells (m, n) are plain numbers."""
        places = (self.starts, self.points, self.ends)
        if list(columns) != list(range(self.starts.shape[1])):
            places = (self.starts[:, columns], self.points[:, columns], self.ends[:, columns])
        return decimals(np.frombuffer(self.raw, np.uint8), *places)


def grid(text: str, separator: str, n: int, line: int) -> Grid | None:
    """Return whole lines of n cells as a grid, of which the first line has a number, or None where they are none."""
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    if separator not in SEPARATORS or '"' in text or "\r" in text:
        return None
    raw = b"".join([text.encode(), b"" if text.endswith("\n") else b"\n", bytes(PAD)])
    signs = np.frombuffer(raw, np.uint8)[:-PAD]
    marks = np.flatnonzero((signs == ord(separator)) | (signs == END) | (signs == POINT))
    kinds = signs[marks]
    borders = np.flatnonzero(kinds != POINT)
    at_end = kinds[borders] == END
    m = np.count_nonzero(at_end)
    if len(borders) != m * n or not at_end[n - 1 :: n].all():
        return None
    ends = marks[borders]
    starts = np.zeros_like(ends)
    np.add(ends[:-1], 1, out=starts[1:])
    lengths = ends - starts
    blank = n == 1 and not lengths.all()  # an empty line is no row
    if blank or lengths.max() > csv.field_size_limit() or (b" " in raw and (signs[starts] == SPACE).any()):
        return None
    points = marks[borders - (kinds[borders - 1] == POINT)]
    shape = (m, n)
    return Grid(np.arange(line, line + m), (), raw, starts.reshape(shape), points.reshape(shape), ends.reshape(shape))
