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
from nnctl.data.interface import Interface, Preparation, label_texts
from nnctl.data.sets import datasets
from nnctl.data.table import Table
from nnctl.errors import DataError
from nnctl.nn import Array
from nnctl.spec import Spec

PARTS = ("train", "validation", "test")
CLASSIFYING = ("sigmoid", "softmax")


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
    tables = _split(_tables(spec), spec)
    train = tables["train"]
    dims = spec.model.layer_dims
    features = prod(train.X.shape[1:])
    if features != dims[0]:
        shape = " x ".join(str(n) for n in train.X.shape[1:])
        raise spec.document.mistake(
            ("model", "layer_dims"),
            f"must start with {features}, the features of an example{f' ({shape})' if 'x' in shape else ''},"
            f" got {dims[0]}",
        )
    dtype = np.dtype(spec.train.dtype)
    preparation = Preparation.fit(train.X, spec.data.scale)
    interface = Interface(train.X.shape[1:], preparation, _classes(train, spec))
    if interface.classes is None:
        _check_numbers(train, spec)
    parts = {
        name: Examples(
            interface.columns(table.X, dtype, table.origin), interface.targets(table, dims[-1], dtype), table
        )
        for name, table in tables.items()
    }
    return Dataset(parts, interface, {name: _sha256(table) for name, table in tables.items()})


def read_part(spec: Spec, part: str) -> Table | None:
    """Return the raw table of one part of a spec's data, or None where it has none."""
    return _split(_tables(spec), spec).get(part)


def _tables(spec: Spec) -> dict[str, Table]:
    """Return the tables that the spec names, before shares are split off."""
    data = spec.data
    names = Names(data.features, data.target, data.classes)
    tables: dict[str, Table] = {}
    if data.source is not None and data.source in datasets:
        train, test = datasets[data.source](**data.options)
        tables["train"] = train
        if test is not None:
            tables["test"] = test
    else:
        written = data.source or data.train
        assert written is not None
        file = Path(written)
        tables["train"] = read_table(file, "train", names)
        for part in ("validation", "test"):
            if not names.features and holds(file, part):
                tables[part] = read_table(file, part, names)
    for part, place in (("validation", data.validation), ("test", data.test)):
        if isinstance(place, str):
            tables[part] = read_table(Path(place), part, names)
        elif place is not None:
            tables.pop(part, None)  # a share of the training rows takes the place of the source's own part
    return {part: tables[part] for part in PARTS if part in tables}


def _split(tables: dict[str, Table], spec: Spec) -> dict[str, Table]:
    """Split the shares asked for off the training rows, by class where there are classes."""
    shares = {
        part: share
        for part, share in (("validation", spec.data.validation), ("test", spec.data.test))
        if isinstance(share, float)
    }
    if not shares:
        return tables
    train = tables["train"]
    groups = np.array(label_texts(train)) if spec.output in CLASSIFYING else np.zeros(len(train.X))
    taken = _shares(groups, list(shares.values()), spec.seed)
    for part, rows in zip(shares, taken, strict=True):
        if len(rows) == 0 or sum(shares.values()) >= 1:
            raise spec.document.mistake(
                ("data", part),
                f"of {shares[part]:g} leaves no rows for it or for training ({len(train.X)} rows)",
            )
        tables[part] = train.rows(rows)
    tables["train"] = train.rows(np.setdiff1d(np.arange(len(train.X)), np.concatenate(taken)))
    return {part: tables[part] for part in PARTS if part in tables}


def _shares(groups: Array, shares: Sequence[float], seed: int) -> list[Array]:
    """Return for each share the rows drawn for it, sorted; every group gives its part of each share."""
    stream = RandomState(seed)
    taken: list[list[Array]] = [[] for _ in shares]
    for group in np.unique(groups):
        rows = stream.permutation(np.flatnonzero(groups == group))
        ends = np.round(np.cumsum([0.0, *shares]) * len(rows)).astype(int)
        for index in range(len(shares)):
            taken[index].append(rows[ends[index] : ends[index + 1]])
    return [np.sort(np.concatenate(rows)) for rows in taken]


def _classes(train: Table, spec: Spec) -> tuple[str, ...] | None:
    """Return the names of the classes, or None where the output is a number; check n[L] against them."""
    if spec.output not in CLASSIFYING:
        return None
    n = spec.model.layer_dims[-1]
    if train.classes is not None:
        classes = train.classes
    else:
        found = set(label_texts(train))
        expected = tuple(str(number) for number in range(max(n, 2)))
        if found <= set(expected):
            classes = expected  # 0, 1, ..., n[L] - 1, even if one of them does not occur
        elif all(label.lstrip("-").isdigit() for label in found):
            classes = tuple(sorted(found, key=int))
        else:
            classes = tuple(sorted(found))
    if len(classes) < 2:
        raise DataError(f"{train.origin} knows one class only ({', '.join(classes)}); expected two or more")
    wanted = 1 if spec.output == "sigmoid" and len(classes) == 2 else len(classes)
    if n != wanted and not (n == 2 and len(classes) == 2):
        listed = ", ".join(classes[:8]) + (", ..." if len(classes) > 8 else "")
        raise spec.document.mistake(
            ("model", "layer_dims"),
            f"must end with {wanted} for {len(classes)} classes ({listed}) and a {spec.output} output, got {n}"
            + ("; with more than two classes take softmax" if spec.output == "sigmoid" and n == 1 else ""),
        )
    return classes


def _check_numbers(train: Table, spec: Spec) -> None:
    """Check the targets of a regression: numbers, as many for each row as there are outputs."""
    y = train.y
    assert y is not None
    if y.dtype.kind not in "buif":
        raise DataError(
            f"{train.origin} holds names such as {y.ravel()[0]!r}, and a {spec.output} output predicts numbers.\n"
            "To predict classes, end the network with sigmoid (two classes) or softmax."
        )
    n = 1 if y.ndim == 1 else y.shape[1]
    if n != spec.model.layer_dims[-1]:
        raise spec.document.mistake(
            ("model", "layer_dims"),
            f"must end with {n}, the numbers to predict for each example, got {spec.model.layer_dims[-1]}",
        )


def _sha256(table: Table) -> str:
    """Return the SHA-256 of the features and targets as found."""
    digest = hashlib.sha256(np.ascontiguousarray(table.X).data)
    y = table.y if table.y is not None else np.zeros(0)
    digest.update("\n".join(y.ravel()).encode() if y.dtype.kind == "U" else np.ascontiguousarray(y).data)
    return digest.hexdigest()
