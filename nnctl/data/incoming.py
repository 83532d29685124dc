"""Incoming rows are those that a network is to predict: read block by block, however many there are.

A row that cannot be predicted fails by itself, and the reading goes on behind it. What makes a file unreadable, or does
not fit the network, is an error.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nnctl.data import readers
from nnctl.data.blocks import Block, Failed
from nnctl.data.cells import as_numbers, as_text, codes, missing_of, numbers_of
from nnctl.data.columns import Columns, Texts
from nnctl.data.records import Opened, Records, Source
from nnctl.data.table import Table
from nnctl.data.tabular import TabularPreparation
from nnctl.data.words import printable
from nnctl.errors import DataError, MismatchError
from nnctl.nn import Array
from nnctl.registry import suggestion

ALL = "all"  # in place of names: every column is kept


def read_blocks(path: Path | None, preparation: TabularPreparation, keep: Sequence[str] = ()) -> Iterator[Block]:
    """Yield the rows of a file, or of the standard input; raise a MismatchError where a column is missing."""
    whole = list(keep) == [ALL]
    needed = [*(column.name for column in preparation.columns), *(() if whole else keep)]
    begin = 0
    encoding, separator = preparation.encoding, preparation.separator
    source = Source(path, encoding, separator, needed=needed, others=whole, encoding_key="--encoding ")
    with readers.opened(source) as file:
        absent = next((name for name in needed if name not in file.names), None)
        if absent is not None:
            raise MismatchError(
                f"{file.source}: there is no column {printable(absent)}{suggestion(absent, file.names)}"
            )
        for block in file.blocks:
            if len(block.numbers):
                yield _block(file, block, begin, preparation, file.names if whole else keep)
            begin += len(block.numbers)
    if not begin:
        raise DataError(f"{file.source}: has a header and no rows below it")


def read_column(path: Path, preparation: TabularPreparation, name: str) -> dict[int, str]:
    """Return the text of a column of a file in each row, by the row's number; raise a MismatchError without it."""
    source = Source(path, preparation.encoding, preparation.separator, needed=[name], encoding_key="--encoding ")
    with readers.opened(source) as file:
        if name not in file.names:
            raise MismatchError(f"{file.source}: there is no column {printable(name)}{suggestion(name, file.names)}")
        at = file.names.index(name)
        return {
            number: as_text(cell)
            for block in file.blocks
            for number, cell in zip(block.numbers.tolist(), _kept(block, at), strict=True)
        }


def _block(file: Opened, block: Records, begin: int, preparation: TabularPreparation, keep: Sequence[str]) -> Block:
    """Return a block whose first row has the number `begin`, from 0, among those of its file."""
    missing = missing_of(preparation.missing)
    place = {name: file.names.index(name) for name in file.names}
    of_numbers = [column.name for column in preparation.columns if not column.as_text]
    numbers, reasons = _numbers(block, {name: place[name] for name in of_numbers}, missing)
    good = block.good
    failed = {row.place: row.reason for row in block.bad} | {int(good[at]): said for at, said in reasons.items()}
    left = np.delete(np.arange(len(good)), list(reasons))
    texts = {}
    for name in (column.name for column in preparation.columns if column.as_text):
        values = dict[str, int]()
        texts[name] = Texts(codes(block.cells(place[name]), values, missing), tuple(values))
    table = Table(
        Columns(tuple(column.name for column in preparation.columns), numbers, texts),
        None,
        origin=str(file.source),
        files=() if file.source.path is None else (file.source.path,),
        numbers=block.numbers[good],
        named_lines=file.named_lines,
    ).rows(left)

    def where(at: int) -> str:
        if file.named_lines:
            return f"{file.source}:{block.numbers[at]}"
        return f"{file.source}: row {begin + at} (counted from 0)"

    return Block(
        [str(file.source)] * len(block.numbers),
        table,
        good[left],
        [Failed(at, where(at), failed[at]) for at in sorted(failed)],
        {name: _kept(block, place[name]) for name in keep},
    )


def _numbers(block: Records, columns: Mapping[str, int], missing: Collection[str]) -> tuple[Array, dict[int, str]]:
    """Return columns as numbers (m, n), and why some of the records have none, by their places."""
    numbers, strange = numbers_of(block, list(columns.values()), missing)
    reasons = dict[int, str]()
    for index, (name, column) in enumerate(columns.items()):
        rows = strange.get(index, [])
        for at, cell in zip(rows, block.cells(column, np.array(rows, np.int64)), strict=True):
            one = as_numbers([cell], missing)
            numbers[at, index] = np.nan if one is None else one[0]
            if one is None:
                said = f'column {printable(name)} is "{printable(str(cell))}"; expected a number, as in training'
                reasons.setdefault(at, said)
        for at in np.flatnonzero(np.isinf(numbers[:, index])).tolist():
            said = f"column {printable(name)} is {numbers[at, index]}; expected finite numbers"
            reasons.setdefault(at, said)
    return numbers, reasons


def _kept(block: Records, column: int) -> Sequence[Any]:
    """Return the cells of a column in all rows, those that failed too."""
    bad = {row.place: row.cells[column : column + 1] for row in block.bad}
    cells = iter(block.cells(column))
    return [next(iter(bad[at]), "") if at in bad else next(cells) for at in range(len(block.numbers))]
