"""The portions of an array are its rows, some at a time: whatever looks at all features goes through them.

They are the same for an array in memory and for one on disk, and so are sums over them, to the last bit.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import prod
from typing import Any, TypeVar

import numpy as np

from nnctl import threads
from nnctl.nn import Array

Item = TypeVar("Item")
Result = TypeVar("Result")
MANY = 2**17  # rows that are worth the start of threads
VALUES = 2**20  # of a portion: 8 MB as float64
COLUMN_VALUES = 2**24  # of some features, for each of which all rows are read


def rows_of_a_portion(example: tuple[int, ...]) -> int:
    """Return how many examples of this shape are a portion."""
    return max(1, VALUES // max(1, prod(example)))


@dataclass(frozen=True)
class Portions:
    """The rows of X (m, ...) as arrays (some rows, n), in order; they can be gone through more than once."""

    X: Any  # an array, or one on disk

    def __iter__(self) -> Iterator[Array]:
        example = self.X.shape[1:]
        rows = rows_of_a_portion(example)
        for start in range(0, len(self.X), rows):
            yield np.ascontiguousarray(self.X[start : start + rows]).reshape(-1, prod(example))


def features_of(X: Any) -> Iterator[Array]:
    """Yield the features of X (m, ...) as arrays (m, k), some at a time, for what needs all numbers of a feature."""
    n = prod(X.shape[1:])
    together = max(1, COLUMN_VALUES // len(X))
    for start in range(0, n, together):
        yield np.concatenate([rows[:, start : start + together] for rows in Portions(X)])


def evenly(portions: Iterable[Array], rows: int) -> Iterator[Array]:
    """Yield the rows of some portions anew, so many at a time, and at last those that are left."""
    left: Array | None = None
    for portion in portions:
        left = portion if left is None or not len(left) else np.concatenate([left, portion])
        whole = len(left) - len(left) % rows
        yield from (left[start : start + rows] for start in range(0, whole, rows))
        left = left[whole:]
    if left is not None and len(left):
        yield left


def each(work: Callable[[Item], Result], items: Iterable[Item], m: int) -> list[Result]:
    """Return what a work makes of each item, side by side in threads where m rows are many."""
    if m < MANY or threads.number() == 1:
        return list(map(work, items))
    from concurrent.futures import ThreadPoolExecutor  # which few rows do not wait for

    with ThreadPoolExecutor(threads.number()) as pool:
        return list(pool.map(work, items))


def all_finite(values: Array) -> bool:
    """Tell whether all values are finite numbers."""
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(values.sum()) or np.isfinite(values).all())  # a nan or inf shows in the sum
