"""A dataset is what a spec's `data:` section comes to: training, validation and test examples as columns.

The order is fixed: read the tables, split off shares, settle the classes, fit the preparation on the
training rows, and check that the network's first and last layer fit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nnctl.data import records
from nnctl.data.block import BlockPreparation, in_words
from nnctl.data.columns import Columns
from nnctl.data.fingerprint import overlaps, sha256
from nnctl.data.interface import Interface, distinct_labels, is_integer
from nnctl.data.kinds import kinds
from nnctl.data.names import PARTS, Names
from nnctl.data.ranges import Range
from nnctl.data.scaling import Scaling
from nnctl.data.sets import datasets
from nnctl.data.splits import split
from nnctl.data.table import Table
from nnctl.data.tables import Asked, read_table
from nnctl.data.tabular import TabularPreparation
from nnctl.errors import DataError, MismatchError, SpecError
from nnctl.nn import Array
from nnctl.registry import AUTO, FEW, LEGAL_AUTO, Choice, listed, suggestion
from nnctl.spec.reading import settled
from nnctl.spec.spec import AS_IT_STANDS, CLASSIFYING, DataSpec, FileSpec, Spec

MOST_CLASSES = 20  # whole numbers that are taken as classes where the spec does not say
TABLE_KEYS = ("ignore", "columns", "separator", "encoding", "missing", "fill", "drop_missing_targets")

if TYPE_CHECKING:
    from nnctl.data.picture import Form


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
    spec: Spec  # with what the data told of the network
    sha256: dict[str, str]  # of the features and targets of each part, as found
    notes: tuple[str, ...] = ()  # what a person should be told about how they were read
    split_off: Mapping[str, Array] = field(default_factory=dict)  # the numbers of the rows that each share took


def load(spec: Spec) -> Dataset:
    """Return the dataset of a spec; raise a DataError, or a SpecError where layer_dims do not fit."""
    found, was_open = _tables(spec), spec.is_open
    whole = found["train"].X
    spec = _with_output(spec, found["train"])
    tables = _parted(found, spec)
    train = tables["train"]
    notes = [note for table in tables.values() for note in table.notes]
    preparation: BlockPreparation | TabularPreparation
    if isinstance(whole, Columns):
        preparation = TabularPreparation.fit(train, whole, spec.data)
        spec = settled(spec, preparation.width) if was_open else spec
        _check_width(preparation, train, spec)
        classes = _classes(train, spec)
    else:
        spec = settled(spec, prod(train.X.shape[1:])) if was_open else spec
        _check_features(train, spec)
        classes = _classes(train, spec)
        preparation = _block(train, spec)
    interface = Interface(preparation, classes, _positive(classes, spec))
    dtype, dims = np.dtype(spec.train.dtype), spec.model.layer_dims
    parts = {}
    for name, table in tables.items():
        if isinstance(preparation, BlockPreparation) and not preparation.fits(table.X.shape[1:]):
            raise DataError(
                f"{table.origin}: an example for {name} has {in_words(table.X.shape[1:])}, and one for training"
                f" has {in_words(preparation.shape)}"
            )
        if classes is None:
            _check_regression(table, spec)
        if name != "train":
            notes += _remarks(preparation, table)
        with np.errstate(over="ignore"):
            X, Y = interface.columns(table.X, dtype, table.origin), interface.targets(table, dims[-1], dtype)
        for what, values, given in (("features", X, table.X), ("targets", Y, table.y)):
            if not isinstance(given, Columns) and np.shares_memory(values, given):  # and so was looked at in the file
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
    sums = {name: sha256(table) for name, table in tables.items()}
    split_off = {name: rows for name in spec.data.shares if (rows := tables[name].numbers) is not None}
    return Dataset(parts, interface, spec, sums, tuple(notes), split_off)


def _check_width(preparation: TabularPreparation, train: Table, spec: Spec) -> None:
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
    scaling = Scaling.fit(train.X, spec.data.scale, train.origin)
    pixels, names, known = train.X.dtype == np.uint8, _names(spec.data, "train"), Range.of(train.X)
    shape, layout, background = train.X.shape[1:], spec.data.layout, spec.data.background
    return BlockPreparation(shape, scaling, pixels, names.features, known, layout, background)


def read_parts(spec: Spec) -> dict[str, Table]:
    """Return the table of each part of a spec's data ("train" always), as found and not prepared."""
    return _parted(_tables(spec), spec)


def _parted(tables: dict[str, Table], spec: Spec) -> dict[str, Table]:
    """Return the tables of each part, with shares split off, and lists of classes that the network has outputs for."""
    return split({part: _with_fitting_list(table, spec) for part, table in tables.items()}, spec)


def _with_output(spec: Spec, train: Table) -> Spec:
    """Return a spec with the outputs that the targets of all training rows ask for, where it says auto."""
    final = spec.output if spec.output != LEGAL_AUTO else None
    dims = spec.model.layer_dims
    if dims[-1] != AUTO and final:
        return spec
    y = train.y
    assert y is not None
    if final not in (None, *CLASSIFYING) or (final is None and not _are_classes(train)):
        n, output = 1 if y.ndim == 1 else y.shape[1], final or "linear"
    else:
        count = len(train.classes or distinct_labels(train)[0])
        output = final or ("sigmoid" if count == 2 else "softmax")
        n = 1 if output == "sigmoid" and count == 2 else count
    activations = (*spec.model.activations[:-1], Choice(output) if final is None else spec.model.activations[-1])
    model = replace(spec.model, layer_dims=(*dims[:-1], dims[-1] or n), activations=activations)
    return replace(spec, model=model)


def _are_classes(table: Table) -> bool:
    """Tell whether targets are classes: names, one-hot rows, two values, or a few numbers that count from 0 or 1."""
    y = table.y
    assert y is not None
    if y.dtype.kind not in "buif" or table.classes is not None:
        return True
    if y.ndim == 2:
        return bool(np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all())
    values = np.unique(y)
    counted = values[0] in (0, 1) and np.array_equal(values - values[0], np.arange(len(values)))
    return bool((values == np.floor(values)).all() and (len(values) == 2 or (counted and len(values) <= MOST_CLASSES)))


def _tables(spec: Spec) -> dict[str, Table]:
    """Return the tables that the spec names, before shares are split off."""
    data = spec.data
    if data.source not in datasets and records.ending_of(data.file("train")) is not None:
        return _text_tables(spec)
    given = next((key for key in TABLE_KEYS if getattr(data, key) != getattr(DataSpec(), key)), None)
    if given is not None or isinstance(data.target, tuple):
        key = given or "target"
        raise spec.document.mistake(("data", key), f"is about named columns, as a CSV file has; {data.source} has none")
    training = _names(data, "train")
    if data.source is not None and data.source in datasets:
        train, test = datasets[data.source](**data.options)
        tables = {"train": train, **({"test": test} if test is not None else {})}
        files: dict[Path, dict[str, Names]] = {}
    else:
        tables = {}
        files = {data.file("train"): {"train": training}}
    for part in ("validation", "test"):
        if data.has_file(part):
            files.setdefault(data.file(part), {})[part] = _names(data, part)
    if files:
        from nnctl.data.files import read_tables  # and with it the readers of all formats
    main = next(iter(files), None)
    for path, wanted in files.items():
        absent = [part for part in ("validation", "test") if getattr(data, part) is None]
        also = absent if path == main and "train" in wanted else []
        if path.is_dir():
            from nnctl.data.folder import check_classes, read_folder  # and with it threads

            found = read_folder(path, wanted, also, _form(spec), data.skip_unreadable)
            tables |= found
            for table in found.values():
                check_classes(tables["train"], table)
        else:
            tables |= read_tables(path, wanted, training, also, data.layout)
    return {part: tables[part] for part in PARTS if part in tables}


def _text_tables(spec: Spec) -> dict[str, Table]:
    """Return the tables of a spec whose data are tables in text, each part in a file of its own."""
    data = spec.data
    for key in ("features", "classes"):
        if getattr(data, key) is not None:
            raise spec.document.mistake(("data", key), f"names an array in a file; {data.file('train')} is a table")
    if data.layout != "rows":
        raise spec.document.mistake(("data", "layout"), "is for arrays; a row of a table is an example")
    common = (data.target,) if isinstance(data.target, str) else data.target or ()
    given = {name: kinds[kind].as_text for name, kind in (data.columns or {}).items()}
    asked = Asked(
        ignore=[data.ignore] if isinstance(data.ignore, str) else data.ignore,
        texts=[name for name, as_text in given.items() if as_text],
        numbers=[name for name, as_text in given.items() if not as_text],
        missing=list(map(str, data.missing)),
        encoding=data.encoding or "utf-8",
        separator=data.separator,
    )
    parts = ["train", *(part for part in ("validation", "test") if data.has_file(part))]
    files = {part: data.file(part) for part in parts}
    for path in files.values():
        if records.ending_of(path) is None:
            raise DataError(f"{path}: is no table in text ({', '.join(records.readers)}), as that for training is")
    order = None if data.order == AS_IT_STANDS else data.order
    own = {part: _names(data, part) for part in parts}
    for part, names in own.items():
        if names.features is not None:
            raise spec.document.mistake(("data", part), f"{{features: ...}} names an array; {files[part]} is a table")
    targets = {part: (names.target,) for part, names in own.items() if names.target is not None}
    drop = data.drop_missing_targets
    train = read_table(files.pop("train"), asked, targets.get("train", common), drop, data.group, order)
    asked = replace(asked, ignore=(), texts=list(train.X.texts), numbers=train.X.number_names, only=train.X.names)
    tables = {"train": train}
    for part, path in files.items():
        try:
            tables[part] = read_table(path, asked, targets.get(part, train.targets), drop)
        except MismatchError as error:
            raise DataError(f"{error}\nThe columns of every part are those for training") from None
    return tables


def _form(spec: Spec) -> "Form":
    """Return what pictures in folders are brought to, before time is spent on those that will not fit the network."""
    from nnctl.data.picture import Form

    data = spec.data
    shape = None if data.size is None else (*data.size, 3) if data.color == "rgb" else data.size
    if shape is not None and spec.model.layer_dims[0] not in (AUTO, prod(shape)):
        raise _first_layer(spec, shape)
    size = None if data.size is None else (data.size[0], data.size[1])
    return Form(3 if data.color == "rgb" else 1, size, data.background)


def _first_layer(spec: Spec, shape: tuple[int, ...], advice: str = "") -> SpecError:
    n, n0 = prod(shape), spec.model.layer_dims[0]
    return spec.document.mistake(
        ("model", "layer_dims"), f"must start with {n}: an example has {in_words(shape)}, got {n0}{advice}"
    )


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
    """Return the names that the spec gives to the datasets of a part; those at the top are the training part's."""
    place = getattr(data, part)
    own = Names(place.features, place.target) if isinstance(place, FileSpec) else Names()
    if part != "train":
        return own
    target = data.target if isinstance(data.target, str) else None
    order = None if data.order == AS_IT_STANDS else data.order
    return Names(own.features or data.features, own.target or target, data.classes, data.group, order)


def _check_features(train: Table, spec: Spec) -> None:
    """Check that there are training examples, as rows, with as many features as the network has inputs."""
    n0, X = spec.model.layer_dims[0], train.X
    n = prod(X.shape[1:])
    turn = "\n  Are the examples columns here? Save X.T, or say data.layout: columns, which turns them."
    if len(X) == 1 and n != n0:
        raise DataError(f"{train.origin}: holds one example only, its features have shape {X.shape}.{turn}")
    if n != n0:
        columns = turn if X.ndim == 2 and len(X) == n0 else ""
        raise _first_layer(spec, X.shape[1:], columns)


def _classes(train: Table, spec: Spec) -> tuple[str, ...] | None:
    """Return the names of the classes, or None where the output is a number; check n[L] against them."""
    if not spec.classifies:
        return None
    n = spec.model.layer_dims[-1]
    if isinstance(train.X, Columns):  # whose labels alone tell what classes there are
        classes: tuple[str, ...] = tuple(distinct_labels(train)[0])
        classes = _classes_of(classes, n) if len(classes) > 1 else classes
    else:
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


def _remarks(preparation: BlockPreparation | TabularPreparation, table: Table) -> list[str]:
    """Say what of a part differs from the training part; raise a DataError where that cannot be right."""
    try:
        return preparation.remarks(table)
    except MismatchError as error:
        raise DataError(str(error)) from None
