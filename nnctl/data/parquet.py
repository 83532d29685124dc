"""A Parquet table is read by pyarrow, batch by batch, and each column by its type; it has rows and no lines.

Whatever its types, the same rows mean the same as in a text: null is missing, dates are texts.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nnctl.data.cells import LARGEST
from nnctl.data.records import ROWS, Opened, Records, Source
from nnctl.data.words import AGAIN, cause, printable
from nnctl.errors import DataError
from nnctl.nn import Array

if TYPE_CHECKING:
    import pyarrow
    from pyarrow.parquet import ParquetFile

INDEX = re.compile("__index_level_[0-9]+__")  # what pandas calls its index where that has no name
READ = "numbers, texts, or true and false"


@contextmanager
def parquet(source: Source) -> Iterator[Opened]:
    """Open a Parquet table."""
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise DataError(
            f"{source}: is a Parquet table, which pyarrow reads, and that is not installed.\n"
            'Install it: pip install "nnctl[parquet]"; or save the table as CSV'
        ) from None
    try:
        with ParquetFile(source.path) as file:
            every = [name for name in file.schema_arrow.names if not INDEX.fullmatch(name)]
            notes = (f"{source}: the index of pandas is left out",) if len(every) < len(file.schema_arrow) else ()
            names = [name for name in every if name not in source.left_out]
            only = None if source.others else source.needed
            wanted = [name for name in names if only is None or name in only]
            twice = next((name for name, count in Counter(names).items() if count > 1), None)
            if twice is not None:
                raise DataError(f'{source}: two columns have the name "{printable(twice)}"; give each one of its own')
            unseen = [name for name in every if name not in wanted]
            strange = {field.name: str(field.type) for field in file.schema_arrow if not _is_read(field.type)}
            blocks = _blocks(file, source, wanted)
            m = file.metadata.num_rows
            yield Opened(source, wanted + unseen, blocks, False, notes, strange, lambda read: m)
    except FileNotFoundError:
        raise DataError(f"{source}: there is no such file") from None
    except (OSError, ArrowException) as error:
        raise DataError(f"{source}: is no Parquet table, or is damaged ({cause(error)[:80]}).\n{AGAIN}") from None


def _blocks(file: "ParquetFile", source: Source, names: Sequence[str]) -> Iterator[Records]:
    """Yield the rows, without the columns that are left out."""
    m = 0
    for batch in file.iter_batches(ROWS, columns=names):
        yield Batch(np.arange(m, m + len(batch)), (), source, names, batch.columns)
        m += len(batch)


@dataclass(frozen=True)
class Batch(Records):
    """Rows of a Parquet file; a column is converted when it is asked for."""

    source: Source
    names: Sequence[str]
    columns: Sequence["pyarrow.Array"]

    def cells(self, column: int, rows: Array | None = None) -> Sequence[Any]:
        """Return the cells of a column: numbers, texts, true and false, and None; dates and times are texts."""
        from pyarrow import array as as_array
        from pyarrow import string, timestamp, types

        array, name = self.columns[column], self.names[column]
        if not _is_read(array.type):
            raise DataError(
                f"{self.source}: column {printable(name)} holds {array.type}; expected {READ}.\n"
                f"Leave it out: data.ignore: [{printable(name)}], or write it as one of these"
            )
        array = array if rows is None else array.take(as_array(rows))
        kind = array.type
        if types.is_dictionary(kind):
            array, kind = array.dictionary_decode(), kind.value_type
        if types.is_timestamp(kind):
            return array.cast(timestamp(kind.unit)).cast(string()).to_pylist()
        if types.is_date(kind) or types.is_time(kind):
            return array.cast(string()).to_pylist()
        return array.to_pylist()

    def floats(self, columns: Sequence[int]) -> tuple[Array, Array]:
        """Return columns as numbers (m, n), nan for null, and which cells (m, n) are numbers that a float holds."""
        from pyarrow import types

        shape = (len(self.numbers), len(columns))
        numbers, told = np.empty(shape), np.zeros(shape, bool)
        for index, array in enumerate(self.columns[column] for column in columns):
            if types.is_integer(array.type):
                values = array.fill_null(0).to_numpy(zero_copy_only=False)
                told[:, index] = (values <= LARGEST) & (values >= -LARGEST)
            elif types.is_floating(array.type):
                values = array.to_numpy(zero_copy_only=False)
                told[:, index] = True
            else:
                continue
            numbers[:, index] = values
            if array.null_count:
                numbers[array.is_null().to_numpy(zero_copy_only=False), index] = np.nan
        return numbers, told


def _is_read(kind: "pyarrow.DataType") -> bool:
    """Tell whether a type has a meaning here."""
    from pyarrow import types

    kind = kind.value_type if types.is_dictionary(kind) else kind
    times = (types.is_timestamp, types.is_date, types.is_time)
    texts = (types.is_string, types.is_large_string, types.is_string_view)
    plain = (types.is_integer, types.is_floating, types.is_boolean, types.is_null)
    return any(is_it(kind) for is_it in (*times, *texts, *plain))
