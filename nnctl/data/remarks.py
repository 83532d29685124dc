"""Remarks are what in the rows of a table is unlike the training rows, counted, over as many tables as there are."""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Remark:
    """Something that is so in some rows."""

    about: str  # age is missing
    rows: int
    more: str = ""  # what follows the count, such as the first of them


@dataclass
class Remarks:
    """All remarks on tables of one origin."""

    origin: str
    m: int = 0
    _found: dict[str, Remark] = field(default_factory=dict)

    def add(self, remarks: Iterable[Remark], m: int) -> None:
        """Count the remarks on a table of m rows."""
        self.m += m
        for remark in remarks:
            before = self._found.get(remark.about)
            own = remark if before is None else Remark(remark.about, before.rows + remark.rows, before.more)
            self._found[remark.about] = own

    def lines(self) -> list[str]:
        """Return each remark in words."""
        return [
            f"{self.origin}: {each.about} in {each.rows:,} of {self.m:,} rows{each.more}"
            for each in self._found.values()
        ]
