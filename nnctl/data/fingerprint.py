"""Which rows a part of the data holds: the SHA-256 that a run remembers them by, and rows that two parts share."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Protocol

import numpy as np
from numpy.typing import DTypeLike

from nnctl.data.columns import Named
from nnctl.data.portions import Portions
from nnctl.data.table import Table
from nnctl.errors import DataError
from nnctl.nn import Array


class Part(Protocol):
    """Examples of a part: X (n[0], m) and Y (n[L], m) as the network sees them, and the table that they come from."""

    @property
    def X(self) -> Any: ...

    @property
    def Y(self) -> Array: ...

    @property
    def table(self) -> Table: ...


def sha256(table: Table) -> str:
    """Return the SHA-256 of the features, the targets and the list of classes as found."""
    digest = hashlib.sha256()
    if isinstance(table.X, Named):
        digest.update("\n".join(table.X.names).encode())
        for block in table.X.blocks():
            digest.update(np.ascontiguousarray(block.numbers).data)
        for names in table.X.together():
            for column in table.X.read(names).texts.values():
                digest.update("\n".join(column.values[code] if code >= 0 else "" for code in column.codes).encode())
    else:
        for rows in Portions(table.X):
            digest.update(rows.data)
    y = table.y if table.y is not None else np.zeros(0)
    digest.update("\n".join(y.ravel()).encode() if y.dtype.kind == "U" else np.ascontiguousarray(y).data)
    digest.update("\n".join(table.classes or ()).encode())
    return digest.hexdigest()


def rows_sha256(numbers: Array) -> str:
    """Return the SHA-256 of row numbers, as whole numbers of 64 bits, the lowest byte first."""
    return hashlib.sha256(numbers.astype("<i8").tobytes()).hexdigest()


@dataclass(frozen=True)
class Shared:
    """How many rows of features of a part are rows of an earlier one, too."""

    part: str
    other: str
    rows: int
    of: int
    within: int  # how many rows of the earlier part come again in it
    different: int  # rows of it
    m: int  # all rows of it

    def __str__(self) -> str:
        said = f"{self.rows:,} of {self.of:,} {self.part} rows have the same features as rows of the {self.other} part"
        if 2 * self.different >= self.m:
            return said
        return f"{said}; rows repeat within that part, too: {self.different:,} of its {self.m:,} are different"


def shared_rows(parts: Mapping[str, Part]) -> list[Shared]:
    """Return how many rows of features two parts share; raise a DataError where two parts are the same rows."""
    found = []
    rows = _comparable(parts) if len(parts) > 1 else {}
    sums = {name: np.concatenate([_sums(piece) for piece in own]) for name, own in rows.items()}
    for name, other in combinations(rows, 2):
        ours, theirs = rows[name].among(sums[name], sums[other]), rows[other].among(sums[other], sums[name])
        of_ours, of_theirs = Counter(ours.digests()), Counter(theirs.digests())
        shared = sum(count for row, count in of_theirs.items() if row in of_ours)
        same = of_ours == of_theirs and shared == len(parts[other].table.X) == len(parts[name].table.X)
        if same and _examples(ours, parts[name].Y) == _examples(theirs, parts[other].Y):
            raise DataError(
                f"{parts[other].table.origin}: the {other} part has the very rows of the {name} part ({shared:,}),"
                f" so it says nothing of new examples.\nGive each part rows of its own:"
                f" data.{other}: {{file: ..., features: ..., target: ...}}, or another test_seed of a built-in set"
            )
        if shared:
            counts = Counter(rows[name].digests())
            within = sum(count for count in counts.values() if count > 1)
            sizes = len(parts[other].table.X), within, len(counts), len(rows[name].X)
            found.append(Shared(other, name, shared, *sizes))
    return found


@dataclass(frozen=True)
class _Rows:
    """Features as found as rows of one type, a piece (k, n) after the other."""

    X: Any
    dtype: DTypeLike

    def __iter__(self) -> Iterator[Array]:
        return (np.ascontiguousarray(piece, self.dtype) for piece in Portions(self.X))

    def among(self, sums: Array, others: Array) -> "_Rows":
        """Return those of these rows whose sums are among the others."""
        known = np.sort(others)  # np.isin loads all of numpy.ma
        nearest = known[np.searchsorted(known, sums).clip(max=len(known) - 1)]
        return _Rows(self.X[np.flatnonzero(nearest == sums)], self.dtype)

    def digests(self) -> Iterator[bytes]:
        """Yield a digest of each row, for the rows themselves may not fit into memory."""
        return (hashlib.blake2b(row.data, digest_size=16).digest() for piece in self for row in piece)


def _comparable(parts: Mapping[str, Part]) -> dict[str, _Rows]:
    """Return the features of parts as found as rows of one type, the coarser where there are two."""
    found = {name: part.X.T if isinstance(part.table.X, Named) else part.table.X for name, part in parts.items()}
    kinds = {X.dtype for X in found.values()}
    dtype = kinds.pop() if len(kinds) == 1 else np.float32 if np.dtype(np.float32) in kinds else np.float64
    return {name: _Rows(X, dtype) for name, X in found.items()}


def _examples(rows: _Rows, Y: Array) -> Counter[bytes]:
    """Return each example of some rows and Y (n[L], m) as a digest with bytes, and how often it is there."""
    return Counter(x + y.tobytes() for x, y in zip(rows.digests(), Y.T, strict=True))


def _sums(rows: Array) -> Array:
    """Return a number for each row (m, n) that is the same for the same rows, and seldom for others."""
    size = rows.itemsize * rows.shape[1]
    words = np.uint64 if size % 8 == 0 else np.uint32 if size % 4 == 0 else np.uint8
    return rows.view(words).sum(axis=1, dtype=np.uint64)
