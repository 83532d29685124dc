"""NPZ, a zip archive of arrays: each member NAME.npy is a header with type and shape, and the numbers.

What the header says is compared with what the archive holds before memory is taken; objects are never unpickled.
"""

import warnings
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from nnctl.data.arrays import Datasets, Unusable
from nnctl.data.words import AGAIN, cause, in_plain_words, printable
from nnctl.nn import Array

OBJECTS = (
    "holds Python objects (pickle), which may run any program, so they are not read.\n"
    "Make it one array of numbers or of text before saving: numpy.array(rows, float), labels.astype(str)"
)
MAX_HEADER = 1 << 20  # bytes; one of NumPy's is some hundred long


@contextmanager
def datasets(path: Path) -> Iterator[Datasets]:
    """Open an NPZ file."""
    try:
        archive = zipfile.ZipFile(path)
    except Exception as error:  # zipfile and the codecs behind it raise far more than they say
        raise Unusable(in_plain_words(error)) from None
    with archive:
        members = [(info.filename.removesuffix(".npy"), info) for info in archive.infolist() if not info.is_dir()]
        twice = [name for name, count in Counter(name for name, _ in members).items() if count > 1]
        if twice:
            raise Unusable(
                f"holds {printable(twice[0])} more than once, and which one is meant cannot be known.\n"
                "Save it again with each name once: numpy.savez"
            )
        by_name = {printable(name): info for name, info in members}

        def read(name: str) -> Array:
            info = by_name[name]
            try:
                with warnings.catch_warnings(), archive.open(info) as file:
                    warnings.simplefilter("ignore", UserWarning)  # of headers that Python 2 wrote
                    return _array(file, info)
            except (Unusable, MemoryError):
                raise
            except Exception as error:
                raise Unusable(in_plain_words(error)) from None

        yield Datasets(by_name, read, [])


def _array(file: IO[bytes], info: zipfile.ZipInfo) -> Array:
    """Return the array of an open member, if the member is as long as its header says."""
    if not info.filename.endswith(".npy"):
        raise Unusable("is no array: its name in the archive has not the ending .npy that numpy.savez gives")
    shape, dtype = _header(file)
    if dtype.hasobject:
        raise Unusable(OBJECTS)
    held, claimed = info.file_size - file.tell(), prod(shape) * dtype.itemsize
    if held != claimed:
        raise Unusable(
            f"is damaged: an array of shape {shape} and type {dtype} has {claimed:,} bytes, and the file holds"
            f" {held:,}.\n{AGAIN}"
        )
    file.seek(0)
    array: Array = npy.read_array(file, max_header_size=MAX_HEADER)
    file.read(1)  # the checksum is looked at behind the last byte
    return array


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return the shape and type that stand before an array."""
    try:
        read = npy.read_array_header_1_0 if npy.read_magic(file) == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read(file, max_header_size=MAX_HEADER)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError):
        raise
    except Exception as error:  # it is Python that NumPy evaluates, and a parser raises what it likes
        raise Unusable(f"is damaged: its header cannot be understood ({cause(error)[:80]}).\n{AGAIN}") from None
    return shape, dtype
