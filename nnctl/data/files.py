"""Files of arrays, HDF5 and NPZ: which dataset holds what is found by the usual names, or told by the spec.

A reader lists a file's datasets and fetches one; all else is the same for every format. A file may hold
the training and the test part side by side (train_set_x and test_set_x), as the course's and MNIST's do.
"""

import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nnctl.data.table import Table
from nnctl.errors import DataError
from nnctl.nn import Array
from nnctl.registry import suggestion

Reader = Callable[[Path], AbstractContextManager[Mapping[str, Any]]]


def _hdf5(path: Path) -> AbstractContextManager[Mapping[str, Any]]:
    import h5py

    file: AbstractContextManager[Mapping[str, Any]] = h5py.File(path, "r")
    return file


def _npz(path: Path) -> AbstractContextManager[Mapping[str, Any]]:
    loaded = np.load(path, allow_pickle=False)
    if isinstance(loaded, np.ndarray):
        raise ValueError("it holds one array without a name (NPY)")
    return loaded


READERS: dict[str, Reader] = {".h5": _hdf5, ".hdf5": _hdf5, ".hdf": _hdf5, ".npz": _npz}

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


def read_table(path: Path, part: str, names: Names = Names(), need_target: bool = True) -> Table:
    """Read the table of a part ("train", "validation" or "test") from a file; raise a DataError if it cannot be."""
    with _opened(path) as file:
        keys = _keys(file)
        features = names.features or _usual(keys, part, FEATURES)
        target = names.target or _usual(keys, part, TARGETS)
        if features is None or (target is None and need_target):
            what = "features" if features is None else "targets"
            raise DataError(
                f"{path}: no dataset of {what} was found; it holds {', '.join(keys) or 'nothing'}.\n"
                f"Expected names such as train_set_x and train_set_y, x_train and y_train, X and y, images and"
                f" labels;\nor name them in the spec: data.features: ..., data.target: ..."
            )
        X = _numbers(_fetch(file, features, keys, path), path, features)
        if X.ndim < 2:
            raise DataError(f"{path}: {features} must have a row for each example, got shape {X.shape}")
        y = None if target is None or (target not in keys and not need_target) else _fetch(file, target, keys, path)
        if y is not None:
            y = _targets(y, path, str(target))
            if len(y) != len(X):
                raise DataError(f"{path}: {features} has {len(X)} rows and {target} has {len(y)}; they must agree")
        classes = names.classes or next((key for key in keys if key.rpartition("/")[2].lower() in CLASSES), None)
        listed = None
        if classes is not None and (classes in keys or names.classes):
            listed = tuple(_text(name) for name in np.ravel(_fetch(file, classes, keys, path)))
    if len(X) == 0:
        raise DataError(f"{path}: {features} has no rows")
    return Table(X, y, listed, f"{path}: {target}")


def holds(path: Path, part: str) -> bool:
    """Tell whether a file holds features of its own for a part, by a name that says so (test_set_x, x_test)."""
    with _opened(path) as file:
        return _named(_keys(file), part, FEATURES) is not None


class _opened:
    """A file opened by the reader of its kind; whatever goes wrong is a DataError with the path."""

    def __init__(self, path: Path) -> None:
        if path.suffix.lower() not in READERS:
            raise DataError(
                f"{path}: is of a kind that cannot be read as data; legal: {', '.join(READERS)}"
                " (and PNG or JPEG pictures as the input of predict)"
            )
        if path.is_dir():
            raise DataError(f"{path}: is a folder; expected a file of one of these kinds: {', '.join(READERS)}")
        if not path.exists():
            raise DataError(f"{path}: there is no such file")
        if path.stat().st_size == 0:
            raise DataError(f"{path}: is empty (0 bytes)")
        try:
            self.file = READERS[path.suffix.lower()](path)
        except PermissionError:
            raise DataError(f"{path}: may not be read (permission denied)") from None
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            kind = "NPZ" if path.suffix.lower() == ".npz" else "HDF5"
            raise DataError(f"{path}: is not a readable {kind} file: {str(error).splitlines()[0]}") from None

    def __enter__(self) -> Mapping[str, Any]:
        return self.file.__enter__()

    def __exit__(self, *details: Any) -> None:
        self.file.__exit__(*details)


def _keys(file: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Return the names of all datasets, those in groups as group/name."""
    keys: list[str] = []
    for key in file:
        try:
            item = file[key]
        except ValueError:  # an NPZ array of Python objects: it is named all the same, and refused when fetched
            item = None
        keys += _keys(item, f"{prefix}{key}/") if isinstance(item, Mapping) else [f"{prefix}{key}"]
    return keys


def _usual(keys: Sequence[str], part: str, endings: Sequence[str]) -> str | None:
    """Return the dataset that names the part, else the one that names no part at all."""
    named = _named(keys, part, endings)
    if named is not None:
        return named
    return next((k for ending in endings for k in keys if k.rpartition("/")[2].lower() == ending), None)


def _named(keys: Sequence[str], part: str, endings: Sequence[str]) -> str | None:
    for word in PARTS[part]:
        for ending in endings:
            for key in keys:
                if key.lower().replace("/", "_") in (f"{word}_{ending}", f"{ending}_{word}"):
                    return key
    return None


def _fetch(file: Mapping[str, Any], key: str, keys: Sequence[str], path: Path) -> Array:
    if key not in keys:
        raise DataError(f"{path}: there is no dataset {key!r}{suggestion(key, keys)}")
    try:
        return np.asarray(file[key])
    except (ValueError, OSError) as error:
        raise DataError(f"{path}: {key} cannot be read: {str(error).splitlines()[0]}") from None


def _numbers(X: Array, path: Path, key: str) -> Array:
    """Return X if it holds finite numbers, or say which row and column does not."""
    if X.dtype.kind not in "buif":
        raise DataError(f"{path}: {key} must hold numbers, got {X.dtype}")
    _refuse_nan(X, path, key)
    return X


def _targets(y: Array, path: Path, key: str) -> Array:
    """Return targets as (m,) or (m, k) numbers, or (m,) text."""
    if y.ndim == 2 and 1 in y.shape:  # the course's files hold (1, m) after its own reshape
        y = y.ravel()
    if y.ndim not in (1, 2):
        raise DataError(f"{path}: {key} must have one row for each example, got shape {y.shape}")
    if y.dtype.kind in "SOU":
        return np.array([_text(item) for item in y.ravel()]).reshape(y.shape)
    return _numbers(y, path, key)


def _refuse_nan(values: Array, path: Path, key: str) -> None:
    if values.dtype.kind != "f":
        return
    bad = ~np.isfinite(values)
    if bad.any():
        place = np.argwhere(bad)[0]
        column = f", column {', '.join(str(i) for i in place[1:])}" if len(place) > 1 else ""
        more = f" (and {int(bad.sum()) - 1} more)" if bad.sum() > 1 else ""
        raise DataError(
            f"{path}: {key} is {values[tuple(place)]} in row {place[0]}{column}{more} (counted from 0);"
            " expected finite numbers.\nFill the value in, or leave the row out."
        )


def _text(item: Any) -> str:
    return item.decode("utf-8", "replace") if isinstance(item, bytes) else str(item)
