"""A draft is a commented spec for data that nobody has written one for: it trains as it stands.

What the data hold is read as training reads it, and the draft is loaded as training loads it before it is handed out.
"""

import contextlib
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from pathlib import Path

import numpy as np

from nnctl.data import readers
from nnctl.data.dataset import load
from nnctl.data.gathered import Asked
from nnctl.data.interface import are_labels, distinct_labels
from nnctl.data.kinds import told_apart
from nnctl.data.outputs import with_output
from nnctl.data.parts import tables_of
from nnctl.data.picture_survey import size_and_color
from nnctl.data.ranges import extent
from nnctl.data.records import Source
from nnctl.data.sets import datasets
from nnctl.data.survey import OFTEN, Column, survey, twins, values_of
from nnctl.data.table import Table
from nnctl.data.tables import TARGETS, read_columns
from nnctl.data.words import printable
from nnctl.errors import DataError
from nnctl.registry import FEW, listed, nearest, suggestion
from nnctl.spec.commented import Key, Section, text_of, tree_of
from nnctl.spec.document import Document
from nnctl.spec.paths import find_file
from nnctl.spec.reading import parse
from nnctl.spec.spec import Spec
from nnctl.training import recipe

HALF = 127  # of the bytes: what never goes beyond it is no brightness
UTF_8 = Asked.encoding
MOST_REASONS = 3
EXPECTED = "classes that come again, or plain numbers that vary.\nName another target: --target NAME"


@dataclass(frozen=True)
class Draft:
    """The text of a spec, and what a person should be told of it."""

    text: str
    summary: str
    target: str | None
    columns: list[Column]  # of a table
    ignored: list[Column]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Found:
    """What the data hold: tables by part, keys of `data:`, and of a table the columns."""

    tables: dict[str, Table]
    keys: list[Key]
    columns: list[Column] = field(default_factory=list)
    ignored: list[Column] = field(default_factory=list)
    doubts: dict[str, str] = field(default_factory=dict)  # about columns, by name
    features: int | None = None  # of a row of numbers and names; None for pictures


def check_there(path: Path) -> None:
    """Raise a DataError where there are no data of this name."""
    if os.path.exists(path):
        return
    if str(path) in datasets:
        raise DataError(f"{path}: is a built-in set, for which there is a spec: nnctl train {path}")
    beside = list[str]()
    with contextlib.suppress(OSError):
        beside = os.listdir(path.parent)
    near = nearest(path.name, beside)
    hint = f'; did you mean "{near}"?' if near else ""
    raise DataError(f"{path}: there is no such file or folder{hint}")


def is_table(path: Path) -> bool:
    """Tell whether data are named columns."""
    return not path.is_dir() and readers.ending_of(path) is not None


def source_of(path: Path, encoding: str) -> Source:
    """Return a table as it is to be read where there is no spec yet."""
    return Source(path, encoding, encoding_key="--encoding ")


def usual_target(source: Source) -> str | None:
    """Return the one column of a table that training takes as the target unasked, for its name, or None."""
    with readers.opened(source) as opened:
        usual = [name for name in opened.names if name.lower() in TARGETS]
    return usual[0] if len(usual) == 1 else None


def draft(path: Path, target: str | None, file: Path, encoding: str = UTF_8) -> Draft:
    """Return the spec of data, to be written to a file; raise a DataError where they cannot be trained on."""
    source = Key("source", _written(path, file), "where the examples are")
    if is_table(path):
        found = _table(path, source, target or "", encoding)
    else:
        found = (_pictures if path.is_dir() else _arrays)(path, file, source, target)
    table, own = found.tables["train"], [*found.tables]
    spec = with_output(_parsed(path, file, found.keys), table)
    meaning, most = _targets(table, spec)
    task = recipe.Task(found.features, spec.classifies)
    shares = [share for share in recipe.shares(most) if share.name not in own]
    seen = [_told(column, found.doubts) for column in found.columns if column not in found.ignored]
    below = [f"the columns, with {printable(target)} to predict:", *seen] if target and seen else []
    rows = len(table.X) - sum(round(share.value * len(table.X)) for share in shares)
    sections = [
        Section("", [Key("seed", 1, "the random stream that the parameters are drawn from")]),
        Section("data", [*found.keys, *([] if spec.classifies else recipe.targets()), *shares], below),
        recipe.model(task),
        recipe.train(rows, "validation" in [*own, *(share.name for share in shares)], task),
    ]
    dataset = load(_parse(path, file, sections))
    parts = ", ".join(f"{examples.m:,} {part}" for part, examples in dataset.parts.items())
    summary = f"{printable(path.name)}: {parts} examples, {meaning}"
    head = [
        f"{printable(path.name)}: {meaning}.",
        f"Drafted by nnctl init for {parts} examples; it trains as it stands, change what you like.",
        f"Train it with:   nnctl train {shlex.quote(file.name)}",
        "Then look:       nnctl predict",
    ]
    doubts = [f"{printable(name)} {doubt}" for name, doubt in found.doubts.items()]
    return Draft(text_of(head, sections), summary, target, found.columns, found.ignored, (*dataset.notes, *doubts))


def _told(column: Column, doubts: Mapping[str, str]) -> str:
    """Return what a comment says of a column."""
    doubt = f"; {doubts[column.name]}" if column.name in doubts else ""
    return f"  {printable(column.name)}: {column}{doubt}"


def _written(path: Path, file: Path) -> str:
    """Return the path of data as a spec in a file finds it: from the spec's folder where that works."""
    slash = "/" if path.is_dir() else ""  # so that a folder `cat` is no built-in set
    try:
        near = Path(os.path.relpath(path, file.parent)).as_posix() + slash
    except ValueError:  # on another drive
        near = ""
    found = find_file(near, (file.parent,)) if near and near not in datasets else None
    return near if found is not None and found == path.resolve() else str(path.resolve()) + slash


def _parse(path: Path, file: Path, sections: Sequence[Section]) -> Spec:
    """Return the spec of a draft as it will be read from its file; messages call the data by their name."""
    return parse(Document(str(path), tree_of(sections)), (file.parent, Path.cwd()))


def _parsed(path: Path, file: Path, keys: Sequence[Key]) -> Spec:
    """Return a spec of data about whose rows nothing is known yet."""
    task = recipe.Task()
    return _parse(path, file, [Section("data", keys), recipe.model(task), recipe.train(1, False, task)])


def _table(path: Path, source: Key, target: str, encoding: str) -> _Found:
    """Look at a table."""
    rows, strange = read_columns(source_of(path, encoding))
    columns = survey(rows, strange)
    own = next((column for column in columns if column.name == target), None)
    if own is None:
        raise DataError(f"{path}: there is no column {printable(target)}{suggestion(target, rows.names)}")
    if target in strange or (target not in rows.texts and np.isinf(rows.number(target)).any()):
        raise DataError(f"{path}: the target {printable(target)} cannot be predicted: {own.unfit}; expected {EXPECTED}")
    if not own.different:
        raise DataError(f"{path}: the target {printable(target)} is missing in every row; expected {EXPECTED}")
    if target in rows.texts and (what := told_apart(list(rows.texts[target].values))) is not None:
        raise DataError(f"{path}: the target {printable(target)} holds {what}, {own.holds}; expected {EXPECTED}")
    ignored = [column for column in columns if column.unfit and column is not own]
    if len(ignored) == len(columns) - 1:  # rather a number that counts the rows than nothing
        ignored = [column for column in ignored if column.kind is None]
        if len(ignored) == len(columns) - 1:
            reasons = "".join(f"\n{printable(column.name)}: {column.unfit}" for column in ignored[:MOST_REASONS])
            missing = f"there is no column of features beside {printable(target)}; correct or add one"
            raise DataError(f"{path}: {missing}{reasons}")
    keys = [source, Key("target", target, "the column to predict")]
    if encoding != UTF_8:
        keys.append(Key("encoding", encoding, "how the file writes its signs"))
    if ignored:
        names = tuple(column.name for column in ignored)
        keys.append(Key("ignore", names, "columns that are left out", tuple(str(column.unfit) for column in ignored)))
    if own.missing:
        gaps = f"{own.missing:,} rows have no target, and are left out"
        keys.append(Key("drop_missing_targets", True, gaps))
    keys.append(recipe.scale())
    table = Table(rows, values_of(rows, target), origin=str(path))
    features = [column for column in columns if column is not own]
    same = twins(rows, [column.name for column in features if column not in ignored], target)
    doubt = f"goes one to one with {printable(target)}; leave it out if it is not known before"
    count = len(features) - len([column for column in ignored if column in features])
    return _Found({"train": table}, keys, features, ignored, dict.fromkeys(same, doubt), count)


def _arrays(path: Path, file: Path, source: Key, target: str | None) -> _Found:
    """Look at a file of arrays."""
    keys = [source, *([Key("target", target, "the dataset to predict")] if target else [])]
    tables = tables_of(_parsed(path, file, keys), to_train=False)
    X = tables["train"].X
    if X.dtype == np.uint8 and (X.ndim > 2 or extent(X)[1].max() > HALF):
        return _Found(tables, [*keys, _bytes()])
    return _Found(tables, [*keys, recipe.scale()], features=prod(X.shape[1:]) if X.ndim == 2 else None)


def _pictures(path: Path, file: Path, source: Key, target: str | None) -> _Found:
    """Look at a folder of pictures."""
    if target is not None:
        raise DataError(f"{path}: is a folder, whose sub-folders are the classes; leave --target out")
    size, color = size_and_color(path)
    keys = [
        source,
        Key("size", size, "height and width that the pictures are brought to"),
        Key("color", color, "rgb or gray"),
        Key("skip_unreadable", True, "pictures that cannot be read are left out, and counted"),
        _bytes(),
    ]
    return _Found(tables_of(_parsed(path, file, keys), to_train=False), keys)


def _bytes() -> Key:
    return Key("scale", 255, "divide by this: bytes 0..255 become numbers 0..1")


def _targets(table: Table, spec: Spec) -> tuple[str, int]:
    """Return what the targets of a table are, and how many rows the largest class has (all, where there is none).

    Raise a DataError where there is nothing to tell apart.
    """
    y = table.y
    assert y is not None
    if are_labels(table, spec.output, spec.model.layer_dims[-1]):
        return f"{y.shape[1]} labels, of which several may be 1", len(y)
    if not spec.classifies:
        if y.min() == y.max():
            raise DataError(f"{table.origin}: the target is {y.min():g} in every row; expected {EXPECTED}")
        return f"numbers from {y.min():g} to {y.max():g}", len(y)
    labels, codes = distinct_labels(table)
    counts = np.bincount(codes).tolist()
    if len(labels) < 2:
        raise DataError(f"{table.origin}: the target has one class only, {printable(labels[0])}; expected {EXPECTED}")
    if len(labels) * OFTEN > len(y) and y.dtype.kind not in "buif":
        raise DataError(
            f"{table.origin}: the target has {len(labels):,} different texts in {len(y):,} rows, such as"
            f" {printable(labels[0])}; expected {EXPECTED}"
        )
    told = (f"{_name(table, label)} ({count:,})" for label, count in zip(labels, counts, strict=True))
    return f"classes {printable(listed(told, FEW))}", max(counts)


def _name(table: Table, label: str) -> str:
    """Return the name of a class that the data count."""
    counts = table.classes is not None and label.isdecimal() and int(label) < len(table.classes)
    return table.classes[int(label)] if table.classes is not None and counts else label
