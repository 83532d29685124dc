"""Judged rows are rows with what a model says of them and what is true.

Rows of an input are read as those of `predict` are; those that cannot be predicted, or have no truth, are left out and
told of.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from nnctl.data.block import BlockPreparation
from nnctl.data.interface import Interface
from nnctl.data.table import Table
from nnctl.data.truth import Truth
from nnctl.data.words import printable
from nnctl.errors import DataError, MismatchError, SpecError
from nnctl.explain.inputs import BEYOND, read
from nnctl.explain.prediction import Prediction, predict_own, predicted
from nnctl.nn import Array
from nnctl.registry import FEW
from nnctl.runs.model import Model
from nnctl.runs.run import Run


@dataclass
class Judged:
    """Rows with their truth (m,) or (n[L], m), outputs and logits (n[L], m), numbers without, and the group of each."""

    model: Model
    truth: Array
    outputs: Array
    logits: Array | None
    groups: Sequence[str] | None = None
    notes: Sequence[str] = ()
    failed: Sequence[str] = ()


@dataclass
class _Gathered:
    """What has been read of one input."""

    outputs: list[Array] = field(default_factory=list)
    logits: list[Array | None] = field(default_factory=list)
    rows: list[Array] = field(default_factory=list)  # their places among all that the input has
    numbers: list[Array] = field(default_factory=list)  # what they are called in it
    kept: dict[str, list[object]] = field(default_factory=dict)  # columns of all rows
    files: list[str] = field(default_factory=list)  # where each of all rows is
    notes: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    last: Table | None = None


def judged_own(run: Run, by: str | None) -> tuple[Judged, str]:
    """Return the rows of a run's own test set, or of its training set where it has none, and which it was."""
    prediction, part = predict_own(run, with_logits=True)
    table, interface = prediction.table, prediction.model.interface
    groups = None if by is None else _own_groups(prediction, by)
    rows = Judged(
        prediction.model,
        _as_truth(interface, table, len(prediction.outputs)),
        prediction.outputs,
        prediction.logits,
        groups,
        table.notes,
    )
    where = [f"{table.origin}, {table.place(row)}: {BEYOND}" for row in prediction.beyond().tolist()]
    return _finite(rows, where), part


def _own_groups(prediction: Prediction, by: str) -> list[str]:
    """Return what a column of the table has in each row, whether it is a feature or not."""
    preparation, table = prediction.model.interface.preparation, prediction.table
    if isinstance(preparation, BlockPreparation) or not table.files or table.numbers is None:
        raise SpecError(f"--by {by}: is about a column of a table, and {table.origin} has no named columns")
    from nnctl.data.incoming import read_column

    column = read_column(table.files[0], preparation, by)
    return [column[number] for number in table.numbers.tolist()]


def judged(trained: Model, inputs: Sequence[str], features: str | None, target: str | None, by: str | None) -> Judged:
    """Return the rows of inputs, those of one behind those of another."""
    found = [_judged(trained, name, features, target, by) for name in inputs]
    groups = None if by is None else [group for own in found for group in own.groups or ()]
    together = Judged(
        trained,
        np.concatenate([own.truth for own in found], axis=-1),
        np.concatenate([own.outputs for own in found], axis=1),
        _joined([own.logits for own in found]),
        groups,
        [note for own in found for note in own.notes],
        [reason for own in found for reason in own.failed],
    )
    if together.outputs.shape[1] == 0:
        raise DataError("\n".join(["no row can be evaluated:", *(together.failed or together.notes)][: FEW + 1]))
    return together


def _judged(trained: Model, name: str, features: str | None, target: str | None, by: str | None) -> Judged:
    """Return the rows of one input."""
    interface, path = trained.interface, Path(name)
    named = not isinstance(interface.preparation, BlockPreparation)
    if by is not None and not named:
        raise SpecError(f"--by {by}: is about a column of a table, and the network was trained on arrays")
    targets = _targets(interface, target) if named else []
    keep = [*targets, *([by] if by is not None and by not in targets else [])]
    gathered = _gather(trained, name, features, keep)
    m = len(gathered.files)
    truth = _truth(interface, path, gathered, targets, features, target, m)
    rows = np.concatenate(gathered.rows)
    good = truth.there[rows]
    used = f"; {truth.key} not used"  # to predict them
    notes = [*(note for note in gathered.notes if not note.endswith(used)), *truth.notes]
    if without := m - int(truth.there.sum()):
        notes.append(f"{name}: {without:,} of {m:,} rows have no {' and '.join(targets)}, and are left out")
    rows = rows[good]
    place = np.cumsum(truth.there) - 1  # of a row among those that have a truth
    assert gathered.last is not None
    table = replace(
        gathered.last,
        X=np.empty((len(rows), 0)),
        y=truth.y[place[rows]],
        classes=truth.classes,
        numbers=np.concatenate(gathered.numbers)[good],
        targets=tuple(targets),
    )
    groups = None if by is None else [_text(gathered.kept[by][row]) for row in rows.tolist()]
    outputs, logits = np.concatenate(gathered.outputs, axis=1)[:, good], _joined(gathered.logits)
    logits = None if logits is None else logits[:, good]
    own = Judged(trained, _as_truth(interface, table, len(outputs)), outputs, logits, groups, notes, gathered.failed)
    return _finite(own, [f"{name}, {table.place(row)}: {BEYOND}" for row in np.flatnonzero(~_is_finite(own)).tolist()])


def _gather(trained: Model, name: str, features: str | None, keep: Sequence[str]) -> _Gathered:
    """Return the answers to all rows of an input that have one."""
    preparation, gathered = trained.interface.preparation, _Gathered(kept={column: [] for column in keep})
    beside = preparation.beside()
    for blocks in read([name], preparation, features, keep):
        for block in blocks:
            beside.add(block.table)
            prediction = predicted(trained, block.table, with_logits=True)
            gathered.outputs.append(prediction.outputs)
            gathered.logits.append(prediction.logits)
            gathered.rows.append(len(gathered.files) + block.rows)
            numbers = block.table.numbers
            gathered.numbers.append(gathered.rows[-1] if numbers is None else numbers)
            for column in keep:
                gathered.kept[column] += block.kept[column]
            gathered.files += block.files
            gathered.notes += block.table.notes
            gathered.failed += [f"{each.place}: {each.reason}" for each in block.failed]
            gathered.last = block.table
    gathered.notes += beside.lines()
    return gathered


def _targets(interface: Interface, target: str | None) -> list[str]:
    """Return the columns of a table that are its targets."""
    if target is not None:
        return target.split(",")
    if not interface.names:
        raise SpecError("the network does not know what its target is called; name the column: --target NAME")
    return list(interface.names)


def _truth(
    interface: Interface,
    path: Path,
    gathered: _Gathered,
    targets: Sequence[str],
    features: str | None,
    target: str | None,
    m: int,
) -> Truth:
    """Return the targets of all rows of an input."""
    from nnctl.data import truth

    preparation = interface.preparation
    if not isinstance(preparation, BlockPreparation):
        return truth.of_cells([gathered.kept[name] for name in targets], interface.classes or (), preparation.missing)
    if path.is_dir() or gathered.files[0] != str(path) or _is_picture(path):
        return truth.of_folders(path, gathered.files, interface.classes or ())
    from nnctl.data.formats import opened
    from nnctl.data.incoming_arrays import to_predict

    with opened(path) as file:
        key, _ = to_predict(file, path, preparation, features)
    return truth.of_arrays(path, key, target, m, preparation.layout)


def _is_picture(path: Path) -> bool:
    from nnctl.data.picture import SUFFIXES

    return path.suffix.lower() in SUFFIXES


def _as_truth(interface: Interface, table: Table, n: int) -> Array:
    """Return the truth of a table as scores take it: class indices (m,), else labels or numbers (n[L], m)."""
    assert table.y is not None
    if interface.classes is not None:
        return interface.class_indices(table)
    if table.y.dtype.kind not in "buif":
        raise MismatchError(
            f'{table.origin}: the target is "{printable(str(table.y.ravel()[0]))}" in {table.place(0)}; the network'
            " predicts numbers"
        )
    truth: Array = interface.targets(table, n, np.float64) if interface.labels else interface.numbers(table).T
    if len(truth) != n:
        raise MismatchError(f"{table.origin}: has {len(truth)} targets for each row, and the network predicts {n}")
    return truth


def _joined(pieces: Sequence[Array | None]) -> Array | None:
    """Return the logits of all rows, which all or none have."""
    there = [piece for piece in pieces if piece is not None]
    return np.concatenate(there, axis=1) if there else None


def _is_finite(rows: Judged) -> Array:
    return np.asarray(np.isfinite(rows.outputs).all(axis=0))


def _finite(rows: Judged, failed: Sequence[str]) -> Judged:
    """Return the rows of which all outputs are finite numbers."""
    if not failed:
        return rows
    good = _is_finite(rows)
    groups = None if rows.groups is None else [own for own, kept in zip(rows.groups, good, strict=True) if kept]
    return Judged(
        rows.model,
        rows.truth[..., good],
        rows.outputs[:, good],
        None if rows.logits is None else rows.logits[:, good],
        groups,
        rows.notes,
        [*rows.failed, *failed],
    )


def _text(cell: object) -> str:
    from nnctl.data.cells import as_text

    return as_text(cell).strip()
