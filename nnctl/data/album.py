"""An album is the pictures of a part, decoded, as rows: kept in the cache where they are many or are held on disk.

In the cache they are known by the names and the content of their files, by what they are brought to, and by what
decoded them. Behind the pixels of the NPY file stands, as JSON, which files they are and what was said of them.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from itertools import chain
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import PIL
from numpy.lib import format as npy

from nnctl import __version__
from nnctl.data import cache
from nnctl.data.arrays import Unusable
from nnctl.data.decoding import Decoding, side_by_side
from nnctl.data.disk import OnDisk, RawFile
from nnctl.data.hold import Way
from nnctl.data.memory import in_words
from nnctl.data.picture import Cell, Form
from nnctl.errors import StorageError
from nnctl.nn import Array

MANY = 500  # pictures that are kept decoded: fewer are decoded in less time than a person notices
PIXELS = np.dtype(np.uint8)

Album = tuple[Any, list[int], list[str]]  # rows (m, h, w[, channels]), which of the files they are, and notes


def read(origin: Path, name: str, files: Sequence[Path | Cell], way: Way, part: str) -> Album:
    """Return the pictures of some files, in memory or on disk; the first mistake is raised.

    `name` is that of their dataset where `origin` is a file of datasets.
    """
    states = _states(files)
    path = _path(origin, name, files, way)
    if found := _opened(path, way.form):
        rows, kept, notes = found
        notes.append(f"{origin}: its pictures are read from {path}, where an earlier run decoded them")
        on_disk = way.hold.on_disk(origin, rows.shape, PIXELS, part)
        return rows if on_disk else np.asarray(rows), kept, notes
    decoding = Decoding(origin, files, way.form, way.skip)
    with decoding.pictures() as pictures:
        first = next(pictures)
        shape, pictures = (len(files), *first.shape), chain([first], pictures)
        if way.hold.on_disk(origin, shape, PIXELS, part):
            _write(path, pictures, shape, decoding, states)
            X, kept, notes = _rows(path, way.form)
            return X, kept, [*notes, _told(origin, path)]
        X = _in_memory(origin, pictures, shape)[: len(decoding.kept)]
    notes = decoding.notes
    if len(files) >= MANY:
        try:
            _write(path, [X], X.shape, decoding, states)
            notes.append(_told(origin, path))
        except StorageError as error:
            reason = str(error).partition("\n")[0].rstrip(".")
            notes.append(f"{reason}; the next run decodes them anew")
    return X, decoding.kept, notes


def _in_memory(origin: Path, pictures: Iterable[Array], shape: tuple[int, ...]) -> Array:
    try:
        X = np.empty(shape, PIXELS)
    except MemoryError:
        raise StorageError(
            f"{origin}: its {shape[0]:,} pictures do not fit into memory ({prod(shape) / 1e9:,.1f} GB at"
            f" {shape[1]} x {shape[2]}).\nTake fewer of them, a smaller data.size, or a larger machine."
        ) from None
    for row, pixels in enumerate(pictures):
        X[row] = pixels
    return X


def _write(
    path: Path, pictures: Iterable[Array], shape: tuple[int, ...], decoding: Decoding, states: Sequence[str]
) -> None:
    """Write pictures, or many of them at once, of this shape (m, ...) or fewer, into the cache."""
    with cache.written(path, prod(shape), f"keep the decoded pictures of {decoding.origin}") as file:
        cache.write_header(file, shape, PIXELS)
        for pixels in pictures:
            file.write(np.ascontiguousarray(pixels).data)
        file.write(json.dumps({"kept": decoding.kept, "notes": decoding.notes}).encode())
        file.seek(0)
        cache.write_header(file, (len(decoding.kept), *shape[1:]), PIXELS)
        now = _states(decoding.files)
        if moved := [str(known) for known, *pair in zip(decoding.files, states, now, strict=True) if len({*pair}) > 1]:
            raise cache.changed(moved[0])


def _opened(path: Path, form: Form) -> Album | None:
    """Return the album of a file, or None where there is none or it is not whole."""
    try:
        return _rows(path, form)
    except Exception:  # whatever NumPy raises of a damaged header: it is written anew
        return None


def _rows(path: Path, form: Form) -> Album:
    """Return the album of a file; raise a ValueError where that is of other pictures."""
    with path.open("rb") as file:
        npy.read_magic(file)
        shape, by_columns, dtype = npy.read_array_header_2_0(file)
        offset = file.tell()
        file.seek(offset + prod(shape))
        behind = json.load(file)
    colours = () if form.channels == 1 else (form.channels,)
    if by_columns or dtype != PIXELS or shape[1:] != (*(form.size or shape[1:3]), *colours):
        raise ValueError(path)
    if len(behind["kept"]) != shape[0]:
        raise ValueError(path)
    return OnDisk(RawFile(path), offset, PIXELS, shape[1:], range(shape[0])), behind["kept"], behind["notes"]


def _path(origin: Path, name: str, files: Sequence[Path | Cell], way: Way) -> Path:
    """Return where pictures are in the cache if they have been decoded before."""
    with side_by_side(_sha256, files) as sums:
        contents = [f"{file}\n{known}" for file, known in zip(files, sums, strict=True)]
    state = "\n".join([__version__, PIL.__version__, *contents])
    return cache.path_of(
        way.hold.cache, f"{origin.stem}-{name}", f"{origin.resolve()}\n{name}\n{way.form}\n{way.skip}", state
    )


def _sha256(file: Path | Cell) -> str:
    """Return the SHA-256 of a picture's file, or why it cannot be read."""
    try:
        if isinstance(file, Cell):
            return hashlib.sha256(file.raw).hexdigest()
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        return str(error.strerror)
    except Unusable as error:
        return str(error)


def _states(files: Sequence[Path | Cell]) -> list[str]:
    """Return what changes with each file, nothing of one in a cell."""
    return [cache.state_of(file) if isinstance(file, Path) else "" for file in files]


def _told(origin: Path, path: Path) -> str:
    size = in_words(path.stat().st_size)
    return f"{origin}: its pictures were decoded into {path} ({size}), where the next run finds them; it may be deleted"
