"""A split takes the shares that a spec asks for off the training rows: by class, in whole groups, or the last rows;
and a fold, before any share.

What is drawn follows from `data.seed` alone. Every row goes to one part.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.random import RandomState

from nnctl.data.folds import folds
from nnctl.data.interface import are_labels, distinct_labels
from nnctl.data.names import PARTS
from nnctl.data.table import Table
from nnctl.errors import DataError
from nnctl.nn import Array
from nnctl.registry import FEW, listed
from nnctl.spec.spec import Spec


def split(tables: dict[str, Table], spec: Spec) -> dict[str, Table]:
    """Split the fold and shares asked for off the training rows; they take the place of the source's own parts."""
    if not spec.data.drawn:
        return tables
    train, m, notes = tables["train"], len(tables["train"].X), list[str]()
    classes = spec.classifies and not are_labels(train, spec.output, spec.model.layer_dims[-1])
    labels, codes = distinct_labels(train) if classes else ([""], np.zeros(m, np.int64))
    taken, left = dict[str, Array](), np.arange(m)
    if (fold := spec.data.fold) is not None:
        notes += _check_folds(train, labels, codes, fold.of, spec)
        owner = folds(codes, train.groups, fold.of, spec.data.seed, fold.repeat)
        taken["test"], left = (np.flatnonzero((owner == fold.number - 1) == own) for own in (True, False))
    shares = spec.data.shares
    taken |= zip(shares, _taken(train, codes, left, list(shares.values()), spec), strict=True)
    rest = np.setdiff1d(left, np.concatenate(list(taken.values())))
    for part, share in shares.items():
        if len(taken[part]) == 0 or len(rest) == 0 or sum(shares.values()) >= 1:
            count = 0 if train.groups is None else len(np.unique(train.groups[left]))
            groups = f" in {count:,} groups that stay whole" if count else ""
            raise spec.document.mistake(
                ("data", part), f"of {share:g} leaves no rows for it or for training ({len(left)} rows{groups})"
            )
    parts = {part: replace(train.rows(rows), notes=()) for part, rows in taken.items()}  # notes are told once
    if train.groups is not None:
        told = {"train": rest, **taken}
        sizes = (f"{part} {len(np.unique(train.groups[rows])):,} ({len(rows):,} rows)" for part, rows in told.items())
        notes.append(f"groups of {spec.data.group} in each part: {', '.join(sizes)}")
    unseen = [labels[code] for code in np.setdiff1d(codes, codes[rest])]
    if unseen:
        notes.append(f"{train.origin}: no row labelled {listed(unseen, FEW)} is left for training to learn from")
    tables = {**tables, **parts, "train": train.rows(rest).with_notes(notes)}
    return {part: tables[part] for part in PARTS if part in tables}


def _check_folds(train: Table, labels: Sequence[str], classes: Array, of: int, spec: Spec) -> list[str]:
    """Raise a DataError where there are not as many rows, or groups, as folds; say which classes are too few."""
    m = len(classes)
    if m < of:
        raise DataError(f"{train.origin}: has {m:,} rows, too few for {of:,} folds; take at most {m:,}")
    if train.groups is not None:
        if (count := len(np.unique(train.groups))) < of:
            raise DataError(
                f"{train.origin}: {spec.data.group} has {count:,} groups, too few for {of:,} folds, for a group stays"
                f" whole; take at most {count:,}"
            )
        return []
    few = [labels[code] for code in np.flatnonzero(np.bincount(classes) < of).tolist()]
    return (
        [f"{train.origin}: fewer than {of:,} rows are labelled {listed(few, FEW)}: some folds test none"] if few else []
    )


def _taken(train: Table, classes: Array, left: Array, shares: Sequence[float], spec: Spec) -> list[Array]:
    """Return for each share its rows, sorted, of those that are left; `classes` (m,) says of which class a row is."""
    if not shares:
        return []
    if spec.data.order is not None:
        taken = _last(left if train.order is None else train.order[left], shares)
    elif train.groups is not None:
        taken = _whole(train.groups[left], shares, spec.data.seed)
    else:
        taken = _drawn(classes[left], shares, spec.data.seed)
    return [left[rows] for rows in taken]


def _drawn(classes: Array, shares: Sequence[float], seed: int) -> list[Array]:
    """Return for each share the rows drawn for it, sorted; every class gives its part of each share.

    Every class keeps a row for training: one that is only tested could not be learned.
    """
    stream = RandomState(seed)
    taken: list[list[Array]] = [[] for _ in shares]
    order = np.argsort(classes, kind="stable")
    for own_rows in np.split(order, np.flatnonzero(np.diff(classes[order])) + 1):
        rows = stream.permutation(own_rows)
        ends = np.round(np.cumsum([0.0, *shares]) * len(rows)).astype(int).clip(max=len(rows) - 1)
        for own, start, end in zip(taken, ends[:-1], ends[1:], strict=True):
            own.append(rows[start:end])
    return [np.sort(np.concatenate(rows)) for rows in taken]


def _whole(groups: Array, shares: Sequence[float], seed: int) -> list[Array]:
    """Return for each share the rows, sorted, of the groups drawn for it, as long as they bring it nearer its size."""
    _, codes, counts = np.unique(groups, return_inverse=True, return_counts=True)
    sizes = counts.tolist()
    owner = np.full(len(sizes), -1)
    drawn = RandomState(seed).permutation(len(sizes)).tolist()
    for part, share in enumerate(shares):
        wanted = share * len(groups)
        for group in drawn:
            if owner[group] < 0 and sizes[group] < 2 * wanted:
                owner[group] = part
                wanted -= sizes[group]
    return [np.flatnonzero(owner[codes] == part) for part in range(len(shares))]


def _last(order: Array, shares: Sequence[float]) -> list[Array]:
    """Return for each share its rows, sorted: the last share has those that come last by `order` (m,), and so on.

    Rows that are equal in `order` come as they stand.
    """
    rows = np.argsort(order, kind="stable")
    starts = len(rows) - np.round(np.cumsum(shares[::-1]) * len(rows)).astype(int).clip(max=len(rows))
    return [np.sort(part) for part in np.split(rows, starts[::-1])[1:]]
