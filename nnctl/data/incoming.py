"""Incoming rows are those that a network is to predict: read block by block, however many there are.

A row that cannot be predicted fails by itself, and the reading goes on behind it. What makes a file unreadable, or does
not fit the network, is an error.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nnctl.data import readers
from nnctl.data.cells import MISSING, as_numbers, as_text, codes, is_missing, numbers_of
from nnctl.data.columns import Columns, Texts, joined
from nnctl.data.records import Opened, Records, Source
from nnctl.data.table import Table
from nnctl.data.tabular import TabularPreparation
from nnctl.data.words import printable
from nnctl.errors import DataError, MismatchError
from nnctl.nn import Array
from nnctl.registry import suggestion

ALL = "all"  # in place of names: every column is kept
Reason = tuple[str, type[DataError | MismatchError]]  # why a row fails, and what it is where that is an error


@dataclass(frozen=True)
class Failed:
    """A row that cannot be predicted: its place among all rows, from 0, its line if it has one, and the error."""

    row: int
    line: int | None
    reason: str
    kind: type[DataError | MismatchError] = DataError


@dataclass(frozen=True)
class Block:
    """Rows side by side: the table of those that can be predicted, and what is to be said of the others."""

    table: Table  # with targets, where the file has them: texts, or numbers with nan for one that is missing
    rows: Array  # (k,) the places of the table's rows among all rows of the file, from 0
    count: int  # of rows in the block
    failed: Sequence[Failed]
    kept: Mapping[str, Sequence[Any]]  # for each column that is kept its cell in all rows, "" where none is known


def read_blocks(
    path: Path | None, preparation: TabularPreparation, keep: Sequence[str] | None, targets: Sequence[str] = ()
) -> Iterator[Block]:
    """Yield the rows of a file, or of the standard input; raise a MismatchError where a column is missing."""
    whole, kept = list(keep or ()) == [ALL], list(keep or ())
    needed = [*(column.name for column in preparation.columns), *(() if whole else kept)]
    begin = 0
    with readers.opened(Source(path, preparation.encoding, preparation.separator, needed=needed)) as file:
        absent = next((name for name in needed if name not in file.names), None)
        if absent is not None:
            raise MismatchError(
                f"{file.source}: there is no column {printable(absent)}{suggestion(absent, file.names)}"
            )
        known = targets if targets and set(targets) <= set(file.names) else ()
        for block in file.blocks:
            if len(block.numbers):
                yield _block(file, block, begin, preparation, file.names if whole else kept, known)
            begin += len(block.numbers)


def read_rows(path: Path, preparation: TabularPreparation) -> Table:
    """Return all rows of a file for a network; raise for the first that fails."""
    tables = []
    for block in read_blocks(path, preparation, None):
        for failed in block.failed:
            place = f"{path}: row {failed.row} (counted from 0)" if failed.line is None else f"{path}:{failed.line}"
            raise failed.kind(f"{place}: {failed.reason}")
        tables.append(block.table)
    if not sum(len(table.X) for table in tables):
        raise DataError(f"{path}: has a header and no rows below it")
    numbers = np.concatenate([table.numbers for table in tables])
    X = joined([table.X for table in tables])
    return Table(X, None, origin=str(path), files=(path,), numbers=numbers, named_lines=tables[0].named_lines)


def _block(
    file: Opened,
    block: Records,
    begin: int,
    preparation: TabularPreparation,
    keep: Sequence[str],
    targets: Sequence[str],
) -> Block:
    missing = MISSING | {text.strip().lower() for text in preparation.missing}
    place = {name: file.names.index(name) for name in file.names}
    of_numbers = [column.name for column in preparation.columns if not column.as_text]
    numbers, reasons = _numbers(block, {name: place[name] for name in of_numbers}, missing)
    good = block.good
    failed = {row.place: (row.reason, DataError) for row in block.bad} | {
        int(good[at]): own for at, own in reasons.items()
    }
    left = np.delete(np.arange(len(good)), list(reasons))
    texts = {}
    for name in (column.name for column in preparation.columns if column.as_text):
        values = dict[str, int]()
        texts[name] = Texts(codes(block.cells(place[name]), values, missing), tuple(values))
    X = Columns(tuple(column.name for column in preparation.columns), numbers, texts)
    y = _targets([block.cells(place[name]) for name in targets], missing) if targets else None
    table = Table(
        X,
        y,
        origin=str(file.source),
        files=() if file.source.path is None else (file.source.path,),
        numbers=block.numbers[good],
        named_lines=file.named_lines,
        targets=tuple(targets),
    ).rows(left)
    lines = block.numbers if file.named_lines else None
    return Block(
        table,
        begin + good[left],
        len(block.numbers),
        [Failed(begin + at, None if lines is None else int(lines[at]), *failed[at]) for at in sorted(failed)],
        {name: _kept(block, place[name]) for name in keep},
    )


def _numbers(block: Records, columns: Mapping[str, int], missing: Collection[str]) -> tuple[Array, dict[int, Reason]]:
    """Return columns as numbers (m, n), and why some of the records have none, by their places."""
    numbers, strange = numbers_of(block, list(columns.values()), missing)
    reasons = dict[int, Reason]()
    for index, (name, column) in enumerate(columns.items()):
        rows = strange.get(index, [])
        for at, cell in zip(rows, block.cells(column, np.array(rows, np.int64)), strict=True):
            one = as_numbers([cell], missing)
            numbers[at, index] = np.nan if one is None else one[0]
            if one is None:
                said = f'column {printable(name)} is "{printable(str(cell))}"; expected a number, as in training'
                reasons.setdefault(at, (said, MismatchError))
        for at in np.flatnonzero(np.isinf(numbers[:, index])).tolist():
            said = f"column {printable(name)} is {numbers[at, index]}; expected finite numbers"
            reasons.setdefault(at, (f"{said}.\nCorrect it, or list it in data.missing", DataError))
    return numbers, reasons


def _targets(columns: Sequence[Sequence[Any]], missing: Collection[str]) -> Array:
    """Return targets (m,) or (m, k): numbers, or where one is none texts, numbers among them written as labels are.

    So each cell means the same whatever stands in the block beside it.
    """
    found = [own for own in (as_numbers(cells, missing) for cells in columns) if own is not None]
    if len(found) < len(columns):
        found = [np.array([_label(cell, missing) for cell in cells], str) for cells in columns]
    return found[0] if len(found) == 1 else np.column_stack(found)


def _label(cell: Any, missing: Collection[str]) -> str:
    if is_missing(cell, missing):
        return ""
    one = as_numbers([cell], missing)
    return as_text(cell) if one is None or one[0] != np.floor(one[0]) else f"{one[0]:.0f}"


def _kept(block: Records, column: int) -> Sequence[Any]:
    """Return the cells of a column in all rows, those that failed too."""
    bad = {row.place: row.cells[column : column + 1] for row in block.bad}
    cells = iter(block.cells(column))
    return [next(iter(bad[at]), "") if at in bad else next(cells) for at in range(len(block.numbers))]
