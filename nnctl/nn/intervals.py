"""An interval says between which values a number measured on some rows lies for all rows that might have come.

All have a level of 95 %. They hold for rows drawn by chance from where new ones come from.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.random import RandomState

from nnctl.nn import Array

LEVEL = 0.95
Z = 1.959963984540054  # the quantile of the normal distribution for it
RESAMPLES = 1000
TOGETHER = 2**17  # weights that are drawn at a time
FEWEST = 10  # rows of a class, below which a resample may well have none of them; in all, to draw from at all
Ends = tuple[float, float]


def wilson(right: float, n: float) -> Ends:
    """Return the interval of a proportion, `right` of `n` independent cases (Wilson 1927).

    Unlike right / n plus and minus a multiple of its deviation it keeps to 0..1, is not empty at 0 or n, and covers
    about as often as it says from few cases on (Brown, Cai & DasGupta 2001).
    """
    share, weight = right / n, Z**2 / n
    middle = (share + weight / 2) / (1 + weight)
    reach = Z * np.sqrt(share * (1 - share) / n + weight / (4 * n)) / (1 + weight)
    return (0.0 if right == 0 else float(middle - reach)), (1.0 if right == n else float(middle + reach))


def resamples(m: int, strata: Array | None, seed: int) -> Iterator[Array]:
    """Yield how often each of m rows is drawn, in some resamples (b, m) at a time, RESAMPLES in all.

    Rows are drawn from all of them, for another sample would have other shares of the classes too; but where a class
    (`strata` (m,)) has fewer than FEWEST rows each is drawn from its own, for a resample without it says nothing of it.
    """
    stream, together = RandomState(seed), max(1, TOGETHER // m)
    kinds = np.zeros(m, np.int64) if strata is None else np.unique(strata, return_inverse=True)[1]
    sizes = np.bincount(kinds)
    if sizes.min() >= FEWEST:
        kinds, sizes = np.zeros(m, np.int64), np.array([m])
    rows = np.argsort(kinds, kind="stable")
    size, begin = np.repeat(sizes, sizes).astype(np.uint64), np.repeat(np.cumsum(sizes) - sizes, sizes)
    for start in range(0, RESAMPLES, together):
        b = min(together, RESAMPLES - start)
        chance = stream.randint(0, 2**32, (b, m), np.uint32)  # all bits: the fastest there is, and the same everywhere
        drawn = rows[begin + (chance * size >> np.uint64(32)).astype(np.int64)]
        drawn += np.arange(b)[:, None] * m
        yield np.bincount(drawn.ravel(), minlength=b * m).reshape(b, m).astype(np.float64)


def accelerated(value: float, drawn: Array, slopes: Array) -> Ends | None:
    """Return the bootstrap interval BCa from a value's resamples (B,), or None where they tell nothing (Efron 1987).

    It is made of quantiles of the resamples, moved for their bias (from how many are below the value) and for a
    spread that changes with the value (from the skewness of the slopes (m,) of the value by the rows' weights).
    """
    from statistics import NormalDist  # which takes long to import

    drawn = np.sort(drawn[np.isfinite(drawn)])
    if len(drawn) < RESAMPLES / 2 or drawn[0] == drawn[-1]:
        return None
    below = np.searchsorted(drawn, value, "left") + np.searchsorted(drawn, value, "right")
    normal, most = NormalDist(), len(drawn)
    bias = normal.inv_cdf(min(max(below / 2, 1), most - 1) / most)
    squares = float(np.square(slopes).sum())
    skewed = float((slopes**3).sum()) / 6 / squares**1.5 if squares > 0 else 0.0

    def end(z: float) -> float:
        moved = bias + (bias + z) / max(1 - skewed * (bias + z), 0.1)
        return float(np.quantile(drawn, normal.cdf(moved)))

    return end(-Z), end(Z)


def studentized(value: float, spread: float, drawn: Array, spreads: Array, bounds: Ends) -> Ends | None:
    """Return the bootstrap interval of a value from its resamples (B,), each divided by its own spread, or None.

    For means of squares, whose spread grows with them and which a few rows may decide: there quantiles of the value
    itself cover too seldom (Efron 1982, chapter 10; DiCiccio & Efron 1996). `spread` and `spreads` (B,) are the
    deviations of the value and of the resamples, and all is on a scale that keeps within the bounds of the score.
    """
    there, back, rate = _scale(bounds)
    if not spread > 0 or not bounds[0] < value < bounds[1]:
        return None
    away = (there(drawn) - there(value)) / (rate(drawn) * spreads)
    away = away[np.isfinite(away)]
    if len(away) < len(drawn) / 2:
        return None
    low, high = np.quantile(away, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    reach = spread * rate(value)
    return float(back(there(value) - high * reach)), float(back(there(value) - low * reach))


def linear(value: float, spread: float, bounds: Ends) -> Ends | None:
    """Return the interval of a value of many rows from its deviation, or None where it has none.

    What the bootstrap comes to as rows become many: the value is nearly linear in their weights, and so nearly normal
    (Efron 1982, the infinitesimal jackknife). It is taken on a scale that keeps it within the bounds of its score.
    """
    there, back, rate = _scale(bounds)
    if not spread > 0 or not bounds[0] < value < bounds[1]:
        return None
    reach = Z * spread * rate(value)
    return float(back(there(value) - reach)), float(back(there(value) + reach))


def _scale(bounds: Ends) -> tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]]:
    """Return a scale without ends for values within bounds: the way there and back, and its slope."""
    low, high = bounds
    if np.isfinite(low) and np.isfinite(high):
        return (
            lambda x: np.log((x - low) / (high - x)),
            lambda t: low + (high - low) / (1 + np.exp(-t)),
            lambda x: (high - low) / (x - low) / (high - x),
        )
    if np.isfinite(low):
        return lambda x: np.log(x - low), lambda t: low + np.exp(t), lambda x: 1 / (x - low)
    return lambda x: -np.log(high - x), lambda t: high - np.exp(-t), lambda x: 1 / (high - x)
