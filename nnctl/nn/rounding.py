"""What rounding leaves: values that would be equal in exact arithmetic differ by a few units of their last digit.

Squares of numbers below 1e-154 have fewer digits, and below 1e-162 none, so a deviation is taken of numbers near 1.
"""

import numpy as np
from numpy.typing import DTypeLike

from nnctl.nn import Array

LAST_DIGITS = 4  # units in the last place that a few operations leave
SMALL = 2.0**-900  # a variance that may have lost digits


def moments(rows: Array) -> tuple[Array, Array]:
    """Return the mean and the standard deviation of each column of rows (m, n), in float64."""
    mean, variance = rows.mean(axis=0, dtype=np.float64), rows.var(axis=0, dtype=np.float64)
    deviation: Array = np.sqrt(variance)
    small = np.flatnonzero(variance < SMALL)
    if len(small):
        _, exponent = np.frexp(np.abs(rows[:, small]).max(axis=0))
        unit = np.ldexp(1.0, exponent)  # a power of two, so nothing is rounded
        deviation[small] = unit * (rows[:, small] / unit).std(axis=0, dtype=np.float64)
    return mean, deviation


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
