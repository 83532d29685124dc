"""The interface of a network in the user's terms: what one example looks like and what the outputs mean.

It holds the preparation, fitted on the training rows only, and the names of the classes; `predict` needs
nothing else beside the parameters. This is the one place where rows become columns, by `.T`, without a copy.
"""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from nnctl.data.layout import turned
from nnctl.data.preparation import Preparation
from nnctl.data.ranges import Range
from nnctl.data.table import Table
from nnctl.errors import DataError, MismatchError
from nnctl.nn import Array
from nnctl.registry import FEW, listed

LARGEST = 2.0**53  # a float beyond it stands for several whole numbers


@dataclass(frozen=True)
class Interface:
    """What one example looks like as found, how it is prepared, and the classes (None: numbers are predicted)."""

    example_shape: tuple[int, ...]  # (64, 64, 3)
    preparation: Preparation
    classes: tuple[str, ...] | None
    pixels: bool = False  # whether the features are bytes, uint8
    features: str | None = None  # the name of their dataset in files, where the spec gives it
    range: Range | None = None  # of the features in training; None where it is not known
    layout: str = "rows"  # of the examples in files: rows, or columns
    background: str = "white"  # the colour under a transparent picture file
    positive: int = 1  # of two classes the one that precision and recall are of

    def columns(self, X: Array, dtype: Any, origin: str) -> Array:
        """Return rows X (m, ...) prepared, as columns (n[0], m); raise a MismatchError if they do not fit."""
        if not self.fits(X.shape[1:]):
            turn = X.ndim > 1 and self.fits(X.shape[:-1])
            raise MismatchError(
                f"{origin}: an example has {in_words(X.shape[1:])}, and the network was trained on"
                f" {in_words(self.example_shape)}"
                + (".\nThe examples seem to be columns; save them as rows: np.moveaxis(X, -1, 0)" if turn else "")
            )
        return self.preparation.apply(X, dtype).T

    def as_rows(self, X: Array) -> Array:
        """Return features of a file as rows: turned where the training file had columns, unless only rows fit."""
        if self.layout == "rows" or X.ndim < 2 or (self.fits(X.shape[1:]) and not self.fits(X.shape[:-1])):
            return X
        return turned(X)

    def remarks(self, table: Table) -> list[str]:
        """Say what of a table's features differs from training; raise a MismatchError where that cannot be right."""
        if self.range is None or not self.fits(table.X.shape[1:]):
            return []
        with np.errstate(over="ignore", invalid="ignore"):
            refusal, remarks = self.range.remarks(table.X)
        if refusal is not None:
            raise MismatchError(f"{table.origin}: {refusal}")
        shape = table.X.shape[1:]
        if len(_sides(shape)) != len(_sides(self.example_shape)) and max(len(shape), len(self.example_shape)) > 2:
            remarks.append(
                f"an example has {in_words(shape)}, and had {in_words(self.example_shape)} in training; they are taken"
                " in the order of X.reshape(m, -1)"
            )
        return [f"{table.origin}: {remark}" for remark in remarks]

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
            more = "" if table.classes is None else "; data.classes: none takes the classes from the labels alone"
            names = "" if tuple(legal) in ((), self.classes) else f" ({listed(self.classes, FEW)})"
            raise DataError(
                f"{table.origin}: the label of row {table.number(row)} (counted from 0) is {labels[codes[row]]},"
                f" outside the classes {listed(tuple(legal) or self.classes, FEW)}{names}.\n"
                f"Correct the label, or leave the row out{more}."
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
        theirs = table.classes or self.classes
        if table.y.dtype.kind not in "buif" or all(is_integer(name) for name in theirs):
            return by_name
        return {str(number): by_name[name] for number, name in enumerate(theirs) if name in by_name}


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
        no_class = np.flatnonzero((y != np.floor(y)) | (np.abs(y) > LARGEST))
        if len(no_class):
            row = int(no_class[0])
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
