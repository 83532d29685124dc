"""The scaling of features: what is taken off and divided by before the network sees them.

It is fitted on the training rows only. All that is fitted, and the arithmetic that applies it, is float64 until the
last cast, whatever the dtype of the training: large offsets would lose their small differences.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from nnctl.data.pieces import Pieces
from nnctl.data.ranges import Range
from nnctl.errors import DataError
from nnctl.nn import Array
from nnctl.nn.rounding import constant, moments

ROWS = 4096  # prepared at a time
FAR_ABOVE, FAR_BELOW = 30.0, 0.02  # what features that train well seldom reach, or always


@dataclass(frozen=True)
class Scaling:
    """x -> (x - mean) / divisor for each feature; None leaves that part out."""

    mean: Array | None = None  # (n[0],)
    divisor: Array | None = None  # () or (n[0],)

    @classmethod
    def fit(cls, X: Array, scale: float | str | None, origin: str = "") -> "Scaling":
        """Fit to the training rows X (m, ...); `scale` is a number, the name of a scaling, or None for the default.

        A feature that does not vary, but for rounding, is divided by 1: a rounding error is no unit to measure in.
        """
        if scale is None:
            scale = 255.0 if X.dtype == np.uint8 and X.ndim > 2 else "none"
        if scale == "none":
            return cls()
        if scale != "standardize":
            return cls(divisor=np.asarray(scale, np.float64))
        with np.errstate(over="ignore", invalid="ignore"):
            mean, deviation = moments(Pieces(X))
        if not np.isfinite(deviation).all():
            column = int(np.flatnonzero(~np.isfinite(deviation))[0])
            raise DataError(
                f"{origin}: the values of feature {column} (counted from 0) are too large to standardize: their"
                " variance is beyond float64.\nGive them in a larger unit."
            )
        return cls(mean, np.where(constant(X, mean, deviation), 1.0, deviation))

    @property
    def standardizes(self) -> bool:
        """Whether the training rows come out with mean 0 and variance 1."""
        return self.mean is not None

    def apply(self, X: Array, dtype: Any) -> Array:
        """Return the rows X (m, ...) flattened in C order to (m, n[0]) and prepared, in `dtype`."""
        rows = X.reshape(len(X), -1)
        if self.divisor is None:
            return rows.astype(dtype, copy=False)
        prepared = np.empty(rows.shape, dtype)
        for start in range(0, len(rows), ROWS):
            self.write(rows[start : start + ROWS], prepared[start : start + ROWS])
        return prepared

    def write(self, rows: Array, out: Array) -> None:
        """Write rows (m, n[0]) prepared into `out`, number by number."""
        if self.divisor is None:
            np.copyto(out, rows, casting="same_kind")
            return
        if self.mean is not None:
            rows = np.subtract(rows, self.mean, dtype=np.float64)
        np.divide(rows, self.divisor, out=out, dtype=np.float64, casting="same_kind")

    def spread(self, where: Array) -> "Scaling":
        """Return the scaling of features (n[0],) of which it is for some, and the others stay as they are."""
        if self.divisor is None:
            return self
        mean, divisor = np.zeros(len(where)), np.ones(len(where))
        divisor[where] = self.divisor
        if self.mean is not None:
            mean[where] = self.mean
        return Scaling(mean if self.mean is not None else None, divisor)

    def remark(self, range: Range) -> str | None:
        """Say that features of this range are far from unit scale once prepared, and what to do, or None."""
        if self.standardizes:
            return None
        divisor = 1.0 if self.divisor is None else self.divisor
        reach = np.maximum(np.abs(range.low), np.abs(range.high)) / divisor
        scaled = "nothing scales them" if self.divisor is None else f"{self} they are far from 1"
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

    def __str__(self) -> str:
        if self.mean is not None:
            return "standardized"
        return "as they are" if self.divisor is None else f"divided by {float(self.divisor):g}"
