"""Files of arrays: which dataset holds what is found by the usual names, or told by the spec.

A file may hold the training and the test part side by side (train_set_x and test_set_x), as the course's do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nnctl.data.formats import Datasets, fetch, opened
from nnctl.data.interface import shortlist
from nnctl.data.table import Table
from nnctl.errors import DataError
from nnctl.nn import Array

PARTS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test",),
}
FEATURES = ("set_x", "x", "images", "features", "data", "inputs")
TARGETS = ("set_y", "y", "labels", "targets", "target")
CLASSES = ("list_classes", "classes", "class_names", "label_names")


@dataclass(frozen=True)
class Names:
    """The names of the datasets in a file, where the spec gives them."""

    features: str | None = None
    target: str | None = None
    classes: str | None = None


def read_table(path: Path, part: str, names: Names = Names()) -> Table:
    """Read the table of a part ("train", "validation" or "test") from a file; raise a DataError if it cannot be."""
    with opened(path) as file:
        features = names.features or _usual(file, part, FEATURES)
        target = names.target or _usual(file, part, TARGETS)
        if features is None:
            raise DataError(f"{_not_found(path, file, 'features', part)}; or name it in the spec: data.features")
        if target is None:
            raise DataError(f"{_not_found(path, file, 'targets', part)}; or name it in the spec: data.target")
        classes = names.classes or next((key for key in file if _bare(key) in CLASSES and key != target), None)
        X = fetch(file, features, path)
        y = fetch(file, target, path)
        listed = None if classes is None else fetch(file, classes, path)
    X = _features(X, path, features)
    y = _targets(y, len(X), path, target)
    return Table(X, y, None if listed is None else _class_names(listed, path, str(classes)), str(path))


def read_features(path: Path, name: str | None) -> Table:
    """Read only features: those of this name, else those of a test set, of no part, or of any part."""
    with opened(path) as file:
        found = (_usual(file, part, FEATURES) for part in ("test", "validation", "train"))
        features = name if name in file else next(filter(None, found), None)
        if features is None:
            raise DataError(_not_found(path, file, "features", "test"))
        X = fetch(file, features, path)
    return Table(_features(X, path, features), None, origin=str(path))


def holds(path: Path, part: str) -> bool:
    """Tell whether a file holds features of its own for a part, by a name that says so (test_set_x, x_test)."""
    with opened(path) as file:
        return _named(file, part, FEATURES) is not None


def _usual(file: Datasets, part: str, endings: Sequence[str]) -> str | None:
    """Return the dataset that names the part, else the one that names no part at all."""
    named = _named(file, part, endings)
    if named is not None:
        return named
    return next((key for ending in endings for key in file if _bare(key) == ending and not _lies_in_a_part(key)), None)


def _named(file: Datasets, part: str, endings: Sequence[str]) -> str | None:
    for word in PARTS[part]:
        for ending in endings:
            for key in file:
                if key.lower().replace("/", "_") in (f"{word}_{ending}", f"{ending}_{word}"):
                    return key
    return None


def _lies_in_a_part(key: str) -> bool:
    """Tell whether a dataset lies in a group that names a part."""
    return any(group in words for group in key.lower().split("/")[:-1] for words in PARTS.values())


def _bare(key: str) -> str:
    """Return a dataset's name without its groups."""
    return key.rpartition("/")[2].lower()


def _not_found(path: Path, file: Datasets, what: str, part: str) -> str:
    letter, usual = ("x", "X, images or data") if what == "features" else ("y", "y, labels or targets")
    return (
        f"{path}: no dataset of {what} was found; it holds {shortlist(list(file)) or 'nothing'}.\n"
        f"Expected a name such as {part}_set_{letter}, {letter}_{part}, {usual}"
    )


def _features(X: Array, path: Path, key: str) -> Array:
    """Return X (m, ...) if it has rows of finite numbers."""
    if X.ndim < 2:
        raise DataError(
            f"{path}: {key} must have a row of features for each example, (m, features), got shape {X.shape}"
        )
    if X.size == 0:
        raise DataError(f"{path}: {key} holds nothing, its shape is {X.shape}")
    _check_numbers(X, path, key)
    return X


def _targets(y: Array, m: int, path: Path, key: str) -> Array:
    """Return the targets of m examples as (m,) or (m, k) numbers or text."""
    if y.shape in ((1, m), (m, 1)):  # the course's programs hold (1, m)
        y = y.ravel()
    if y.ndim not in (1, 2):
        raise DataError(f"{path}: {key} must have one row for each example, got shape {y.shape}")
    if len(y) != m:
        raise DataError(f"{path}: the features have {m} rows and {key} has {len(y)}; they must agree")
    if y.dtype.kind in "SOU":
        return np.array([_text(item) for item in y.ravel()]).reshape(y.shape)
    _check_numbers(y, path, key)
    return y


def _class_names(listed: Array, path: Path, key: str) -> tuple[str, ...]:
    names = tuple(_text(name) for name in listed.ravel().tolist())
    if len(set(names)) < len(names):
        raise DataError(f"{path}: {key} must name each class once, got {', '.join(names)}")
    return names


def _check_numbers(values: Array, path: Path, key: str) -> None:
    """Raise a DataError unless all values are finite numbers; say which row and column is not."""
    if values.dtype.kind not in "buif":
        kind = "text" if values.dtype.kind in "SOU" else values.dtype
        raise DataError(f"{path}: {key} must hold numbers, got {kind}")
    with np.errstate(over="ignore", invalid="ignore"):
        if values.dtype.kind != "f" or np.isfinite(values.sum()):  # a nan or inf anywhere shows in the sum
            return
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        row, *columns = bad[0].tolist()
        column = f", column {', '.join(map(str, columns))}" if columns else ""
        more = f"; there are {len(bad) - 1} more" if len(bad) > 1 else ""
        raise DataError(
            f"{path}: {key} is {values[tuple(bad[0])]} in row {row}{column} (counted from 0{more});"
            " expected finite numbers.\nFill the value in, or leave the row out."
        )


def _text(item: Any) -> str:
    raw = item if isinstance(item, bytes) else str(item).encode("utf-8", "replace")  # NumPy's text may hold surrogates
    return raw.decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")  # HDF5's text ends at a zero
