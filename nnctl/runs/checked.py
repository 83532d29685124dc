"""What a file of ours holds is checked as it is read, for it may be of a strange hand: arrays and facts, each taken
once, and what nobody takes is wrong too. Whatever is wrong is `Unusable`, in words.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nnctl.data.arrays import Unusable
from nnctl.nn import Array

MOST_UNITS = 10**9
FLOATS = ("float32", "float64")


class Content:
    """The arrays of a file and what is said beside them, as far as they are not taken yet."""

    def __init__(self, arrays: Mapping[str, Array], facts: Mapping[str, Any]) -> None:
        self._arrays, self._facts = dict(arrays), dict(facts)

    def __contains__(self, name: str) -> bool:
        return name in self._arrays or name in self._facts

    def names(self, prefix: str) -> list[str]:
        """Return the names of arrays that begin so."""
        return [name for name in self._arrays if name.startswith(prefix)]

    def array(self, name: str, shapes: Sequence[tuple[int, ...]], kinds: Sequence[str] = FLOATS) -> Array:
        """Take an array of finite numbers of one of these shapes and types."""
        if name not in self._arrays:
            raise Unusable(f"{name} is missing")
        array = self._arrays.pop(name)
        if array.shape not in shapes:
            raise Unusable(f"{name} has shape {array.shape}, expected {' or '.join(map(str, shapes))}")
        if array.dtype.name not in kinds:
            raise Unusable(f"{name} must be of type {' or '.join(kinds)}, got {array.dtype}")
        if not np.isfinite(array).all():
            raise Unusable(f"{name} holds numbers that are not finite")
        return array

    def numbers(self, name: str, shapes: Sequence[tuple[int, ...]]) -> Array | None:
        """Take an array in float64 of one of the shapes, or None where there is none."""
        return self.array(name, shapes, ("float64",)).copy() if name in self._arrays else None

    def signs(self, name: str, shapes: Sequence[tuple[int, ...]]) -> Array | None:
        """Take an array of 0 and 1 as one of bool, or None where there is none."""
        if name not in self._arrays:
            return None
        signs = self.array(name, shapes, ("uint8",))
        if signs.size and signs.max() > 1:
            raise Unusable(f"{name} must be 0 and 1")
        return signs.astype(bool)

    def fact(self, name: str) -> Any:
        """Take what is said under a name."""
        if name not in self._facts:
            raise Unusable(f"{name} is missing")
        return self._facts.pop(name)

    def text(self, name: str, legal: Sequence[str] | None = None) -> str:
        """Take a text, one of those that are legal."""
        value = self.fact(name)
        if not isinstance(value, str) or (legal is not None and value not in legal):
            raise Unusable(f"{name} must be {'text' if legal is None else ' or '.join(legal)}, got {_shown(value)}")
        return value

    def texts(self, name: str, counts: Sequence[int]) -> tuple[str, ...]:
        """Take a list of texts, so many as one of the counts says and no two the same."""
        values = self.fact(name)
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise Unusable(f"{name} must be a list of texts")
        if len(values) not in counts:
            raise Unusable(f"{name} has {len(values):,} names, expected {' or '.join(map(str, counts))}")
        if len(set(values)) < len(values):
            raise Unusable(f"{name} has a name twice")
        return tuple(values)

    def truth(self, name: str) -> bool:
        """Take true or false."""
        value = self.fact(name)
        if not isinstance(value, bool):
            raise Unusable(f"{name} must be true or false, got {_shown(value)}")
        return value

    def positive(self, name: str) -> float:
        """Take a number greater than 0."""
        value = self.fact(name)
        if type(value) not in (int, float) or not value > 0:
            raise Unusable(f"{name} must be a number greater than 0, got {_shown(value)}")
        return float(value)

    def whole(self, name: str, most: int) -> int:
        """Take a whole number from 0 to the largest that is legal."""
        value = self.fact(name)
        if type(value) is not int or not 0 <= value <= most:
            raise Unusable(f"{name} must be a whole number from 0 to {most:,}, got {_shown(value)}")
        return value

    def whole_numbers(self, name: str, most: int, least: int = 1) -> tuple[int, ...]:
        """Take a list of 1 to `most` whole numbers, each from the least on."""
        values = self.fact(name)
        if not isinstance(values, list) or not 1 <= len(values) <= most:
            raise Unusable(f"{name} must be a list of 1 to {most:,} whole numbers, got {_shown(values)}")
        if not all(type(n) is int and least <= n <= MOST_UNITS for n in values):
            raise Unusable(f"{name} must be whole numbers from {least} to {MOST_UNITS:,}")
        return tuple(values)

    def check_empty(self) -> None:
        """Raise Unusable where something is left that nobody took."""
        if left := [*self._arrays, *self._facts]:
            raise Unusable(f"{left[0]} is there, and does not belong to such a network")


def _shown(value: Any) -> str:
    return f"{value!r:.60}"
