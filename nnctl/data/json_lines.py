"""JSON lines have one object a line; its keys are the columns, and a key that a row has not is missing there."""

import json
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import IO, Any

import numpy as np

from nnctl.data.pieces import Lines
from nnctl.data.records import ROWS, Bad, Listed, Opened, Records, Source
from nnctl.data.words import printable
from nnctl.errors import DataError

Row = tuple[int, dict[str, Any] | str]  # its line, and its cells by name or why it has none


class _NoCells(Exception):
    """A line is JSON, and no row of a table."""


def json_lines(file: IO[bytes], source: Source) -> Opened:
    """Return the table of open JSON lines: its columns are the keys of the first rows, until those needed are found."""
    lines = Lines(file, source)
    rows = ((lines.taken, _row(line)) for line in lines if line.strip())
    first, names = list[Row](), dict[str, None]()
    for line, row in islice(rows, ROWS):
        first.append((line, row))
        names |= dict.fromkeys(row if isinstance(row, dict) else ())
        if source.needed is not None and not source.others and names and names.keys() >= set(source.needed):
            break
    if not first:
        raise DataError(f"{source}: is empty; expected a JSON object in each line")
    if not names:
        line, said = first[0]
        raise DataError(f"{source}:{line}: {said if isinstance(said, str) else 'is an object without keys'}")
    strict = len(first) if source.needed is None or source.others else None
    plain = set(names) - set(source.left_out) if strict else set(source.needed or ())
    blocks = _blocks(first, rows, lines, list(names), strict, plain)
    return Opened(source, list(names), blocks, expected=lines.expected)


def _blocks(
    block: list[Row], rows: Iterator[Row], lines: Lines, names: list[str], strict: int | None, plain: set[str]
) -> Iterator[Records]:
    """Yield the first rows, and then what is there of further ones; `strict` is how many have told all names, and
    `plain` are the names whose cells are looked at.
    """
    while block:
        yield _listed(block, names, strict, plain)
        block = []
        for row in rows:
            block.append(row)
            if not lines.left or len(block) == ROWS:
                break


def _listed(block: list[Row], names: list[str], strict: int | None, plain: set[str]) -> Listed:
    known, bad, cells = set(names), list[Bad](), list[dict[str, Any]]()
    for place, (_, row) in enumerate(block):
        if isinstance(row, str):
            bad.append(Bad(place, row))
        elif strict is not None and (new := next((key for key in row if key not in known), None)) is not None:
            said = f'has the key "{printable(new)}", which none of the first {strict:,} rows has'
            bad.append(Bad(place, f"{said}.\nWrite it into the first row too (as null), or leave it out."))
        elif several := [name for name, value in row.items() if name in plain and isinstance(value, list | dict)]:
            said = f'"{printable(several[0])}" holds several values; expected a number, text or null'
            bad.append(Bad(place, said))
        else:
            cells.append(row)
    numbers = np.array([line for line, _ in block], np.int64)
    return Listed(numbers, bad, [[row.get(name) for row in cells] for name in names])


def _row(line: str) -> dict[str, Any] | str:
    """Return the object of a line, or what is wrong with it."""
    try:
        row = DECODER.decode(line)
    except (ValueError, RecursionError) as error:
        return f'is no JSON: {error}.\nExpected one object a line, such as {{"age": 3}}.'
    except _NoCells as reason:
        return str(reason)
    if not isinstance(row, dict):
        return 'is no object; expected one in each line, such as {"age": 3, "name": "Ann"}'
    return row


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(row := dict(pairs)) < len(pairs):
        name = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise _NoCells(f'has the key "{printable(name)}" twice; keep one')
    return row


DECODER = json.JSONDecoder(object_pairs_hook=_once)  # which json.loads would make anew for each line
