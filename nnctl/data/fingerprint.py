"""Which rows a part of the data holds: the SHA-256 that a run remembers them by, and rows that two parts share."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from itertools import combinations
from typing import Protocol

import numpy as np

from nnctl.data.columns import Columns
from nnctl.data.table import Table
from nnctl.errors import DataError
from nnctl.nn import Array


class Part(Protocol):
    """Examples of a part: X (n[0], m) and Y (n[L], m) as the network sees them, and the table that they come from."""

    @property
    def X(self) -> Array: ...

    @property
    def Y(self) -> Array: ...

    @property
    def table(self) -> Table: ...


def sha256(table: Table) -> str:
    """Return the SHA-256 of the features, the targets and the list of classes as found."""
    digest = hashlib.sha256()
    if isinstance(table.X, Columns):
        digest.update("\n".join(table.X.names).encode())
        digest.update(np.ascontiguousarray(table.X.numbers).data)
        for column in table.X.texts.values():
            digest.update("\n".join(column.values[code] if code >= 0 else "" for code in column.codes).encode())
    else:
        digest.update(np.ascontiguousarray(table.X).data)
    y = table.y if table.y is not None else np.zeros(0)
    digest.update("\n".join(y.ravel()).encode() if y.dtype.kind == "U" else np.ascontiguousarray(y).data)
    digest.update("\n".join(table.classes or ()).encode())
    return digest.hexdigest()


def rows_sha256(numbers: Array) -> str:
    """Return the SHA-256 of row numbers, as whole numbers of 64 bits, the lowest byte first."""
    return hashlib.sha256(numbers.astype("<i8").tobytes()).hexdigest()


def overlaps(parts: Mapping[str, Part]) -> list[str]:
    """Say how many rows of features two parts share; raise a DataError where two parts are the same rows."""
    notes = []
    found = {name: part.X.T if isinstance(part.table.X, Columns) else part.table.X for name, part in parts.items()}
    rows = _comparable(found) if len(parts) > 1 else {}
    sums = {name: _sums(X) for name, X in rows.items()}
    for name, other in combinations(rows, 2):
        ours, theirs = _alike(rows[name], sums[name], sums[other]), _alike(rows[other], sums[other], sums[name])
        shared = sum(count for row, count in theirs.items() if row in ours)
        same = ours == theirs and shared == len(rows[other]) == len(rows[name])
        if same and _examples(rows[name], parts[name].Y) == _examples(rows[other], parts[other].Y):
            raise DataError(
                f"{parts[other].table.origin}: the {other} part has the very rows of the {name} part ({shared:,}),"
                f" so it says nothing of new examples.\nGive each part rows of its own:"
                f" data.{other}: {{file: ..., features: ..., target: ...}}, or another test_seed of a built-in set"
            )
        if shared:
            notes.append(
                f"{shared:,} of {len(rows[other]):,} {other} rows have the same features as rows of the {name} part"
                + _repeated(rows[name])
            )
    return notes


def _repeated(X: Array) -> str:
    """Say that most rows of X repeat others of X, as those of a few categories do, or nothing."""
    different = len({row.tobytes() for row in X})
    return (
        f"; rows repeat within that part, too: {different:,} of its {len(X):,} are different"
        if 2 * different < len(X)
        else ""
    )


def _comparable(found: Mapping[str, Array]) -> dict[str, Array]:
    """Return features as found as rows (m, n) of one type, the coarser where there are two."""
    kinds = {X.dtype for X in found.values()}
    dtype = kinds.pop() if len(kinds) == 1 else np.float32 if np.dtype(np.float32) in kinds else np.float64
    return {name: np.ascontiguousarray(X.reshape(len(X), -1), dtype) for name, X in found.items()}


def _examples(X: Array, Y: Array) -> Counter[bytes]:
    """Return each example of X (m, n) and Y (n[L], m) as bytes, and how often it is there."""
    return Counter(x.tobytes() + y.tobytes() for x, y in zip(X, Y.T, strict=True))


def _sums(X: Array) -> Array:
    """Return a number for each row of X (m, n) that is the same for the same rows, and seldom for others."""
    size = X.itemsize * X.shape[1]
    words = np.uint64 if size % 8 == 0 else np.uint32 if size % 4 == 0 else np.uint8
    return X.view(words).sum(axis=1, dtype=np.uint64)


def _alike(X: Array, sums: Array, others: Array) -> Counter[bytes]:
    """Return the rows of X whose sums are among the others, as bytes, and how often each is there."""
    known = set(others.tolist())
    return Counter(X[row].tobytes() for row, sum in enumerate(sums.tolist()) if sum in known)
