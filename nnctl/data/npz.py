"""NPZ, a zip archive of arrays: each member NAME.npy is what an NPY file is."""

import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path

import numpy as np

from nnctl.data import npy
from nnctl.data.arrays import Datasets, Stored, Unusable
from nnctl.data.portions import rows_of_a_portion
from nnctl.data.words import in_plain_words, printable
from nnctl.nn import Array


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
            with npy.plainly(), archive.open(info) as file:
                if not info.filename.endswith(".npy"):
                    raise Unusable(
                        "is no array: its name in the archive has not the ending .npy that numpy.savez gives"
                    )
                array = npy.array(file, info.file_size)
                file.read(1)  # the checksum is looked at behind the last byte
                return array

        def stored(name: str) -> Stored | None:
            info = by_name.get(name)
            if info is None or not info.filename.endswith(".npy"):
                return None
            try:
                with archive.open(info) as file:
                    shape, by_columns, dtype = npy.header(file)
                    whole = info.file_size == file.tell() + prod(shape) * dtype.itemsize
            except Exception:  # which is told where the whole is read
                return None
            if dtype.kind not in "buif" or not whole or not prod(shape):
                return None

            def pieces(turned: bool) -> Iterator[Array]:
                if turned or (by_columns and len(shape) > 1):  # an archive is read in its order only
                    array = read(name)
                    yield np.ascontiguousarray(np.moveaxis(array, -1, 0) if turned else array)
                    return
                with npy.plainly(), archive.open(info) as file:
                    npy.header(file)
                    step, left = rows_of_a_portion(shape[1:]), shape[0]
                    while left:
                        rows = min(step, left)
                        raw = file.read(rows * prod(shape[1:]) * dtype.itemsize)
                        yield np.frombuffer(raw, dtype).reshape(rows, *shape[1:])
                        left -= rows
                    file.read(1)  # the checksum is looked at behind the last byte

            return Stored(path, name, shape, dtype, None, pieces, lambda: None)

        yield Datasets(by_name, read, stored, [])
