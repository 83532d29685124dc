"""Cells of a column become numbers, or codes of their texts, with what is missing marked.

Whole numbers with leading zeros, or with more digits than a float has, are texts: 007 is not what its number is.
"""

import re
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from nnctl.data.records import Records, is_number
from nnctl.nn import Array

MISSING = frozenset(["", "na", "nan", "null", "?"])  # in any case
CODE = re.compile(r"[-+]?0\d+")  # 007 is no number but a code
ODD = re.compile(r"^[^\S\n]*[-+]?(?:0\d+|\d{16,400})[^\S\n]*$", re.MULTILINE)  # whole numbers that may change
LARGEST = 2**53  # beyond it a float stands for several whole numbers


def missing_of(more: Collection[str]) -> frozenset[str]:
    """Return the texts that mean missing, in lower case: the usual ones and more."""
    return MISSING | {text.strip().lower() for text in more}


def numbers_of(
    block: Records, columns: Sequence[int], missing: Collection[str]
) -> tuple[Array, dict[int, Sequence[int]]]:
    """Return columns as numbers (m, n), nan where one is missing; and of those that hold something else the rows
    among which it is.
    """
    numbers, told = block.floats(columns)
    strange = dict[int, Sequence[int]]()
    for index in np.flatnonzero(~told.all(axis=0)).tolist():
        rows = np.flatnonzero(~told[:, index])
        found = as_numbers(block.cells(columns[index], rows if len(rows) < len(told) else None), missing)
        if found is None:
            strange[index] = rows.tolist()
        else:
            numbers[rows, index] = found
    return _marked(numbers, missing), strange


def as_numbers(cells: Sequence[Any], missing: Collection[str]) -> Array | None:
    """Return cells as numbers, nan where one is missing, or None where one is neither, or would be another number."""
    kinds = set(map(type, cells))
    texts = cells if kinds == {str} else [cell for cell in cells if isinstance(cell, str)]
    if bool in kinds or (int in kinds and any(map(_changes, cells))):
        return None
    try:
        values = np.fromiter(map(float, cells), np.float64, len(cells))
    except (TypeError, ValueError, OverflowError):
        try:
            values = np.array([np.nan if is_missing(cell, missing) else float(cell) for cell in cells])
        except (TypeError, ValueError, OverflowError):
            return None
    joined = "\n".join(texts)
    whole = (values == np.floor(values)).any()
    if "_" in joined or (whole and ODD.search(joined) and any(_changes(text) for text in texts)):
        return None
    return _marked(values, missing)


def _marked(values: Array, missing: Collection[str]) -> Array:
    """Return numbers with nan in place of those that mean missing, however they are written."""
    if marks := [float(text) for text in missing if text != "nan" and is_number(text)]:
        values[np.isin(values, marks)] = np.nan
    return values


def codes(cells: Sequence[Any], values: dict[str, int], missing: Collection[str]) -> Array:
    """Return the index of each text, of which new ones are added to the values, and -1 for what is missing."""
    texts = list(map(as_text, cells))
    distinct = dict.fromkeys(texts, -1)
    for text in distinct:
        if not is_missing(text, missing):
            distinct[text] = values.setdefault(text, len(values))
    return np.fromiter(map(distinct.__getitem__, texts), np.int32, len(texts))


def is_missing(cell: Any, missing: Collection[str]) -> bool:
    """Tell whether a cell holds nothing, or one of the texts that mean so."""
    return as_text(cell).strip().lower() in missing


def as_text(cell: Any) -> str:
    """Return a cell as text: true and 3 as JSON writes them, and of null and nan nothing."""
    if isinstance(cell, str):
        return cell
    if cell is None or cell != cell:
        return ""
    return str(cell).lower() if isinstance(cell, bool) else str(cell)


def _changes(cell: Any) -> bool:
    """Tell whether a whole number is another one, or no longer written so, as a float: 007, 2**53 + 1."""
    if isinstance(cell, str):
        if not ODD.fullmatch(cell):
            return False
        return CODE.fullmatch(cell.strip()) is not None or int(cell) != int(float(cell))
    return isinstance(cell, int) and abs(cell) > LARGEST and int(float(cell)) != cell
