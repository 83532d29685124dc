"""The readers of tables, by the ending of a file. What is no table its content tells."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from nnctl.data.delimited import delimited
from nnctl.data.foreign import HDF5, NPY
from nnctl.data.json_lines import json_lines
from nnctl.data.records import Opened, Source

READERS: dict[str, Callable[[Source], AbstractContextManager[Opened]]] = {
    **dict.fromkeys((".csv", ".tsv", ".txt", ".tab", ".data"), delimited),
    **dict.fromkeys((".jsonl", ".ndjson"), json_lines),
}
NO_TABLES = (HDF5, b"PK\x03\x04", b"PAR1", NPY, b"\xd0\xcf\x11\xe0", b"%PDF", b"SQLite format")


def ending_of(path: Path) -> str | None:
    """Return the ending by which a file is a table, without .gz, or None; other kinds its content tells."""
    inner = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    if inner.suffix.lower() not in READERS:
        return None
    try:
        with path.open("rb") as file:
            other = file.read(len(HDF5)).startswith(NO_TABLES)
    except OSError:  # which whoever opens it tells
        other = False
    return None if other else inner.suffix.lower()


@contextmanager
def opened(source: Source) -> Iterator[Opened]:
    """Open a table by the reader of its ending."""
    assert source.path is not None
    ending = ending_of(source.path)
    assert ending is not None
    with READERS[ending](source) as file:
        yield file
