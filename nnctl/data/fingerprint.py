"""Which rows a part of the data holds: the SHA-256 that a run remembers them by, and rows that two parts share."""

import hashlib
from collections.abc import Mapping
from itertools import combinations
from typing import Protocol

import numpy as np

from nnctl.data.table import Table
from nnctl.errors import DataError
from nnctl.nn import Array

ROWS = 4096  # looked at in one go


class Part(Protocol):
    """Examples of a part: X (n[0], m) as the network sees them."""

    @property
    def X(self) -> Array: ...

    @property
    def table(self) -> Table: ...


def sha256(table: Table) -> str:
    """Return the SHA-256 of the features and targets as found."""
    digest = hashlib.sha256(np.ascontiguousarray(table.X).data)
    y = table.y if table.y is not None else np.zeros(0)
    digest.update("\n".join(y.ravel()).encode() if y.dtype.kind == "U" else np.ascontiguousarray(y).data)
    return digest.hexdigest()


def overlaps(parts: Mapping[str, Part]) -> list[str]:
    """Say how many rows of features two parts share; raise a DataError where two parts are the same rows."""
    notes = []
    keys = {name: _keys(part.X) for name, part in parts.items()} if len(parts) > 1 else {}
    for (name, ours), (other, theirs) in combinations(keys.items(), 2):
        known = set(ours)
        shared = sum(key in known for key in theirs)
        if shared == len(theirs) == len(ours) and sorted(ours) == sorted(theirs):
            raise DataError(
                f"{parts[other].table.origin}: the {other} part has the very rows of the {name} part ({len(ours):,}),"
                f" so it says nothing of new examples.\nGive each part names or a file of its own:"
                f" data.{other}: {{file: ..., features: ..., target: ...}}"
            )
        if shared:
            notes.append(
                f"{shared:,} of {len(theirs):,} {other} rows have the same features as rows of the {name} part"
            )
    return notes


def _keys(X: Array) -> list[bytes]:
    """Return the bytes of each example of X (n[0], m), -0 as 0."""
    rows, keys = X.T, list[bytes]()
    for start in range(0, len(rows), ROWS):
        block = np.ascontiguousarray(rows[start : start + ROWS] + 0.0)
        keys += (row.tobytes() for row in block)
    return keys
