"""The layout of a file: its examples are rows, or columns as the course's programs hold them (`data.layout`).

Columns means the last axis, X (n, m) and Y (1, m), or pictures (h, w, channels, m) as MATLAB writes them. What is
evidently laid out the other way is recognized and named, never taken for a few examples of many features.
"""

from typing import Any

import numpy as np

from nnctl.data.arrays import Stored
from nnctl.errors import DataError
from nnctl.nn import Array


def as_rows(X: Any, y: Array, origin: str, target: str, layout: str, part: str = "train") -> tuple[Any, Array]:
    """Return features and targets with examples as rows; raise a DataError where they are laid out the other way.

    The training part is read first, so another part that is laid out the other way is most likely so alone.
    """
    if X.ndim < 2:
        return X, y
    alone, own = (False, "") if part == "train" else (True, f"_{part}")
    found = f"{origin} has shape {X.shape} and {target} {y.shape}"
    if layout == "columns":
        if y.ndim > 0 and X.shape[-1] not in y.shape and len(y) == len(X):
            way = f"np.moveaxis(X{own}, 0, -1)" if X.ndim > 2 else f"X{own}.T"
            raise DataError(
                f"{found}: the examples are rows here, not columns.\n"
                + (f"Save {way}; or, if those for training are rows, too, leave" if alone else "Leave")
                + " data.layout: columns out."
            )
        return turned(X), y if y.ndim < 2 or len(y) == X.shape[-1] != y.shape[1] else y.T
    if examples_are_columns(X, y):
        way = f"np.moveaxis(X{own}, -1, 0)" if X.ndim > 2 else f"X{own}.T"
        way += f" and Y{own}.T" if X.ndim == 2 and y.ndim == 2 and len(y) == 1 else ""
        raise DataError(
            f"{found}: the examples are columns here, and a row for each is expected, ({X.shape[-1]}, ...).\n"
            f"Save {way}{'; or, if those for training are columns, too,' if alone else ', or'} say"
            f" data.layout: columns, which turns {'all parts' if alone else 'them'}."
        )
    return X, y


def examples_are_columns(X: Any, y: Array) -> bool:
    """Tell whether there are as many targets as the features have in their last axis, and not as in their first."""
    m = X.shape[-1]
    if X.ndim < 2 or y.ndim not in (1, 2) or m not in y.shape or m < 2:
        return False
    as_usual = y.shape in ((len(X),), (1, len(X)), (len(X), 1)) or (y.ndim == 2 and len(y) == len(X))
    one_hot = y.dtype.kind in "buif" and np.count_nonzero(y) == 1  # a row with a class of its own
    return not as_usual or (len(X) == 1 and y.shape == (1, m) and not one_hot)


def targets_as_rows(y: Array, m: int) -> Array:
    """Return targets (1, m) or (m, 1) as (m,): the course's programs hold (1, m)."""
    return y.ravel() if y.shape in ((1, m), (m, 1)) else y


def turned(X: Any) -> Any:
    """Return features (..., m) as (m, ...), as rows of memory: mini-batches gather them 34 times faster."""
    if isinstance(X, Stored):
        return X.turned()
    return np.ascontiguousarray(np.moveaxis(X, -1, 0))
