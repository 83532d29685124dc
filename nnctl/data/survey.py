"""A survey says what the columns of a table are to a training: their kinds, what to leave out, what may be predicted.

Training refuses a column of no kind; others are left out because they tell nothing of new rows.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from nnctl.data.columns import Columns
from nnctl.data.kinds import kinds, told_apart
from nnctl.data.outputs import MOST_CLASSES
from nnctl.data.tables import TARGETS
from nnctl.data.words import printable
from nnctl.nn import Array
from nnctl.registry import listed

SHOWN, LONGEST = 4, 24  # values in a line, and their signs
FIRST = 2000  # rows that are looked at before all of them
OFTEN = 2  # rows of a text on average: of those that come less often little can be learned
FILLED = {"number": "the median", "boolean": "what most rows are", "category": "an input of its own"}
SELDOM = 5  # rows with a value: of fewer a part may have none
IDENTIFIER = re.compile(r"(^|[ _.-])(id|ID|Id|key|index|uuid|nr|no)$|[a-z](ID|Id)$")


@dataclass(frozen=True)
class Column:
    """A column as it was found."""

    name: str
    kind: str | None  # None: training refuses it
    different: int
    missing: int
    holds: str  # its range, or its first values
    unfit: str | None  # why it is left out, or None
    countable: bool  # whether its values are few, and may be classes

    def __str__(self) -> str:
        gaps = f", {self.missing:,} missing -> {FILLED[self.kind]}" if self.missing and self.kind else ""
        count = f"{self.different:,} values: " if self.kind == "category" else ""
        return f"{self.kind}, {count}{self.holds}{gaps}"

    @property
    def usual(self) -> bool:
        """Whether it has a name by which training takes a target that nobody named."""
        return self.name.lower() in TARGETS

    def promise(self, last: bool) -> str | None:
        """Say why it looks like a target, or return None; `last` tells whether it is the last column."""
        if self.unfit and not self.usual:
            return None
        words = re.split(r"[\W_]+", self.name.lower())
        reasons = {
            "its name": any(word in TARGETS for word in words),
            "the last column": last,
            f"{self.different} values": self.countable,
        }
        return ", ".join(reason for reason, holds in reasons.items() if holds) or None


def survey(rows: Columns, strange: Mapping[str, str]) -> list[Column]:
    """Return what each column of the rows is, behind those of a type that is not read."""
    unread = [Column(name, None, 0, 0, kind, f"it holds {kind}", countable=False) for name, kind in strange.items()]
    return unread + [(_texts if name in rows.texts else _numbers)(rows, name) for name in rows.names]


def values_of(rows: Columns, name: str) -> Array:
    """Return the values of a column, texts or numbers, in those rows that have one."""
    if name in rows.texts:
        column = rows.texts[name]
        return np.array(column.values)[column.codes[column.codes >= 0]]
    numbers = rows.number(name)
    return numbers[~np.isnan(numbers)]


def twins(rows: Columns, names: Iterable[str], target: str) -> list[str]:
    """Return those columns whose values go one to one with the target's, where both come again."""
    found = list(names)
    for some in (rows[:FIRST], rows):  # what does not in a few rows does not in all
        own = _codes(some, target)
        found = [name for name in found if _goes_with(_codes(some, name), own, whole=some is rows)]
    return found


def _goes_with(codes: Array, others: Array, whole: bool) -> bool:
    there = (codes >= 0) & (others >= 0)
    pairs = np.unique(np.stack([codes, others])[:, there], axis=1)
    different = pairs.shape[1]
    often = 1 < different <= there.sum() / OFTEN
    return (often or not whole) and all(len(np.unique(side)) == different for side in pairs)


def _codes(rows: Columns, name: str) -> Array:
    """Return for each row (m,) the index of its value, or -1 where it has none."""
    if name in rows.texts:
        return rows.texts[name].codes
    values = rows.number(name)
    return np.where(np.isnan(values), -1, np.unique(values, return_inverse=True)[1])


def _numbers(rows: Columns, name: str) -> Column:
    values = values_of(rows, name)
    different, missing = np.unique(values), len(rows) - len(values)
    if not len(values):
        return Column(name, None, 0, missing, "", "it is empty", countable=False)
    holds = f"{different[0]:g} to {different[-1]:g}"
    if infinite := int(np.isinf(values).sum()):
        inf = f"it holds inf, {infinite:,} in all; with missing: [inf, -inf] these are missing, and it can stay"
        return Column(name, None, len(different), missing, holds, inf, countable=False)
    whole = bool((different == np.floor(different)).all())
    unfit = _seldom(len(values), missing)
    if len(different) == 1:
        unfit = f"it is {different[0]:g} in every row that has a value"
    elif whole and len(different) == len(values):
        if values[0] in (0, 1) and np.array_equal(values - values[0], np.arange(len(values))):
            unfit = "it counts the rows"
        elif IDENTIFIER.search(name):
            unfit = "an identifier: another number in each row"
    few = whole and 1 < len(different) <= MOST_CLASSES
    return Column(name, "number", len(different), missing, holds, unfit, few and not unfit)


def _texts(rows: Columns, name: str) -> Column:
    column = rows.texts[name]
    used, present = [column.values[index] for index in column.used()], int((column.codes >= 0).sum())
    kind = next((kind.__name__ for kind in kinds.values() if kind.suits(rows, name)), None)
    shown, unfit = [_short(value) for value in used], _seldom(present, len(rows) - present)
    if len(used) == 1 and present == len(rows):
        unfit = f"it is {shown[0]} in every row"
    elif (what := told_apart(used)) is not None and kind is None:
        unfit = f"{what}, such as {shown[0]}"
    elif len(used) == present:
        unfit = f"another text in each row, such as {shown[0]}"
    elif kind is None or (kind == "category" and len(used) > present / OFTEN):
        unfit = f"{len(used):,} different texts in {present:,} rows, such as {shown[0]}"
    few = 1 < len(used) <= MOST_CLASSES and not unfit
    return Column(name, kind, len(used), len(rows) - present, listed(shown, SHOWN), unfit, few)


def _seldom(present: int, missing: int) -> str | None:
    """Say that hardly any row has a value, or return None."""
    return f"only {present:,} rows have a value" if missing and present < SELDOM else None


def _short(value: str) -> str:
    """Return a value as a comment or a table can have it."""
    told = printable(value)
    return f'"{told if len(told) <= LONGEST else told[: LONGEST - 3] + "..."}"'
