"""A delimited table has a header and rows whose cells are parted by one sign; quotes as in RFC 4180.

Python's csv reads it, strictly. Blocks of a text without quotes are read as a grid, which gives the same cells.
"""

import csv
from collections import Counter
from collections.abc import Collection, Iterator
from functools import partial
from io import StringIO
from typing import IO, Any

import numpy as np

from nnctl.data.grid import SEPARATORS, grid
from nnctl.data.pieces import Lines
from nnctl.data.records import Bad, Listed, Opened, Records, Source, is_number
from nnctl.data.spans import spans
from nnctl.data.words import printable
from nnctl.errors import DataError

SNIFFED = 1 << 16  # characters from which the separator is told
HEADER = "expected a line with the names of the columns, and rows below it"


def delimited(file: IO[bytes], source: Source) -> Opened:
    """Return the table of an open text whose cells are parted by a separator."""
    lines = Lines(file, source)
    for first in lines.pieces:
        lines.begin(first)
        if first.strip():
            break
        lines.skip()
    else:
        raise DataError(f"{source}: is empty; {HEADER}")
    mark = source.separator or _separator(first, source.needed)
    begin, header = next(((line, row) for line, row in _rows(lines, source, mark) if row and row != [""]), (0, []))
    if isinstance(header, str):
        raise DataError(f"{source}:{begin}: {header}")
    names = [name.strip() for name in header]
    if not any(names):
        raise DataError(f"{source}: has no names of columns; {HEADER}")
    _check_header(names, f"{source}:{begin}", None if source.others else source.needed)
    apart = partial(spans, lines, file, source, mark, len(names))
    return Opened(source, names, _blocks(lines, source, mark, names), expected=lines.expected, apart=apart)


def _blocks(lines: Lines, source: Source, mark: str, names: list[str]) -> Iterator[Records]:
    """Yield the rows below the header, a block for each piece of the text."""
    piece = lines.rest()
    while piece or (piece := next(lines.pieces, "")):
        plain = grid(piece, mark, len(names), lines.taken + 1)
        if plain is not None:
            lines.taken += len(plain.numbers)
            yield plain
        else:
            lines.begin(piece)
            yield _listed(lines, source, mark, len(names))
        piece = ""


def _listed(lines: Lines, source: Source, mark: str, n: int) -> Listed:
    """Return the rows of n cells of the piece at hand, with the lines of further ones where a quote is open there."""
    numbers, rows, bad = list[int](), list[list[str]](), list[Bad]()
    for line, row in _rows(lines, source, mark):
        if isinstance(row, str):
            bad.append(Bad(len(numbers), row))
        elif not row or (n > 1 and row == [""]):  # a blank line; of one column it may be an empty cell in quotes
            continue
        elif len(row) == n:
            rows.append(row)
        else:
            sign, shown = SEPARATORS.get(mark, repr(mark)), printable(mark.join(row))[:60]
            said = (
                f"has {len(row)} cells, and the header has {n} columns: {shown}\n"
                f"Cells are parted by {sign}; quote a cell that holds one, or correct the row."
            )
            bad.append(Bad(len(numbers), said, row))
        numbers.append(line)
    columns = list(zip(*rows, strict=True)) or [()] * n
    return Listed(np.array(numbers, np.int64), bad, columns)


def _rows(lines: Lines, source: Source, mark: str) -> Iterator[tuple[int, Any]]:
    """Yield the rows of the piece at hand, each with the line where it begins; of one that is none, what is wrong."""
    rows = csv.reader(lines, delimiter=mark, strict=True, skipinitialspace=True)
    while lines.left:
        begin = lines.taken + 1
        try:
            yield begin, next(rows)
        except csv.Error as error:
            said = str(error)
            if "expected after" in said:
                yield begin, 'there is text behind a closing quote (").\nWrite a quote inside a quoted cell twice: "".'
            elif "unexpected end" in said or "field larger" in said:
                raise DataError(
                    f'{source}:{begin}: a quote (") that opens in the row of this line is not closed by line'
                    f' {lines.taken}.\nClose it, or write "".'
                ) from None
            else:
                raise DataError(f"{source}:{begin}: cannot be read: {said}") from None


def _separator(text: str, needed: Collection[str] | None) -> str:
    """Return the sign that parts the most of the first lines into as many cells as the header has.

    Where some columns are needed, it is the one by which the most of them stand in the header.
    """
    head = StringIO(text[:SNIFFED], newline="").readlines()
    if len(text) > SNIFFED:
        head = head[:-1] or head
    best = (0, 0.0, 0, ",")
    for mark in SEPARATORS:
        try:
            rows = [row for row in csv.reader(head, delimiter=mark, skipinitialspace=True) if row]
        except csv.Error:
            continue
        n = len(rows[0]) if rows else 0
        if n > 1:
            share = 0.0 if needed is not None else sum(len(row) == n for row in rows) / len(rows)
            known = len({name.strip() for name in rows[0]} & set(needed or ()))
            best = max(best, (known, share, n, mark))
    return best[3]


def _check_header(names: list[str], where: str, needed: Collection[str] | None) -> None:
    """Raise a DataError for a header that names no columns, or those that are needed (None: any) not clearly."""
    if all(is_number(name) for name in names):
        raise DataError(
            f"{where}: there is no header: the first row holds numbers ({printable(', '.join(names))[:60]}).\n"
            "Put a line with the names of the columns above it."
        )
    counts = Counter(name for name in names if name and (needed is None or name in needed))
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        at = [number for number, name in enumerate(names, start=1) if name == twice[0]]
        raise DataError(
            f'{where}: the name "{printable(twice[0])}" stands above columns {" and ".join(map(str, at))}; give each'
            " column a name of its own"
        )
    empty = [number for number, name in enumerate(names, start=1) if not name]
    if empty and empty != [1] and needed is None:
        raise DataError(f"{where}: column {empty[-1]} has no name; give it one")
