"""A block is some rows of an input of `predict`, in order: those that can be predicted, and why others cannot.

Whatever an input is, a table, an array or a folder of pictures, it comes in blocks, so that no length is too long.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nnctl.data.table import Table
from nnctl.nn import Array


@dataclass(frozen=True)
class Failed:
    """A row of a block that cannot be predicted."""

    row: int  # in the block
    place: str  # in its file, for a message: t.csv:17
    reason: str


@dataclass(frozen=True)
class Block:
    """The rows of one block; `table` has those that can be predicted, which are `rows` among all m of them."""

    files: Sequence[str]  # (m,) where each row is
    table: Table
    rows: Array
    failed: Sequence[Failed] = ()
    kept: Mapping[str, Sequence[object]] = field(default_factory=dict)  # columns (m,) that are passed on

    def __len__(self) -> int:
        return len(self.files)
