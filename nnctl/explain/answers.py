"""Answers are predictions as they are written: CSV, JSON lines, HDF5 or Parquet, by the ending of the file.

Each format is a class here. Answers come in blocks of columns, all of one length, and None stands where a row has none.
"""

import csv
import errno
import json
import math
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from nnctl.errors import SpecError
from nnctl.registry import listed
from nnctl.runs.files import refused, replacing

FILE = "file"  # the column that says where a row is, where there are several inputs
ROW = "row"  # the column of whole numbers
PROBABILITY = "probability"  # a column that only classes fill
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # what a formula begins with
NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?|[-+]?(inf|nan)")
LONE = re.compile("[\ud800-\udc7f\udd00-\udfff]")  # half of a sign that stands for no byte either
Answers = Mapping[str, Sequence[object]]


@dataclass(frozen=True)
class Beside:
    """What is answered beside a prediction: the probability of each class, and how far apart networks are."""

    proba: bool = False
    spread: bool = False


class Writer(ABC):
    """An open file of answers."""

    @abstractmethod
    def __init__(self, path: Path) -> None:
        """Open a file."""

    @abstractmethod
    def write(self, answers: Answers, texts: Collection[str]) -> None:
        """Add a block, the first of which has all columns; `texts` are those that hold text, others hold numbers."""

    @abstractmethod
    def close(self) -> None:
        """Close the file."""


writers: dict[str, type[Writer]] = {}  # by the ending of the file


def writer(*endings: str) -> Callable[[type[Writer]], type[Writer]]:
    """Register what writes files with one of these endings."""

    def register(kind: type[Writer]) -> type[Writer]:
        writers.update(dict.fromkeys(endings, kind))
        return kind

    return register


def writer_of(path: Path) -> type[Writer]:
    """Return what writes a file of this name, CSV where it has no ending; raise a SpecError for any other ending."""
    kind = writers.get(path.suffix.lower() or ".csv")
    if kind is None:
        raise SpecError(f"{path}: predictions are written to a file that ends with {listed(writers)}")
    return kind


@contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """Yield an open file of answers, which takes its place when all went well."""
    kind = writer_of(path)
    try:
        with replacing(path) as unfinished:
            out = kind(unfinished)
            try:
                yield out
            finally:
                out.close()
    except OSError as error:
        raise refused(path, error) from None


class Writable(Protocol):
    """What text can be written to."""

    def write(self, text: str, /) -> object:
        """Write text."""


def write_csv(file: Writable, answers: Answers, header: bool) -> None:
    """Write a block as CSV, with the names of the columns above it or without; no cell is run by a spreadsheet."""
    rows = csv.writer(_Rows(file), lineterminator="\r\n")  # so that a cell with either of them is in quotes
    if header:
        rows.writerow(map(cell, answers))
    rows.writerows(zip(*map(_cells, answers.values()), strict=True))


@dataclass(frozen=True)
class _Rows:
    """Takes rows one by one, and ends them as nnctl's files do."""

    file: Writable

    def write(self, row: str) -> object:
        return self.file.write(row[:-2] + "\n")


def _cells(values: Sequence[object]) -> Sequence[object]:
    """Return a column as its cells; most have numbers, or few different texts."""
    if str not in set(map(type, values)):
        return values
    texts = {value: cell(value) for value in set(values) if isinstance(value, str)}
    return [texts.get(value, value) if isinstance(value, str) else value for value in values]


def cell(value: object) -> object:
    """Return a value with ' before a text that a spreadsheet would take for a formula; numbers are none.

    Of what begins such a text: OWASP, CSV Injection.
    """
    if isinstance(value, str) and value.startswith(FORMULA) and len(value) > 1 and not NUMBER.fullmatch(value):
        return f"'{value}"
    return value


@writer(".csv")
class CommaSeparated(Writer):
    """CSV in UTF-8; a cell is empty where there is no answer."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._first = True

    def write(self, answers: Answers, texts: Collection[str]) -> None:
        """Add a block."""
        text = StringIO()
        write_csv(text, answers, self._first)
        self._file.write(LONE.sub("\ufffd", text.getvalue()).encode("utf-8", "surrogateescape"))
        self._first = False

    def close(self) -> None:
        """Close the file."""
        self._file.close()


@writer(".jsonl", ".ndjson")
class JsonLines(Writer):
    """One JSON object a row; null where there is no answer, or none that is finite."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8")

    def write(self, answers: Answers, texts: Collection[str]) -> None:
        """Add a block."""
        for row in zip(*answers.values(), strict=True):
            told = {
                _whole(name): finite(_whole(value) if isinstance(value, str) else value)
                for name, value in zip(answers, row, strict=True)
            }
            self._file.write(json.dumps(told, ensure_ascii=False, allow_nan=False) + "\n")

    def close(self) -> None:
        """Close the file."""
        self._file.close()


@writer(".h5", ".hdf5")
class Hdf5(Writer):
    """A dataset (m,) for each column; nan and empty text where there is no answer."""

    def __init__(self, path: Path) -> None:
        import h5py

        self._file = h5py.File(path, "w")
        self._columns: dict[str, Any] = {}

    def write(self, answers: Answers, texts: Collection[str]) -> None:
        """Add a block."""
        with _of_hdf5():
            self._add(answers, texts)

    def _add(self, answers: Answers, texts: Collection[str]) -> None:
        import h5py

        for name, values in answers.items():
            text = name in texts
            kind = h5py.string_dtype() if text else np.int64 if name == ROW else np.float64
            filled = (
                ["" if v is None else _whole(str(v)).replace("\0", "\ufffd") for v in values]
                if text
                else [_number(v) for v in values]
            )
            if name not in self._columns:
                key = name.replace("/", "_").strip(".") or "_"  # a slash would make groups
                while key in self._file:
                    key += "_"
                self._columns[name] = self._file.create_dataset(key, (0,), kind, maxshape=(None,), chunks=(4096,))
            column = self._columns[name]
            before = len(column)
            column.resize((before + len(filled),))
            column[before:] = np.array(filled, kind)

    def close(self) -> None:
        """Close the file."""
        with _of_hdf5():
            self._file.close()


@contextmanager
def _of_hdf5() -> Iterator[None]:
    """Turn what h5py raises where a file cannot be written, as RuntimeError too, into the system's error."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        number = re.search(r"errno = (\d+)", str(error))
        code = int(number[1]) if number else getattr(error, "errno", None) or errno.EIO
        raise OSError(code, os.strerror(code)) from None


@writer(".parquet")
class Parquet(Writer):
    """A Parquet file; null where there is no answer."""

    def __init__(self, path: Path) -> None:
        try:
            import pyarrow  # noqa: F401 (so that it is missed before anything is predicted)
        except ImportError:
            raise SpecError(
                'Parquet files are written by pyarrow, which is not installed: pip install "nnctl[parquet]"'
            ) from None
        self._path = path
        self._file: Any = None

    def write(self, answers: Answers, texts: Collection[str]) -> None:
        """Add a block."""
        import pyarrow
        import pyarrow.parquet

        columns = {}
        for name, values in answers.items():
            text = name in texts
            kind = pyarrow.string() if text else pyarrow.int64() if name == ROW else pyarrow.float64()
            cells = [None if v is None else _whole(str(v)) for v in values] if text else list(values)
            columns[name] = pyarrow.array(cells, kind)
        table = pyarrow.table(columns)
        if self._file is None:
            self._file = pyarrow.parquet.ParquetWriter(self._path, table.schema)
        self._file.write_table(table)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


def _number(value: object) -> float:
    return math.nan if value is None else float(value)  # type: ignore[arg-type]


def _text(value: object) -> str:
    """Return text as HDF5 can hold it, which has no zero sign."""
    return "" if value is None else _whole(str(value)).replace("\0", "\ufffd")


def _whole(text: str) -> str:
    """Return text without halves of signs, such as stand for bytes of a file's name that is no text."""
    return LONE.sub("\ufffd", text).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def finite(value: object) -> object:
    """Return a value as JSON can hold it, which has no infinity."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def as_objects(answers: Answers, without: Collection[str] = ()) -> list[dict[str, object]]:
    """Return a block as an object for each row, without some of its columns."""
    some = {name: values for name, values in answers.items() if name not in without}
    return [
        {name: finite(value) for name, value in zip(some, row, strict=True)} for row in zip(*some.values(), strict=True)
    ]
