"""The kinds of column: each is one class that tells which columns are of its kind, is fitted to training rows, and
writes a column as inputs of the network. Its fields are what parameters.h5 keeps of it.
"""

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnctl.data.cells import CODE
from nnctl.data.columns import Columns, Texts
from nnctl.data.quantiles import median
from nnctl.data.remarks import Remark
from nnctl.nn import Array
from nnctl.registry import Registry

YES = dict.fromkeys(["true", "yes", "t", "y", "1"], True) | dict.fromkeys(["false", "no", "f", "n", "0"], False)
FEW_VALUES = 100  # texts that are taken as categories unasked
FAR = 10.0  # widths of the range in training beyond its ends
NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*")
DATE = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{1,2}:\d{2}")


@dataclass(frozen=True)
class Kind(ABC):
    """A column of training rows as inputs of a network."""

    name: str
    as_text: ClassVar[bool]  # whether its cells are texts, or numbers
    scaled: ClassVar[bool]  # whether data.scale is for it

    @classmethod
    @abstractmethod
    def suits(cls, columns: Columns, name: str) -> bool:
        """Tell whether a column that nobody gave a kind is of this one."""

    @classmethod
    def stranger(cls, columns: Columns, name: str) -> str | None:
        """Return a text of a column that has no meaning as one of this kind, or None."""
        return None

    @classmethod
    @abstractmethod
    def fit(cls, columns: Columns, name: str, missing: str | None) -> "Kind":
        """Fit to training rows, of which some have a value; `missing` is data.fill."""

    @property
    @abstractmethod
    def width(self) -> int:
        """How many inputs it makes."""

    @abstractmethod
    def encode(self, columns: Columns, out: Array) -> None:
        """Write the rows (m,) into out (m, width)."""

    @abstractmethod
    def remarks(self, columns: Columns) -> list[Remark]:
        """Say what of later rows is unlike the training rows."""

    @abstractmethod
    def __str__(self) -> str: ...


kinds: Registry[type[Kind]] = Registry("kind of column")


@kinds
@dataclass(frozen=True)
class number(Kind):
    """Numbers as they are; a missing one is the median of the training rows, beside a sign that it was missing."""

    fill: float
    low: float
    high: float
    gaps: bool  # whether training rows had missing ones
    indicator: bool = False
    as_text: ClassVar[bool] = False
    scaled: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Raise a ValueError for what no column of numbers has."""
        if self.low > self.high or (self.indicator and not self.gaps):
            raise ValueError("low must be at most high, and an indicator is for gaps")

    @classmethod
    def suits(cls, columns: Columns, name: str) -> bool:
        """Tell whether a column was read as numbers."""
        return name not in columns.texts

    @classmethod
    def fit(cls, columns: Columns, name: str, missing: str | None) -> "number":
        """Fit to training rows, of which some have a number."""
        values = np.ascontiguousarray(columns.number(name))
        missed = np.isnan(values)
        gaps = bool(missed.any())
        there = values[~missed] if gaps else values
        fill = median(there)
        return cls(name, fill, float(there.min()), float(there.max()), gaps, gaps and missing == "indicator")

    @property
    def width(self) -> int:
        """How many inputs it makes."""
        return 1 + self.indicator

    def encode(self, columns: Columns, out: Array) -> None:
        """Write the rows (m,) into out (m, width)."""
        values = columns.number(self.name)
        gaps = np.isnan(values)
        out[:, 0] = np.where(gaps, self.fill, values)
        if self.indicator:
            out[:, 1] = gaps

    def remarks(self, columns: Columns) -> list[Remark]:
        """Say what of later rows is unlike the training rows."""
        values = columns.number(self.name)
        margin = FAR * (self.high - self.low)
        far = (values < self.low - margin) | (values > self.high + margin)
        gaps = np.isnan(values)
        said = []
        if far.any():
            said.append(
                Remark(
                    f"{self.name} lies far outside what the network was trained on ({self.low:g} to {self.high:g}) in ",
                    int(far.sum()),
                    example=f": {values[far][0]:g}; is the unit the same?",
                )
            )
        if gaps.any() and not self.gaps:
            more = f", and never was in training; its median there, {self.fill:g}, is taken"
            said.append(Remark(f"{self.name} is missing in ", int(gaps.sum()), more))
        return said

    def __str__(self) -> str:
        told = f", {self.low:g} to {self.high:g}"
        return told[2:] + (f"; missing: {self.fill:g}" if self.gaps else "") + (" and a sign" if self.indicator else "")


@kinds
@dataclass(frozen=True)
class boolean(Kind):
    """True and false, yes and no as 1 and 0; a missing one is what most of the training rows are."""

    fill: float  # 0 or 1
    gaps: bool
    as_text: ClassVar[bool] = True
    scaled: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Raise a ValueError for what can be missing from no column of yes and no."""
        if self.fill not in (0, 1):
            raise ValueError(f"fill must be 0 or 1, got {self.fill}")

    @classmethod
    def suits(cls, columns: Columns, name: str) -> bool:
        """Tell whether all texts of a column mean yes or no, and both occur."""
        if name not in columns.texts:
            return False
        column = columns.texts[name]
        meant = {YES.get(column.values[index].lower()) for index in column.used()}
        return meant == {True, False}

    @classmethod
    def stranger(cls, columns: Columns, name: str) -> str | None:
        """Return a text that is neither yes nor no, or None."""
        column = columns.texts[name]
        return next((text for index in column.used() if (text := column.values[index]).lower() not in YES), None)

    @classmethod
    def fit(cls, columns: Columns, name: str, missing: str | None) -> "boolean":
        """Fit to training rows."""
        values = truths(columns.texts[name])
        there = values[~np.isnan(values)]
        return cls(name, float(there.mean() > 0.5) if len(there) else 0.0, len(there) < len(values))

    @property
    def width(self) -> int:
        """How many inputs it makes."""
        return 1

    def encode(self, columns: Columns, out: Array) -> None:
        """Write the rows (m,) into out (m, 1)."""
        values = truths(columns.texts[self.name])
        out[:, 0] = np.where(np.isnan(values), self.fill, values)

    def remarks(self, columns: Columns) -> list[Remark]:
        """Say what of later rows is unlike the training rows."""
        column = columns.texts[self.name]
        missing = column.codes < 0
        strange = np.isnan(truths(column)) & ~missing
        taken, said = f"; taken as {['no', 'yes'][int(self.fill)]}", []
        if strange.any():
            odd = column.values[int(column.codes[strange][0])]
            said.append(
                Remark(f"{self.name} is neither yes nor no in ", int(strange.sum()), example=f' ("{odd}"){taken}')
            )
        if missing.any() and not self.gaps:
            said.append(Remark(f"{self.name} is missing in ", int(missing.sum()), example=taken))
        return said

    def __str__(self) -> str:
        return "0 or 1" + (f"; missing: {self.fill:g}" if self.gaps else "")


@kinds
@dataclass(frozen=True)
class category(Kind):
    """One input for each text of the training rows, and one for all that is missing or was never seen."""

    values: tuple[str, ...]
    gaps: bool
    as_text: ClassVar[bool] = True
    scaled: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Raise a ValueError for categories that are not each one of their own."""
        if len(set(self.values)) < len(self.values):
            raise ValueError("values must differ")

    @classmethod
    def suits(cls, columns: Columns, name: str) -> bool:
        """Tell whether the texts of a column are few, come again, and are not numbers or dates in the main."""
        if name not in columns.texts:
            return False
        column = columns.texts[name]
        used = [column.values[index] for index in column.used()]
        return len(used) <= FEW_VALUES and len(used) < int((column.codes >= 0).sum()) and not told_apart(used)

    @classmethod
    def fit(cls, columns: Columns, name: str, missing: str | None) -> "category":
        """Fit to training rows."""
        column = columns.texts[name]
        return cls(name, tuple(sorted(column.values[index] for index in column.used())), bool((column.codes < 0).any()))

    @property
    def width(self) -> int:
        """How many inputs it makes."""
        return len(self.values) + 1

    def encode(self, columns: Columns, out: Array) -> None:
        """Write the rows (m,) into out (m, width), one 1 in each."""
        out[...] = 0
        out[np.arange(len(out)), self._places(columns.texts[self.name])] = 1

    def remarks(self, columns: Columns) -> list[Remark]:
        """Say what of later rows is unlike the training rows."""
        column = columns.texts[self.name]
        unseen = (self._places(column) == len(self.values)) & (column.codes >= 0)
        gaps = int((column.codes < 0).sum())
        said = []
        if unseen.any():
            first = column.values[int(column.codes[unseen][0])]
            said.append(
                Remark(
                    f"{self.name} has a value that training never saw in ", int(unseen.sum()), example=f': "{first}"'
                )
            )
        if gaps and not self.gaps:
            said.append(Remark(f"{self.name} is missing in ", gaps, ", and never was in training"))
        return said

    def _places(self, column: Texts) -> Array:
        """Return the place of each row's 1."""
        known = {value: place for place, value in enumerate(self.values)}
        places = np.array([known.get(value, len(known)) for value in column.values] + [len(known)], np.int64)
        return places[column.codes]  # of -1 it is the last

    def __str__(self) -> str:
        return f"{len(self.values)} values" + (" and missing" if self.gaps else "")


def told_apart(values: list[str]) -> str | None:
    """Return what texts seem to be where they are no categories: dates, numbers with something else, or None."""
    if values and sum(bool(DATE.match(value)) for value in values) > len(values) / 2:
        return "dates or times"
    if any(re.fullmatch(r"[-+]?\d{1,3}(,\d{3})+(\.\d*)?", value) for value in values):
        return "numbers with thousands separators"
    if any(re.fullmatch(r"[-+]?\d*,\d+", value) for value in values):
        return "numbers with decimal commas"
    odd = [value for value in values if is_odd(value)]
    whole = all(value in odd or value.strip().isdecimal() for value in values)
    codes = whole and all(CODE.match(value) for value in odd)  # 10115 beside 01220
    return "numbers and texts mixed" if 0 < len(odd) < len(values) / 2 and not codes else None


def is_odd(value: str) -> bool:
    """Tell whether a text is no number, or one with leading zeros."""
    return not NUMBER.fullmatch(value) or CODE.match(value) is not None


def truths(column: Texts) -> Array:
    """Return 1, 0 or nan (m,) for texts that mean yes, no, or neither."""
    meant = [YES.get(value.lower()) for value in column.values]
    return np.array([np.nan if one is None else float(one) for one in meant] + [np.nan])[column.codes]
