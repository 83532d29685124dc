"""Files of arrays: the tables of the parts that a file holds, or two files together, checked row by row.

What a file holds and nobody takes is said.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from nnctl.data.arrays import ALONE, Stored
from nnctl.data.block import BlockPreparation
from nnctl.data.blocks import Block, Failed
from nnctl.data.formats import Datasets, check_not_sparse, check_usable, fetch, opened, pandas_tables, told
from nnctl.data.hold import Way
from nnctl.data.layout import as_rows, targets_as_rows
from nnctl.data.names import FEATURES, TARGETS, Names, bare, named, part_named, target_of, usual
from nnctl.data.picture import Cell
from nnctl.data.portions import Portions, all_finite, evenly
from nnctl.data.table import Table
from nnctl.data.text import texts
from nnctl.errors import DataError
from nnctl.nn import Array
from nnctl.nn.network import BLOCK
from nnctl.registry import FEW, listed

CLASSES = ("list_classes", "classes", "class_names", "label_names")
PREDICTED = 2**22  # values at a time: 32 MB as float64
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
                raise DataError(_not_found(path, file, "features", part, f"or name it in the spec: {key}"))
            target, reason = target_of(file, part, features, names.target, own.features is not None)
            if target is None and given is None:
                notes.append(f"{path}: {features} is left out, for it has no targets; {reason}")
                used.add(features)
                continue
            X = _found(file, features, path, part, way)
            if target is None:
                raise DataError(_not_found(path, file, "targets", part, reason))
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
        raise DataError(_not_found(path, file, f"{what.rstrip('s')}s", part, way))
    return key


def _found(file: Datasets, key: str, path: Path, part: str, way: Way | None) -> Any:
    """Return features of an open file, read, or as they are stored where they are to stay on disk; or a list of cells
    that are pictures' files.
    """
    if way and (cells := _cells(file, key, path)):
        return cells
    with told(key, path):
        check_not_sparse(file, key, path)
    stored = file.stored(key) if way else None
    on_disk = way and stored and way.hold.on_disk(path, stored.shape, stored.dtype, part)
    return stored if on_disk else fetch(file, key, path)


def _cells(file: Datasets, key: str, path: Path) -> list[Cell]:
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
    y = _targets(y, m, target, "the features have" if len(paths) == 1 else f"{features.path} has", notes)
    lists = features if target.file.nameless else target
    classes, found = _classes(lists.file, lists.path, names.classes, lists.key, notes)
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


def read_blocks(path: Path, preparation: BlockPreparation, name: str | None = None) -> Iterator[Block]:
    """Read only features in blocks, to predict them: those of this name, else those that the model was trained on by
    name, else those of a test set, of no part, or of any part. A row that is not finite is told, and not raised.

    The notes stand in the first block.
    """
    with opened(path) as file:
        features, others = _to_predict(file, path, preparation, name)
        if cells := _cells(file, features, path):
            from nnctl.data.folder import read_pictures

            for number, block in enumerate(read_pictures(path, cells, preparation)):
                notes = () if number else (*file.notes, *others)
                yield replace(block, files=[str(path)] * len(block), table=block.table.with_notes(notes))
            return
        with told(features, path):
            check_not_sparse(file, features, path)
        stored = file.stored(features)
        X = preparation.as_rows(stored or fetch(file, features, path))  # some can only be read as a whole, or not
        _check_rows(X, path, features)
        if isinstance(X, Stored):
            X.tell()
        start, notes = 0, (*file.notes, *others)
        with told(features, path):
            for rows in evenly(X.pieces() if isinstance(X, Stored) else [X], _at_a_time(X.shape[1:])):
                if start == 0:
                    check_usable(file, features, path, rows[:1])
                finite = np.isfinite(rows.reshape(len(rows), -1)).all(axis=1)
                good = np.flatnonzero(finite)
                failed = [_failed(path, features, start, row, rows[row]) for row in np.flatnonzero(~finite).tolist()]
                own = rows if not failed else rows[good]
                table = Table(own, None, origin=str(path), numbers=start + good, files=(path,), notes=notes)
                yield Block([str(path)] * len(rows), table, good, failed)
                start, notes = start + len(rows), ()


def _failed(path: Path, key: str, start: int, row: int, values: Array) -> Failed:
    """Return what is told of a row (...) of which not all numbers are finite."""
    place = np.argwhere(~np.isfinite(values))[0].tolist()
    column = ", ".join(map(str, place))
    reason = f"{key} is {values[tuple(place)]} in column {column} (counted from 0); expected finite numbers"
    return Failed(row, f"{path}, row {start + row} (counted from 0)", reason)


def _at_a_time(example: tuple[int, ...]) -> int:
    """Return how many rows of this shape are predicted at a time: blocks of a network, for these give the same bits."""
    return max(1, PREDICTED // prod(example) // BLOCK) * BLOCK


def _to_predict(file: Datasets, path: Path, preparation: BlockPreparation, name: str | None) -> tuple[str, list[str]]:
    """Return the dataset of features in a file to predict, and what is said of the others."""
    found = (usual(file, part, FEATURES) for part in ("test", "validation", "train"))
    trained = preparation.features if preparation.features in file else None
    alone = ALONE if file.nameless else None
    features = name or alone or trained or next(filter(None, found), None)
    if features is None:
        raise DataError(_not_found(path, file, "features", "test", "or name it: --features NAME"))
    others = [key for key in file if key != features.strip("/")]
    return features, [f"{path}: {features} is predicted; {listed(others, FEW)} not used"] if others else []


def _not_found(path: Path, file: Datasets, what: str, part: str, way: str = "") -> str:
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
    _check_rows(X, path, key)
    _check_finite(X, path, key)
    return np.ascontiguousarray(X) if isinstance(X, np.ndarray) else X


def _check_rows(X: Any, path: Path, key: str) -> None:
    """Raise a DataError unless X has a row of numbers for each example."""
    if X.ndim < 2:
        raise DataError(
            f"{path}: {key} must have a row of features for each example, (m, features), got shape {X.shape}"
        )
    if X.size == 0:
        raise DataError(f"{path}: {key} holds nothing, its shape is {X.shape}")
    _check_kind(X, path, key)


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


def _targets(y: Array, m: int, target: Found, features_have: str, notes: list[str]) -> Array:
    """Return the targets of m examples as (m,) or (m, k) numbers or text."""
    y = targets_as_rows(y, m)
    if y.ndim not in (1, 2):
        raise DataError(f"{target} must have one row for each example, got shape {y.shape}")
    if len(y) != m:
        turn = ".\nIts examples are columns: save Y.T" if y.ndim == 2 and y.shape[1] == m else ""
        raise DataError(f"{target.path}: {features_have} {m} rows and {target.key} has {len(y)}; they must agree{turn}")
    if y.dtype.kind in "SOU":
        return np.array(texts(y.ravel().tolist(), str(target), notes)).reshape(y.shape)
    _check_numbers(y, target.path, target.key)
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
        _check_numbers(values, path, name)
    except DataError as error:
        raise DataError(f"{error}\n{BESIDE[key]}.") from None
    return values


def _classes(
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


def _check_numbers(values: Array, path: Path, key: str) -> None:
    """Raise a DataError unless all values are finite numbers."""
    _check_kind(values, path, key)
    _check_finite(values, path, key)


def _check_kind(values: Any, path: Path, key: str) -> None:
    if values.dtype.kind not in "buif":
        kind = "text" if values.dtype.kind in "SOU" else values.dtype
        raise DataError(f"{path}: {key} must hold numbers, got {kind}")


def _check_finite(values: Any, path: Path, key: str) -> None:
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
