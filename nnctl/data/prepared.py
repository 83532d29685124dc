"""Prepared rows are features on disk together with what is done to them: what is asked for is read and prepared then.

The arithmetic is that of features in memory, number by number, so that both come to the same bits.
"""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from nnctl.data.disk import OnDisk
from nnctl.data.scaling import Scaling
from nnctl.denormals import kept
from nnctl.nn import Array


@dataclass(frozen=True)
class Prepared:
    """The prepared rows (m, n[0]) of X, as an array would have them; `T` are the columns that a network takes."""

    X: OnDisk
    scaling: Scaling
    dtype: np.dtype[Any]

    @property
    def shape(self) -> tuple[int, int]:
        """(m, n[0])."""
        return len(self.X), prod(self.X.example)

    @property
    def T(self) -> "PreparedColumns":
        """The columns (n[0], m)."""
        return PreparedColumns(self)

    def __len__(self) -> int:
        return len(self.X)

    def found(self, rows: Array | slice) -> Array:
        """Read some rows as they are found."""
        return np.asarray(self.X[rows])

    def __getitem__(self, rows: slice) -> Array:
        found = self.found(rows)
        prepared = np.empty((len(found), self.shape[1]), self.dtype)
        self.prepare(found, prepared)
        return prepared

    def prepare(self, found: Array, out: Array) -> None:
        """Write rows as found (m, ...) prepared into `out` (m, n[0])."""
        with kept(), np.errstate(over="ignore"):  # as where all are prepared before training begins
            self.scaling.write(found.reshape(len(found), -1), out)


@dataclass(frozen=True)
class PreparedColumns:
    """Prepared rows as columns (n[0], m), of which a slice [:, some] is read."""

    T: Prepared

    @property
    def shape(self) -> tuple[int, int]:
        """(n[0], m)."""
        return self.T.shape[1], len(self.T)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the prepared numbers."""
        return self.T.dtype

    def __getitem__(self, where: tuple[slice, slice]) -> Array:
        every, some = where
        assert every == slice(None)
        return self.T[some].T
