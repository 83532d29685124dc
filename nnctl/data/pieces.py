"""The pieces of an array are its rows, some at a time: whatever looks at all features goes through them.

They are the same for an array in memory and for one on disk, and so are sums over them, to the last bit.
"""

from collections.abc import Iterator
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


def all_finite(values: Array) -> bool:
    """Tell whether all values are finite numbers."""
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(values.sum()) or np.isfinite(values).all())  # a nan or inf shows in the sum
