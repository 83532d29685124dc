"""The pieces of an array are its rows, some at a time: whatever looks at all features goes through them.

They are the same for an array in memory and for one on disk, and so are sums over them, to the last bit.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from nnctl.nn import Array

VALUES = 2**20  # of a piece: 8 MB as float64


def rows_of_a_piece(example: tuple[int, ...]) -> int:
    """Return how many examples of this shape are a piece."""
    return max(1, VALUES // max(1, prod(example)))


@dataclass(frozen=True)
class Pieces:
    """The rows of X (m, ...) as arrays (some rows, n), in order; they can be gone through more than once."""

    X: Any  # an array, or one on disk

    def __iter__(self) -> Iterator[Array]:
        example = self.X.shape[1:]
        rows = rows_of_a_piece(example)
        for start in range(0, len(self.X), rows):
            yield np.ascontiguousarray(self.X[start : start + rows]).reshape(-1, prod(example))


def evenly(pieces: Iterable[Array], rows: int) -> Iterator[Array]:
    """Yield the rows of some pieces anew, so many at a time, and at last those that are left."""
    left: list[Array] = []
    for piece in pieces:
        left.append(piece)
        while sum(map(len, left)) >= rows:
            together = np.concatenate(left)
            yield together[:rows]
            left = [together[rows:]]
    if any(map(len, left)):
        yield np.concatenate(left)


def all_finite(values: Array) -> bool:
    """Tell whether all values are finite numbers."""
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(values.sum()) or np.isfinite(values).all())  # a nan or inf shows in the sum
