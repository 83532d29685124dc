"""A table is what a file or a built-in set holds before anything is done to it: rows of features and targets."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from nnctl.nn import Array


@dataclass(frozen=True)
class Table:
    """Examples as rows: X (m, ...) numbers, y (m,) or (m, k) numbers or names."""

    X: Array
    y: Array | None  # None: only features are known
    classes: tuple[str, ...] | None = None  # the names of classes 0, 1, ..., where the source tells them
    origin: str = ""  # for messages
    numbers: Array | None = None  # the rows' own numbers in the source, where they are a share of it
    files: tuple[Path, ...] = ()  # that it was read from
    notes: tuple[str, ...] = ()  # what a person should be told about how it was read

    def rows(self, index: Array) -> "Table":
        """Return the table of some of its rows."""
        numbers = index if self.numbers is None else self.numbers[index]
        return replace(self, X=self.X[index], y=None if self.y is None else self.y[index], numbers=numbers)

    def with_notes(self, notes: Iterable[str]) -> "Table":
        """Return the table with further notes."""
        return replace(self, notes=(*self.notes, *notes))

    def number(self, row: int) -> int:
        """Return the number of a row in the source, for messages."""
        return row if self.numbers is None else int(self.numbers[row])
