"""What rounding leaves: values that would be equal in exact arithmetic differ by a few units of their last digit."""

import numpy as np
from numpy.typing import DTypeLike

from nnctl.nn import Array

LAST_DIGITS = 4  # units in the last place that a few operations leave


def constant(
    rows: Array, mean: Array | None = None, variance: Array | None = None, dtype: DTypeLike | None = None
) -> Array:
    """Tell for each column of rows (m, n) whether its values differ by no more than rounding.

    That of a variance worked out in two passes in float64 (Chan, Golub & LeVeque 1983, eq. 2.4) is at most
    m eps variance + (m mean eps)^2, which scikit-learn's scalers use too. The values themselves were rounded to their
    own type (`dtype`, if it was another one than that of rows), which for float32 is far coarser.
    """
    m, eps = len(rows), np.spacing(1.0)
    mean = rows.mean(axis=0, dtype=np.float64) if mean is None else mean
    variance = rows.var(axis=0, dtype=np.float64) if variance is None else variance
    kind = np.dtype(dtype or rows.dtype)
    own = np.spacing(np.ones((), kind)) if kind.kind == "f" else eps  # np.finfo may warn where denormals are flushed
    bound: Array = variance <= m * eps * variance + np.square(max(m * eps, LAST_DIGITS * own) * mean)
    return bound
