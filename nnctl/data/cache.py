"""The cache: rows of arrays that lie in their file in another way (compressed, in chunks, as columns), as NPY files.

An array is known by its name and by its file: where that is, its size, and when it and its entry in the folder last
changed. Its content would have to be read as a whole only to find that it is known.
"""

import contextlib
import hashlib
import itertools
import os
import re
import shutil
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from nnctl import signals
from nnctl.data.arrays import Stored
from nnctl.data.memory import in_words
from nnctl.errors import DataError, StorageError

FOLDER = "cache"  # in the working folder, beside runs/

_numbers = itertools.count()


def unpacked(X: Stored, folder: Path, notes: list[str]) -> tuple[Path, int]:
    """Return the file with the rows of an array, and where in it they begin; unpack them unless they are there."""
    state = _state(X)
    which = _digest(f"{X.path.resolve()}\n{X.name}\n{X.is_turned}")
    stem = re.sub(r"\W+", "-", f"{X.path.stem}-{X.name}").strip("-")[:60]
    path = folder / f"{stem}-{which}-{_digest(state)}.npy"
    if not path.is_file():
        _unpack(X, path)
        if _state(X) != state:
            path.unlink(missing_ok=True)
            raise DataError(f"{X.path}: has changed while it was read.\nTry again when it is finished.")
        for stale in folder.glob(f"*-{which}-*.npy"):
            if stale != path:
                with contextlib.suppress(OSError):
                    stale.unlink()
        notes.append(
            f"{X.path}: {X.name.lstrip('/')} does not lie in the file row by row, so it was unpacked into {path}"
            f" ({in_words(path.stat().st_size)}), where the next run finds it; it may be deleted"
        )
    else:
        notes.append(f"{X.path}: {X.name.lstrip('/')} is read from {path}, where an earlier run unpacked it")
    with path.open("rb") as file:
        npy.read_magic(file)
        npy.read_array_header_2_0(file)
        return path, file.tell()


def _unpack(X: Stored, path: Path) -> None:
    """Write the rows of an array into an NPY file, whole or not at all."""
    unfinished = path.with_name(f".{os.getpid()}-{next(_numbers)}.unfinished")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(path.parent).free
        if free < X.nbytes:
            raise StorageError(
                f"{path.parent}: has room for {in_words(free)}, and to unpack {X.name.lstrip('/')} of {X.path} takes"
                f" {in_words(X.nbytes)}.\nMake room, or name another folder: data.cache: /a/larger/disk"
            )
        with signals.last_words(lambda number: unfinished.unlink(missing_ok=True)):
            try:
                with unfinished.open("wb") as file:
                    described = {"descr": npy.dtype_to_descr(X.dtype), "fortran_order": False, "shape": X.shape}
                    npy.write_array_header_2_0(file, described)
                    for rows in X.pieces():
                        file.write(np.ascontiguousarray(rows, X.dtype).data)
                unfinished.replace(path)
            finally:
                unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(
            f"{path.parent}: {X.path} cannot be unpacked there: {error.strerror or error}.\n"
            "Make room, or name another folder: data.cache: /a/larger/disk"
        ) from None


def _state(X: Stored) -> str:
    """Return what changes with the file of an array."""
    found = X.path.stat()
    return f"{found.st_dev} {found.st_ino} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:12]
