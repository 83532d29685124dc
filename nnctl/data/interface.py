"""The interface of a network in the user's terms: what one example looks like and what the outputs mean.

It holds the preparation, fitted on the training rows only, and the names of the classes; `predict` needs
nothing else beside the parameters. This is the one place where rows become columns, by `.T`, without a copy.
"""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from nnctl.data.table import Table
from nnctl.errors import DataError, MismatchError
from nnctl.nn import Array


@dataclass(frozen=True)
class Preparation:
    """x -> (x - mean) / divisor for each feature; None leaves that part out."""

    mean: Array | None = None  # (n[0],)
    divisor: Array | None = None  # () or (n[0],)

    @classmethod
    def fit(cls, X: Array, scale: float | str | None) -> "Preparation":
        """Fit to the training rows X (m, ...); `scale` is a number, "standardize", "none", or None for the default."""
        if scale is None:
            scale = 255.0 if X.dtype == np.uint8 and X.ndim > 2 else "none"
        if scale == "none":
            return cls()
        if scale != "standardize":
            return cls(divisor=np.asarray(scale, np.float64))
        rows = X.reshape(len(X), -1)
        spread = rows.std(axis=0, dtype=np.float64)
        return cls(rows.mean(axis=0, dtype=np.float64), np.where(spread > 0, spread, 1.0))

    def apply(self, X: Array, dtype: Any) -> Array:
        """Return the rows X (m, ...) flattened in C order to (m, n[0]) and prepared, in `dtype`."""
        rows = X.reshape(len(X), -1)
        if self.mean is not None and self.divisor is not None:
            rows = np.subtract(rows, self.mean, dtype=dtype, casting="same_kind")
            return np.divide(rows, self.divisor, out=rows, dtype=dtype, casting="same_kind")
        if self.divisor is not None:
            return np.divide(rows, self.divisor, dtype=dtype, casting="same_kind")
        return rows.astype(dtype, copy=False)

    def __str__(self) -> str:
        if self.mean is not None:
            return "standardized"
        return "as they are" if self.divisor is None else f"divided by {float(self.divisor):g}"


@dataclass(frozen=True)
class Interface:
    """The shape of one example as found (64, 64, 3), its preparation, and the classes (None: numbers)."""

    example_shape: tuple[int, ...]
    preparation: Preparation
    classes: tuple[str, ...] | None

    def columns(self, X: Array, dtype: Any, origin: str) -> Array:
        """Return rows X (m, ...) prepared, as columns (n[0], m); raise a MismatchError if they do not fit."""
        features, expected = prod(X.shape[1:]), prod(self.example_shape)
        if features != expected:
            raise MismatchError(
                f"{origin}: an example has {features} features {_shape(X.shape[1:])}, and the network was trained on"
                f" {expected} {_shape(self.example_shape)}"
            )
        return self.preparation.apply(X, dtype).T

    def class_indices(self, table: Table) -> Array:
        """Return the class index (m,) of each row; raise a DataError for a label outside the classes."""
        assert self.classes is not None
        assert table.y is not None
        labels = label_texts(table)
        index = {name: number for number, name in enumerate(self.classes)}
        if table.classes is not None and table.classes == self.classes and table.y.dtype.kind in "buif":
            index = {str(number): number for number in range(len(self.classes))}
        unknown = next((row for row, label in enumerate(labels) if label not in index), None)
        if unknown is not None:
            raise DataError(
                f"{table.origin} is {labels[unknown]} in row {unknown} (counted from 0), outside the classes"
                f" {', '.join(index)}{_of(self.classes, index)}.\nCorrect the label, or leave the row out."
            )
        return np.array([index[label] for label in labels], np.int64)

    def targets(self, table: Table, n: int, dtype: Any) -> Array:
        """Return Y (n[L], m): a class index, one-hot columns, or numbers."""
        assert table.y is not None
        if self.classes is None:
            return table.y.reshape(len(table.y), -1).astype(dtype, copy=False).T
        indices = self.class_indices(table)
        if n == 1:
            return indices.astype(dtype)[None, :]
        return np.equal(np.arange(n)[:, None], indices).astype(dtype)


def label_texts(table: Table) -> list[str]:
    """Return each row's label as text; whole floats as integers, one-hot rows as their index."""
    y = table.y
    assert y is not None
    if y.ndim == 2:
        if y.dtype.kind not in "buif" or not (np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all()):
            raise DataError(
                f"{table.origin} has {y.shape[1]} columns that are not one-hot (a single 1 in each row);"
                " expected one class for each example"
            )
        y = y.argmax(axis=1)
    if y.dtype.kind == "f":
        fractional = np.flatnonzero(y != np.floor(y))
        if len(fractional):
            raise DataError(
                f"{table.origin} is {y[fractional[0]]} in row {fractional[0]} (counted from 0), and classes are whole"
                " numbers or names.\nTo predict numbers, end the network with a linear or relu layer."
            )
    if y.dtype.kind in "fb":
        y = y.astype(np.int64)
    return [str(label) for label in y.tolist()]


def _shape(shape: tuple[int, ...]) -> str:
    return f"({' x '.join(str(n) for n in shape)})" if len(shape) > 1 else ""


def _of(classes: tuple[str, ...], index: dict[str, int]) -> str:
    return "" if tuple(index) == classes else f" ({', '.join(classes)})"
