"""The arrays of an open file by name: each is read when it is asked for, and may turn out to be unusable.

Every format yields one of these, so that nothing else has to know which format it was.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from nnctl.nn import Array

ALONE = "the array"  # the name here of the one array of a file that gives it none


class Unusable(Exception):
    """A file, or a dataset in it, cannot be used; the text goes on after its name."""


class Datasets(Mapping[str, Any]):
    """Names, and for each what reads it: an array, a KeyError where there is none, or Unusable.

    `notes` are sentences on the file that its reader has to hand on, complete after what was read.
    """

    def __init__(self, names: Iterable[str], read: Callable[[str], Array], notes: list[str]) -> None:
        self._names = dict.fromkeys(names)
        self._read = read
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
