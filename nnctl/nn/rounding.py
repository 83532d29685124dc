"""What rounding leaves: values that would be equal in exact arithmetic differ by a few units of their last digit."""

import numpy as np

from nnctl.nn import Array


def constant(rows: Array, mean: Array | None = None, variance: Array | None = None) -> Array:
    """Tell for each column of rows (m, n) whether its values differ by no more than rounding.

    The bound is that of a variance worked out in two passes in float64 (Chan, Golub & LeVeque 1983, eq. 2.4), which
    scikit-learn's scalers use too: variance <= m eps variance + (m mean eps)^2.
    """
    m, eps = len(rows), np.finfo(np.float64).eps
    mean = rows.mean(axis=0, dtype=np.float64) if mean is None else mean
    variance = rows.var(axis=0, dtype=np.float64) if variance is None else variance
    bound: Array = variance <= m * eps * variance + np.square(m * mean * eps)
    return bound
