"""Prepared rows are features on disk together with what is done to them: what is asked for is read and prepared then.

The arithmetic is that of features in memory, number by number, so that both come to the same bits.
"""

from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import DTypeLike

from nnctl.denormals import kept
from nnctl.nn import Array


class Preparation(Protocol):
    """What makes `width` inputs of rows as they are found."""

    @property
    def width(self) -> int: ...

    def write(self, found: Any, out: Array) -> None:
        """Write rows as found (m, ...) prepared into `out` (m, width)."""


@dataclass(frozen=True)
class Prepared:
    """The prepared rows (m, n[0]) of X, as an array would have them; `T` are the columns that a network takes."""

    X: Any  # OnDisk, or UnpackedColumns
    preparation: Preparation
    dtype: np.dtype[Any]

    @property
    def shape(self) -> tuple[int, int]:
        """(m, n[0])."""
        return len(self.X), self.preparation.width

    @property
    def T(self) -> "PreparedColumns":
        """The columns (n[0], m)."""
        return PreparedColumns(self)

    def __len__(self) -> int:
        return len(self.X)

    def __getitem__(self, rows: Array | slice) -> "Prepared":
        return replace(self, X=self.X[rows])

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        """Return the rows, read and prepared."""
        found = self.X.read()
        prepared = np.empty((len(found), self.shape[1]), self.dtype)
        self.prepare(found, prepared)
        return prepared.astype(dtype or self.dtype, copy=False)

    def found(self, rows: Array | slice) -> Any:
        """Read some rows as they are found."""
        return self.X[rows].read()

    def prepare(self, found: Any, out: Array) -> None:
        """Write rows as found (m, ...) prepared into `out` (m, n[0])."""
        with kept(), np.errstate(over="ignore"):  # as where all are prepared before training begins
            self.preparation.write(found, out)


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
        return np.asarray(self.T[some]).T
