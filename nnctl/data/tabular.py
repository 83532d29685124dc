"""The preparation of named columns: each by its kind, fitted on the training rows, and the numbers among them scaled.

Columns are found by name; what a table has beside those of the training is of no account.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from math import isfinite
from typing import Any, ClassVar, get_origin, get_type_hints

import numpy as np

from nnctl.data.columns import Columns, Named
from nnctl.data.kinds import FEW_VALUES, Kind, is_odd, kinds, number, told_apart
from nnctl.data.pieces import is_encoding
from nnctl.data.portions import all_finite, each
from nnctl.data.prepared import Prepared
from nnctl.data.ranges import Range
from nnctl.data.remarks import Remarks
from nnctl.data.scaling import Scaling, by_rows
from nnctl.data.table import Table
from nnctl.errors import DataError, MismatchError
from nnctl.nn import Array
from nnctl.registry import suggestion
from nnctl.spec.spec import SEPARATOR, DataSpec

OTHERS = "others"  # in data.scale stands for all columns of numbers that it does not name
ENDS = ("low", "high")  # of the training rows' numbers


@dataclass(frozen=True)
class TabularPreparation:
    """The columns in the order of the network's inputs, and the scaling of these inputs."""

    columns: tuple[Kind, ...]
    scaling: Scaling
    missing: tuple[str, ...] = ()  # texts that mean missing, beside the usual ones
    encoding: str = "utf-8"  # of the files in training
    separator: str | None = None  # in them, where the spec gave it

    @classmethod
    def fit(cls, table: Table, whole: Named, data: DataSpec) -> "TabularPreparation":
        """Fit to the training rows as a spec's data section asks; kinds are told by the rows before the split."""
        asked = data.columns or {}
        rows = table.X
        assert isinstance(rows, Named)
        unknown = next((name for name in asked if name not in rows.names), None)
        if unknown is not None:
            raise DataError(f"{table.origin}: data.columns names {unknown!r}{suggestion(unknown, rows.names)}")
        fitted = list[Kind]()
        for some, of_whole in _together(table, whole):
            own = partial(_fitted, some, of_whole, asked, data.fill)
            fitted += each(own, some.X.names, len(rows))
        if not fitted:
            raise DataError(f"{table.origin}: there is no column of features; all of them are targets or left out")
        plain = cls(tuple(fitted), Scaling(), tuple(map(str, data.missing)), data.encoding or "utf-8", data.separator)
        return replace(plain, scaling=plain._scaling(table, data.scale))

    def _scaling(self, table: Table, scale: float | str | Mapping[str, float | str] | None) -> Scaling:
        """Return the scaling that a spec asks for, one for all columns of numbers or by name, fitted to their rows."""
        numbers = {column.name: self._inputs(column) & self.scaled for column in self.columns if column.scaled}
        if isinstance(scale, Mapping):
            unknown = next((name for name in scale if name not in numbers and name != OTHERS), None)
            if unknown is not None:
                raise DataError(f"{table.origin}: data.scale names {unknown!r}{suggestion(unknown, numbers)}")
            others = scale.get(OTHERS, "none")
            ways = {name: scale.get(name, others) for name in numbers}
        else:
            ways = dict.fromkeys(numbers, scale or "none")
        parts = []
        for way in dict.fromkeys(way for way in ways.values() if way != "none"):
            names = [name for name in numbers if ways[name] == way]
            where = np.any([numbers[name] for name in names], axis=0)
            raw = self._unscaled(table.X, where)
            parts.append((where, Scaling.fit(raw, way, table.origin, names)))
        return Scaling.joined(self.width, parts)

    def _inputs(self, column: Kind) -> Array:
        """Return which of the inputs (n[0],) a column makes."""
        return np.array([own is column for own in self.columns for _ in range(own.width)])

    @property
    def width(self) -> int:
        """How many inputs the network has, n[0]."""
        return sum(column.width for column in self.columns)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of an example: of numbers alone it has a point in as many dimensions, else none is known."""
        return (len(self.columns),) if all(isinstance(column, number) for column in self.columns) else ()

    @property
    def centred(self) -> bool:
        """Whether the training rows decide what numbers are brought to."""
        return self.scaling.centred

    @property
    def scaled(self) -> Array:
        """Which of the inputs (n[0],) are numbers, which data.scale is for, and not the signs that one is missing."""
        return np.array([column.scaled and place == 0 for column in self.columns for place in range(column.width)])

    def apply(self, X: Named, dtype: Any, origin: str) -> Any:
        """Return rows X prepared, (m, n[0]), on disk if they are; raise a MismatchError where a column is not there."""
        if not isinstance(X, Named):
            raise MismatchError(
                f"{origin}: has no named columns, and the network was trained on a table with the columns"
                f" {', '.join(column.name for column in self.columns)}.\nGive it a table, such as CSV, with these."
            )
        if not isinstance(X, Columns):
            return Prepared(X, self, np.dtype(dtype))
        if self._is_block(X):
            return self.scaling.apply(X.numbers, dtype)
        prepared = np.empty((len(X), self.width), dtype)
        by_rows(lambda rows: self.write(X[rows], prepared[rows]), len(X))
        return prepared

    def write(self, found: Columns, out: Array) -> None:
        """Write rows as found prepared into `out` (m, n[0])."""
        self.scaling.write(self._encoded(found), out)

    def remarks(self, table: Table) -> list[str]:
        """Say what of later rows is unlike the training rows."""
        beside = self.beside()
        for rows in table.X.blocks():
            beside.add(replace(table, X=rows))
        return beside.lines()

    def beside(self) -> Remarks:
        """Return what compares the blocks of an input with the training rows."""
        return Remarks(lambda table: [remark for column in self.columns for remark in column.remarks(table.X)])

    def remark(self) -> str | None:
        """Say that the numbers of the training rows are far from unit scale, and what to do, or None."""
        scaling, where = self.scaling, self.scaled
        low, high = (np.array([getattr(column, end) for column in self.columns if column.scaled]) for end in ENDS)
        centred = np.zeros(len(low), bool) if scaling.offset is None else scaling.offset[where] != 0
        if centred.all():
            return None
        divisor = None if scaling.divisor is None else scaling.divisor[where][~centred]
        return Scaling(divisor=divisor, told=scaling.told).remark(Range(low[~centred], high[~centred], "float64"))

    def written(self) -> dict[str, Any]:
        """Return the columns as parameters.h5 has them, in JSON."""
        columns = [{"kind": type(column).__name__, **asdict(column)} for column in self.columns]
        written = {"missing": self.missing, "encoding": self.encoding, "separator": self.separator}
        return {**written, "columns": columns}

    @classmethod
    def of_written(cls, read: Any, scaling: Scaling) -> "TabularPreparation":
        """Return the columns that were `written`; raise a ValueError, or what Python does, for anything else."""
        if set(read) != {"columns", "missing", "encoding", "separator"}:
            raise ValueError("must have columns, missing, encoding and separator")
        columns = tuple(_kind_of(dict(item)) for item in read["columns"])
        names = [column.name for column in columns]
        if len(set(names)) < len(names) or not columns:
            raise ValueError("names of columns must differ")
        missing, encoding, separator = tuple(read["missing"]), read["encoding"], read["separator"]
        if not isinstance(read["missing"], list | tuple) or not all(isinstance(text, str) for text in missing):
            raise ValueError("missing must be texts")
        if not isinstance(encoding, str) or not is_encoding(encoding):
            raise ValueError("encoding must be such as texts can have")
        if separator is not None and not re.fullmatch(SEPARATOR, separator):
            raise ValueError("separator must be such as tables can have")
        return cls(columns, scaling, missing, encoding, separator)

    def _is_block(self, X: Columns) -> bool:
        """Tell whether the numbers of the rows are the inputs as they stand."""
        same = X.number_names == tuple(column.name for column in self.columns)
        return same and self.width == len(self.columns) and all_finite(X.numbers)

    def _unscaled(self, X: Named, where: Array) -> Any:
        """Return those inputs (m, k) that `where` (n[0],) tells, not yet scaled, on disk if the rows are."""
        if not isinstance(X, Columns):
            return Prepared(X, Unscaled(self, where), np.dtype(np.float64))
        raw = self._encoded(X)
        return raw if where.all() else np.ascontiguousarray(raw[:, where])

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
        return f"{count} column{'' if count == 1 else 's'}, {self.scaling.told}"


@dataclass(frozen=True)
class Unscaled:
    """The preparation of some inputs but for their scaling."""

    whole: TabularPreparation
    where: Array  # (n[0],) of bool

    @property
    def width(self) -> int:
        """How many inputs these are."""
        return int(self.where.sum())

    def write(self, found: Columns, out: Array) -> None:
        """Write rows as found into `out` (m, width)."""
        out[...] = self.whole._encoded(found)[:, self.where]


def _together(table: Table, whole: Named) -> Iterator[tuple[Table, Columns]]:
    """Yield the training rows with some columns, as many as fit into memory, and all rows with those of texts."""
    for names in table.X.together():
        some = table.X.read(names)
        yield replace(table, X=some), some if whole is table.X else whole.read(some.text_names)


def _kind_of(item: dict[str, Any]) -> Kind:
    """Return a column from what was written of it; raise a ValueError where its fields are not of their types."""
    kind: Callable[..., Kind] = kinds[item.pop("kind")]
    column = kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in item.items()})
    for name, hint in get_type_hints(type(column)).items():
        value, plain = getattr(column, name), get_origin(hint) or hint
        if plain is ClassVar:
            continue
        finite = not isinstance(value, float) or isfinite(value)
        texts = plain is not tuple or (isinstance(value, tuple) and all(isinstance(text, str) for text in value))
        if type(value) is not plain or not finite or not texts:
            raise ValueError(f"{name} must be {plain.__name__}")
    return column


def _fitted(table: Table, whole: Columns, kind_of: Mapping[str, str], missing: str | None, name: str) -> Kind:
    rows, asked = table.X.read([name]), kind_of.get(name)  # a copy of its own, which is gone through faster
    gaps = rows.texts[name].codes < 0 if name in rows.texts else np.isnan(rows.number(name))
    if gaps.all():
        out = f"data.ignore: [{name}]"
        raise DataError(f"{table.origin}: column {name} is empty in all training rows; leave it out: {out}")
    kind = kinds[asked] if asked else next((kind for kind in kinds.values() if kind.suits(whole, name)), None)
    if kind is None:
        raise DataError(_no_kind(table, whole, name))
    if (odd := kind.stranger(whole, name)) is not None:
        raise DataError(
            f'{table.origin}: column {name} is to be {kind.__name__}, data.columns, and holds "{odd}".\n'
            f'Correct it, say data.missing: ["{odd}"], or another kind, such as category'
        )
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
    odd = next(value for value in used if told_apart([value]) or is_odd(value))
    row = column.row_of(column.values.index(odd))
    shown = f'{table.origin}: column {name} holds {what}, such as "{odd}" in {table.place(row)}'
    if what.startswith("dates"):
        return f"{shown}.\nLeave it out, {out}, or turn it into numbers first, such as days since a day"
    if what.startswith("numbers with"):
        return f"{shown}.\nWrite plain numbers with a decimal point, or leave it out: {out}; if all are names, {ways}"
    return f'{shown}.\nCorrect it; if it means missing, data.missing: ["{odd}"]; if all are names, {ways}'
