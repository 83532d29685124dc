"""Named columns are what a table holds: numbers side by side in one array, and texts as indices of distinct values.

They stand where other files have one array of features; nothing is known yet of what a column means.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import DTypeLike

from nnctl.nn import Array


@dataclass(frozen=True)
class Texts:
    """A column of texts: for each row (m,) the index of its text, or -1 where it is missing."""

    codes: Array
    values: tuple[str, ...]  # in the order of their first rows

    def row_of(self, index: int) -> int:
        """Return the first row with a value, by its index."""
        return int(np.flatnonzero(self.codes == index)[0])

    def used(self) -> list[int]:
        """Return the indices of the values that occur."""
        found = np.unique(self.codes)
        return found[found >= 0].tolist()


@dataclass(frozen=True)
class Columns:
    """The columns of m rows by name, in the order of `names`."""

    names: tuple[str, ...]
    numbers: Array  # (m, those that are numbers), float64, nan where a number is missing
    texts: Mapping[str, Texts]

    @property
    def number_names(self) -> tuple[str, ...]:
        """The names of the columns of `numbers`."""
        return tuple(name for name in self.names if name not in self.texts)

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, rows: Array | slice) -> "Columns":
        texts = {name: replace(column, codes=column.codes[rows]) for name, column in self.texts.items()}
        return replace(self, numbers=self.numbers[rows], texts=texts)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        """Return the rows (m, n) as one array, where all columns are numbers."""
        if self.texts:
            raise TypeError("columns of texts are no array")
        return np.array(self.numbers, dtype) if copy else np.asarray(self.numbers, dtype)

    def with_numbers(self, numbers: Array) -> "Columns":
        """Return other rows (m, n) of these columns, where all of them are numbers."""
        return replace(self, numbers=numbers)

    def number(self, name: str) -> Array:
        """Return a column of numbers (m,)."""
        return self.numbers[:, self.number_names.index(name)]

    def without(self, names: tuple[str, ...]) -> "Columns":
        """Return the columns but for some of them."""
        kept = [index for index, name in enumerate(self.number_names) if name not in names]
        return Columns(
            tuple(name for name in self.names if name not in names),
            self.numbers
            if len(kept) == self.numbers.shape[1]
            else self.numbers.take(kept, axis=1),  # one copy, in rows
            {name: column for name, column in self.texts.items() if name not in names},
        )
