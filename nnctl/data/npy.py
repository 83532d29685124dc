"""NPY, one array without a name: a header with type and shape, and the numbers.

What the header says is compared with what there is before memory is taken; objects are never unpickled.
"""

import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
from numpy.lib import format as npy

from nnctl.data.arrays import ALONE, Datasets, Stored, Unusable
from nnctl.data.memory import check_room
from nnctl.data.portions import rows_of_a_portion
from nnctl.data.words import AGAIN, cause, in_plain_words
from nnctl.nn import Array

OBJECTS = (
    "holds Python objects (pickle), which may run any program, so they are not read.\n"
    "Make it one array of numbers or of text before saving: numpy.array(rows, float), labels.astype(str)"
)
MOST_AXES = 64  # as NumPy has it
MAX_HEADER = 1 << 20  # bytes; one of NumPy's is some hundred long


@contextmanager
def datasets(path: Path) -> Iterator[Datasets]:
    """Open an NPY file."""

    def read(name: str) -> Array:
        if name != ALONE:
            raise KeyError(name)
        with plainly(), path.open("rb") as file:
            return array(file, path.stat().st_size)

    def stored(name: str) -> Stored | None:
        with path.open("rb") as file:
            return None if name != ALONE else in_pieces(file, path, path.stat().st_size)

    yield Datasets([ALONE], read, stored, [])


def in_pieces(file: IO[bytes], path: Path, size: int) -> Stored | None:
    """Return the array of an open NPY file unread, or None where it is no whole array of numbers."""
    try:
        shape, by_columns, dtype = header(file)
    except Exception:
        return None
    offset = file.tell()
    if dtype.kind not in "buif" or not shape or size != offset + prod(shape) * dtype.itemsize or not prod(shape):
        return None

    def read(turned: bool) -> Iterator[Array]:
        order: Literal["F", "C"] = "F" if by_columns else "C"
        m = shape[-1] if turned else shape[0]
        step = rows_of_a_portion((prod(shape) // m,))
        for start in range(0, m, step):
            with plainly():
                mapped = np.memmap(path, dtype, "r", offset, shape, order)  # anew, and what was read of it is let go
            rows = np.moveaxis(mapped, -1, 0) if turned else mapped
            yield np.array(rows[start : start + step], order="C")

    return Stored(path, ALONE, shape, dtype, None if by_columns else offset, read, lambda: None)


@contextmanager
def plainly() -> Iterator[None]:
    """Raise Unusable, in plain words, for whatever goes wrong inside."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of headers that Python 2 wrote
            yield
    except (Unusable, MemoryError):
        raise
    except Exception as error:
        raise Unusable(in_plain_words(error)) from None


def array(file: IO[bytes], size: int) -> Array:
    """Return the array of an open file, if that has as many bytes as its header says."""
    shape, _, dtype = header(file)
    if dtype.hasobject:
        raise Unusable(OBJECTS)
    held, claimed = size - file.tell(), prod(shape) * dtype.itemsize
    if held != claimed:
        raise Unusable(
            f"is damaged: an array of shape {shape} and type {dtype} has {claimed:,} bytes, and the file holds"
            f" {held:,}.\n{AGAIN}"
        )
    check_room(claimed)
    file.seek(0)
    read: Array = npy.read_array(file, max_header_size=MAX_HEADER)
    return read


def header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Return the shape, whether the first axis varies fastest, and the type that stand before an array."""
    try:
        read = npy.read_array_header_1_0 if npy.read_magic(file) == (1, 0) else npy.read_array_header_2_0
        shape, by_columns, dtype = read(file, max_header_size=MAX_HEADER)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError):
        raise
    except Exception as error:  # it is Python that NumPy evaluates, and a parser raises what it likes
        raise Unusable(f"is damaged: its header cannot be understood ({cause(error)[:80]}).\n{AGAIN}") from None
    if len(shape) > MOST_AXES or prod(shape) >= 2**63 or any(n < 0 for n in shape):
        raise Unusable(f"is damaged: its header says the shape {str(shape)[:80]}, which no array has.\n{AGAIN}")
    return shape, by_columns, dtype
