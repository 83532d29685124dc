"""A dataset is what a spec's `data:` section comes to: training, validation and test examples as columns.

The order is fixed: read the tables, split off shares, settle the classes, fit the preparation on the
training rows, and check that the network's first and last layer fit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from nnctl.data.block import BlockPreparation, in_words
from nnctl.data.columns import Columns, Named
from nnctl.data.fingerprint import sha256, shared_rows
from nnctl.data.interface import Interface
from nnctl.data.outputs import (
    check_classes,
    check_regression,
    classes_of,
    limits,
    positive,
    spread,
    unit,
    with_fitting_list,
    with_output,
)
from nnctl.data.parts import names_of, tables_of
from nnctl.data.portions import Portions, all_finite
from nnctl.data.ranges import Range
from nnctl.data.scaling import Scaling
from nnctl.data.splits import split
from nnctl.data.table import Table
from nnctl.errors import DataError, MismatchError
from nnctl.nn import Array
from nnctl.registry import FEW
from nnctl.spec.reading import settled
from nnctl.spec.spec import Spec

if TYPE_CHECKING:
    from nnctl.data.tabular import TabularPreparation


@dataclass(frozen=True)
class Examples:
    """X (n[0], m) and Y (n[L], m), with the table that they come from."""

    X: Any  # an array, or PreparedColumns of what is on disk
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
    spec: Spec  # with what the data told of the network
    sha256: dict[str, str]  # of the features and targets of each part, as found
    told: Mapping[str, Sequence[object]] = field(default_factory=dict)  # to a person, by what it is about
    split_off: Mapping[str, Array] = field(default_factory=dict)  # the numbers of the rows that each share took

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should be told about how they were read, in words."""
        return tuple(str(note) for notes in self.told.values() for note in notes)


def load(spec: Spec, tables: Mapping[str, Table] | None = None) -> Dataset:
    """Return the dataset of a spec; raise a DataError, or a SpecError where layer_dims do not fit.

    `tables` are those that it names, where they have been read before.
    """
    found, was_open = tables_of(spec, to_train=True) if tables is None else dict(tables), spec.is_open
    spec = with_output(spec, found["train"])
    if was_open:
        check_classes(found["train"], spec)  # for one class has no output that is right
    found = _with_fitting_lists(found, spec)
    whole, tables = found["train"], split(found, spec)
    train = tables["train"]
    told: dict[str, Sequence[object]] = {"reading": [note for table in tables.values() for note in table.notes]}
    unlike = list[str]()
    preparation: BlockPreparation | TabularPreparation
    if isinstance(whole.X, Named):
        preparation = _columns(train, whole.X, spec)
        spec = settled(spec, preparation.width) if was_open else spec
        _check_width(preparation, train, spec)
        classes = classes_of(whole, spec)
    else:
        spec = settled(spec, prod(train.X.shape[1:])) if was_open else spec
        _check_features(train, spec)
        classes = classes_of(whole, spec)
        preparation = _block(train, spec)
    labels = classes is None and spec.classifies
    names = (train.classes or ()) if labels and not train.targets else train.targets
    names = names if classes is None or len(names) == 1 else ()  # several are the classes themselves
    for table in tables.values() if classes is None and not labels else ():
        check_regression(table, spec)
    within = limits(train, spec)
    interface = Interface(preparation, classes, positive(classes, spec), names, labels, unit(train, spec), within)
    dtype, dims = np.dtype(spec.train.dtype), spec.model.layer_dims
    parts = {}
    for name, table in tables.items():
        if isinstance(preparation, BlockPreparation) and not preparation.fits(table.X.shape[1:]):
            raise DataError(
                f"{table.origin}: an example for {name} has {in_words(table.X.shape[1:])}, and one for training"
                f" has {in_words(preparation.shape)}"
            )
        if name != "train":
            unlike += _remarks(preparation, table)
        with np.errstate(over="ignore"):
            X, Y = interface.columns(table.X, dtype, table.origin), interface.targets(table, dims[-1], dtype)
        parts[name] = Examples(X, Y, table)
        _check_finite(parts[name])
    told |= {"unlike": unlike, "shared": shared_rows(parts)}
    for about, remark in {
        "features": preparation.remark(),
        "targets": spread(train, spec),
        "labels": _of_labels(labels, whole),
    }.items():
        told[about] = [remark] if remark else []
    sums = {name: sha256(table) for name, table in tables.items()}
    split_off = {name: rows for name in spec.data.drawn if (rows := tables[name].numbers) is not None}
    return Dataset(parts, interface, spec, sums, told, split_off)


def _of_labels(labels: bool, train: Table) -> str | None:
    """Say that each output answers for itself, where that was told from the rows alone, or None."""
    if not labels or train.targets:
        return None
    count = np.asarray(train.y).sum(axis=1)
    return (
        f"{train.origin}: the targets are labels, of which rows have {int(count.min())} to {int(count.max())}: each"
        " output says yes or no of its own"
    )


def changed_since(dataset: Dataset) -> list[str]:
    """Say which files with rows on disk are no longer what they were when they were opened."""
    held = (examples.table.X for examples in dataset.parts.values())
    files = [X.file for X in held if not isinstance(X, np.ndarray | Columns)]
    paths = dict.fromkeys(file.path for file in files if file.has_changed)
    return [
        f"{path}: was changed while it was trained on, so what was learned is of no one state of it" for path in paths
    ]


def _check_finite(examples: Examples) -> None:
    """Raise a DataError where features or targets have left the numbers of their type by being prepared."""
    table = examples.table
    for what, values, given in (("features", examples.X, table.X), ("targets", examples.Y, table.y)):
        if isinstance(given, np.ndarray) and np.shares_memory(values, given):  # and so was looked at in the file
            continue
        if not all(map(all_finite, Portions(values.T))):
            dtype = values.dtype
            raise DataError(
                f"{table.origin}: some {what} are beyond the numbers of {dtype}, up to {np.finfo(dtype).max:.2g},"
                " once they are prepared.\nGive them in a larger unit, or train in float64 with another data.scale."
            )


def _columns(train: Table, whole: Named, spec: Spec) -> "TabularPreparation":
    """Return the preparation of named columns, fitted on the training rows."""
    from nnctl.data.tabular import TabularPreparation  # and with it all kinds of columns

    return TabularPreparation.fit(train, whole, spec.data)


def _check_width(preparation: "TabularPreparation", train: Table, spec: Spec) -> None:
    """Check that the network has as many inputs as the columns of a table make."""
    n0 = spec.model.layer_dims[0]
    if n0 != preparation.width:
        made = ", ".join(f"{column.name} {column.width}" for column in preparation.columns[:FEW])
        more = ", ..." if len(preparation.columns) > FEW else ""
        raise spec.document.mistake(
            ("model", "layer_dims"),
            f"must start with {preparation.width}, the inputs that the columns of {train.origin} make ({made}{more}),"
            f" got {n0}",
        )


def _block(train: Table, spec: Spec) -> BlockPreparation:
    """Return the preparation of a block of numbers, fitted on the training rows."""
    scale = spec.data.scale
    if isinstance(scale, Mapping):
        raise spec.document.mistake(("data", "scale"), f"names columns, and {train.origin} has arrays, not columns")
    scaling = Scaling.fit(train.X, scale, train.origin)
    pixels, names, known = train.X.dtype == np.uint8, names_of(spec.data, "train"), Range.of(train.X)
    shape, data = train.X.shape[1:], spec.data
    return BlockPreparation(
        shape, scaling, pixels, names.features, known, data.layout, data.background, data.megapixels
    )


def read_parts(spec: Spec) -> dict[str, Table]:
    """Return the table of each part of a spec's data ("train" always), as found and not prepared."""
    return split(_with_fitting_lists(tables_of(spec, to_train=False), spec), spec)


def _with_fitting_lists(tables: dict[str, Table], spec: Spec) -> dict[str, Table]:
    """Return the tables of each part with lists of classes that the network has outputs for."""
    return {part: with_fitting_list(table, spec) for part, table in tables.items()}


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


def _remarks(preparation: "BlockPreparation | TabularPreparation", table: Table) -> list[str]:
    """Say what of a part differs from the training part; raise a DataError where that cannot be right."""
    try:
        return preparation.remarks(table)
    except MismatchError as error:
        raise DataError(str(error)) from None
