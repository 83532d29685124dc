"""The interface of a network in the user's terms: what one example looks like and what the outputs mean.

It holds the preparation, fitted on the training rows only, and the names of the classes; `predict` needs
nothing else beside the parameters. This is the one place where rows become columns, by `.T`, without a copy.
"""

from collections.abc import Sequence
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
        varies = rows.max(axis=0) > rows.min(axis=0)  # std rounds: it is not 0 for every constant column
        spread = rows.std(axis=0, dtype=np.float64)
        return cls(rows.mean(axis=0, dtype=np.float64), np.where(varies & (spread > 0), spread, 1.0))

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
    """What one example looks like as found, how it is prepared, and the classes (None: numbers are predicted)."""

    example_shape: tuple[int, ...]  # (64, 64, 3)
    preparation: Preparation
    classes: tuple[str, ...] | None
    pixels: bool = False  # whether the features are bytes, uint8
    features: str | None = None  # the name of their dataset in files, where the spec gives it
    background: str = "white"  # the colour under a transparent picture file

    def columns(self, X: Array, dtype: Any, origin: str) -> Array:
        """Return rows X (m, ...) prepared, as columns (n[0], m); raise a MismatchError if they do not fit."""
        if not self.fits(X.shape[1:]):
            raise MismatchError(
                f"{origin}: an example has {in_words(X.shape[1:])}, and the network was trained on"
                f" {in_words(self.example_shape)}"
            )
        return self.preparation.apply(X, dtype).T

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Tell whether an example of this shape can be taken: as in training, or flattened."""
        if 1 in (len(shape), len(self.example_shape)):
            return prod(shape) == prod(self.example_shape)
        return _sides(shape) == _sides(self.example_shape)

    def class_indices(self, table: Table) -> Array:
        """Return the class index (m,) of each row; raise a DataError for a label outside the classes."""
        assert self.classes is not None
        labels, codes = distinct_labels(table)
        legal = self._indices(table)
        indices = np.array([legal.get(label, -1) for label in labels], np.int64)[codes]
        unknown = np.flatnonzero(indices < 0)
        if len(unknown):
            row = int(unknown[0])
            names = "" if tuple(legal) == self.classes else f" ({shortlist(self.classes)})"
            raise DataError(
                f"{table.origin}: the label of row {table.number(row)} (counted from 0) is {labels[codes[row]]},"
                f" outside the classes {shortlist(tuple(legal))}{names}.\nCorrect the label, or leave the row out."
            )
        return indices

    def targets(self, table: Table, n: int, dtype: Any) -> Array:
        """Return Y (n[L], m): a class index, one-hot columns, or numbers."""
        if self.classes is None:
            assert table.y is not None
            return table.y.reshape(len(table.y), -1).astype(dtype, copy=False).T
        indices = self.class_indices(table)
        if n == 1:
            return indices.astype(dtype)[None, :]
        return np.equal(np.arange(n)[:, None], indices).astype(dtype)

    def _indices(self, table: Table) -> dict[str, int]:
        """Return the class index of each legal label; numbers count the names that the table lists, else ours."""
        assert self.classes is not None
        assert table.y is not None
        by_name = {name: index for index, name in enumerate(self.classes)}
        listed = table.classes or self.classes
        if table.y.dtype.kind not in "buif" or all(is_integer(name) for name in listed):
            return by_name
        return {str(number): by_name[name] for number, name in enumerate(listed) if name in by_name}


def distinct_labels(table: Table) -> tuple[list[str], Array]:
    """Return the distinct labels as text, in order, and for each row which of them it has (m,).

    Whole floats become integers, one-hot rows the index of their 1.
    """
    y = table.y
    assert y is not None
    if y.ndim == 2:
        if y.dtype.kind not in "buif" or not (np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all()):
            raise DataError(
                f"{table.origin}: the targets have {y.shape[1]} columns that are not one-hot (a single 1 in each row);"
                " expected one class for each example"
            )
        y = y.argmax(axis=1)
    if y.dtype.kind == "f":
        fractional = np.flatnonzero(y != np.floor(y))
        if len(fractional):
            row = int(fractional[0])
            raise DataError(
                f"{table.origin}: the label of row {table.number(row)} (counted from 0) is {y[row]}, and classes are"
                " whole numbers or names.\nTo predict numbers, end the network with a linear or relu layer."
            )
    values, codes = np.unique(y, return_inverse=True)
    if values.dtype.kind in "fb":
        values = values.astype(np.int64)
    return [str(value) for value in values.tolist()], codes


def is_integer(label: str) -> bool:
    """Tell whether a label is written as a whole number."""
    return label.removeprefix("-").isdecimal()


def in_words(shape: tuple[int, ...]) -> str:
    """Return the shape of an example for messages: 12288 features (64 x 64 x 3)."""
    sides = f" ({' x '.join(map(str, shape))})" if len(shape) > 1 else ""
    return f"{prod(shape)} feature{'' if prod(shape) == 1 else 's'}{sides}"


def _sides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return a shape without its ones: a gray picture has a channel or none."""
    return tuple(n for n in shape if n != 1)


def shortlist(names: Sequence[str]) -> str:
    """Return names for a message, the first few where they are many."""
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
