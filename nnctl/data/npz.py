"""NPZ, a zip archive of arrays: each member NAME.npy is what an NPY file is.

What the archive says of its members is compared with its size before any of them is unpacked, and nothing is unpacked
into files, whatever a member is called.
"""

import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path

import numpy as np

from nnctl.data import npy
from nnctl.data.arrays import Datasets, Stored, Unusable
from nnctl.data.limits import AS_IT_COMES, MOST_MEMBERS, RATIO
from nnctl.data.portions import rows_of_a_portion
from nnctl.data.words import AGAIN, in_plain_words, printable
from nnctl.nn import Array

WAYS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # in which numpy.savez packs
HEADER = 30  # bytes at least before each member
DEFLATED_MOST = 1032  # times as much is the most that deflate makes of a byte


@contextmanager
def datasets(path: Path) -> Iterator[Datasets]:
    """Open an NPZ file."""
    try:
        archive = zipfile.ZipFile(path)
    except Exception as error:  # zipfile and the codecs behind it raise far more than they say
        raise Unusable(in_plain_words(error)) from None
    with archive:
        _check_members(path, archive.infolist())
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


def _check_members(path: Path, infos: list[zipfile.ZipInfo]) -> None:
    """Raise Unusable for members that cannot be what the archive says, or that are more than anyone packs."""
    size, end = path.stat().st_size, 0
    if len(infos) > MOST_MEMBERS:
        raise Unusable(f"holds {len(infos):,} members; an NPZ file of up to {MOST_MEMBERS:,} is read")
    for info in sorted(infos, key=lambda info: info.header_offset):
        name = printable(info.filename)
        parts = info.filename.replace("\\", "/").split("/")
        if ".." in parts or not parts[0]:
            raise Unusable(f"holds a member called {name}, which leads out of the archive: no numpy.savez writes that")
        if info.compress_type not in WAYS:
            raise Unusable(
                f"holds {name}, which is compressed in a way that NPZ files are not.\n"
                "Save it again with numpy.savez_compressed."
            )
        if info.header_offset < end or info.header_offset + HEADER + info.compress_size > size:
            raise Unusable(f"is damaged: {name} lies over another member, or beyond its end.\n{AGAIN}")
        end = info.header_offset + HEADER + info.compress_size
        packed = max(1, info.compress_size)
        if info.file_size > (packed if info.compress_type == zipfile.ZIP_STORED else DEFLATED_MOST * packed + HEADER):
            raise Unusable(f"is damaged: {name} cannot have the {info.file_size:,} bytes that it says.\n{AGAIN}")
        if info.file_size > max(AS_IT_COMES, RATIO * packed):
            raise Unusable(
                f"holds {name}, which unpacks {info.compress_size:,} bytes to {info.file_size:,}, more than"
                f" {RATIO}-fold: data are not, and what fills the memory is.\nSave it without compression: numpy.savez"
            )
