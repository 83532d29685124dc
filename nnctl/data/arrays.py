"""The arrays of an open file by name: each is read when it is asked for, and may turn out to be unusable.

Every format yields one of these, so that nothing else has to know which format it was. An array of numbers can also be
had as it is `Stored`, to be read a piece at a time.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from nnctl.nn import Array

ALONE = "the array"  # the name here of the one array of a file that gives it none


class Unusable(Exception):
    """A file, or a dataset in it, cannot be used; the text goes on after its name."""


@dataclass(frozen=True)
class Stored:
    """An array of numbers in a file that has not been read."""

    path: Path  # of the file, and the array's name in it
    name: str
    stored: tuple[int, ...]  # the shape there
    dtype: np.dtype[Any]
    offset: int | None  # where its rows begin, if they lie there as they are, one after the other
    read: Callable[[bool], Iterator[Array]]  # pieces along the first axis, or with True the last, which comes first
    tell: Callable[[], None]  # notes what is to be said of its numbers
    is_turned: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape as it is to be read."""
        return (self.stored[-1], *self.stored[:-1]) if self.is_turned else self.stored

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.stored)

    @property
    def size(self) -> int:
        """The number of numbers."""
        return prod(self.stored)

    @property
    def nbytes(self) -> int:
        """How many bytes its numbers are."""
        return self.size * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def turned(self) -> "Stored":
        """Return the array with its last axis first."""
        return replace(self, offset=None, is_turned=True)

    def pieces(self) -> Iterator[Array]:
        """Read its rows, some at a time."""
        return self.read(self.is_turned)


class Datasets(Mapping[str, Any]):
    """Names, and for each what reads it: an array, a KeyError where there is none, or Unusable.

    `stored` gives an array of numbers unread, or None where there is none that can be read piece by piece; `pictures`
    the pictures' files in the cells of one (m,), or None where it holds none. `notes` are sentences on the file that
    its reader has to hand on, complete after what was read.
    """

    def __init__(
        self,
        names: Iterable[str],
        read: Callable[[str], Array],
        stored: Callable[[str], Stored | None],
        notes: list[str],
        pictures: Callable[[str], Sequence[bytes] | None] = lambda name: None,
    ) -> None:
        self._names = dict.fromkeys(names)
        self._read = read
        self.stored = stored
        self.pictures = pictures
        self.notes = notes

    @property
    def nameless(self) -> bool:
        """Whether the file is one array without a name."""
        return list(self._names) == [ALONE]

    def __getitem__(self, name: str) -> Array:
        return self._read(name)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
