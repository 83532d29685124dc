"""The truth of incoming rows: what their targets are, as what they come from says."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nnctl.data.cells import as_numbers, as_text, is_missing, missing_of
from nnctl.data.kinds import YES
from nnctl.data.words import printable
from nnctl.errors import DataError, MismatchError
from nnctl.nn import Array
from nnctl.registry import FEW, listed


@dataclass(frozen=True)
class Truth:
    """The targets of all rows of an input, (m,) or (m, k), which rows have any, and the classes that it lists."""

    y: Array
    there: Array  # (m,)
    classes: tuple[str, ...] | None = None
    key: str | None = None  # the dataset that they are in
    notes: tuple[str, ...] = ()


def of_cells(columns: Sequence[Sequence[Any]], classes: Collection[str], marks: Collection[str]) -> Truth:
    """Return the targets from the cells of their columns; `marks` mean missing, beside the usual texts.

    Cells are numbers where all of them are, unless the `classes` are called as they are written; yes and no of several
    columns are 1 and 0.
    """
    missing = missing_of(marks)
    there = ~np.any([[is_missing(cell, missing) for cell in cells] for cells in columns], axis=0)
    rows = np.flatnonzero(there).tolist()
    values = [_values([cells[row] for row in rows], classes, several=len(columns) > 1) for cells in columns]
    return Truth(values[0] if len(values) == 1 else np.column_stack(values), there)


def _values(cells: Sequence[Any], classes: Collection[str], several: bool) -> Array:
    """Return cells as numbers or texts (m,)."""
    texts = [as_text(cell) for cell in cells]
    if classes and set(texts) <= set(classes):
        return np.array(texts, np.str_)
    numbers = as_numbers(cells, ())
    if numbers is None and several and {text.lower() for text in texts} <= YES.keys():
        numbers = np.array([float(YES[text.lower()]) for text in texts])
    return np.array(texts, np.str_) if numbers is None else numbers


def of_arrays(path: Path, features: str, target: str | None, m: int, layout: str) -> Truth:
    """Return the targets that a file has for features of m rows; `target` names them where they are not found."""
    from nnctl.data.files import Found, checked_targets, listed_classes
    from nnctl.data.formats import fetch, opened
    from nnctl.data.names import part_named, target_of

    notes = list[str]()
    with opened(path) as file:
        if file.nameless:
            raise DataError(
                f"{path}: is one array without a name (NPY), and there must be features and targets.\n"
                f"Put both into an NPZ file: np.savez('data.npz', X=X, y=y)"
            )
        key, _ = target_of(file, part_named(features) or "test", features, target, stated=target is not None)
        if key is None:
            raise DataError(
                f"{path}: no targets of {features} were found; it holds {listed(file, FEW)}.\n"
                "Evaluating takes rows with their truth; name it: --target NAME"
            )
        y = fetch(file, key, path)
        if layout == "columns" and y.ndim == 2 and y.shape[1] == m != len(y):
            y = y.T
        place = Found(file, path, key)
        y = checked_targets(y, m, place, f"{features} has", notes)
        classes, _ = listed_classes(file, path, None, key, notes)
    return Truth(y, np.ones(m, bool), classes, key, tuple(notes))


def of_folders(path: Path, files: Sequence[str], classes: Sequence[str]) -> Truth:
    """Return the class of each picture: the name of the folder that it lies in."""
    names = [Path(file).parent.name for file in files]
    unknown = next((row for row, name in enumerate(names) if name not in classes), None)
    if unknown is not None:
        raise MismatchError(
            f"{printable(files[unknown])}: lies in a folder that is none of the classes ({listed(classes, FEW)}).\n"
            f"Evaluating takes pictures in a sub-folder for each class: {path}/{classes[0]}/, ..."
        )
    return Truth(np.array(names, np.str_), np.ones(len(names), bool))
