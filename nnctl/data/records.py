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
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, cast

from nnctl.data.foreign import HDF5
from nnctl.data.words import AGAIN, printable
from nnctl.errors import DataError

ROWS = 8192  # in a block
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
BINARY = (HDF5, b"PK\x03\x04", b"PAR1", b"\x93NUMPY", b"\xd0\xcf\x11\xe0", b"%PDF", b"SQLite format")
SNIFFED = 1 << 16  # characters from which the separator is told
HEADER = "expected a line with the names of the columns, and rows below it"


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
    """Return the ending by which a file is a table in text, without .gz, or None; other kinds its content tells."""
    inner = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    if inner.suffix.lower() not in readers:
        return None
    try:
        with path.open("rb") as file:
            binary = file.read(len(HDF5)).startswith(BINARY)
    except OSError:  # which whoever opens it tells
        binary = False
    return None if binary else inner.suffix.lower()


@contextmanager
def opened(path: Path, encoding: str = "utf-8", separator: str | None = None) -> Iterator[Opened]:
    """Open a file by the reader of its ending; whatever is wrong with it is a DataError with the line."""
    ending = ending_of(path)
    assert ending is not None
    encoding = "utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
        with (
            gzip.open(path) if packed else path.open("rb") as binary,
            io.TextIOWrapper(cast(IO[bytes], binary), encoding, newline="") as text,
        ):
            yield readers[ending](_lines(text, str(path)), str(path), separator)
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file") from None
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise DataError(f"{path}: is compressed by gzip and cut off, or damaged.\n{AGAIN}") from None
    except LookupError:
        raise DataError(f"{path}: data.encoding {encoding!r} is none; utf-8, latin-1 and gbk are") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from None


def _lines(text: io.TextIOWrapper, origin: str) -> Iterator[str]:
    """Yield the lines of a file with their ends."""
    number = 0
    try:
        for number, line in enumerate(text, start=1):
            if "\0" in line:
                raise DataError(
                    f"{origin}:{number}: there is a zero sign (NUL) in this line; text has none.\n"
                    + _encoding_hint(origin)
                )
            yield line
    except UnicodeError:
        name = text.encoding.removesuffix("-sig").upper()
        raise DataError(
            f"{origin}: is not {name}, in line {number + 1} or soon behind it.\n{_encoding_hint(origin)}"
        ) from None


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
    head, size = list[str](), 0
    for line in lines:
        head.append(line)
        size += len(line)
        if size > SNIFFED:
            break
    if not any(line.strip() for line in head):
        raise DataError(f"{origin}: is empty; {HEADER}")
    mark = separator or _separator(head if size <= SNIFFED else head[:-1] or head)
    rows = csv.reader(chain(head, lines), delimiter=mark, strict=True, skipinitialspace=True)
    begin, header = next(_rows(rows, origin), (0, list[str]()))
    names = [name.strip() for name in header]
    if not any(names):
        raise DataError(f"{origin}: has no names of columns; {HEADER}")
    _check_header(names, origin, begin)
    return Opened(names, _blocks(rows, origin, mark, names))


def _rows(rows: Any, origin: str, cells: int = 2) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that is not blank, with the line where it begins; of one cell in all it may be an empty one."""
    while True:
        begin = rows.line_num + 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            raise DataError(f"{origin}:{begin}: {_csv_error(str(error), begin, rows.line_num)}") from None
        if row and (cells == 1 or row != [""]):
            yield begin, row


def _csv_error(said: str, begin: int, end: int) -> str:
    if "unexpected end" in said or "field larger" in said:
        return f'a quote (") that opens in the row of this line is not closed by line {end}.\nClose it, or write "".'
    if "expected after" in said:
        return 'there is text behind a closing quote (").\nWrite a quote inside a quoted cell twice: "".'
    return f"cannot be read: {said}"


def _blocks(rows: Any, origin: str, mark: str, names: list[str]) -> Iterator[Records]:
    """Yield blocks of rows, each as long as the header."""
    found, n = _rows(rows, origin, len(names)), len(names)
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


def _separator(head: list[str]) -> str:
    """Return the sign that parts the most of the first lines into as many cells as the header has."""
    best = (0.0, 0, ",")
    for mark in SEPARATORS:
        try:
            rows = [row for row in csv.reader(head, delimiter=mark, skipinitialspace=True) if row]
        except csv.Error:
            continue
        n = len(rows[0]) if rows else 0
        if n > 1:
            share = sum(len(row) == n for row in rows) / len(rows)
            best = max(best, (share, n, mark))
    return best[2]


def _check_header(names: list[str], origin: str, line: int) -> None:
    where = f"{origin}:{line}"
    if all(is_number(name) for name in names):
        raise DataError(
            f"{where}: there is no header: the first row holds numbers ({printable(', '.join(names))[:60]}).\n"
            "Put a line with the names of the columns above it."
        )
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


def is_number(text: str) -> bool:
    """Tell whether a text is a number to Python."""
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
