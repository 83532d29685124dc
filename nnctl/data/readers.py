"""The readers of tables, by the ending of a file. What is no table its content tells."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from nnctl.data.delimited import delimited
from nnctl.data.foreign import HDF5, NPY
from nnctl.data.json_lines import json_lines
from nnctl.data.parquet import parquet
from nnctl.data.records import Opened, Source


@dataclass(frozen=True)
class Reader:
    """What opens a table, and whether that is a text, with an encoding and separators."""

    open: Callable[[Source], AbstractContextManager[Opened]]
    of_text: bool = True


READERS: dict[str, Reader] = {
    **dict.fromkeys((".csv", ".tsv", ".txt", ".tab", ".data"), Reader(delimited)),
    **dict.fromkeys((".jsonl", ".ndjson"), Reader(json_lines)),
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


@contextmanager
def opened(source: Source) -> Iterator[Opened]:
    """Open a table by the reader of its ending."""
    assert source.path is not None
    ending = ending_of(source.path)
    assert ending is not None
    with READERS[ending].open(source) as file:
        yield file
