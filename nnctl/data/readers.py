"""The readers of tables, by the ending of a file. What is no table its content tells."""

import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from nnctl.data import pieces
from nnctl.data.delimited import delimited
from nnctl.data.foreign import HDF5, NPY
from nnctl.data.json_lines import json_lines
from nnctl.data.parquet import parquet
from nnctl.data.records import Opened, Source


@dataclass(frozen=True)
class Reader:
    """What opens a table, and whether that is a text, with an encoding and separators."""

    open: Callable[[Source], AbstractContextManager[Opened]]
    of_text: bool


def of_text(read: Callable[[IO[bytes], Source], Opened]) -> Reader:
    """Return what opens a text and reads it."""

    @contextmanager
    def open_text(source: Source) -> Iterator[Opened]:
        with pieces.opened(source) as file:
            yield read(file, source)

    return Reader(open_text, of_text=True)


def by_sign(file: IO[bytes], source: Source) -> Opened:
    """Return the table of a text without a name: JSON lines where it begins with a brace."""
    begin = cast(io.BufferedReader, file).peek(1).lstrip(b"\xef\xbb\xbf\xff\xfe\0 \r\n")  # marks of encodings
    return json_lines(file, source) if begin.startswith(b"{") else delimited(file, source)


READERS: dict[str, Reader] = {
    **dict.fromkeys((".csv", ".tsv", ".txt", ".tab", ".data"), of_text(delimited)),
    **dict.fromkeys((".jsonl", ".ndjson"), of_text(json_lines)),
    ".parquet": Reader(parquet, of_text=False),
}
NO_TEXT = (HDF5, b"PK\x03\x04", b"PAR1", NPY, b"\xd0\xcf\x11\xe0", b"%PDF", b"SQLite format")


def ending_of(path: Path) -> str | None:
    """Return the ending by which a file is a table, of a text without .gz, or None; its content tells what is none."""
    inner = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    ending = inner.suffix.lower()
    if ending not in READERS or not (READERS[ending].of_text or inner is path):
        return None
    try:
        with path.open("rb") as file:
            other = READERS[ending].of_text and file.read(len(HDF5)).startswith(NO_TEXT)
    except OSError:  # which whoever opens it tells
        other = False
    return None if other else ending


def opened(source: Source) -> AbstractContextManager[Opened]:
    """Open a table by the reader of its ending."""
    if source.path is None:
        return of_text(by_sign).open(source)
    ending = ending_of(source.path)
    assert ending is not None
    return READERS[ending].open(source)
