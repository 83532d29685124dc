"""A dataset is what a spec's `data:` section comes to: training, validation and test examples as columns.

The order is fixed: read the tables, split off shares, settle the classes, fit the preparation on the
training rows, and check that the network's first and last layer fit.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
from numpy.random import RandomState

from nnctl.data.files import Names, holds, read_table
from nnctl.data.interface import Interface, Preparation, distinct_labels, in_words, is_integer, shortlist
from nnctl.data.sets import datasets
from nnctl.data.table import Table
from nnctl.errors import DataError
from nnctl.nn import Array
from nnctl.spec.spec import Spec

PARTS = ("train", "validation", "test")


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
    sha256: dict[str, str]


def load(spec: Spec) -> Dataset:
    """Return the dataset of a spec; raise a DataError, or a SpecError where layer_dims do not fit."""
    tables = read_parts(spec)
    train = tables["train"]
    dims = spec.model.layer_dims
    shape = train.X.shape[1:]
    if prod(shape) != dims[0]:
        raise spec.document.mistake(
            ("model", "layer_dims"), f"must start with {prod(shape)}: an example has {in_words(shape)}, got {dims[0]}"
        )
    classes = _classes(train, spec)
    preparation = Preparation.fit(train.X, spec.data.scale)
    pixels = train.X.dtype == np.uint8
    interface = Interface(shape, preparation, classes, pixels, spec.data.features, spec.data.background)
    for name, table in tables.items():
        if not interface.fits(table.X.shape[1:]):
            raise DataError(
                f"{table.origin}: an example for {name} has {in_words(table.X.shape[1:])}, and one for training"
                f" has {in_words(shape)}"
            )
        if classes is None:
            _check_regression(table, spec)
    dtype = np.dtype(spec.train.dtype)
    parts = {
        name: Examples(
            interface.columns(table.X, dtype, table.origin), interface.targets(table, dims[-1], dtype), table
        )
        for name, table in tables.items()
    }
    return Dataset(parts, interface, {name: _sha256(table) for name, table in tables.items()})


def read_parts(spec: Spec) -> dict[str, Table]:
    """Return the table of each part of a spec's data ("train" always), as found and not prepared."""
    return _split(_tables(spec), spec)


def _tables(spec: Spec) -> dict[str, Table]:
    """Return the tables that the spec names, before shares are split off."""
    data = spec.data
    names = Names(data.features, data.target, data.classes)
    tables: dict[str, Table | None] = {}
    file = None  # one that may hold further parts
    if data.source is not None and data.source in datasets:
        tables["train"], tables["test"] = datasets[data.source](**data.options)
    else:
        written = data.source or data.train
        assert written is not None
        file = Path(written)
        tables["train"] = read_table(file, "train", names)
    for part, place in (("validation", data.validation), ("test", data.test)):
        if isinstance(place, str):
            tables[part] = read_table(Path(place), part, names)
        elif place is None and file is not None and not names.features and holds(file, part):
            tables[part] = read_table(file, part, names)
    return {part: table for part in PARTS if (table := tables.get(part)) is not None}


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
        tables[part] = train.rows(rows)
    tables["train"] = train.rows(np.setdiff1d(np.arange(m), np.concatenate(taken)))
    return {part: tables[part] for part in PARTS if part in tables}


def _shares(groups: Array, shares: Sequence[float], seed: int) -> list[Array]:
    """Return for each share the rows drawn for it, sorted; every group gives its part of each share.

    Every group keeps a row for training: a class that is only tested could not be learned.
    """
    stream = RandomState(seed)
    taken: list[list[Array]] = [[] for _ in shares]
    for group in np.unique(groups):
        rows = stream.permutation(np.flatnonzero(groups == group))
        ends = np.round(np.cumsum([0.0, *shares]) * len(rows)).astype(int).clip(max=len(rows) - 1)
        for own, start, end in zip(taken, ends[:-1], ends[1:], strict=True):
            own.append(rows[start:end])
    return [np.sort(np.concatenate(rows)) for rows in taken]


def _classes(train: Table, spec: Spec) -> tuple[str, ...] | None:
    """Return the names of the classes, or None where the output is a number; check n[L] against them."""
    if not spec.classifies:
        return None
    n = spec.model.layer_dims[-1]
    if train.classes is not None:
        classes = train.classes
    else:
        found = set(distinct_labels(train)[0])
        expected = tuple(str(number) for number in range(max(n, 2)))
        if found <= set(expected):
            classes = expected  # 0, 1, ..., n[L] - 1, even if one of them does not occur
        elif all(is_integer(label) for label in found):
            classes = tuple(sorted(found, key=int))
        else:
            classes = tuple(sorted(found))
    if len(classes) < 2:
        raise DataError(f"{train.origin}: there is one class only ({shortlist(classes)}); expected two or more")
    wanted = 1 if spec.output == "sigmoid" and len(classes) == 2 else len(classes)
    if n != wanted and not (n == 2 and len(classes) == 2):
        raise spec.document.mistake(
            ("model", "layer_dims"),
            f"must end with {wanted} for {len(classes)} classes ({shortlist(classes)}) and a {spec.output} output,"
            f" got {n}" + ("; with more than two classes take softmax" if spec.output == "sigmoid" and n == 1 else ""),
        )
    return classes


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


def _sha256(table: Table) -> str:
    """Return the SHA-256 of the features and targets as found."""
    digest = hashlib.sha256(np.ascontiguousarray(table.X).data)
    y = table.y if table.y is not None else np.zeros(0)
    digest.update("\n".join(y.ravel()).encode() if y.dtype.kind == "U" else np.ascontiguousarray(y).data)
    return digest.hexdigest()
