"""Sound arrays have a row of finite numbers for each example; what is wrong with others is told with its place."""

from pathlib import Path
from typing import Any

import numpy as np

from nnctl.data.portions import Portions, all_finite
from nnctl.errors import DataError
from nnctl.nn import Array


def check_rows(X: Any, path: Path, key: str) -> None:
    """Raise a DataError unless X has a row of numbers for each example."""
    if X.ndim < 2:
        raise DataError(
            f"{path}: {key} must have a row of features for each example, (m, features), got shape {X.shape}"
        )
    if X.size == 0:
        raise DataError(f"{path}: {key} holds nothing, its shape is {X.shape}")
    check_kind(X, path, key)


def check_numbers(values: Array, path: Path, key: str) -> None:
    """Raise a DataError unless all values are finite numbers."""
    check_kind(values, path, key)
    check_finite(values, path, key)


def check_kind(values: Any, path: Path, key: str) -> None:
    """Raise a DataError unless values are numbers."""
    if values.dtype.kind not in "buif":
        kind = "text" if values.dtype.kind in "SOU" else values.dtype
        raise DataError(f"{path}: {key} must hold numbers, got {kind}")


def check_finite(values: Any, path: Path, key: str) -> None:
    """Raise a DataError unless all numbers are finite; say which row and column is not."""
    if values.dtype.kind != "f":
        return
    first, count, rows_before = None, 0, 0
    for rows in Portions(values):
        if not all_finite(rows):
            bad = np.argwhere(~np.isfinite(rows))
            count += len(bad)
            first = first or (rows_before + bad[0][0], bad[0][1], rows[tuple(bad[0])])
        rows_before += len(rows)
    if first:
        row, place, value = first
        columns = np.unravel_index(place, values.shape[1:])
        column = f", column {', '.join(map(str, columns))}" if columns else ""
        more = f"; there are {count - 1} more" if count > 1 else ""
        raise DataError(
            f"{path}: {key} is {value} in row {row}{column} (counted from 0{more});"
            " expected finite numbers.\nFill the value in, or leave the row out."
        )
