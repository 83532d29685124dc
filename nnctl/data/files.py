"""Files of arrays: the tables of the parts that a file holds, or two files together, checked row by row.

What a file holds and nobody takes is said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from nnctl.data.arrays import Stored
from nnctl.data.formats import Datasets, check_not_sparse, check_usable, fetch, opened, pandas_tables, told
from nnctl.data.hold import Way
from nnctl.data.layout import as_rows, targets_as_rows
from nnctl.data.names import FEATURES, TARGETS, Names, bare, named, part_named, target_of, usual
from nnctl.data.picture import Cell
from nnctl.data.sound import check_finite, check_numbers, check_rows
from nnctl.data.table import Table
from nnctl.data.text import texts
from nnctl.errors import DataError
from nnctl.nn import Array
from nnctl.registry import FEW, listed

CLASSES = ("list_classes", "classes", "class_names", "label_names")
NO_CLASSES = "none"  # in place of a dataset's name: none of them lists the classes
BESIDE = {  # what the datasets are that stand beside features and targets
    "group": "data.group names a dataset with a number or text for each row",
    "order": "data.order is file, for the rows as they stand, or names a dataset with a number for each row",
}


@dataclass(frozen=True)
class Found:
    """A dataset of an open file."""

    file: Datasets
    path: Path
    key: str

    def __str__(self) -> str:
        return f"{self.path}: {self.key}"


def read_tables(
    path: Path,
    wanted: Mapping[str, Names],
    training: Names,
    also: Sequence[str] = (),
    layout: str = "rows",
    way: Way | None = None,
) -> dict[str, Table]:
    """Read the table of each part that is wanted from one file, and of those that it holds also.

    `training` are the names of the training part, wherever it lies; `way` is how a spec wants them. A part
    that is only held also is left out, with a note, where it has no targets of its own. Raise a DataError for one that
    is wanted and cannot be read. The notes stand in the first table.
    """
    tables, used, notes = {}, set[str](), list[str]()
    with opened(path) as file:
        if file.nameless:
            key = "source" if "train" in wanted else next(iter(wanted))
            raise DataError(
                f"{path}: is one array without a name (NPY), and there must be features and targets.\n"
                f"Name the file of each: data.{key}: {{features: X.npy, target: y.npy}}"
            )
        for part in [*wanted, *(part for part in also if named(file, part, FEATURES))]:
            given = wanted.get(part)
            own = training if part == "train" else given or Names()
            names = own if part == "train" else own.beside(training, part, file)
            features = names.features or usual(file, part, FEATURES)
            if features is None:
                key = "data.features" if part == "train" else f"data.{part}: {{features: ...}}"
                raise DataError(not_found(path, file, "features", part, f"or name it in the spec: {key}"))
            target, reason = target_of(file, part, features, names.target, own.features is not None)
            if target is None and given is None:
                notes.append(f"{path}: {features} is left out, for it has no targets; {reason}")
                used.add(features)
                continue
            X = _found(file, features, path, part, way)
            if target is None:
                raise DataError(not_found(path, file, "targets", part, reason))
            both = Found(file, path, features), Found(file, path, target)
            names = replace(names, classes=training.classes)
            tables[part], beside = _table(part, X, *both, names, layout, way, notes)
            used |= {features, target, *beside}
        taken = {name.strip("/") for name in used}
        unused = [key for key in file if key not in taken]
        notes += file.notes
    if unused:
        notes.append(f"{path} also holds {listed(unused, FEW)}: not used")
    first = next(iter(tables))
    tables[first] = tables[first].with_notes(notes)
    return tables


def read_apart(
    part: str,
    paths: tuple[Path, Path],
    names: Names,
    training: Sequence[Path],
    layout: str = "rows",
    way: Way | None = None,
) -> Table:
    """Read the table of a part whose features are in one file and whose targets are in another.

    `names` are those of its datasets, where they have names and the spec gives them, and of the list of classes of all
    parts. From a file of another part, `training`, only datasets that name this part are taken without.
    """
    notes = list[str]()
    with opened(paths[0]) as file, opened(paths[1]) as other:
        features = Found(file, paths[0], names.features or _alone(file, paths[0], "features", part, training))
        target = Found(other, paths[1], names.target or _alone(other, paths[1], "target", part, training))
        X = _found(file, features.key, features.path, part, way)
        table, beside = _table(part, X, features, target, names, layout, way, notes)
        for place in (features, target):
            unused = [key for key in place.file if key not in (place.key.strip("/"), *beside)]
            notes += place.file.notes
            notes += [f"{place.path} also holds {listed(unused, FEW)}: not used"] if unused else []
    return table.with_notes(notes)


def _alone(file: Datasets, path: Path, what: str, part: str, training: Sequence[Path]) -> str:
    """Return the features (or the target) of a file that is there for them alone: by a usual name, or the only one."""
    endings = FEATURES if what == "features" else TARGETS
    if part != "train" and path in training:
        key = named(file, part, endings)
    else:
        only = next(iter(file)) if len(file) == 1 else None
        key = usual(file, part, endings) or (only if only and part_named(only) in (None, part) else None)
    if key is None:
        way = f"or name it in the spec: {what}: {{file: {path.name}, name: ...}}"
        raise DataError(not_found(path, file, f"{what.rstrip('s')}s", part, way))
    return key


def _found(file: Datasets, key: str, path: Path, part: str, way: Way | None) -> Any:
    """Return features of an open file, read, or as they are stored where they are to stay on disk; or a list of cells
    that are pictures' files.
    """
    if way and (cells := cells_of(file, key, path)):
        return cells
    with told(key, path):
        check_not_sparse(file, key, path)
    stored = file.stored(key) if way else None
    on_disk = way and stored and way.hold.on_disk(path, stored.shape, stored.dtype, part)
    return stored if on_disk else fetch(file, key, path)


def cells_of(file: Datasets, key: str, path: Path) -> list[Cell]:
    """Return the cells of a dataset that are pictures' files, none where it is of another kind."""
    cells = file.pictures(key) or ()
    return [Cell(f"{path}, row {row} of {key} (counted from 0)", cells, row) for row in range(len(cells))]


def _table(
    part: str,
    X: Any,
    features: Found,
    target: Found,
    names: Names,
    layout: str,
    way: Way | None,
    notes: list[str],
) -> tuple[Table, list[str]]:
    """Return the checked table of features X and targets, and the datasets that were read beside them.

    The list of classes stands beside the targets, or beside the features where the targets are alone in a file without
    names; groups and an order are in either file.
    """
    paths = dict.fromkeys((features.path, target.path))
    y = fetch(target.file, target.key, target.path)
    pictures = isinstance(X, list)
    m, kept = len(X), None
    if pictures and way:
        from nnctl.data import album  # and with it threads

        X, kept, said = album.read(features.path, features.key, X, way, part)
        notes += said
    else:
        X, y = as_rows(X, y, str(features), target.key if len(paths) == 1 else str(target), layout, part)
        m = len(X)
        if isinstance(X, Stored) and way:
            with told(features.key, features.path):
                X = way.hold.rows(X, notes)
            check_usable(features.file, features.key, features.path, np.asarray(X[:1]))
        X = _features(X, features.path, features.key)
        notes += _doubts(X, y, str(features))
    y = checked_targets(y, m, target, "the features have" if len(paths) == 1 else f"{features.path} has", notes)
    lists = features if target.file.nameless else target
    classes, found = listed_classes(lists.file, lists.path, names.classes, lists.key, notes)
    groups, order = (
        _beside(features if name in features.file else target, key, name, m, notes)
        for key, name in (("group", names.group), ("order", names.order))
    )
    beside = [name.strip("/") for name in (found, names.group, names.order) if name]
    origin = " and ".join(map(str, paths))
    numbers = None
    if kept is not None and len(kept) < m:
        numbers = np.array(kept)
        y = y[numbers]
        groups, order = (None if own is None else own[numbers] for own in (groups, order))
    files = tuple(paths)
    table = Table(X, y, classes, origin, numbers, files, groups=groups, order=order, of_pictures=pictures)
    return table, beside


def not_found(path: Path, file: Datasets, what: str, part: str, way: str = "") -> str:
    if what == "features" and (keys := pandas_tables(file)):
        return (
            f"{path}: holds tables of pandas ({listed(keys, FEW)}), and those are not read.\n"
            f'Turn them into NPZ: import numpy, pandas; t = pandas.read_hdf("{path}", "{keys[0]}")\n'
            'numpy.savez("data.npz", X=t.drop(columns="TARGET"), y=t["TARGET"])'
        )
    letter, usual = ("x", "X, images or data") if what == "features" else ("y", "y, labels or targets")
    return (
        f"{path}: no dataset of {what} for {part} was found; it holds {listed(list(file), FEW) or 'nothing'}.\n"
        f"Expected a name such as {part}_set_{letter}, {letter}_{part}, {usual}{way and f'; {way}'}"
    )


def _features(X: Any, path: Path, key: str) -> Any:
    """Return X (m, ...), as rows of memory or on disk, if it has rows of finite numbers."""
    check_rows(X, path, key)
    check_finite(X, path, key)
    return np.ascontiguousarray(X) if isinstance(X, np.ndarray) else X


def _doubts(X: Any, y: Array, origin: str) -> list[str]:
    """Say what of features X (m, ...) with targets as found may be otherwise than it seems."""
    m = len(X)
    written = next((row + 1 for row in range(m - 1, -1, -1) if X[row].any()), 0)
    said = []
    if m - written > 1:
        said.append(f"{origin} ends with {m - written:,} rows of 0, of {m:,}: was it written to its end?")
    if X.shape == (m, m) and y.shape == (1, m):
        said.append(f"{origin} has shape {X.shape}: its examples are taken as rows; data.layout: columns turns them")
    return said


def checked_targets(y: Array, m: int, target: Found, features_have: str, notes: list[str]) -> Array:
    """Return the targets of m examples as (m,) or (m, k) numbers or text."""
    y = targets_as_rows(y, m)
    if y.ndim not in (1, 2):
        raise DataError(f"{target} must have one row for each example, got shape {y.shape}")
    if len(y) != m:
        turn = ".\nIts examples are columns: save Y.T" if y.ndim == 2 and y.shape[1] == m else ""
        raise DataError(f"{target.path}: {features_have} {m} rows and {target.key} has {len(y)}; they must agree{turn}")
    if y.dtype.kind in "SOU":
        return np.array(texts(y.ravel().tolist(), str(target), notes)).reshape(y.shape)
    check_numbers(y, target.path, target.key)
    return y


def _beside(place: Found, key: str, name: str | None, m: int, notes: list[str]) -> Array | None:
    """Return the values (m,) of the dataset that data.`key` names in a file, or None where it names none."""
    if name is None:
        return None
    file, path = place.file, place.path
    try:
        values = targets_as_rows(fetch(file, name, path), m)
        if values.shape != (m,):
            raise DataError(f"{path}: {name} has shape {values.shape}, and the features have {m} rows")
        if key == "group" and values.dtype.kind in "SOU":
            return np.array(texts(values.tolist(), f"{path}: {name}", notes))
        check_numbers(values, path, name)
    except DataError as error:
        raise DataError(f"{error}\n{BESIDE[key]}.") from None
    return values


def listed_classes(
    file: Datasets, path: Path, given: str | None, target: str, notes: list[str]
) -> tuple[tuple[str, ...] | None, str | None]:
    """Return the names of the classes that a file lists, and the dataset that lists them; None where there is none.

    What the spec names must be a list of distinct names; what only has a usual name is left alone otherwise.
    """
    if given == NO_CLASSES:
        return None, None
    key = given or next((key for key in file if bare(key) in CLASSES and key != target), None)
    if key is None:
        return None, None
    try:
        values = fetch(file, key, path)
        names = tuple(texts(values.ravel().tolist(), f"{path}: {key}", notes))
    except DataError:
        if given is not None:
            raise
        return None, None
    if values.ndim > 0 and len(names) >= 2 and len(set(names)) == len(names):
        return names, key
    if given is not None:
        raise DataError(
            f"{path}: {key} must list the names of the classes, two or more and each once, got"
            f" {_content(values, names)}.\n"
            f"data.classes: {NO_CLASSES} takes the classes from the labels."
        )
    return None, None


def _content(values: Array, names: Sequence[str]) -> str:
    return names[0] if values.ndim == 0 else f"{len(names):,} values, {listed(names, FEW)}"
