"""Records are the rows of the file of a table, read strictly and block by block.

Each has the number of its line as an editor counts them, or of its row where there are no lines. What is no record is
told with that number; nothing is left out, filled up or turned into something else.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from nnctl.nn import Array

ROWS = 8192  # in a block, at most


@dataclass(frozen=True)
class Source:
    """A file of a table, and how it is written."""

    path: Path | None  # None: the standard input
    encoding: str = "utf-8"
    separator: str | None = None
    left_out: Collection[str] = ()  # columns that nobody looks at
    needed: Collection[str] | None = None  # the columns without which the file is of no use; None: all that it has
    others: bool = True  # whether those beside the needed ones are looked at, too
    encoding_key: str = "data.encoding: "  # before the name of another encoding, where a person gives it

    def __str__(self) -> str:
        return "-" if self.path is None else str(self.path)


@dataclass(frozen=True)
class Bad:
    """A row that is no record: its place in the block, what is wrong, and the cells that are known all the same."""

    place: int
    reason: str
    cells: Sequence[Any] = ()


@dataclass(frozen=True)
class Records(ABC):
    """Rows side by side: the number of each (m,), and those among them that are no records."""

    numbers: Array  # of all rows, the bad ones too
    bad: Sequence[Bad]

    @abstractmethod
    def cells(self, column: int, rows: Array | None = None) -> Sequence[Any]:
        """Return the cells of a column, of the records alone, or of some of them."""

    @abstractmethod
    def floats(self, columns: Sequence[int]) -> tuple[Array, Array]:
        """Return columns as numbers (m, n), nan where one is missing, and which cells (m, n) are told by this."""

    @property
    def good(self) -> Array:
        """The places of the records among the rows."""
        return np.delete(np.arange(len(self.numbers)), [row.place for row in self.bad])


@dataclass(frozen=True)
class Listed(Records):
    """Records whose cells are Python's objects."""

    columns: Sequence[Sequence[Any]]

    def cells(self, column: int, rows: Array | None = None) -> Sequence[Any]:
        """Return the cells of a column."""
        cells = self.columns[column]
        return cells if rows is None else [cells[row] for row in rows]

    def floats(self, columns: Sequence[int]) -> tuple[Array, Array]:
        """Return no numbers: each cell has to be looked at."""
        shape = (len(self.numbers) - len(self.bad), len(columns))
        return np.empty(shape), np.zeros(shape, bool)


class Apart(ABC):
    """The rest of a file as blocks 0, 1, ..., count - 1 that can be read apart from each other."""

    count: int

    @abstractmethod
    def read(self, index: int) -> Records | None:
        """Return a block, whose rows are numbered from 1, or None where only reading in order tells what it is."""

    @abstractmethod
    def passed(self, index: int, m: int) -> Array:
        """Let reading in order go on behind a block of m rows, all before it having passed; return their numbers."""


def all_in_order() -> None:
    """Return that no blocks can be read apart."""


@dataclass(frozen=True)
class Opened:
    """An open file of a table: the names of its columns, and its blocks of rows."""

    source: Source
    names: list[str]
    blocks: Iterator[Records]
    named_lines: bool = True
    notes: tuple[str, ...] = ()
    strange: Mapping[str, str] = field(default_factory=dict)  # columns of a type that is not read, and what it is
    expected: Callable[[int], int] = int  # how many rows there are in all, judged by how many have been read
    apart: Callable[[], Apart | None] = all_in_order  # what can be read so behind the blocks that have been

    def place(self, number: int) -> str:
        """Return where a row is, for messages."""
        return f"{self.source}:{number}" if self.named_lines else f"{self.source}: row {number} (counted from 0)"


def is_number(text: str) -> bool:
    """Tell whether a text is a number to Python."""
    try:
        float(text)
    except ValueError:
        return False
    return True
