"""A split takes the shares that a spec asks for off the training rows: by class, in whole groups, or the last rows.

What is drawn follows from `data.seed` alone. Every row goes to one part.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.random import RandomState

from nnctl.data.interface import are_labels, distinct_labels
from nnctl.data.names import PARTS
from nnctl.data.table import Table
from nnctl.nn import Array
from nnctl.registry import FEW, listed
from nnctl.spec.spec import Spec


def split(tables: dict[str, Table], spec: Spec) -> dict[str, Table]:
    """Split the shares asked for off the training rows; they take the place of the source's own parts."""
    shares = spec.data.shares
    if not shares:
        return tables
    train, m = tables["train"], len(tables["train"].X)
    classes = spec.classifies and not are_labels(train, spec.output, spec.model.layer_dims[-1])
    labels, codes = distinct_labels(train) if classes else ([""], np.zeros(m, np.int64))
    taken = dict(zip(shares, _taken(train, codes, list(shares.values()), spec), strict=True))
    rest = np.setdiff1d(np.arange(m), np.concatenate(list(taken.values())))
    for part, rows in taken.items():
        if len(rows) == 0 or len(rest) == 0 or sum(shares.values()) >= 1:
            groups = "" if train.groups is None else f" in {len(np.unique(train.groups)):,} groups that stay whole"
            raise spec.document.mistake(
                ("data", part), f"of {shares[part]:g} leaves no rows for it or for training ({m} rows{groups})"
            )
    parts = {part: replace(train.rows(rows), notes=()) for part, rows in taken.items()}  # notes are told once
    notes = []
    if train.groups is not None:
        told = {"train": rest, **taken}
        sizes = (f"{part} {len(np.unique(train.groups[rows])):,} ({len(rows):,} rows)" for part, rows in told.items())
        notes.append(f"groups of {spec.data.group} in each part: {', '.join(sizes)}")
    unseen = [labels[code] for code in np.setdiff1d(codes, codes[rest])]
    if unseen:
        notes.append(f"{train.origin}: no row labelled {listed(unseen, FEW)} is left for training to learn from")
    tables = {**tables, **parts, "train": train.rows(rest).with_notes(notes)}
    return {part: tables[part] for part in PARTS if part in tables}


def _taken(train: Table, classes: Array, shares: Sequence[float], spec: Spec) -> list[Array]:
    """Return for each share its rows, sorted; `classes` (m,) says of which class each row is."""
    if spec.data.order is not None:
        return _last(np.arange(len(classes)) if train.order is None else train.order, shares)
    if train.groups is not None:
        return _whole(train.groups, shares, spec.data.seed)
    return _drawn(classes, shares, spec.data.seed)


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
