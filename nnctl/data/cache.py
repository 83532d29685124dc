"""The cache: rows that do not lie in their file as they are used, as NPY files: arrays that lie there in another way
(compressed, in chunks, as columns), and pictures, decoded (`album.py`).

An array is known by its name and by its file: where that is, its size, and when it and its entry in the folder last
changed. Its content would have to be read as a whole only to find that it is known.
"""

import contextlib
import hashlib
import itertools
import os
import platform
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import DTypeLike

from nnctl import process, signals
from nnctl.data.arrays import Stored
from nnctl.data.memory import in_words
from nnctl.errors import DataError, StorageError

FOLDER = "cache"  # in the working folder, beside runs/
UNFINISHED = ".unfinished"  # the end of the name of a file that is being written

_numbers = itertools.count()


def unpacked(X: Stored, folder: Path, notes: list[str]) -> tuple[Path, int]:
    """Return the file with the rows of an array, and where in it they begin; unpack them unless they are there."""
    state, name = state_of(X.path), X.name.lstrip("/")
    path = path_of(folder, f"{X.path.stem}-{X.name}", f"{X.path.resolve()}\n{X.name}\n{X.is_turned}", state)
    offset = _offset(path, X)
    if offset is None:
        offset = _unpack(X, path, state)
        notes.append(
            f"{X.path}: {name} does not lie in the file row by row, so it was unpacked into {path}"
            f" ({in_words(path.stat().st_size)}), where the next run finds it; it may be deleted"
        )
    else:
        notes.append(f"{X.path}: {name} is read from {path}, where an earlier run unpacked it")
    return path, offset


def _offset(path: Path, X: Stored) -> int | None:
    """Return where the rows of an array begin in the file that it is unpacked into, None if that is not such a file."""
    try:
        with path.open("rb") as file:
            npy.read_magic(file)
            header, offset = npy.read_array_header_2_0(file), file.tell()
            size = os.fstat(file.fileno()).st_size
    except Exception:  # whatever NumPy raises of a damaged header
        return None
    return offset if header == (X.shape, False, X.dtype) and size == offset + X.nbytes else None


def _unpack(X: Stored, path: Path, state: str) -> int:
    """Write the rows of an array into an NPY file; return where they begin."""
    with written(path, X.nbytes, f"unpack {X.name.lstrip('/')} of {X.path}") as file:
        write_header(file, X.shape, X.dtype)
        offset = file.tell()
        for rows in X.pieces():
            file.write(np.ascontiguousarray(rows, X.dtype).data)
        if state_of(X.path) != state:
            raise changed(X.path)
    return offset


def path_of(folder: Path, name: str, which: str, state: str) -> Path:
    """Return the file for something of a name, told from others by `which`, and from itself as it was by its state."""
    stem = re.sub(r"\W+", "-", name).strip("-")[:60]
    return folder / f"{stem}-{_digest(which)}-{_digest(state)}.npy"


@contextlib.contextmanager
def written(path: Path, size: int, purpose: str) -> Iterator[BinaryIO]:
    """Open a file of about so many bytes that is written whole or not at all; with it what was there of another state
    is gone. `purpose` is what it is for, such as "unpack X of data.h5"; an OSError is taken for one of writing.
    """
    unfinished = path.with_name(f".{platform.node()}-{os.getpid()}-{next(_numbers)}{UNFINISHED}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(path.parent)
        free = shutil.disk_usage(path.parent).free
        if free < size:
            raise StorageError(
                f"{path.parent}: has room for {in_words(free)}, and to {purpose} takes {in_words(size)}.\n"
                "Make room, or name another folder: data.cache: /a/larger/disk"
            )
        with signals.last_words(lambda number: unfinished.unlink(missing_ok=True)):
            try:
                with unfinished.open("wb") as file:
                    yield file
                unfinished.replace(path)
            finally:
                unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(
            f"{path.parent}: it was not possible to {purpose} there: {error.strerror or error}.\n"
            "Make room, or name another folder: data.cache: /a/larger/disk"
        ) from None
    for stale in path.parent.glob(f"*-{path.stem.split('-')[-2]}-*.npy"):
        if stale != path:
            with contextlib.suppress(OSError):
                stale.unlink()


def _remove_abandoned(folder: Path) -> None:
    """Remove what processes that were killed have left half-written; those of other hosts may still write."""
    for path in folder.glob(f".*{UNFINISHED}"):
        host, _, pid = path.stem[1:].rpartition("-")[0].rpartition("-")
        if pid.isdecimal() and process.lives({"host": host, "pid": int(pid)}) is False:
            path.unlink(missing_ok=True)


def write_header(file: BinaryIO, shape: tuple[int, ...], dtype: DTypeLike) -> None:
    """Write what an NPY file of rows begins with; it is as long for any number of rows."""
    described = {"descr": npy.dtype_to_descr(np.dtype(dtype)), "fortran_order": False, "shape": shape}
    npy.write_array_header_2_0(file, described)


def state_of(path: Path) -> str:
    """Return what changes with a file; nothing where there is none."""
    try:
        found = path.stat()
    except OSError:
        return ""
    return f"{found.st_dev} {found.st_ino} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"


def changed(path: Path | str) -> DataError:
    """Return what is told of a file that was not left alone."""
    return DataError(f"{path}: has changed while it was read.\nTry again when it is finished.")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:12]
