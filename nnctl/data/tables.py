"""Tables: a file of named columns becomes features and targets, with what is missing marked and nothing guessed.

A column is numbers as long as every cell of it is one; where a later cell is none, the file is read again with that
column as texts, for 007 and 1.50 are not what their numbers are.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import numpy as np

from nnctl.data import readers
from nnctl.data.cells import as_numbers, codes, missing_of, numbers_of
from nnctl.data.columns import Columns, Texts
from nnctl.data.kinds import truths
from nnctl.data.records import ROWS, Opened, Records, Source
from nnctl.data.table import Table
from nnctl.data.words import printable
from nnctl.errors import DataError, MismatchError
from nnctl.nn import Array
from nnctl.registry import FEW, listed, suggestion

TARGETS = ("target", "label", "class", "y")  # names of a target that nobody named


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
    encoding_key: str = Source.encoding_key


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
    gathered = _read(path, asked)
    rows, lines, notes, named_lines = gathered.result()
    _check_finite(rows, lines, gathered.file)
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
            why = "; data.ignore leaves it out" if name in asked.ignore else suggestion(name, rows.names)
            raise DataError(f"{path}: there is no column {printable(name)}, {key}{why}")
    gaps = np.any([_gaps(rows, name) for name in target], axis=0)
    if gaps.any():
        where = [f"{lines[row]:,}" for row in np.flatnonzero(gaps)]
        if not drop:
            places = f"line {listed(where, FEW)}" if named_lines else f"row {listed(where, FEW)} (counted from 0)"
            raise DataError(
                f"{path}: the target {', '.join(target)} is missing in {len(where):,} of {len(rows):,} rows:"
                f" {places}.\nFill it in, or say data.drop_missing_targets: true"
            )
        if gaps.all():
            raise DataError(f"{path}: the target {', '.join(target)} is missing in every row")
        notes.append(f"{path}: {len(where):,} rows without a target are left out")
        rows, lines = rows[~gaps], lines[~gaps]
    y = _targets(rows, target, path)
    groups, ranks = (None if name is None else _ranks(rows, name, key, path) for key, name in beside.items())
    return Table(
        _left(rows, {*target, group, order}),
        y,
        origin=str(path),
        files=(path,),
        numbers=lines,
        notes=tuple(notes),
        named_lines=named_lines,
        targets=tuple(target),
        groups=groups,
        order=ranks,
    )


def read_columns(source: Source) -> tuple[Columns, Mapping[str, str]]:
    """Return all columns of a file, to be looked at, and what those are that cannot be read."""
    path, encoding, key = source.path, source.encoding, source.encoding_key
    assert path is not None
    with readers.opened(source) as file:
        strange = file.strange
    return _read(path, Asked(ignore=strange, encoding=encoding, encoding_key=key)).result()[0], strange


def _read(path: Path, asked: Asked) -> "_Gathered":
    """Read all rows, again with more columns as texts until that fits."""
    texts = set(asked.texts)
    while True:
        gathered = _gather(path, asked, texts)
        if gathered.late <= texts:
            break
        texts |= gathered.late
    return gathered


@dataclass
class _Gathered:
    """What has been read of a file."""

    file: Opened
    names: list[str]
    texts: dict[str, dict[str, int]]  # the values of each column of texts, with their indices
    codes: dict[str, list[Array]]
    numbers: Array  # (m, columns of numbers) and room for more
    lines: list[Array] = field(default_factory=list)
    late: set[str] = field(default_factory=set)  # columns that were taken for numbers, and are not

    def add(self, numbers: Array, m: int) -> None:
        """Add numbers behind the first m rows; there is never a second copy of them."""
        end = m + len(numbers)
        if end > len(self.numbers):
            self.numbers.resize((max(end, len(self.numbers) * 5 // 4), numbers.shape[1]), refcheck=False)
        self.numbers[m:end] = numbers

    def result(self) -> tuple[Columns, Array, list[str], bool]:
        """Return the columns, the number of each row, notes, and whether the numbers are those of lines."""
        path, notes = self.file.source.path, list(self.file.notes)
        lines = np.concatenate([np.zeros(0, np.int64), *self.lines])
        if not len(lines):
            raise DataError(f"{path}: has a header and no rows below it")
        self.numbers.resize((len(lines), self.numbers.shape[1]), refcheck=False)
        texts = {name: Texts(np.concatenate(self.codes[name]), tuple(values)) for name, values in self.texts.items()}
        columns = Columns(tuple(self.names), self.numbers, texts)
        if "" in columns.names:
            first = columns.number("") if "" in columns.number_names else np.empty(0)
            if len(first) and first[0] in (0, 1) and np.array_equal(first - first[0], np.arange(len(first))):
                notes.append(f"{path}: its first column has no name and counts the rows; it is left out")
                columns = columns.without(("",))
            else:
                raise DataError(f"{path}:1: the first column has no name; give it one")
        return columns, lines, notes, self.file.named_lines


def _check_finite(rows: Columns, lines: Array, file: Opened) -> None:
    """Raise a DataError for a number that is none to count with."""
    infinite = np.argwhere(np.isinf(rows.numbers))
    if len(infinite):
        row, column = infinite[0].tolist()
        more = f"; there are {len(infinite) - 1:,} more" if len(infinite) > 1 else ""
        name = printable(rows.number_names[column])
        raise DataError(
            f"{file.place(lines[row])}: column {name} is {rows.numbers[row, column]}{more}; expected finite numbers.\n"
            "Correct it, or list it in data.missing"
        )


def _gather(path: Path, asked: Asked, as_texts: set[str]) -> _Gathered:
    missing = missing_of(asked.missing)
    key = asked.encoding_key
    with readers.opened(Source(path, asked.encoding, asked.separator, asked.ignore, encoding_key=key)) as file:
        unknown = next((name for name in [*asked.ignore, *asked.texts, *asked.numbers] if name not in file.names), None)
        if unknown is not None:
            kind = MismatchError if asked.only is not None else DataError
            raise kind(f"{path}: there is no column {printable(unknown)}{suggestion(unknown, file.names)}")
        wanted = [name for name in file.names if name not in asked.ignore]
        if asked.only is not None:
            wanted = [name for name in wanted if name in asked.only]
        texts = [name for name in wanted if name in as_texts]
        room, m = np.empty((0, len(wanted) - len(texts))), 0
        gathered = _Gathered(file, wanted, {name: {} for name in texts}, {name: [] for name in texts}, room)
        for block in _ahead(file.blocks):
            for row in block.bad:
                raise DataError(f"{file.place(block.numbers[row.place])}: {row.reason}")
            for name, values in gathered.texts.items():
                gathered.codes[name].append(codes(block.cells(file.names.index(name)), values, missing))
            names = [name for name in wanted if name not in as_texts and name not in gathered.late]
            numbers, strange = numbers_of(block, [file.names.index(name) for name in names], missing)
            for index in strange:
                if names[index] in asked.numbers:
                    raise _no_number(file, names[index], block, missing, asked)
                gathered.late.add(names[index])
            gathered.lines.append(block.numbers)
            if not gathered.late:
                gathered.add(numbers, m)
            m += len(numbers)
        return gathered


def _ahead(blocks: Iterator[Records]) -> Iterator[Records]:
    """Yield blocks, each of which is read in a thread while the one before is worked on: NumPy leaves room for both."""
    first = list(islice(blocks, 2))
    yield from first
    if len(first) < 2:
        return
    from concurrent.futures import ThreadPoolExecutor  # which a small table does not wait for

    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(next, blocks, None)
        while (block := following.result()) is not None:
            following = pool.submit(next, blocks, None)
            yield block


def _no_number(
    file: Opened, name: str, block: Records, missing: Collection[str], asked: Asked
) -> DataError | MismatchError:
    for number, cell in zip(block.numbers, block.cells(file.names.index(name)), strict=True):
        if as_numbers([cell], missing) is None:
            said = f'{file.place(number)}: column {printable(name)} is "{printable(str(cell))}"; expected a number'
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
        return rows.number(name).copy()
    values = np.array(rows.texts[name].values)
    places = np.empty(len(values), np.int64)
    places[np.argsort(values)] = np.arange(len(values))
    return places[rows.texts[name].codes]


def _left(rows: Columns, gone: Collection[str | None]) -> Columns:
    """Return the columns but for some of them; numbers are moved up in their own memory, for there may be much."""
    kept = [index for index, name in enumerate(rows.number_names) if name not in gone]
    numbers, m, k = rows.numbers, len(rows), len(kept)
    if k < numbers.shape[1]:
        for start in range(0, m, ROWS):
            block = numbers[start : start + ROWS, kept]
            numbers.reshape(-1)[start * k : start * k + block.size] = block.ravel()
        numbers.resize((m, k), refcheck=False)
    texts = {name: column for name, column in rows.texts.items() if name not in gone}
    return Columns(tuple(name for name in rows.names if name not in gone), numbers, texts)


def _targets(rows: Columns, names: Sequence[str], path: Path) -> Array:
    """Return the targets (m,) or (m, k): texts of one column, or numbers, 1 and 0 for yes and no."""
    if len(names) == 1 and names[0] in rows.texts:
        column = rows.texts[names[0]]
        return np.array(column.values)[column.codes]
    y = np.column_stack([truths(rows.texts[name]) if name in rows.texts else rows.number(name) for name in names])
    strange = np.argwhere(np.isnan(y))
    if len(strange):
        name = names[strange[0, 1]]
        column = rows.texts[name]
        raise DataError(
            f"{path}: the target {printable(name)} holds texts such as"
            f' "{printable(column.values[column.codes[strange[0, 0]]])}"; several targets are numbers, or yes and no, 1'
            " and 0, for labels"
        )
    return y[:, 0] if len(names) == 1 else y
