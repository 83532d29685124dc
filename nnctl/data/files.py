"""Files of arrays: which dataset holds what is found by the usual names, or told by the spec.

A file may hold several parts side by side (train_set_x and test_set_x; X, Xval and Xtest). A dataset whose name
names a part belongs to that part and to no other; what a file holds and nobody takes is said.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from nnctl.data.formats import Datasets, fetch, opened
from nnctl.data.interface import Interface, shortlist
from nnctl.data.layout import as_rows, targets_as_rows
from nnctl.data.table import Table
from nnctl.data.text import texts
from nnctl.errors import DataError
from nnctl.nn import Array

PARTS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev", "cv"),
    "test": ("test", "testing"),
}
FEATURES = ("set_x", "x", "images", "features", "data", "inputs")
TARGETS = ("set_y", "y", "labels", "targets", "target")
CLASSES = ("list_classes", "classes", "class_names", "label_names")
NO_CLASSES = "none"  # in place of a dataset's name: none of them lists the classes


@dataclass(frozen=True)
class Names:
    """The names of the datasets of one part in a file, where the spec gives them."""

    features: str | None = None
    target: str | None = None
    classes: str | None = None  # of all parts

    def beside(self, training: "Names", part: str, file: Datasets) -> "Names":
        """Return these names of a part, filled up by those of the training part: its `ans_train` is our `ans_test`.

        A part with features of its own takes no target from the training part.
        """
        target = self.target or (None if self.features else _counterpart(file, training.target, part))
        return Names(self.features or _counterpart(file, training.features, part), target)


def read_tables(
    path: Path, wanted: Mapping[str, Names], training: Names, also: Sequence[str] = (), layout: str = "rows"
) -> dict[str, Table]:
    """Read the table of each part that is wanted from one file, and of those that it holds also.

    `training` are the names of the training part, wherever it lies. A part that is only held also is left out, with a
    note, where it has no targets of its own. Raise a DataError for one that is wanted and cannot be read. The notes
    stand in the first table.
    """
    tables, used, notes = {}, set[str](), list[str]()
    with opened(path) as file:
        for part in [*wanted, *(part for part in also if _named(file, part, FEATURES))]:
            given = wanted.get(part)
            names = training if part == "train" else (given or Names()).beside(training, part, file)
            features = names.features or _usual(file, part, FEATURES)
            if features is None:
                key = "data.features" if part == "train" else f"data.{part}: {{features: ...}}"
                raise DataError(f"{_not_found(path, file, 'features', part)}; or name it in the spec: {key}")
            target, reason = _target(file, part, features, names)
            if target is None and given is None:
                notes.append(f"{path}: {features} is left out, for it has no targets; {reason}")
                used.add(features)
                continue
            if target is None:
                raise DataError(f"{_not_found(path, file, 'targets', part)}; {reason}")
            X, y = fetch(file, features, path), fetch(file, target, path)
            X, y = as_rows(X, y, f"{path}: {features}", target, layout)
            X = _features(X, path, features)
            notes += _doubts(X, y, f"{path}: {features}")
            y = _targets(y, len(X), path, target, notes)
            classes, found = _classes(file, path, training.classes, target, notes)
            used |= {features, target, *([found] if found else [])}
            tables[part] = Table(X, y, classes, str(path))
        taken = {name.strip("/") for name in used}
        unused = [key for key in file if key not in taken]
        notes += file.notes
    if unused:
        notes.append(f"{path} also holds {shortlist(unused)}: not used")
    first = next(iter(tables))
    tables[first] = tables[first].with_notes(notes)
    return tables


def read_features(path: Path, interface: Interface) -> Table:
    """Read only features, to predict them: those that the model was trained on by name, else those of a test set, of
    no part, or of any part.
    """
    notes = list[str]()
    with opened(path) as file:
        found = (_usual(file, part, FEATURES) for part in ("test", "validation", "train"))
        features = interface.features if interface.features in file else next(filter(None, found), None)
        if features is None:
            raise DataError(_not_found(path, file, "features", "test"))
        X = fetch(file, features, path)
        others = [key for key in file if key != features]
        notes += file.notes
    if others:
        notes.append(f"{path}: {features} is predicted; {shortlist(others)} not used")
    X = _features(interface.as_rows(X), path, features)
    return Table(X, None, origin=str(path), notes=tuple(notes))


def part_named(key: str) -> str | None:
    """Return the part that a dataset's name names: Xtest, labels_of_test, test/y -> test; None for X or labels."""
    words = [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", key)]
    words += [word[1:] for word in words if word[0] in "xy"]
    return next((part for part, names in PARTS.items() if any(word in names for word in words)), None)


def _target(file: Datasets, part: str, features: str, names: Names) -> tuple[str | None, str]:
    """Return the dataset of the targets of `features`, or None and why there is none.

    Features that were found by a name that names a part take targets of that part only.
    """
    given = names.target
    target = given or _usual(file, part, TARGETS)
    owner = part_named(features)
    if names.features is None and owner is not None and target is not None and part_named(target) != owner:
        belongs = part_named(target)
        why = f"{target} {'names no part' if belongs is None else f'is of the {belongs} part'} and {features} does"
        both = f"data.features: {features} and data.target: {target}"
        if part != "train":
            both = f"data.{part}: {{features: {features}, target: {target}}}"
        return None, f"{why}; if they belong together, give {both}"
    key = "data.target" if part == "train" else f"data.{part}: {{features: {features}, target: ...}}"
    return target, f"or name it in the spec: {key}"


def _counterpart(file: Datasets, given: str | None, part: str) -> str | None:
    """Return the dataset that is for `part` what the given one is for training, or None: look for the usual names."""
    if given is None:
        return None
    if part_named(given) is None:
        named = (name for word in PARTS[part] for name in (f"{given}_{word}", f"{word}_{given}", f"{given}{word}"))
        return next((name for name in (*named, given) if name in file), None)
    for word in PARTS["train"]:
        for other in PARTS[part]:
            name = re.sub(word, partial(_cased, other), given, flags=re.IGNORECASE)
            if name != given and name in file:
                return name
    return None


def _cased(word: str, found: re.Match[str]) -> str:
    """Return a word written as the one that was found: Train -> Test."""
    return word.upper() if found[0].isupper() else word.capitalize() if found[0][0].isupper() else word


def _usual(file: Datasets, part: str, endings: Sequence[str]) -> str | None:
    """Return the dataset that names the part, else the one that names no part at all."""
    named = _named(file, part, endings)
    if named is not None:
        return named
    return next((key for ending in endings for key in file if _bare(key) == ending and part_named(key) is None), None)


def _named(file: Datasets, part: str, endings: Sequence[str]) -> str | None:
    """Return the dataset that is named after the part: test_set_x, x_test, Xtest, test/x."""
    compact = {re.sub(r"[^a-z0-9]", "", key.lower()): key for key in reversed(list(file))}
    pairs = ((word, ending.replace("_", "")) for word in PARTS[part] for ending in endings)
    names = (name for word, ending in pairs for name in (word + ending, ending + word))
    return next((compact[name] for name in names if name in compact), None)


def _bare(key: str) -> str:
    """Return a dataset's name without its groups."""
    return key.rpartition("/")[2].lower()


def _not_found(path: Path, file: Datasets, what: str, part: str) -> str:
    letter, usual = ("x", "X, images or data") if what == "features" else ("y", "y, labels or targets")
    return (
        f"{path}: no dataset of {what} for {part} was found; it holds {shortlist(list(file)) or 'nothing'}.\n"
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


def _doubts(X: Array, y: Array, origin: str) -> list[str]:
    """Say what of features X (m, ...) with targets as found may be otherwise than it seems."""
    m = len(X)
    written = next((row + 1 for row in range(m - 1, -1, -1) if X[row].any()), 0)
    said = []
    if m - written > 1:
        said.append(f"{origin} ends with {m - written:,} rows of 0, of {m:,}: was it written to its end?")
    if X.shape == (m, m) and y.shape == (1, m):
        said.append(f"{origin} has shape {X.shape}: its examples are taken as rows; data.layout: columns turns them")
    return said


def _targets(y: Array, m: int, path: Path, key: str, notes: list[str]) -> Array:
    """Return the targets of m examples as (m,) or (m, k) numbers or text."""
    y = targets_as_rows(y, m)
    if y.ndim not in (1, 2):
        raise DataError(f"{path}: {key} must have one row for each example, got shape {y.shape}")
    if len(y) != m:
        turn = ".\nIts examples are columns: save Y.T" if y.ndim == 2 and y.shape[1] == m else ""
        raise DataError(f"{path}: the features have {m} rows and {key} has {len(y)}; they must agree{turn}")
    if y.dtype.kind in "SOU":
        return np.array(texts(y.ravel().tolist(), f"{path}: {key}", notes)).reshape(y.shape)
    _check_numbers(y, path, key)
    return y


def _classes(
    file: Datasets, path: Path, given: str | None, target: str, notes: list[str]
) -> tuple[tuple[str, ...] | None, str | None]:
    """Return the names of the classes that a file lists, and the dataset that lists them; None where there is none.

    What the spec names must be a list of distinct names; what only has a usual name is left alone otherwise.
    """
    if given == NO_CLASSES:
        return None, None
    key = given or next((key for key in file if _bare(key) in CLASSES and key != target), None)
    if key is None:
        return None, None
    try:
        listed = fetch(file, key, path)
        names = tuple(texts(listed.ravel().tolist(), f"{path}: {key}", notes))
    except DataError:
        if given is not None:
            raise
        return None, None
    if listed.ndim > 0 and len(names) >= 2 and len(set(names)) == len(names):
        return names, key
    if given is not None:
        raise DataError(
            f"{path}: {key} must list the names of the classes, two or more and each once, got"
            f" {_content(listed, names)}.\n"
            f"data.classes: {NO_CLASSES} takes the classes from the labels."
        )
    return None, None


def _content(values: Array, names: Sequence[str]) -> str:
    return names[0] if values.ndim == 0 else f"{len(names):,} values, {shortlist(names)}"


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
