"""NPZ, a zip archive of arrays: each member NAME.npy is what an NPY file is."""

import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nnctl.data import npy
from nnctl.data.arrays import Datasets, Unusable
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

        yield Datasets(by_name, read, [])
