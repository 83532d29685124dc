"""What rounding leaves: values that would be equal in exact arithmetic differ by a few units of their last digit.

Squares of numbers below 1e-154 have fewer digits, and below 1e-162 none, so a deviation is taken of numbers near 1.
"""

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import DTypeLike

from nnctl.nn import Array

LAST_DIGITS = 4  # units in the last place that a few operations leave
SMALL = 2.0**-900  # a variance that may have lost digits


def moments(pieces: Iterable[Array]) -> tuple[Array, Array]:
    """Return the mean and the standard deviation of each column of rows, in float64; `pieces` are some rows (k, n)
    after the other, gone through again and again.
    """
    mean, variance = _moments(pieces, lambda rows: rows)
    deviation: Array = np.sqrt(variance)
    small = np.flatnonzero(variance < SMALL)
    if len(small):
        ends = [(rows[:, small].min(axis=0), rows[:, small].max(axis=0)) for rows in pieces]
        low, high = (of(end, axis=0) for of, end in zip((np.min, np.max), zip(*ends, strict=True), strict=True))
        small = small[varied := low < high]  # what does not vary at all has no digits to lose
        _, exponent = np.frexp(np.maximum(np.abs(low), np.abs(high))[varied])
        unit = np.ldexp(1.0, exponent)  # a power of two, so nothing is rounded
        if len(small):
            deviation[small] = unit * np.sqrt(_moments(pieces, lambda rows: rows[:, small] / unit)[1])
    return mean, deviation


def _moments(pieces: Iterable[Array], change: Callable[[Array], Array]) -> tuple[Array, Array]:
    """Return the mean and the variance of each column of rows after a change, in two passes over their pieces."""
    m = sum(len(rows) for rows in pieces)
    total: Array = np.zeros(())
    squares: Array = np.zeros(())
    for rows in pieces:
        total = total + change(rows).sum(axis=0, dtype=np.float64)
    mean: Array = total / m
    for rows in pieces:
        deviations = np.subtract(change(rows), mean, dtype=np.float64)
        squares = squares + np.multiply(deviations, deviations, out=deviations).sum(axis=0)
    return mean, squares / m


def constant(rows: Array, mean: Array, deviation: Array, dtype: DTypeLike | None = None) -> Array:
    """Tell for each column of rows (m, n) with these moments whether its values differ by no more than rounding.

    What two passes in float64 leave of a variance is at most m eps variance + (m eps mean)^2 (Chan, Golub & LeVeque
    1983, eq. 2.4; scikit-learn's scalers use it too); for fewer than 1e14 rows the first term is nothing beside the
    variance. The values themselves were rounded to their own type (`dtype`, if it was another one than that of rows),
    which for float32 is far coarser.
    """
    m, eps = len(rows), np.spacing(1.0)
    kind = np.dtype(dtype or rows.dtype)
    own = np.spacing(np.ones((), kind)) if kind.kind == "f" else eps  # np.finfo may warn where denormals are flushed
    still: Array = deviation <= max(m * eps, LAST_DIGITS * own) * np.abs(mean)
    return still
