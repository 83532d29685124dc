"""Records are the rows of a text file of a table, CSV or JSON lines, read strictly and block by block.

Each has the number of its line as an editor counts them. What is no record is an error that names the line; nothing is
left out, filled up or turned into something else.
"""

import codecs
import csv
import gzip
import io
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from nnctl.data.arrays import Unusable
from nnctl.data.words import AGAIN, printable
from nnctl.errors import DataError

ROWS = 8192  # in a block
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
SNIFFED = 1 << 16  # characters from which the separator is told
CELL = str | float | int | bool | None


@dataclass(frozen=True)
class Records:
    """Rows side by side: the line of each, and for each column its cells."""

    lines: list[int]
    cells: list[Sequence[Any]]


@dataclass(frozen=True)
class Opened:
    """An open text file of a table: the names of its columns, and its blocks of rows."""

    names: list[str]
    blocks: Iterator[Records]


Reader = Callable[[Iterator[str], str, str | None], Opened]
readers: dict[str, Reader] = {}  # by the ending of the file


def reader(*endings: str) -> Callable[[Reader], Reader]:
    """Register what reads the lines of a file with one of these endings."""

    def register(read: Reader) -> Reader:
        readers.update(dict.fromkeys(endings, read))
        return read

    return register


def ending_of(path: Path) -> str | None:
    """Return the ending by which a file is a table in text, without .gz, or None."""
    inner = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    return inner.suffix.lower() if inner.suffix.lower() in readers else None


@contextmanager
def opened(path: Path, encoding: str = "utf-8", separator: str | None = None) -> Iterator[Opened]:
    """Open a file by the reader of its ending; whatever is wrong with it is a DataError with the line."""
    ending = ending_of(path)
    assert ending is not None
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
        with gzip.open(path) if packed else path.open("rb") as binary:
            yield readers[ending](_lines(binary, str(path), encoding), str(path), separator)
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file") from None
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise DataError(f"{path}: is compressed by gzip and cut off, or damaged.\n{AGAIN}") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from None
    except Unusable as reason:
        raise DataError(f"{path}: {reason}") from None


def _lines(binary: Any, origin: str, encoding: str) -> Iterator[str]:
    """Yield the lines of a file as text, with their ends."""
    encoding = "utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding
    number = 0
    try:
        text = io.TextIOWrapper(binary, encoding, newline="")
        for number, line in enumerate(text, start=1):
            if "\0" in line:
                raise DataError(
                    f"{origin}:{number}: there is a zero sign (NUL) in this line; text has none.\n"
                    + _encoding_hint(origin)
                )
            yield line
    except UnicodeError:
        name = encoding.removesuffix("-sig").upper()
        raise DataError(
            f"{origin}: is not {name}, in line {number + 1} or soon behind it.\n{_encoding_hint(origin)}"
        ) from None
    except LookupError:
        raise DataError(f"{origin}: data.encoding {encoding!r} is none; utf-8, latin-1 and gbk are") from None
    else:
        text.detach()  # whoever opened the file closes it


def _encoding_hint(origin: str) -> str:
    """Return which encoding the bytes of a file look like."""
    with Path(origin).open("rb") as file:
        raw = file.read(1 << 20)
    if raw.startswith(b"\x1f\x8b"):
        return "Say its encoding in data.encoding."
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or raw[1::2][:64].count(0) > 16:
        return 'It looks like UTF-16, as Excel\'s "Unicode text": data.encoding: utf-16'
    if b"\0" in raw:
        return "It holds bytes that are no text; is it another kind of file, or damaged?"
    try:
        text = raw.decode("gbk")
        chinese = sum("\u4e00" <= sign <= "\u9fff" for sign in text)
        foreign = sum(not sign.isascii() for sign in text)
        if foreign and chinese > 0.8 * foreign:
            return "It looks like GBK (Chinese): data.encoding: gbk"
    except UnicodeDecodeError:
        pass
    return "It looks like Latin-1 (Western European, Excel's CSV): data.encoding: latin-1, or cp1252 on Windows"


@reader(".csv", ".tsv", ".txt", ".tab", ".data")
def delimited(lines: Iterator[str], origin: str, separator: str | None) -> Opened:
    """Read a table with a header whose cells are parted by one sign; quotes as in RFC 4180."""
    head: list[str] = []
    for line in lines:
        head.append(line)
        if sum(map(len, head)) > SNIFFED:
            break
    if not any(line.strip() for line in head):
        raise DataError(f"{origin}: is empty; expected a line with the names of the columns, and rows below it")
    mark = separator or _separator(head, origin)
    rest = _Counted(iter([*head]), lines)
    rows = csv.reader(rest, delimiter=mark, strict=True, skipinitialspace=True)
    names = next(_rows(rows, origin, mark), None)
    assert names is not None
    _check_header(names[1], origin, names[0])
    return Opened([name.strip() for name in names[1]], _blocks(rows, origin, mark, [name.strip() for name in names[1]]))


class _Counted:
    """Lines of one iterator and then of another."""

    def __init__(self, first: Iterator[str], then: Iterator[str]) -> None:
        self._parts = [first, then]

    def __iter__(self) -> Iterator[str]:
        for part in self._parts:
            yield from part


def _rows(rows: Any, origin: str, mark: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that is not blank, with the line where it begins."""
    while True:
        begin = rows.line_num + 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            raise DataError(f"{origin}:{begin}: {_csv_error(str(error), begin, rows.line_num)}") from None
        if row and (len(row) > 1 or row[0].strip()):
            yield begin, row


def _csv_error(said: str, begin: int, end: int) -> str:
    if "unexpected end" in said or "field larger" in said:
        return f'a quote (") that opens in the row of this line is not closed by line {end}.\nClose it, or write "".'
    if "expected after" in said:
        return 'there is text behind a closing quote (").\nWrite a quote inside a quoted cell twice: "".'
    return f"cannot be read: {said}"


def _blocks(rows: Any, origin: str, mark: str, names: list[str]) -> Iterator[Records]:
    """Yield blocks of rows, each as long as the header."""
    found, n = _rows(rows, origin, mark), len(names)
    while block := list(islice(found, ROWS)):
        lines, cells = [line for line, _ in block], [row for _, row in block]
        if any(len(row) != n for row in cells):
            line, row = next((line, row) for line, row in block if len(row) != n)
            sign = SEPARATORS.get(mark, repr(mark))
            shown = printable(mark.join(row))[:60]
            raise DataError(
                f"{origin}:{line}: has {len(row)} cells, and the header has {n} columns: {shown}\n"
                f"Cells are parted by {sign}; quote a cell that holds one, or correct the row."
            )
        yield Records(lines, list(zip(*cells, strict=True)))


def _separator(head: list[str], origin: str) -> str:
    """Return the sign that parts the most of the first lines into as many cells as the header has."""
    complete = head if len(head) < 3 else head[:-1]
    best = (0.0, 0, ",")
    for mark in SEPARATORS:
        try:
            rows = [row for row in csv.reader(complete, delimiter=mark, skipinitialspace=True) if row]
        except csv.Error:
            continue
        n = len(rows[0])
        if n > 1:
            share = sum(len(row) == n for row in rows) / len(rows)
            best = max(best, (share, n, mark))
    return best[2]


def _check_header(names: list[str], origin: str, line: int) -> None:
    where = f"{origin}:{line}"
    if all(_is_number(name) for name in names):
        raise DataError(
            f"{where}: there is no header: the first row holds numbers ({printable(', '.join(names))[:60]}).\n"
            "Put a line with the names of the columns above it."
        )
    names = [name.strip() for name in names]
    twice = [name for name, count in Counter(names).items() if count > 1 and name]
    if twice:
        at = [number for number, name in enumerate(names, start=1) if name == twice[0]]
        raise DataError(
            f'{where}: the name "{printable(twice[0])}" stands above columns {" and ".join(map(str, at))}; give each'
            " column a name of its own"
        )
    empty = [number for number, name in enumerate(names, start=1) if not name]
    if empty and empty != [1]:
        raise DataError(f"{where}: column {empty[-1]} has no name; give it one")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@reader(".jsonl", ".ndjson")
def json_lines(lines: Iterator[str], origin: str, separator: str | None) -> Opened:
    """Read one JSON object a line; its keys are the columns, and a key that a row has not is missing there."""
    numbered = ((number, line) for number, line in enumerate(lines, start=1) if line.strip())
    first = list(islice(numbered, ROWS))
    if not first:
        raise DataError(f"{origin}: is empty; expected a JSON object in each line")
    names: dict[str, None] = {}
    rows = [(number, _object(line, f"{origin}:{number}")) for number, line in first]
    for _, row in rows:
        names |= dict.fromkeys(row)

    def blocks() -> Iterator[Records]:
        block = rows
        while block:
            for number, row in block:
                if new := [key for key in row if key not in names]:
                    raise DataError(
                        f'{origin}:{number}: has the key "{printable(new[0])}", which none of the first'
                        f" {len(rows):,} rows has.\nWrite it into the first row too (as null), or leave it out."
                    )
            yield Records([number for number, _ in block], [[row.get(name) for _, row in block] for name in names])
            block = [(number, _object(line, f"{origin}:{number}")) for number, line in islice(numbered, ROWS)]

    return Opened(list(names), blocks())


def _object(line: str, where: str) -> dict[str, Any]:
    """Return the object of a line; raise a DataError for anything else, and for what is no cell."""
    try:
        row = json.loads(line, object_pairs_hook=lambda pairs: _once(pairs, where))
    except (ValueError, RecursionError) as error:
        raise DataError(f'{where}: is no JSON: {error}.\nExpected one object a line, such as {{"age": 3}}.') from None
    if not isinstance(row, dict):
        raise DataError(f'{where}: is no object; expected one in each line, such as {{"age": 3, "name": "Ann"}}')
    for name, value in row.items():
        if isinstance(value, list | dict):
            raise DataError(f'{where}: "{printable(name)}" holds several values; expected a number, text or null')
    return row


def _once(pairs: list[tuple[str, Any]], where: str) -> dict[str, Any]:
    twice = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
    if twice:
        raise DataError(f'{where}: has the key "{printable(twice[0])}" twice; keep one')
    return dict(pairs)
