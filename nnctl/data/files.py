"""Files of arrays, HDF5 and NPZ: which dataset holds what is found by the usual names, or told by the spec.

A reader opens a file as a mapping from names to datasets; all else is the same for every format. A file may
hold the training and the test part side by side (train_set_x and test_set_x), as the course's and MNIST's do.
"""

import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nnctl.data.interface import shortlist
from nnctl.data.table import Table
from nnctl.errors import DataError
from nnctl.nn import Array
from nnctl.registry import suggestion

Datasets = Mapping[str, Any]  # what np.asarray reads, by name; fetched only when asked for
Reader = Callable[[Path], AbstractContextManager[Datasets]]

PARTS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test",),
}
FEATURES = ("set_x", "x", "images", "features", "data", "inputs")
TARGETS = ("set_y", "y", "labels", "targets", "target")
CLASSES = ("list_classes", "classes", "class_names", "label_names")
UNREADABLE = (OSError, ValueError, KeyError, RuntimeError, EOFError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True)
class Names:
    """The names of the datasets in a file, where the spec gives them."""

    features: str | None = None
    target: str | None = None
    classes: str | None = None


def read_table(path: Path, part: str, names: Names = Names()) -> Table:
    """Read the table of a part ("train", "validation" or "test") from a file; raise a DataError if it cannot be."""
    with _opened(path) as file:
        features = names.features or _usual(file, part, FEATURES)
        target = names.target or _usual(file, part, TARGETS)
        if features is None:
            raise DataError(f"{_not_found(path, file, 'features', part)}; or name it in the spec: data.features")
        if target is None:
            raise DataError(f"{_not_found(path, file, 'targets', part)}; or name it in the spec: data.target")
        classes = names.classes or next((key for key in file if _bare(key) in CLASSES and key != target), None)
        X = _fetch(file, features, path)
        y = _fetch(file, target, path)
        listed = None if classes is None else _fetch(file, classes, path)
    X = _features(X, path, features)
    y = _targets(y, len(X), path, target)
    return Table(X, y, None if listed is None else _class_names(listed, path, str(classes)), str(path))


def read_features(path: Path, name: str | None) -> Table:
    """Read only features: those of this name, else those of a test set, of no part, or of any part."""
    with _opened(path) as file:
        found = (_usual(file, part, FEATURES) for part in ("test", "validation", "train"))
        features = name if name in file else next(filter(None, found), None)
        if features is None:
            raise DataError(_not_found(path, file, "features", "test"))
        X = _fetch(file, features, path)
    return Table(_features(X, path, features), None, origin=str(path))


def holds(path: Path, part: str) -> bool:
    """Tell whether a file holds features of its own for a part, by a name that says so (test_set_x, x_test)."""
    with _opened(path) as file:
        return _named(file, part, FEATURES) is not None


@contextmanager
def _hdf5(path: Path) -> Iterator[Datasets]:
    import h5py

    with h5py.File(path, "r") as file:
        yield _flat(file)


def _flat(group: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return all datasets in and below an HDF5 group; those in groups are named group/name."""
    datasets: dict[str, Any] = {}
    for key, item in group.items():
        if isinstance(item, Mapping):
            datasets |= _flat(item, f"{prefix}{key}/")
        elif item is not None:  # a link that leads nowhere
            datasets[f"{prefix}{key}"] = item
    return datasets


@contextmanager
def _npz(path: Path) -> Iterator[Datasets]:
    if not zipfile.is_zipfile(path):
        raise ValueError("it is no archive of arrays, or its end is missing")
    with np.load(path, allow_pickle=False) as file:
        yield file


READERS: dict[str, Reader] = {".h5": _hdf5, ".hdf5": _hdf5, ".hdf": _hdf5, ".npz": _npz}


@contextmanager
def _opened(path: Path) -> Iterator[Datasets]:
    """Open a file by the reader of its kind; whatever goes wrong is a DataError with the path."""
    kind = path.suffix.lower()
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from None
    if kind not in READERS:
        raise DataError(
            f"{path}: is of a kind that cannot be read as data; legal: {', '.join(READERS)}"
            " (and, as the INPUT of predict, .png, .jpg and .jpeg)"
        )
    if empty:
        raise DataError(f"{path}: is empty (0 bytes)")
    try:
        with READERS[kind](path) as datasets:
            yield datasets
    except UNREADABLE as error:
        name = "NPZ" if kind == ".npz" else "HDF5"
        raise DataError(f"{path}: is not a readable {name} file: {_reason(error)}") from None


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


def _fetch(file: Datasets, key: str, path: Path) -> Array:
    if key not in file:
        raise DataError(f"{path}: there is no dataset {key!r}{suggestion(key, file)}")
    try:
        return np.asarray(file[key])
    except UNREADABLE as error:
        reason = "it holds Python objects" if "allow_pickle" in str(error) else _reason(error)
        raise DataError(f"{path}: {key} cannot be read: {reason}") from None


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
    return item.decode("utf-8", "replace") if isinstance(item, bytes) else str(item)


def _reason(error: Exception) -> str:
    text = str(error.args[0] if isinstance(error, KeyError) else error)  # a KeyError's own text is in quotes
    return text.splitlines()[0] if text else type(error).__name__
