"""The range of a model's features in training, and what it says of rows that come later.

Rows that were prepared otherwise than in training get confident wrong answers. What cannot be right (fractions where
bytes were, bytes where fractions were) is refused; rows far outside the range, all in a small corner of it, or as
light as those of training were dark, are said.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from nnctl.data.portions import Portions
from nnctl.nn import Array

FAR = 3.0  # widths of a feature's range beyond its ends
CORNER = 0.02  # of a feature's range, which a handful of rows fills more of
HANDFUL = 5
FEWEST = 16  # features that could be the pixels of a picture
LONG = 2**13  # values along which NumPy looks for the smallest
BYTES = np.dtype(np.uint8)


@dataclass(frozen=True)
class Range:
    """The smallest and largest value of each feature in training (n[0],), or of all of them together (), as found."""

    low: Array
    high: Array
    dtype: str  # of the features as found: uint8, float64, ...
    means: Array | None = None  # (3,) the smallest, average and largest mean of a row, where that is a brightness

    @classmethod
    def of(cls, X: Array) -> "Range":
        """Return the range of the rows X (m, ...): pictures and bytes have one unit, so one range."""
        low, high = extent(X)
        ends = low == low.min(), high == high.max()
        flat_pictures = len(low) >= FEWEST and ends[0].mean() > 0.9 and ends[1].mean() > 0.25
        if X.ndim > 2 or X.dtype == BYTES or flat_pictures:
            means = _means(X)
            brightness = np.array([means.min(), means.mean(), means.max()]) if len(low) >= FEWEST else None
            return cls(low.min(), high.max(), str(X.dtype), brightness)
        return cls(low, high, str(X.dtype))

    def look(self, X: Array) -> "Seen":
        """Return what rows X (m, ...) are like beside the training rows."""
        low, high = extent(X)
        lower, upper = self._usual()
        far, outside = 0, np.zeros(len(low), bool)
        if ((low < lower) | (high > upper)).any():
            for rows in Portions(X):
                own = (rows < lower) | (rows > upper)
                far += int(own.any(axis=1).sum())
                outside |= own.any(axis=0)
        return Seen(X.dtype, len(X), X.size, low, high, far, outside, self._inverted(X))

    def judge(self, seen: "Seen") -> tuple[str | None, list[str]]:
        """Say why rows cannot be in the unit of the training rows, and the way out, or None; and what of them is far
        outside the training rows, or that all lie in a corner of them.
        """
        refusal = self._refusal(seen.dtype, float(seen.low.min()), float(seen.high.max()))
        if refusal is not None:
            return refusal, []
        remarks = self._far(seen) or self._corner(seen) or self._apart(seen)
        return None, remarks or self._looks_inverted(seen)

    def _usual(self) -> tuple[Array, Array]:
        """Return between what numbers a feature does not lie far outside."""
        width = self.high - self.low
        varied = np.sort(width[width > 0])
        usual = varied[len(varied) // 2] if len(varied) else 0.0  # the middle one: np.median loads all of numpy.ma
        margin = FAR * np.where(width > 0, width, usual)  # what never varied in training has no width of its own
        return self.low - margin, self.high + margin

    def _refusal(self, dtype: np.dtype[Any], low: float, high: float) -> str | None:
        if self.dtype == BYTES and self.high.max() > 1 and dtype.kind == "f" and low >= -1 and 0 < high <= 1:
            return (
                f"its features are fractions from {low:g} to {high:g}, and the network was trained on bytes from"
                f" {self.low.min():g} to {self.high.max():g}.\nSave bytes: np.round(255 * X).astype(np.uint8)"
                + (", for X from 0 to 1" if low < 0 else "")
            )
        if dtype == BYTES and high > 1 and self.dtype.startswith("float") and self._within_one():
            return (
                f"its features are bytes up to {high:g}, and the network was trained on fractions from"
                f" {self.low.min():g} to {self.high.max():g}.\nSave fractions as in training, such as X / 255"
            )
        return None

    def _far(self, seen: "Seen") -> list[str]:
        if not seen.far:
            return []
        low, high, columns = seen.low, seen.high, np.flatnonzero(seen.outside)
        first = int(columns[0])
        known = [float(np.broadcast_to(bound, low.shape)[first]) for bound in (self.low, self.high)]
        more = f" (and so do {len(columns) - 1:,} more)" if len(columns) > 1 else ""
        return [
            f"{seen.far:,} of {seen.m:,} rows lie far outside what the network was trained on: feature {first} (counted"
            f" from 0) goes from {low[first]:g} to {high[first]:g}, and went from {known[0]:g} to {known[1]:g} in"
            f" training{more}; is the unit the same?"
        ]

    def _apart(self, seen: "Seen") -> list[str]:
        low, high = seen.low, seen.high
        apart = np.flatnonzero((low > self.high) | (high < self.low)) if self.low.ndim else np.zeros(0, int)
        if seen.m < HANDFUL or not len(apart):
            return []
        first = int(apart[0])
        return [
            f"no row lies within what the network was trained on in feature {first} (counted from 0): it goes from"
            f" {low[first]:g} to {high[first]:g}, and went from {self.low[first]:g} to {self.high[first]:g} in training"
            f"{f' (and so do {len(apart) - 1:,} more)' if len(apart) > 1 else ''}; is the unit the same?"
        ]

    def _corner(self, seen: "Seen") -> list[str]:
        low, high, together = seen.low, seen.high, self.low.ndim == 0
        if together:
            low, high = low.min(), high.max()
        width, largest = self.high - self.low, np.maximum(np.abs(self.low), np.abs(self.high))
        varied = width > 0
        near_zero = np.maximum(np.abs(low), np.abs(high)) <= CORNER * largest
        narrow = (high - low <= CORNER * width) & (together or seen.m >= HANDFUL)
        if seen.size < HANDFUL or not varied.any() or not (near_zero[varied].all() or narrow[varied].all()):
            return []
        blank = together and not near_zero
        return [
            "all values lie in a small corner of what the network was trained on: they go from"
            f" {low.min():g} to {high.max():g}, and went from {self.low.min():g} to {self.high.max():g} in training;"
            f" {'is there anything in them?' if blank else 'were they scaled before?'}"
        ]

    def _inverted(self, X: Array) -> tuple[int, float]:
        """Return how many rows lie outside the brightness of all training rows, twice as near to the average one's
        inverse, and the sum of their means.
        """
        if self.means is None:
            return 0, 0.0
        darkest, usual, brightest = self.means.tolist()
        inverse = self._inverse()
        if darkest <= inverse <= brightest:  # training has rows of both kinds, or none that could be told apart
            return 0, 0.0
        means = _means(X)
        outside = (means < darkest) | (means > brightest)
        inverted = outside & (2 * np.abs(means - inverse) < np.abs(means - usual))
        return int(inverted.sum()), float(means[inverted].sum())

    def _looks_inverted(self, seen: "Seen") -> list[str]:
        count, total = seen.inverted
        if not count or self.means is None:
            return []
        darkest, usual, brightest = self.means.tolist()
        here, there = ("dark on light", "light on dark")[:: 1 if usual < self._inverse() else -1]
        return [
            f"{count:,} of {seen.m:,} rows look inverted: the mean of their values is {total / count:.3g}, and that of"
            f" a row in training was {darkest:.3g} to {brightest:.3g}; are they {here}, and was it {there}? Then"
            " invert them"
        ]

    def _inverse(self) -> float:
        """Return the brightness of the average row's inverse."""
        assert self.means is not None
        return float(self.low.min() + self.high.max() - self.means[1])

    def _within_one(self) -> bool:
        return bool(self.low.min() >= -1 and self.high.max() <= 1)


@dataclass(frozen=True)
class Seen:
    """What rows are like beside the training rows; of rows that come in blocks, all that came so far."""

    dtype: np.dtype[Any]
    m: int
    size: int  # numbers
    low: Array  # (n[0],) of each feature
    high: Array
    far: int  # rows far outside the training rows
    outside: Array  # (n[0],) in which features
    inverted: tuple[int, float]  # rows that look so, and the sum of their brightness

    def joined(self, more: "Seen") -> "Seen":
        """Return what these rows and more of them are like together."""
        return Seen(
            self.dtype,
            self.m + more.m,
            self.size + more.size,
            np.minimum(self.low, more.low),
            np.maximum(self.high, more.high),
            self.far + more.far,
            self.outside | more.outside,
            (self.inverted[0] + more.inverted[0], self.inverted[1] + more.inverted[1]),
        )


def extent(X: Array) -> tuple[Array, Array]:
    """Return the smallest and the largest value of each feature of X (m, ...), in float64."""
    extents = (_extent(rows) for rows in Portions(X))
    low, high = next(extents)
    for lower, higher in extents:  # one by one: of wide examples a portion is a row, and all of them are as many as X
        np.minimum(low, lower, out=low)
        np.maximum(high, higher, out=high)
    return low, high


def _means(X: Array) -> Array:
    """Return the mean of each row of X (m, ...)."""
    return np.concatenate([rows.mean(axis=1, dtype=np.float64) for rows in Portions(X)])


def _extent(rows: Array) -> tuple[Array, Array]:
    """Return the smallest and the largest value of each column of rows (m, n), in float64."""
    m, n = rows.shape
    together = max(1, LONG // n)  # rows side by side are one long row, along which NumPy is three times as fast
    whole = m - m % together
    parts = [rows[whole:]]
    if whole:
        folded = rows[:whole].reshape(-1, together * n)
        parts = [folded.min(axis=0).reshape(together, n), folded.max(axis=0).reshape(together, n), rows[whole:]]
    low, high = zip(*((part.min(axis=0), part.max(axis=0)) for part in parts if len(part)), strict=True)
    return np.min(low, axis=0).astype(np.float64), np.max(high, axis=0).astype(np.float64)
