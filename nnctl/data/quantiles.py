"""Quantiles are the numbers at some ranks, when all are put in order; of many only those near a rank are.

They are NumPy's, bit for bit, whose own are found by a partition of all numbers, and whose median loads numpy.ma.
"""

import numpy as np

from nnctl.nn import Array

MANY, SAMPLE = 20_000, 2_000  # numbers


def median(values: Array) -> float:
    """Return the median of numbers (m,)."""
    m = len(values)
    low, high = _ranked(values, (m - 1) // 2, m // 2)
    return (low + high) / 2


def quantile(values: Array, share: float) -> float:
    """Return the number below which a share of float64 numbers (m,) lies, interpolated (Hyndman & Fan 1996, type 7)."""
    position = (len(values) - 1) * share
    first = int(position)
    ends = _ranked(values, first, min(first + 1, len(values) - 1))
    return float(np.quantile(ends, position - first))


def _ranked(values: Array, first: int, second: int) -> tuple[float, float]:
    """Return the numbers of two neighbouring ranks, or of one, among many those that a sample says lie near them."""
    m = len(values)
    if m > MANY:
        sample = np.sort(values[:: m // SAMPLE])
        around = (np.array([-0.05, 0.05]) + first / m) * len(sample)
        low, high = sample[np.clip(around, 0, len(sample) - 1).astype(int)]
        below, near = int(np.count_nonzero(values < low)), values[(values >= low) & (values <= high)]
        if below <= first and second < below + len(near):
            values, first, second = near, first - below, second - below
    ordered = np.partition(values, [first, second])
    return float(ordered[first]), float(ordered[second])
