"""The formats of files of arrays, HDF5 and NPZ: a reader opens a file as a mapping from names to datasets.

All else is the same for every format. Whatever goes wrong in a library is told here, in words of ours.
"""

import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from nnctl.errors import DataError
from nnctl.nn import Array
from nnctl.registry import suggestion

Datasets = Mapping[str, Any]  # what np.asarray reads, by name; fetched only when asked for
Reader = Callable[[Path], AbstractContextManager[Datasets]]

UNREADABLE = (OSError, ValueError, KeyError, RuntimeError, EOFError, zipfile.BadZipFile, zlib.error)


@contextmanager
def _hdf5(path: Path) -> Iterator[Datasets]:
    import h5py

    with h5py.File(path, "r") as file:
        yield _flat(file)


def _flat(group: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return all datasets in and below an HDF5 group; those in groups are named group/name."""
    datasets: dict[str, Any] = {}
    for key, item in group.items():
        if isinstance(item, Mapping):
            datasets |= _flat(item, f"{prefix}{key}/")
        elif item is not None:  # a link that leads nowhere
            datasets[f"{prefix}{key}"] = item
    return datasets


@contextmanager
def _npz(path: Path) -> Iterator[Datasets]:
    if not zipfile.is_zipfile(path):
        raise ValueError("it is no archive of arrays, or its end is missing")
    with np.load(path, allow_pickle=False) as file:
        yield file


READERS: dict[str, Reader] = {".h5": _hdf5, ".hdf5": _hdf5, ".hdf": _hdf5, ".npz": _npz}


@contextmanager
def opened(path: Path) -> Iterator[Datasets]:
    """Open a file by the reader of its kind; whatever goes wrong is a DataError with the path."""
    kind = path.suffix.lower()
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from None
    if kind not in READERS:
        raise DataError(
            f"{path}: is of a kind that cannot be read as data; legal: {', '.join(READERS)}"
            " (and, as the INPUT of predict, pictures such as .png, .jpg and .tif)"
        )
    if empty:
        raise DataError(f"{path}: is empty (0 bytes)")
    try:
        with READERS[kind](path) as datasets:
            yield datasets
    except UNREADABLE as error:
        name = "NPZ" if kind == ".npz" else "HDF5"
        raise DataError(f"{path}: is not a readable {name} file: {_reason(error)}") from None


def fetch(file: Datasets, key: str, path: Path) -> Array:
    if key not in file:
        raise DataError(f"{path}: there is no dataset {key!r}{suggestion(key, file)}")
    try:
        return np.asarray(file[key])
    except UNREADABLE as error:
        reason = "it holds Python objects" if "allow_pickle" in str(error) else _reason(error)
        raise DataError(f"{path}: {key} cannot be read: {reason}") from None


def _reason(error: Exception) -> str:
    text = str(error.args[0] if isinstance(error, KeyError) else error)  # a KeyError's own text is in quotes
    return text.splitlines()[0] if text else type(error).__name__
