"""Remarks are what in the rows of a table is unlike the training rows, counted, over as many tables as there are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from nnctl.data.table import Table


@dataclass(frozen=True)
class Remark:
    """Something that is so in some rows: `before` how many they are, and `after` it; an example follows."""

    before: str
    rows: int
    after: str = ""
    example: str = ""


class Remarks:
    """All remarks on the blocks of an input, each with the example of the first that has one."""

    def __init__(self, unlike: Callable[[Table], Sequence[Remark]]) -> None:
        self._unlike = unlike
        self._origin, self._m = "", 0
        self._found: dict[tuple[str, str], Remark] = {}

    def add(self, table: Table) -> None:
        """Count the remarks on a block."""
        self._origin, self._m = table.origin, self._m + len(table.X)
        for remark in self._unlike(table):
            key = remark.before, remark.after
            before = self._found.get(key, replace(remark, rows=0))
            self._found[key] = replace(before, rows=before.rows + remark.rows)

    def lines(self) -> list[str]:
        """Return each remark in words."""
        return [
            f"{self._origin}: {each.before}{each.rows:,} of {self._m:,} rows{each.after}{each.example}"
            for each in self._found.values()
        ]
