"""A table is what a file or a built-in set holds before anything is done to it: rows of features and targets."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nnctl.nn import Array


@dataclass(frozen=True)
class Table:
    """Examples as rows: X (m, ...) numbers or named columns, y (m,) or (m, k) numbers or names."""

    X: Any  # an array, one on disk, or Named columns
    y: Array | None  # None: only features are known
    classes: tuple[str, ...] | None = None  # the names of classes 0, 1, ..., where the source tells them
    origin: str = ""  # for messages
    numbers: Array | None = None  # the rows' own numbers in the source, where they are a share of it
    files: tuple[Path, ...] = ()  # that it was read from
    notes: tuple[str, ...] = ()  # what a person should be told about how it was read
    named_lines: bool = False  # whether the numbers are those of lines in a text file
    targets: tuple[str, ...] = ()  # the names of the columns of y, where they have names
    groups: Array | None = None  # (m,) numbers or names: rows of one group never go to two parts
    order: Array | None = None  # (m,) numbers: the last rows are those with the largest
    of_pictures: bool = False  # whether X was decoded from pictures' files in a dataset

    def rows(self, index: Array) -> "Table":
        """Return the table of some of its rows."""
        numbers = index if self.numbers is None else self.numbers[index]
        y, groups, order = (None if own is None else own[index] for own in (self.y, self.groups, self.order))
        return replace(self, X=self.X[index], y=y, numbers=numbers, groups=groups, order=order)

    def feature_names(self, otherwise: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the features, where they have names."""
        from nnctl.data.columns import Named  # which to read a spec nobody needs

        return self.X.names if isinstance(self.X, Named) else otherwise

    def like(self, points: Array) -> Any:
        """Return rows of numbers (m, n) as features of this table's own kind."""
        from nnctl.data.columns import Named

        return self.X.with_numbers(points) if isinstance(self.X, Named) else points

    def with_notes(self, notes: Iterable[str]) -> "Table":
        """Return the table with further notes."""
        return replace(self, notes=(*self.notes, *notes))

    def number(self, row: int) -> int:
        """Return the number of a row in the source, for messages."""
        return row if self.numbers is None else int(self.numbers[row])

    def place(self, row: int) -> str:
        """Return where a row is in the source, for messages: line 17, or row 15 (counted from 0)."""
        return f"line {self.number(row)}" if self.named_lines else f"row {self.number(row)} (counted from 0)"
