"""Tables: a text file of named columns becomes features and targets, with what is missing marked and nothing guessed.

A column is numbers as long as every cell of it is one; where a later cell is none, the file is read again with that
column as texts, for 007 and 1.50 are not what their numbers are. Whole numbers with leading zeros, or with more digits
than a float has, are texts.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from nnctl.data import records
from nnctl.data.blocks import Block
from nnctl.data.columns import Columns, Texts
from nnctl.data.records import is_number
from nnctl.data.table import Table
from nnctl.data.tabular import TabularPreparation
from nnctl.data.words import printable
from nnctl.errors import DataError, MismatchError
from nnctl.nn import Array
from nnctl.registry import FEW, listed, suggestion

MISSING = frozenset(["", "na", "nan", "null", "?"])  # in any case
TARGETS = ("target", "label", "class", "y")  # names of a target that nobody named
CODE = re.compile(r"[-+]?0\d+")  # 007 is no number but a code
ODD = re.compile(r"^[^\S\n]*[-+]?(?:0\d+|\d{16,400})[^\S\n]*$", re.MULTILINE)  # whole numbers that may change
LARGEST = 2**53  # beyond it a float stands for several whole numbers


@dataclass(frozen=True)
class Asked:
    """How a file is to be read: which columns are left out, which are texts, what is missing, and how it is written."""

    ignore: Collection[str] = ()
    texts: Collection[str] = ()
    numbers: Collection[str] = ()
    missing: Collection[str] = ()
    encoding: str = "utf-8"
    separator: str | None = None
    only: Collection[str] | None = None  # the columns that are wanted; None: all of them


def read_table(
    path: Path,
    asked: Asked,
    target: Sequence[str],
    drop: bool = False,
    group: str | None = None,
    order: str | None = None,
) -> Table:
    """Return features and targets of a file; raise a DataError that names line and column where there are none.

    The columns by which rows are grouped or ordered are no features.
    """
    if asked.only is not None:
        asked = replace(asked, only=[*asked.only, *target])
    rows, lines, notes = _read(path, asked)
    if not target:
        usual = [name for name in rows.names if name.lower() in TARGETS]
        if len(usual) != 1:
            raise DataError(
                f"{path}: which column is to be predicted? It has {listed(map(printable, rows.names))}.\n"
                "Say data.target: NAME"
            )
        target = usual
    beside = {"data.group": group, "data.order": order}
    for key, name in [*(("data.target", name) for name in target), *beside.items()]:
        if name is not None and name not in rows.names:
            raise DataError(f"{path}: there is no column {printable(name)}, {key}{suggestion(name, rows.names)}")
    gaps = np.any([_gaps(rows, name) for name in target], axis=0)
    if gaps.any():
        where = [f"{lines[row]:,}" for row in np.flatnonzero(gaps)]
        if not drop:
            raise DataError(
                f"{path}: the target {', '.join(target)} is missing in {len(where):,} of {len(rows):,} rows: line"
                f" {listed(where, FEW)}.\nFill it in, or say data.drop_missing_targets: true"
            )
        if gaps.all():
            raise DataError(f"{path}: the target {', '.join(target)} is missing in every row")
        notes.append(f"{path}: {len(where):,} rows without a target are left out")
        rows, lines = rows[~gaps], lines[~gaps]
    y = _targets(rows, target, path)
    groups, ranks = (None if name is None else _ranks(rows, name, key, path) for key, name in beside.items())
    left = rows.without((*target, *(name for name in (group, order) if name)))
    return Table(
        left,
        y,
        origin=str(path),
        files=(path,),
        numbers=lines,
        notes=tuple(notes),
        named_lines=True,
        targets=tuple(target),
        groups=groups,
        order=ranks,
    )


def read_columns(path: Path, encoding: str = Asked.encoding) -> Columns:
    """Return all columns of a file, to be looked at."""
    return _read(path, Asked(encoding=encoding))[0]


def read_rows(path: Path, preparation: TabularPreparation) -> Table:
    """Return the rows of a file for a network, columns by name; raise a MismatchError where one is missing."""
    names = [column.name for column in preparation.columns]
    texts = [column.name for column in preparation.columns if column.as_text]
    numbers = [name for name in names if name not in texts]
    asked = Asked((), texts, numbers, preparation.missing, preparation.encoding, preparation.separator, names)
    rows, lines, notes = _read(path, asked)
    return Table(rows, None, origin=str(path), files=(path,), numbers=lines, notes=tuple(notes), named_lines=True)


def _read(path: Path, asked: Asked) -> tuple[Columns, Array, list[str]]:
    """Read all rows, again with more columns as texts until that fits; return them, their lines and notes."""
    texts = set(asked.texts)
    while True:
        gathered = _gather(path, asked, texts)
        if gathered.late <= texts:
            break
        texts |= gathered.late
    return gathered.result()


@dataclass
class _Gathered:
    """What has been read of a file."""

    path: Path
    names: list[str]
    texts: dict[str, dict[str, int]]  # the values of each column of texts, with their indices
    lines: list[Array] = field(default_factory=list)
    numbers: list[Array] = field(default_factory=list)
    codes: dict[str, list[Array]] = field(default_factory=dict)
    late: set[str] = field(default_factory=set)  # columns that were taken for numbers, and are not

    def result(self) -> tuple[Columns, Array, list[str]]:
        """Return the columns, the line of each row and notes."""
        path, notes = self.path, list[str]()
        if not self.lines:
            raise DataError(f"{path}: has a header and no rows below it")
        lines, numbers = np.concatenate(self.lines), np.concatenate(self.numbers)
        self.numbers.clear()
        texts = {name: Texts(np.concatenate(self.codes[name]), tuple(values)) for name, values in self.texts.items()}
        columns = Columns(tuple(self.names), numbers, texts)
        infinite = np.argwhere(np.isinf(numbers))
        if len(infinite):
            row, column = infinite[0].tolist()
            more = f"; there are {len(infinite) - 1:,} more" if len(infinite) > 1 else ""
            name = printable(columns.number_names[column])
            raise DataError(
                f"{path}:{lines[row]}: column {name} is {numbers[row, column]}{more};"
                " expected finite numbers.\nCorrect it, or list it in data.missing"
            )
        if "" in columns.names:
            first = columns.number("") if "" in columns.number_names else np.empty(0)
            if len(first) and np.array_equal(first - first[0], np.arange(len(first))) and first[0] in (0, 1):
                notes.append(f"{path}: its first column has no name and counts the rows; it is left out")
                columns = columns.without(("",))
            else:
                raise DataError(f"{path}:1: the first column has no name; give it one")
        return columns, lines, notes


def _gather(path: Path, asked: Asked, as_texts: set[str]) -> _Gathered:
    missing = MISSING | {text.strip().lower() for text in asked.missing}
    with records.opened(path, asked.encoding, asked.separator) as file:
        unknown = next((name for name in [*asked.ignore, *asked.texts, *asked.numbers] if name not in file.names), None)
        if unknown is not None:
            kind = MismatchError if asked.only is not None else DataError
            raise kind(f"{path}: there is no column {printable(unknown)}{suggestion(unknown, file.names)}")
        wanted = [name for name in file.names if name not in asked.ignore]
        if asked.only is not None:
            wanted = [name for name in wanted if name in asked.only]
        gathered = _Gathered(path, wanted, {name: {} for name in wanted if name in as_texts})
        gathered.codes = {name: [] for name in gathered.texts}
        places = [file.names.index(name) for name in wanted]
        number_names = [name for name in wanted if name not in as_texts]
        for block in file.blocks:
            m = len(block.lines)
            gathered.lines.append(np.array(block.lines, np.int64))
            numbers, column = np.empty((m, len(number_names))), 0
            for name, place in zip(wanted, places, strict=True):
                cells = block.cells[place]
                if name in gathered.texts:
                    gathered.codes[name].append(_coded(cells, gathered.texts[name], missing))
                    continue
                if name not in gathered.late:
                    found = _numbers(cells, missing)
                    if found is None and name in asked.numbers:
                        raise _no_number(path, name, cells, block.lines, missing, asked)
                    if found is None:
                        gathered.late.add(name)
                    else:
                        numbers[:, column] = found
                column += 1
            if not gathered.late:
                gathered.numbers.append(numbers)
        return gathered


def _numbers(cells: Sequence[Any], missing: Collection[str]) -> Array | None:
    """Return cells as numbers, nan where one is missing, or None where one is neither, or would be another number."""
    texts = cells if set(map(type, cells)) == {str} else [cell for cell in cells if isinstance(cell, str)]
    if texts is not cells and any(isinstance(cell, bool) or _changes(cell) for cell in cells):
        return None
    try:
        values = np.fromiter(map(float, cells), np.float64, len(cells))
    except (TypeError, ValueError, OverflowError):
        try:
            values = np.array([np.nan if _is_missing(cell, missing) else float(cell) for cell in cells])
        except (TypeError, ValueError, OverflowError):
            return None
    joined = "\n".join(texts)
    whole = (values == np.floor(values)).any()
    if "_" in joined or (whole and ODD.search(joined) and any(_changes(text) for text in texts)):
        return None
    marks = [float(text) for text in missing if is_number(text)]
    values[np.isin(values, marks)] = np.nan
    return values


def _changes(cell: Any) -> bool:
    """Tell whether a whole number is another one, or no longer written so, as a float: 007, 2**53 + 1."""
    if isinstance(cell, str):
        if not ODD.fullmatch(cell):
            return False
        return CODE.fullmatch(cell.strip()) is not None or int(cell) != int(float(cell))
    return isinstance(cell, int) and abs(cell) > LARGEST and int(float(cell)) != cell


def _coded(cells: Sequence[Any], values: dict[str, int], missing: Collection[str]) -> Array:
    """Return the index of each text, of which new ones are added to the values, and -1 for what is missing."""
    return np.array(
        [-1 if _is_missing(cell, missing) else values.setdefault(_text(cell), len(values)) for cell in cells], np.int32
    )


def _is_missing(cell: Any, missing: Collection[str]) -> bool:
    return cell is None or cell != cell or _text(cell).strip().lower() in missing


def _text(cell: Any) -> str:
    """Return a cell as text: true and 3, as JSON writes them."""
    return cell if isinstance(cell, str) else str(cell).lower() if isinstance(cell, bool) else str(cell)


def _no_number(
    path: Path, name: str, cells: Sequence[Any], lines: Sequence[int], missing: Collection[str], asked: Asked
) -> DataError | MismatchError:
    for line, cell in zip(lines, cells, strict=True):
        if not _is_missing(cell, missing) and _numbers([cell], missing) is None:
            said = f'{path}:{line}: column {printable(name)} is "{printable(str(cell))}"; expected a number'
            return MismatchError(f"{said}, as in training") if asked.only is not None else DataError(said)
    raise AssertionError("a block of numbers without one that is none")


def _gaps(rows: Columns, name: str) -> Array:
    return rows.texts[name].codes < 0 if name in rows.texts else np.isnan(rows.number(name))


def _ranks(rows: Columns, name: str, key: str, path: Path) -> Array:
    """Return a number (m,) for each row that is larger where the column's value comes later, texts by their signs."""
    gaps = _gaps(rows, name)
    if gaps.any():
        raise DataError(f"{path}: column {printable(name)}, {key}, is missing in {int(gaps.sum()):,} rows; fill it in")
    if name not in rows.texts:
        return rows.number(name)
    values = np.array(rows.texts[name].values)
    places = np.empty(len(values), np.int64)
    places[np.argsort(values)] = np.arange(len(values))
    return places[rows.texts[name].codes]


def _targets(rows: Columns, names: Sequence[str], path: Path) -> Array:
    """Return the targets (m,) or (m, k): texts of one column, or numbers."""
    if len(names) == 1 and names[0] in rows.texts:
        column = rows.texts[names[0]]
        return np.array(column.values)[column.codes]
    texts = next((name for name in names if name in rows.texts), None)
    if texts is not None:
        raise DataError(
            f"{path}: the target {printable(texts)} holds texts; several targets are numbers, or 0 and 1 for labels"
        )
    y = np.column_stack([rows.number(name) for name in names])
    return y[:, 0] if len(names) == 1 else y


def read_blocks(path: Path | None, preparation: TabularPreparation, keep: Sequence[str]) -> Iterator[Block]:
    """Read rows in blocks, to predict them."""
    assert path is not None
    table = read_rows(path, preparation)
    yield Block([str(path)] * len(table.X), table, np.arange(len(table.X)))
