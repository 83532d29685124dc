"""Tables: a file of named columns becomes features and targets, with what is missing marked and nothing guessed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from nnctl.data import readers
from nnctl.data.columns import Columns, Named
from nnctl.data.gathered import Asked, Place, gather
from nnctl.data.kinds import truths
from nnctl.data.records import ROWS, Source
from nnctl.data.table import Table
from nnctl.data.words import printable
from nnctl.errors import DataError
from nnctl.nn import Array
from nnctl.registry import FEW, listed, suggestion

TARGETS = ("target", "label", "class", "y")  # names of a target that nobody named


def read_table(
    path: Path,
    asked: Asked,
    target: Sequence[str],
    drop: bool = False,
    group: str | None = None,
    order: str | None = None,
    place: Place | None = None,
) -> Table:
    """Return features and targets of a file; raise a DataError that names line and column where there are none.

    The columns by which rows are grouped or ordered are no features.
    """
    if asked.only is not None:
        asked = replace(asked, only=[*asked.only, *target])
    gathered = gather(path, asked, place)
    rows, lines, notes, named_lines = gathered.rows, gathered.lines, gathered.notes, gathered.named_lines
    if not target:
        usual = [name for name in rows.names if name.lower() in TARGETS]
        if len(usual) != 1:
            raise DataError(
                f"{path}: which column is to be predicted? It has {listed(map(printable, rows.names))}.\n"
                "Say data.target: NAME"
            )
        target = usual
    beside = {"data.group": group, "data.order": order}
    for key, name in [*(("data.target", name) for name in target), *beside.items()]:
        if name is not None and name not in rows.names:
            why = "; data.ignore leaves it out" if name in asked.ignore else suggestion(name, rows.names)
            raise DataError(f"{path}: there is no column {printable(name)}, {key}{why}")
    own = rows.read([*target, *filter(None, beside.values())])
    gaps = np.any([_gaps(own, name) for name in target], axis=0)
    if gaps.any():
        where = [f"{lines[row]:,}" for row in np.flatnonzero(gaps)]
        if not drop:
            places = f"line {listed(where, FEW)}" if named_lines else f"row {listed(where, FEW)} (counted from 0)"
            raise DataError(
                f"{path}: the target {', '.join(target)} is missing in {len(where):,} of {len(rows):,} rows:"
                f" {places}.\nFill it in, or say data.drop_missing_targets: true"
            )
        if gaps.all():
            raise DataError(f"{path}: the target {', '.join(target)} is missing in every row")
        notes.append(f"{path}: {len(where):,} rows without a target are left out")
        there = np.flatnonzero(~gaps)
        rows, lines, own = rows[there], lines[there], own[there]
    y = _targets(own, target, path)
    groups, ranks = (None if name is None else _ranks(own, name, key, path) for key, name in beside.items())
    return Table(
        _left(rows, {*target, group, order}),
        y,
        origin=str(path),
        files=(path,),
        numbers=lines,
        notes=tuple(notes),
        named_lines=named_lines,
        targets=tuple(target),
        groups=groups,
        order=ranks,
    )


def read_columns(source: Source) -> tuple[Columns, Mapping[str, str]]:
    """Return all columns of a file, to be looked at, and what those are that cannot be read."""
    path, encoding, key = source.path, source.encoding, source.encoding_key
    assert path is not None
    with readers.opened(source) as file:
        strange = file.strange
    asked = Asked(ignore=strange, encoding=encoding, encoding_key=key)
    return gather(path, asked, finite=False).rows.read(), strange


def _gaps(rows: Columns, name: str) -> Array:
    return rows.texts[name].codes < 0 if name in rows.texts else np.isnan(rows.number(name))


def _ranks(rows: Columns, name: str, key: str, path: Path) -> Array:
    """Return a number (m,) for each row that is larger where the column's value comes later, texts by their signs."""
    gaps = _gaps(rows, name)
    if gaps.any():
        raise DataError(f"{path}: column {printable(name)}, {key}, is missing in {int(gaps.sum()):,} rows; fill it in")
    if name not in rows.texts:
        return rows.number(name).copy()
    values = np.array(rows.texts[name].values)
    places = np.empty(len(values), np.int64)
    places[np.argsort(values)] = np.arange(len(values))
    return places[rows.texts[name].codes]


def _left(rows: Named, gone: Collection[str | None]) -> Named:
    """Return the columns but for some of them; numbers are moved up in their own memory, for there may be much."""
    if not isinstance(rows, Columns):
        return rows.without(gone)
    kept = [index for index, name in enumerate(rows.number_names) if name not in gone]
    numbers, m, k = rows.numbers, len(rows), len(kept)
    if k < numbers.shape[1]:
        for start in range(0, m, ROWS):
            block = numbers[start : start + ROWS, kept]
            numbers.reshape(-1)[start * k : start * k + block.size] = block.ravel()
        numbers.resize((m, k), refcheck=False)
    texts = {name: column for name, column in rows.texts.items() if name not in gone}
    return Columns(tuple(name for name in rows.names if name not in gone), numbers, texts)


def _targets(rows: Columns, names: Sequence[str], path: Path) -> Array:
    """Return the targets (m,) or (m, k): texts of one column, or numbers, 1 and 0 for yes and no."""
    if len(names) == 1 and names[0] in rows.texts:
        column = rows.texts[names[0]]
        return np.array(column.values)[column.codes]
    y = np.column_stack([truths(rows.texts[name]) if name in rows.texts else rows.number(name) for name in names])
    strange = np.argwhere(np.isnan(y))
    if len(strange):
        name = names[strange[0, 1]]
        column = rows.texts[name]
        raise DataError(
            f"{path}: the target {printable(name)} holds texts such as"
            f' "{printable(column.values[column.codes[strange[0, 0]]])}"; several targets are numbers, or yes and no, 1'
            " and 0, for labels"
        )
    return y[:, 0] if len(names) == 1 else y
