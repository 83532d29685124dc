"""Named columns are what a table holds: numbers side by side in one array, and texts as indices of distinct values.

They stand where other files have one array of features; nothing is known yet of what a column means. They are in
memory here, and on disk in `unpacked.py`; whoever looks at them reads some rows, or some columns, at a time.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

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


class Named(ABC):
    """The columns of m rows by name, in the order of `names`, wherever they are."""

    names: tuple[str, ...]

    @property
    @abstractmethod
    def number_names(self) -> tuple[str, ...]:
        """The names of the columns of numbers, in their order."""

    @property
    def text_names(self) -> tuple[str, ...]:
        """The names of the columns of texts, in their order."""
        numbers = set(self.number_names)
        return tuple(name for name in self.names if name not in numbers)

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def __getitem__(self, rows: Any) -> "Named":
        """Return some of the rows, where they are."""

    @abstractmethod
    def read(self, names: Sequence[str] | None = None) -> "Columns":
        """Return the rows in memory, with all columns or with some."""

    @abstractmethod
    def blocks(self) -> Iterator["Columns"]:
        """Yield the rows in memory, some at a time where they are not there."""

    @abstractmethod
    def together(self) -> Iterator[Sequence[str]]:
        """Yield all names, as many at a time as columns can be looked at in memory."""

    @abstractmethod
    def without(self, gone: Collection[str | None]) -> "Named":
        """Return the columns but for some of them."""

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        """Return the rows (m, n) as one array, where all columns are numbers."""
        if self.text_names:
            raise TypeError("columns of texts are no array")
        numbers = self.read().numbers
        return np.array(numbers, dtype) if copy else np.asarray(numbers, dtype)

    def with_numbers(self, numbers: Array) -> "Columns":
        """Return other rows (m, n) of these columns, where all of them are numbers."""
        return Columns(self.names, numbers, {})


@dataclass(frozen=True)
class Columns(Named):
    """Columns in memory."""

    names: tuple[str, ...]
    numbers: Array  # (m, those that are numbers), float64, nan where a number is missing
    texts: Mapping[str, Texts]

    @cached_property
    def number_names(self) -> tuple[str, ...]:
        """The names of the columns of `numbers`."""
        return tuple(name for name in self.names if name not in self.texts)

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, rows: Any) -> "Columns":
        texts = {name: replace(column, codes=column.codes[rows]) for name, column in self.texts.items()}
        return replace(self, numbers=self.numbers[rows], texts=texts)

    def read(self, names: Sequence[str] | None = None) -> "Columns":
        """Return these columns, or some of them."""
        return self if names is None else self.without(set(self.names) - set(names))

    def blocks(self) -> Iterator["Columns"]:
        """Yield all rows."""
        yield self

    def together(self) -> Iterator[Sequence[str]]:
        """Yield all names."""
        yield self.names

    def number(self, name: str) -> Array:
        """Return a column of numbers (m,)."""
        return self.numbers[:, self.number_names.index(name)]

    def without(self, gone: Collection[str | None]) -> "Columns":
        """Return the columns but for some of them; numbers that stay are copied once, if any go."""
        kept = [index for index, name in enumerate(self.number_names) if name not in gone]
        return Columns(
            tuple(name for name in self.names if name not in gone),
            self.numbers if len(kept) == self.numbers.shape[1] else _some(self.numbers, kept),
            {name: column for name, column in self.texts.items() if name not in gone},
        )


def _some(numbers: Array, kept: list[int]) -> Array:
    """Return a copy of some columns; neighbours are copied faster together than one by one."""
    if kept and kept[-1] - kept[0] + 1 == len(kept):
        return numbers[:, kept[0] : kept[-1] + 1].copy()
    return numbers.take(kept, axis=1)
