"""A dataset is what a spec's `data:` section comes to: training, validation and test examples as columns.

The order is fixed: read the tables, split off shares, settle the classes, fit the preparation on the
training rows, and check that the network's first and last layer fit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path

import numpy as np
from numpy.random import RandomState

from nnctl.data.block import BlockPreparation, in_words
from nnctl.data.fingerprint import overlaps, sha256
from nnctl.data.interface import Interface, distinct_labels, is_integer
from nnctl.data.names import PARTS, Names
from nnctl.data.ranges import Range
from nnctl.data.scaling import Scaling
from nnctl.data.sets import datasets
from nnctl.data.table import Table
from nnctl.errors import DataError, MismatchError
from nnctl.nn import Array
from nnctl.registry import FEW, listed, suggestion
from nnctl.spec.spec import DataSpec, Spec


@dataclass(frozen=True)
class Examples:
    """X (n[0], m) and Y (n[L], m), with the table that they come from."""

    X: Array
    Y: Array
    table: Table

    @property
    def m(self) -> int:
        """How many examples there are."""
        return self.X.shape[1]


@dataclass(frozen=True)
class Dataset:
    """The examples of each part that there is ("train" always), and the network's interface to them."""

    parts: dict[str, Examples]
    interface: Interface
    sha256: dict[str, str]  # of the features and targets of each part, as found
    notes: tuple[str, ...] = ()  # what a person should be told about how they were read


def load(spec: Spec) -> Dataset:
    """Return the dataset of a spec; raise a DataError, or a SpecError where layer_dims do not fit."""
    tables = read_parts(spec)
    train = tables["train"]
    dims = spec.model.layer_dims
    shape = train.X.shape[1:]
    _check_features(train, spec)
    classes = _classes(train, spec)
    notes = [note for table in tables.values() for note in table.notes]
    preparation = _block(train, spec)
    interface = Interface(preparation, classes, _positive(classes, spec))
    dtype = np.dtype(spec.train.dtype)
    parts = {}
    for name, table in tables.items():
        if not preparation.fits(table.X.shape[1:]):
            raise DataError(
                f"{table.origin}: an example for {name} has {in_words(table.X.shape[1:])}, and one for training"
                f" has {in_words(shape)}"
            )
        if classes is None:
            _check_regression(table, spec)
        if name != "train":
            notes += _remarks(preparation, table)
        with np.errstate(over="ignore"):
            X, Y = interface.columns(table.X, dtype, table.origin), interface.targets(table, dims[-1], dtype)
        for what, values, given in (("features", X, table.X), ("targets", Y, table.y)):
            if np.shares_memory(values, given):  # and so was looked at in the file
                continue
            with np.errstate(over="ignore", invalid="ignore"):
                finite = np.isfinite(values.sum()) or np.isfinite(values).all()
            if not finite:
                raise DataError(
                    f"{table.origin}: some {what} are beyond the numbers of {dtype}, up to {np.finfo(dtype).max:.2g},"
                    " once they are prepared.\nGive them in a larger unit, or train in float64 with another data.scale."
                )
        parts[name] = Examples(X, Y, table)
    notes += overlaps(parts)
    if remark := preparation.remark():
        notes.append(remark)
    return Dataset(parts, interface, {name: sha256(table) for name, table in tables.items()}, tuple(notes))


def _block(train: Table, spec: Spec) -> BlockPreparation:
    """Return the preparation of a block of numbers, fitted on the training rows."""
    scaling = Scaling.fit(train.X, spec.data.scale, train.origin)
    pixels, names, known = train.X.dtype == np.uint8, _names(spec.data, "train"), Range.of(train.X)
    shape, layout, background = train.X.shape[1:], spec.data.layout, spec.data.background
    return BlockPreparation(shape, scaling, pixels, names.features, known, layout, background)


def read_parts(spec: Spec) -> dict[str, Table]:
    """Return the table of each part of a spec's data ("train" always), as found and not prepared."""
    return _split({part: _with_fitting_list(table, spec) for part, table in _tables(spec).items()}, spec)


def _tables(spec: Spec) -> dict[str, Table]:
    """Return the tables that the spec names, before shares are split off."""
    data = spec.data
    training = _names(data, "train")
    tables: dict[str, Table] = {}
    in_files = [part for part in ("validation", "test") if data.has_file(part)]
    if isinstance(data.source, str) and data.source in datasets:
        train, test = datasets[data.source](**data.options)
        tables = {"train": train, **({"test": test} if test is not None else {})}
    else:
        in_files.insert(0, "train")
    if not in_files:
        return tables
    from nnctl.data.files import read_apart, read_tables  # and with them the readers of all formats

    together: dict[Path, dict[str, Names]] = {}
    places = {part: data.place(part) for part in in_files}
    paths = {part: (Path(at.array("features").file), Path(at.array("target").file)) for part, at in places.items()}
    for part, (first, second) in paths.items():
        names = _names(data, part)
        if first == second:
            together.setdefault(first, {})[part] = names
        else:
            theirs = paths.get("train", ())
            tables[part] = read_apart(part, (first, second), names, theirs, data.classes, data.layout)
    for path, wanted in together.items():
        also = [part for part in ("validation", "test") if getattr(data, part) is None]
        tables |= read_tables(path, wanted, training, also if "train" in wanted else (), data.layout)
    return {part: tables[part] for part in PARTS if part in tables}


def _with_fitting_list(table: Table, spec: Spec) -> Table:
    """Return a table without a list of classes of the wrong number, unless the spec asks for it."""
    told = max(spec.model.layer_dims[-1], 2)
    asked = spec.data.classes is not None or spec.data.source in datasets
    if not spec.classifies or asked or table.classes is None or len(table.classes) == told:
        return table
    note = (
        f"{table.origin}: its list of classes ({listed(table.classes, FEW)}) is not used, for it names"
        f" {len(table.classes):,} and the network tells {told:,} apart"
    )
    return replace(table, classes=None).with_notes([note])


def _names(data: DataSpec, part: str) -> Names:
    """Return the names that the spec gives to the datasets of a part; the list of classes is the training part's."""
    place = data.place(part)
    classes = data.classes if part == "train" else None
    return Names(place.array("features").name, place.array("target").name, classes)


def _split(tables: dict[str, Table], spec: Spec) -> dict[str, Table]:
    """Split the shares asked for off the training rows, by class; they take the place of the source's own parts."""
    shares = {
        part: share
        for part, share in (("validation", spec.data.validation), ("test", spec.data.test))
        if isinstance(share, float)
    }
    if not shares:
        return tables
    train = tables["train"]
    m = len(train.X)
    groups = distinct_labels(train)[1] if spec.classifies else np.zeros(m, np.int64)
    taken = _shares(groups, list(shares.values()), spec.seed)
    for part, rows in zip(shares, taken, strict=True):
        if len(rows) == 0 or sum(shares.values()) >= 1:
            raise spec.document.mistake(
                ("data", part), f"of {shares[part]:g} leaves no rows for it or for training ({m} rows)"
            )
        tables[part] = replace(train.rows(rows), notes=())  # they are told once
    tables["train"] = train.rows(np.setdiff1d(np.arange(m), np.concatenate(taken)))
    return {part: tables[part] for part in PARTS if part in tables}


def _shares(groups: Array, shares: Sequence[float], seed: int) -> list[Array]:
    """Return for each share the rows drawn for it, sorted; every group gives its part of each share.

    Every group keeps a row for training: a class that is only tested could not be learned.
    """
    stream = RandomState(seed)
    taken: list[list[Array]] = [[] for _ in shares]
    order = np.argsort(groups, kind="stable")
    for own_rows in np.split(order, np.flatnonzero(np.diff(groups[order])) + 1):
        rows = stream.permutation(own_rows)
        ends = np.round(np.cumsum([0.0, *shares]) * len(rows)).astype(int).clip(max=len(rows) - 1)
        for own, start, end in zip(taken, ends[:-1], ends[1:], strict=True):
            own.append(rows[start:end])
    return [np.sort(np.concatenate(rows)) for rows in taken]


def _check_features(train: Table, spec: Spec) -> None:
    """Check that there are training examples, as rows, with as many features as the network has inputs."""
    n0, X = spec.model.layer_dims[0], train.X
    n = prod(X.shape[1:])
    turn = "\n  Are the examples columns here? Save X.T, or say data.layout: columns, which turns them."
    if len(X) == 1 and n != n0:
        raise DataError(f"{train.origin}: holds one example only, its features have shape {X.shape}.{turn}")
    if n != n0:
        columns = turn if X.ndim == 2 and len(X) == n0 else ""
        raise spec.document.mistake(
            ("model", "layer_dims"), f"must start with {n}: an example has {in_words(X.shape[1:])}, got {n0}{columns}"
        )


def _classes(train: Table, spec: Spec) -> tuple[str, ...] | None:
    """Return the names of the classes, or None where the output is a number; check n[L] against them."""
    if not spec.classifies:
        return None
    n = spec.model.layer_dims[-1]
    classes = train.classes or _classes_of(distinct_labels(train)[0], n)
    if len(classes) < 2:
        raise DataError(f"{train.origin}: there is one class only ({listed(classes, FEW)}); expected two or more")
    wanted = 1 if spec.output == "sigmoid" and len(classes) == 2 else len(classes)
    if n != wanted and not (n == 2 and len(classes) == 2):
        raise spec.document.mistake(
            ("model", "layer_dims"),
            f"must end with {wanted} for {len(classes):,} classes ({listed(classes, FEW)}) and a {spec.output} output,"
            f" got {n}" + ("; with more than two classes take softmax" if spec.output == "sigmoid" and n == 1 else ""),
        )
    return classes


def _classes_of(labels: Sequence[str], n: int) -> tuple[str, ...]:
    """Return the classes of labels where no list names them, for a network with n outputs."""
    expected = tuple(str(number) for number in range(max(n, 2)))
    if set(labels) <= set(expected):
        return expected  # 0, 1, ..., n[L] - 1, even if one of them does not occur
    return tuple(sorted(labels, key=int) if all(is_integer(label) for label in labels) else sorted(labels))


def _positive(classes: tuple[str, ...] | None, spec: Spec) -> int:
    """Return which of two classes precision and recall are of."""
    name = spec.data.positive
    if name is None:
        return 1
    assert classes is not None
    if len(classes) > 2:
        raise spec.document.mistake(("data", "positive"), f"names one of two classes, and there are {len(classes):,}")
    if name not in classes:
        raise spec.document.mistake(("data", "positive"), f"names no class{suggestion(name, classes)}")
    return classes.index(name)


def _check_regression(table: Table, spec: Spec) -> None:
    """Check the targets of a regression: numbers, as many for each row as there are outputs."""
    y = table.y
    assert y is not None
    if y.dtype.kind not in "buif":
        raise DataError(
            f'{table.origin}: the targets are names such as "{y.ravel()[0]}", and a {spec.output} output predicts'
            " numbers.\n"
            "To predict classes, end the network with sigmoid (two classes) or softmax."
        )
    n = 1 if y.ndim == 1 else y.shape[1]
    if n != spec.model.layer_dims[-1]:
        raise spec.document.mistake(
            ("model", "layer_dims"),
            f"must end with {n}, the numbers to predict for each example in {table.origin},"
            f" got {spec.model.layer_dims[-1]}",
        )


def _remarks(preparation: BlockPreparation, table: Table) -> list[str]:
    """Say what of a part differs from the training part; raise a DataError where that cannot be right."""
    try:
        return preparation.remarks(table)
    except MismatchError as error:
        raise DataError(str(error)) from None
