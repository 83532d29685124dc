"""Remarks are what in the rows of a table is unlike the training rows, counted, over as many tables as there are."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Remark:
    """Something that is so in some rows: `before` how many they are, and `after` it; an example follows.

    What is so of a table as a whole, of all of its rows together, has no count in it.
    """

    before: str
    rows: int
    after: str = ""
    example: str = ""
    whole: bool = False

    def told(self, m: int) -> str:
        """Return the remark in words, where there are m rows."""
        count = "" if self.whole else f"{self.rows:,} of {m:,} rows"
        return f"{self.before}{count}{self.after}{self.example}"


@dataclass
class Remarks:
    """All remarks on tables of one origin, with the example of the first that has one."""

    origin: str
    m: int = 0
    _found: dict[tuple[str, str], Remark] = field(default_factory=dict)

    def add(self, remarks: Iterable[Remark], m: int) -> None:
        """Count the remarks on a table of m rows."""
        self.m += m
        for remark in remarks:
            key = remark.before, remark.after
            before = self._found.get(key, replace(remark, rows=0))
            self._found[key] = replace(before, rows=before.rows + remark.rows)

    def lines(self) -> list[str]:
        """Return each remark in words; what is so of whole tables is said where it is so of all of them."""
        said = [each for each in self._found.values() if not each.whole or each.rows == self.m]
        return [f"{self.origin}: {each.told(self.m)}" for each in said]
