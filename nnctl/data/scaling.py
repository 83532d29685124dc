"""The scaling of numbers: what is taken off and divided by before the network sees them, by ways that have names.

It is fitted on the training rows only. All that is fitted, and the arithmetic that applies it, is float64 until the
last cast, whatever the dtype of the training: large offsets would lose their small differences.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nnctl.data.portions import Portions, each, features_of
from nnctl.data.quantiles import quantile
from nnctl.data.ranges import Range, extent
from nnctl.errors import DataError
from nnctl.nn import Array
from nnctl.nn.rounding import constant, moments
from nnctl.registry import Registry

ROWS = 4096  # prepared at a time
CLIPPED_AT = 3.0  # what a clipped number never reaches
SHARES = (0.25, 0.5, 0.75)  # below the quartiles
FAR_ABOVE, FAR_BELOW = 30.0, 0.02  # what features that train well seldom reach, or always


@dataclass(frozen=True)
class Scaling:
    """x -> z = (x - offset) / divisor for each feature, and z / sqrt(1 + (z / 3)^2) where it is clipped.

    None leaves that part out.
    """

    offset: Array | None = None  # (n[0],)
    divisor: Array | None = None  # () or (n[0],)
    clipped: Array | None = None  # (n[0],) of bool
    told: str = field(default="as they are", compare=False)  # what becomes of the features, in words

    @classmethod
    def fit(cls, X: Array, scale: float | str | None, origin: str = "", names: Sequence[str] = ()) -> "Scaling":
        """Fit to the training rows X (m, ...); `scale` is a number, the name of a scaling, or None for the default.

        A feature that does not vary, but for rounding, is divided by 1: a rounding error is no unit to measure in.
        """
        if scale is None:
            scale = 255.0 if X.dtype == np.uint8 and X.ndim > 2 else "none"
        if not isinstance(scale, str):
            return cls(divisor=np.asarray(scale, np.float64), told=f"divided by {scale:g}")
        with np.errstate(over="ignore", invalid="ignore"):
            fitted = scalings[scale](X)
        if fitted.divisor is not None and not np.isfinite(fitted.divisor).all():
            column = int(np.flatnonzero(~np.isfinite(fitted.divisor))[0])
            feature = f"column {names[column]}" if names else f"feature {column} (counted from 0)"
            raise DataError(
                f"{origin}: the values of {feature} are too large for the scaling {scale}: their spread is beyond"
                " float64.\nGive them in a larger unit."
            )
        return fitted

    @classmethod
    def joined(cls, n: int, parts: "Sequence[tuple[Array, Scaling]]") -> "Scaling":
        """Return the scaling of n features of parts of them, told by where (n,) they are; all others stay."""
        if all(part.divisor is None for _, part in parts):
            return cls()
        offset, divisor, clipped = np.zeros(n), np.ones(n), np.zeros(n, bool)
        for where, part in parts:
            offset[where] = 0 if part.offset is None else part.offset
            divisor[where] = 1 if part.divisor is None else part.divisor
            clipped[where] = False if part.clipped is None else part.clipped
        told = ", ".join(dict.fromkeys(part.told for _, part in parts))
        centred = any(part.offset is not None for _, part in parts)
        return cls(offset if centred else None, divisor, clipped if clipped.any() else None, told)

    @property
    def centred(self) -> bool:
        """Whether the training rows decide what features are brought to, so that they come out at about 1."""
        return self.offset is not None

    def apply(self, X: Array, dtype: Any) -> Array:
        """Return the rows X (m, ...) flattened in C order to (m, n[0]) and prepared, in `dtype`."""
        rows = X.reshape(len(X), -1)
        if self.divisor is None:
            return rows.astype(dtype, copy=False)
        prepared = np.empty(rows.shape, dtype)
        by_rows(lambda some: self.write(rows[some], prepared[some]), len(rows))
        return prepared

    def write(self, rows: Array, out: Array) -> None:
        """Write rows (m, n[0]) prepared into `out`, number by number."""
        if self.divisor is None:
            np.copyto(out, rows, casting="same_kind")
            return
        if self.offset is not None:
            rows = np.subtract(rows, self.offset, dtype=np.float64)
        if self.clipped is None:
            np.divide(rows, self.divisor, out=out, dtype=np.float64, casting="same_kind")
        else:
            z = np.divide(rows, self.divisor, dtype=np.float64)
            out[...] = np.where(self.clipped, z / np.hypot(1, z / CLIPPED_AT), z)

    def undone(self, prepared: Array) -> Array:
        """Return numbers (n[0], m) as columns in the unit that they had before they were prepared, unclipped."""
        if self.divisor is None:
            return prepared
        offset = 0.0 if self.offset is None else np.broadcast_to(self.offset, len(prepared))[:, None]
        return prepared * np.broadcast_to(self.divisor, len(prepared))[:, None] + offset

    def remark(self, range: Range) -> str | None:
        """Say that features of this range are far from unit scale once prepared, and what to do, or None."""
        if self.centred:
            return None
        divisor = 1.0 if self.divisor is None else self.divisor
        reach = np.maximum(np.abs(range.low), np.abs(range.high)) / divisor
        scaled = "nothing scales them" if self.divisor is None else f"{self.told} they are far from 1"
        if reach.max() > FAR_ABOVE:
            of_bytes = range.low.min() >= 0 and 200 <= range.high.max() <= 255
            way = "255, for pixels, or standardize" if of_bytes else "standardize"
            return (
                f"features reach {reach.max():,.6g} and {scaled}: training may be slow or stand still;"
                f" data.scale: {way} brings them to about 1"
            )
        if 0 < reach.max() < FAR_BELOW:
            return (
                f"features reach {reach.max():.3g} at most, far below 1: training may be slow or stand still; were they"
                " scaled twice? data.scale: standardize brings them to about 1"
            )
        return None


def by_rows(write: Callable[[slice], None], m: int) -> None:
    """Write m rows, some at a time."""
    each(write, [slice(start, start + ROWS) for start in range(0, m, ROWS)], m)


scalings: Registry[Callable[[Array], Scaling]] = Registry("scaling")  # of training rows (m, ...), also on disk


@scalings
def none(X: Array) -> Scaling:
    """Leave the features as they are."""
    return Scaling()


@scalings
def standardize(X: Array) -> Scaling:
    """Bring each feature to mean 0 and variance 1."""
    mean, deviation = moments(Portions(X))
    return Scaling(mean, np.where(constant(X, mean, deviation), 1.0, deviation), told="standardized")


@scalings
def minmax(X: Array) -> Scaling:
    """Bring the smallest number of each feature to 0 and the largest to 1."""
    low, high = extent(X)
    return Scaling(low, np.where(high > low, high - low, 1.0), told="brought to 0 to 1")


@scalings
def robust(X: Array) -> Scaling:
    """Bring each feature's median to 0 and its quartiles 1 apart, and what is far off smoothly to less than 3.

    Where both quartiles are the same, half of the whole range stands in for their distance (RealMLP, Holzmueller et
    al. 2024, section 3).
    """
    first, median, third = np.concatenate([_quartiles(some) for some in features_of(X)], axis=1)
    low, high = extent(X)
    half, between = (high - low) / 2, third - first
    divisor = np.where(between > 0, between, np.where(half > 0, half, 1.0))
    return Scaling(median, divisor, np.ones(len(median), bool), told="scaled robustly")


def _quartiles(X: Array) -> Array:
    """Return the quartiles (3, n) of features X (m, n)."""
    if X.dtype != np.float64:  # in whose own precision NumPy interpolates; False is no number
        return np.quantile(X.view(np.uint8) if X.dtype == bool else X, SHARES, axis=0).astype(np.float64)
    return np.transpose(each(lambda column: [quantile(column, share) for share in SHARES], map(np.copy, X.T), len(X)))
