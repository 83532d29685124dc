"""The preparation of named columns: each by its kind, fitted on the training rows, and the numbers among them scaled.

Columns are found by name; what a table has beside those of the training is of no account.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from nnctl.data.columns import Columns
from nnctl.data.kinds import FEW_VALUES, Kind, kinds, number, told_apart
from nnctl.data.ranges import Range
from nnctl.data.scaling import ROWS, Scaling
from nnctl.data.table import Table
from nnctl.errors import DataError, MismatchError
from nnctl.nn import Array
from nnctl.registry import suggestion
from nnctl.spec.spec import DataSpec


@dataclass(frozen=True)
class TabularPreparation:
    """The columns in the order of the network's inputs, and the scaling of these inputs."""

    columns: tuple[Kind, ...]
    scaling: Scaling
    missing: tuple[str, ...] = ()  # texts that mean missing, beside the usual ones
    encoding: str = "utf-8"  # of the files in training

    @classmethod
    def fit(cls, table: Table, data: DataSpec) -> "TabularPreparation":
        """Fit to the training rows as a spec's data section asks."""
        asked, scale = data.columns or {}, data.scale
        rows = table.X
        assert isinstance(rows, Columns)
        unknown = next((name for name in asked if name not in rows.names), None)
        if unknown is not None:
            raise DataError(f"{table.origin}: data.columns names {unknown!r}{suggestion(unknown, rows.names)}")
        fitted = tuple(_fitted(table, rows, name, asked.get(name), data.fill) for name in rows.names)
        if not fitted:
            raise DataError(f"{table.origin}: there is no column of features; all of them are targets or left out")
        plain = cls(fitted, Scaling(), tuple(map(str, data.missing)), data.encoding or "utf-8")
        if scale in (None, "none"):
            return plain
        numbers = plain.scaled
        raw = plain._encoded(rows)
        raw = raw if numbers.all() else np.ascontiguousarray(raw[:, numbers])
        return replace(plain, scaling=Scaling.fit(raw, scale, table.origin).spread(numbers)) if raw.size else plain

    @property
    def width(self) -> int:
        """How many inputs the network has, n[0]."""
        return sum(column.width for column in self.columns)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of an example once it is prepared."""
        return (self.width,)

    @property
    def standardizes(self) -> bool:
        """Whether the numbers of the training rows come out with mean 0 and variance 1."""
        return self.scaling.standardizes

    @property
    def scaled(self) -> Array:
        """Which of the inputs (n[0],) data.scale is for: numbers, and not the signs that one is missing."""
        return np.array([column.scaled and place == 0 for column in self.columns for place in range(column.width)])

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Tell whether examples of this shape can be taken: only named columns can."""
        return shape == self.shape

    def apply(self, X: Columns, dtype: Any, origin: str) -> Array:
        """Return rows X prepared, (m, n[0]); raise a MismatchError where a column is not there."""
        if not isinstance(X, Columns):
            raise MismatchError(
                f"{origin}: has no named columns, and the network was trained on a table with the columns"
                f" {', '.join(column.name for column in self.columns)}.\nGive it a table, such as CSV, with these."
            )
        if self._is_block(X):
            return self.scaling.apply(X.numbers, dtype)
        prepared = np.empty((len(X), self.width), dtype)
        for start in range(0, len(X), ROWS):
            rows = slice(start, start + ROWS)
            prepared[rows] = self.scaling.apply(self._encoded(X[rows]), dtype)
        return prepared

    def remarks(self, table: Table) -> list[str]:
        """Say what of later rows is unlike the training rows."""
        return [f"{table.origin}: {said}" for column in self.columns for said in column.remarks(table.X)]

    def remark(self) -> str | None:
        """Say that the numbers of the training rows are far from unit scale, and what to do, or None."""
        numbers = [column for column in self.columns if isinstance(column, number)]
        if not numbers:
            return None
        low, high = (np.array([getattr(column, end) for column in numbers]) for end in ("low", "high"))
        first = next(place for place, scaled in enumerate(self.scaled) if scaled)
        own = Scaling(divisor=None if self.scaling.divisor is None else self.scaling.divisor[first])
        return None if self.standardizes else own.remark(Range(low, high, "float64"))

    def to_json(self) -> str:
        """Return the columns as text for parameters.h5."""
        columns = [{"kind": type(column).__name__, **asdict(column)} for column in self.columns]
        return json.dumps({"missing": self.missing, "encoding": self.encoding, "columns": columns})

    @classmethod
    def from_json(cls, text: str, scaling: Scaling) -> "TabularPreparation":
        """Return the columns that were written by `to_json`; raise a ValueError for anything else."""
        columns, read = [], json.loads(text)
        for item in read["columns"]:
            kind: Callable[..., Kind] = kinds[item.pop("kind")]
            columns.append(
                kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in item.items()})
            )
        return cls(tuple(columns), scaling, tuple(read["missing"]), str(read["encoding"]))

    def _is_block(self, X: Columns) -> bool:
        """Tell whether the numbers of the rows are the inputs as they stand."""
        same = X.number_names == tuple(column.name for column in self.columns)
        return same and self.width == len(self.columns) and not np.isnan(X.numbers).any()

    def _encoded(self, X: Columns) -> Array:
        """Return rows X as inputs (m, n[0]) that are not yet scaled."""
        if self._is_block(X):
            return X.numbers
        out, place = np.empty((len(X), self.width)), 0
        for column in self.columns:
            column.encode(X, out[:, place : place + column.width])
            place += column.width
        return out

    def __str__(self) -> str:
        count = len(self.columns)
        return f"{count} column{'' if count == 1 else 's'}, {self.scaling}"


def _fitted(table: Table, rows: Columns, name: str, asked: str | None, missing: str | None) -> Kind:
    gaps = rows.texts[name].codes < 0 if name in rows.texts else np.isnan(rows.number(name))
    if gaps.all():
        out = f"data.ignore: [{name}]"
        raise DataError(f"{table.origin}: column {name} is empty in all training rows; leave it out: {out}")
    gaps = rows.texts[name].codes < 0 if name in rows.texts else np.isnan(rows.number(name))
    if gaps.all():
        out = f"data.ignore: [{name}]"
        raise DataError(f"{table.origin}: column {name} is empty in all training rows; leave it out: {out}")
    kind = kinds[asked] if asked else next((kind for kind in kinds.values() if kind.suits(rows, name)), None)
    if kind is None:
        raise DataError(_no_kind(table, rows, name))
    if missing == "error" and gaps.any():
        where = table.place(int(gaps.argmax()))
        raise DataError(f"{table.origin}: column {name} is missing in {where}, and data.fill is error")
    return kind.fit(rows, name, missing)


def _no_kind(table: Table, rows: Columns, name: str) -> str:
    """Say why a column of texts is none of the kinds, and what to do."""
    column = rows.texts[name]
    used = [column.values[index] for index in column.used()]
    present = int((column.codes >= 0).sum())
    out, ways = f"data.ignore: [{name}]", f"data.columns: {{{name}: category}}"
    what = told_apart(used)
    if what is None and len(used) == present:
        return (
            f'{table.origin}: column {name} has another text in each row, such as "{used[0]}": a name or an'
            f" identifier, which tells nothing of new rows.\nLeave it out: {out}; if it has meaning, {ways}"
        )
    if what is None:
        return (
            f'{table.origin}: column {name} has {len(used):,} different texts in {present:,} rows, such as "{used[0]}":'
            f" more than the {FEW_VALUES} that are taken as categories.\nLeave it out: {out}; or say {ways}"
        )
    odd = next(value for value in used if told_apart([value]) or not _numeric(value))
    row = column.row_of(column.values.index(odd))
    shown = f'{table.origin}: column {name} holds {what}, such as "{odd}" in {table.place(row)}'
    if what.startswith("dates"):
        return f"{shown}.\nLeave it out, {out}, or turn it into numbers first, such as days since a day"
    if what.startswith("numbers with"):
        return f"{shown}.\nWrite plain numbers with a decimal point, or leave it out: {out}"
    return f'{shown}.\nCorrect it; if it means missing, data.missing: ["{odd}"]; if all are names, {ways}'


def _numeric(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True
