"""The interface of a network in the user's terms: what one example looks like and what the outputs mean.

It holds the preparation, fitted on the training rows only, and the names of the classes; `predict` needs
nothing else beside the parameters. This is the one place where rows become columns, by `.T`, without a copy.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nnctl.data.block import BlockPreparation
from nnctl.data.scaling import Scaling
from nnctl.data.table import Table
from nnctl.errors import DataError
from nnctl.nn import Array
from nnctl.registry import AUTO, FEW, listed

if TYPE_CHECKING:
    from nnctl.data.tabular import TabularPreparation

LARGEST = 2.0**53  # a float beyond it stands for several whole numbers


@dataclass(frozen=True)
class Interface:
    """How an example is prepared, and what the outputs are: classes, else labels, else numbers."""

    preparation: "BlockPreparation | TabularPreparation"
    classes: tuple[str, ...] | None
    positive: int = 1  # of two classes the one that precision and recall are of
    names: tuple[str, ...] = ()  # of what is predicted, where that has names
    labels: bool = False  # whether each output says yes or no of a label of its own
    unit: Scaling = Scaling()  # noqa: RUF009 (frozen)  # of numbers that are predicted: what is learnt is without it
    limits: tuple[Array, Array] | None = None  # (n[L],) each: the numbers that are predicted are clipped to them

    def columns(self, X: Any, dtype: Any, origin: str) -> Any:
        """Return rows X (m, ...) prepared, as columns (n[0], m); raise a MismatchError if they do not fit."""
        return self.preparation.apply(X, dtype, origin).T

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
                f"{table.origin}: the label of {table.place(row)} is {labels[codes[row]]},"
                f" outside the classes {listed(tuple(legal) or self.classes, FEW)}{names}.\n"
                f"Correct the label, or leave the row out{more}."
            )
        return indices

    def targets(self, table: Table, n: int, dtype: Any) -> Array:
        """Return Y (n[L], m): a class index, one-hot columns, 0 and 1 of labels, or numbers."""
        if self.classes is None:
            if self.labels:
                _check_labels(table)
            return self.unit.apply(self.numbers(table), dtype).T
        indices = self.class_indices(table)
        if n == 1:
            return indices.astype(dtype)[None, :]
        return np.equal(np.arange(n)[:, None], indices).astype(dtype)

    def numbers(self, table: Table) -> Array:
        """Return the targets of a table as rows (m, n[L]), where they are no classes."""
        assert table.y is not None
        return table.y.reshape(len(table.y), -1)

    def in_units(self, outputs: Array) -> Array:
        """Return outputs A[L] (n[L], m) in the unit of the targets, where they are numbers, and within their limits.

        What is not finite stays so: it is no prediction.
        """
        numbers = self.unit.undone(outputs)
        if self.limits is None:
            return numbers
        low, high = (end.astype(numbers.dtype)[:, None] for end in self.limits)
        return np.where(np.isfinite(numbers), np.clip(numbers, low, high), numbers)

    def output_names(self, n: int) -> list[str]:
        """Return what each of n[L] numbers or labels is called: by its target, else by its place, 1, 2, ..."""
        return list(self.names) if len(self.names) == n else [str(place) for place in range(1, n + 1)]

    def _indices(self, table: Table) -> dict[str, int]:
        """Return the class index of each legal label; numbers count the names that the table lists, else ours."""
        assert self.classes is not None
        assert table.y is not None
        by_name = {name: index for index, name in enumerate(self.classes)}
        theirs = table.classes or self.classes
        if table.y.dtype.kind not in "buif" or all(is_integer(name) for name in theirs):
            return by_name
        return {str(number): by_name[name] for number, name in enumerate(theirs) if name in by_name}


def are_labels(table: Table, output: str | None, n: int) -> bool:
    """Tell whether targets are labels, each with 0 and 1 in a column of its own: several may be 1, or none.

    `table` has all rows for training, before shares are split off: those that are left may look like classes. Rows with
    a single 1 each are classes, unless they are columns by name, and each has one of n sigmoid units (0: not known).
    """
    y = table.y
    if y is None or y.ndim != 2 or y.shape[1] < 2 or y.dtype.kind not in "buif" or output not in (None, "sigmoid"):
        return False
    exclusive = bool((y.sum(axis=1) == 1).all())
    named = len(table.targets) > 1 and n in (AUTO, y.shape[1])
    return bool(np.isin(y, (0, 1)).all()) and (not exclusive or (named and output == "sigmoid"))


def _check_labels(table: Table) -> None:
    """Raise a DataError for a label that is neither 0 nor 1."""
    y = table.y
    assert y is not None
    if y.dtype.kind not in "buif":
        raise DataError(f'{table.origin}: labels are 0 and 1, got "{y.ravel()[0]}"')
    odd = np.argwhere(~np.isin(y, (0, 1)))
    if len(odd):
        row, column = odd[0].tolist()
        which = table.targets[column] if table.targets else f"label {column} (counted from 0)"
        raise DataError(f"{table.origin}: {which} of {table.place(row)} is {y[row, column]}; a label is 0 or 1")


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
                " expected one class for each example.\nFor labels, of which several may be 1, end the network with"
                " sigmoid."
            )
        y = y.argmax(axis=1)
    if y.dtype.kind == "f":
        no_class = np.flatnonzero((y != np.floor(y)) | (np.abs(y) > LARGEST))
        if len(no_class):
            row = int(no_class[0])
            raise DataError(
                f"{table.origin}: the label of {table.place(row)} is {y[row]}, and classes are"
                " whole numbers or names.\nTo predict numbers, end the network with a linear or relu layer."
            )
    values, codes = np.unique(y, return_inverse=True)
    if values.dtype.kind in "fb":
        values = values.astype(np.int64)
    return [str(value) for value in values.tolist()], codes


def is_integer(label: str) -> bool:
    """Tell whether a label is written as a whole number."""
    return label.removeprefix("-").isdecimal()
