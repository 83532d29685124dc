"""A block of numbers, one array for all features, and its preparation: what an example of it looks like, how it is
scaled, and what its training rows were like.
"""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from nnctl.data.layout import turned
from nnctl.data.limits import MEGAPIXELS
from nnctl.data.ranges import Range, Seen
from nnctl.data.scaling import Scaling
from nnctl.data.table import Table
from nnctl.errors import MismatchError
from nnctl.nn import Array


@dataclass(frozen=True)
class BlockPreparation:
    """What one example looks like as found, and how it is scaled."""

    shape: tuple[int, ...]  # of an example: (64, 64, 3)
    scaling: Scaling
    pixels: bool = False  # whether the features are bytes, uint8
    features: str | None = None  # the name of their dataset in files, where the spec gives it
    range: Range | None = None  # of the features in training; None where it is not known
    layout: str = "rows"  # of the examples in files: rows, or columns
    background: str = "white"  # the colour under a transparent picture file
    megapixels: float = MEGAPIXELS  # that a picture file may have

    @property
    def width(self) -> int:
        """How many inputs the network has, n[0]."""
        return prod(self.shape)

    @property
    def centred(self) -> bool:
        """Whether the training rows decide what features are brought to."""
        return self.scaling.centred

    @property
    def scaled(self) -> Array:
        """Which of the inputs (n[0],) are numbers: all of them."""
        return np.ones(self.width, bool)

    def apply(self, X: Any, dtype: Any, origin: str) -> Any:
        """Return rows X (m, ...) prepared, (m, n[0]), on disk if they are; raise a MismatchError if they do not fit."""
        if not self.fits(X.shape[1:]):
            turn = X.ndim > 1 and self.fits(X.shape[:-1])
            raise MismatchError(
                f"{origin}: an example has {in_words(X.shape[1:])}, and the network was trained on"
                f" {in_words(self.shape)}"
                + (".\nThe examples seem to be columns; save them as rows: np.moveaxis(X, -1, 0)" if turn else "")
            )
        if isinstance(X, np.ndarray):
            return self.scaling.apply(X, dtype)
        from nnctl.data.prepared import Prepared  # which only rows on disk need

        return Prepared(X, self, np.dtype(dtype))

    def write(self, found: Array, out: Array) -> None:
        """Write rows as found (m, ...) prepared into `out` (m, n[0])."""
        self.scaling.write(found.reshape(len(found), -1), out)

    def as_rows(self, X: Any) -> Any:
        """Return features of a file as rows: turned where the training file had columns, unless only rows fit."""
        if self.layout == "rows" or X.ndim < 2 or (self.fits(X.shape[1:]) and not self.fits(X.shape[:-1])):
            return X
        return turned(X)

    def remarks(self, table: Table) -> list[str]:
        """Say what of a table's features differs from training; raise a MismatchError where that cannot be right."""
        beside = self.beside()
        beside.add(table)
        return beside.lines()

    def beside(self) -> "BlocksBeside":
        """Return what compares the blocks of an input with the training rows."""
        return BlocksBeside(self)

    def compared(self, seen: Seen, shape: tuple[int, ...], origin: str) -> list[str]:
        """Say what of rows of examples of a shape differs from training, or raise a MismatchError."""
        assert self.range is not None
        refusal, remarks = self.range.judge(seen)
        if refusal is not None:
            raise MismatchError(f"{origin}: {refusal}")
        if len(_sides(shape)) != len(_sides(self.shape)) and max(len(shape), len(self.shape)) > 2:
            remarks.append(
                f"an example has {in_words(shape)}, and had {in_words(self.shape)} in training; they are taken"
                " in the order of X.reshape(m, -1)"
            )
        return [f"{origin}: {remark}" for remark in remarks]

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Tell whether an example of this shape can be taken: as in training, or flattened."""
        if 1 in (len(shape), len(self.shape)):
            return prod(shape) == prod(self.shape)
        return _sides(shape) == _sides(self.shape)

    def remark(self) -> str | None:
        """Say that the training rows are far from unit scale once they are prepared, and what to do, or None."""
        return None if self.range is None else self.scaling.remark(self.range)

    def __str__(self) -> str:
        return self.scaling.told


class BlocksBeside:
    """The blocks of an input beside the training rows: what is so of all of them together."""

    def __init__(self, preparation: BlockPreparation) -> None:
        self._preparation = preparation
        self._seen: Seen | None = None
        self._last: tuple[tuple[int, ...], str] = ((), "")

    def add(self, table: Table) -> None:
        """Look at a block; raise a MismatchError where the first one cannot be right."""
        own, shape = self._preparation, table.X.shape[1:]
        if own.range is None or not len(table.X) or not own.fits(shape):
            return
        with np.errstate(over="ignore", invalid="ignore"):
            found = own.range.look(table.X)
        self._last = shape, table.origin
        if self._seen is None:
            own.compared(found, *self._last)
        self._seen = found if self._seen is None else self._seen.joined(found)

    def lines(self) -> list[str]:
        """Say what of all blocks differs from training; raise a MismatchError where that cannot be right."""
        return [] if self._seen is None else self._preparation.compared(self._seen, *self._last)


def in_words(shape: tuple[int, ...]) -> str:
    """Return the shape of an example for messages: 12288 features (64 x 64 x 3)."""
    sides = f" ({' x '.join(map(str, shape))})" if len(shape) > 1 else ""
    return f"{prod(shape)} feature{'' if prod(shape) == 1 else 's'}{sides}"


def _sides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return a shape without its ones: a gray picture has a channel or none."""
    return tuple(n for n in shape if n != 1)
