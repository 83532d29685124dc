"""A bundle is named arrays and one JSON object in the bytes of one HDF5 file, with their SHA-256 in it.

Any HDF5 library from 1.8 on can read it. It is written here byte by byte and read without a library: the object says
which arrays there are, what that makes of a file is laid out again (hdf5_layout.py), and every byte that is no number
of an array must be as it is laid out. So a content has one file, which leaves no room for links, filters, other files
or sizes that lie. Damage is found by the SHA-256, which is of the whole file with zeros in its own place.
"""

import json
import os
import stat
from collections.abc import Mapping
from hashlib import sha256
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from nnctl.data.memory import available
from nnctl.errors import DataError
from nnctl.nn import Array
from nnctl.plain_json import read_json
from nnctl.runs import hdf5_layout
from nnctl.runs.hdf5_layout import ABOUT, ALIGNMENT, DIGEST, DIGEST_AT, DIGEST_SIZE, Layout

FORMAT = "nnctl bundle 1"
STORED = {"float64": "<f8", "float32": "<f4", "uint8": "|u1"}
LARGEST_ABOUT = 1 << 26  # bytes of the JSON object
MOST_ARRAYS = 20_000
MOST_AXES = 16
LONGEST_NAME = 255  # bytes in UTF-8
MOST_NUMBERS = 1 << 60


class Damaged(Exception):
    """Bytes are no bundle, or not as it was written; the text goes on after the name of the file."""


def pack(arrays: Mapping[str, Array], about: Mapping[str, Any]) -> bytes:
    """Return the file of arrays of float64, float32 or uint8 and of what is said about them, an object of JSON."""
    fields = {name: (array.dtype.name, array.shape) for name, array in arrays.items()}
    for name, (kind, shape) in fields.items():
        if (wrong := _complaint(name, kind, shape)) is not None:
            raise ValueError(f"{name} {wrong}")
    listed = {name: [kind, *shape] for name, (kind, shape) in fields.items()}
    written = {"format": FORMAT, "arrays": listed, "about": dict(about)}
    text = json.dumps(written, allow_nan=False, separators=(",", ":")).encode("ascii")
    layout = Layout.of(fields, text)
    parts: list[Any] = [layout.head]
    for name, (kind, _) in fields.items():
        stored = np.ascontiguousarray(arrays[name], STORED[kind])
        parts += [stored.reshape(-1).view(np.uint8).data, bytes(-stored.nbytes % ALIGNMENT)]
    digest = sha256()
    for part in parts:
        digest.update(part)
    parts[0] = _with_digest(layout.head, digest.digest())
    return b"".join(parts)


def unpack(image: bytes) -> tuple[dict[str, Array], dict[str, Any]]:
    """Return the arrays of a file, read-only and in place, and what is said about them; raise Damaged for another."""
    text = _text(image)
    fields, about = _understood(text)
    layout = Layout.of(fields, text)
    if layout.size != len(image):
        raise Damaged(f"has {len(image):,} bytes, and what is in it makes {layout.size:,}")
    if _with_digest(image[: len(layout.head)], bytes(DIGEST_SIZE)) != layout.head:
        raise Damaged("is not laid out as nnctl lays it out")
    arrays = {}
    for place, (name, (kind, shape)) in zip(layout.places, fields.items(), strict=True):
        flat = np.frombuffer(image, STORED[kind], prod(shape), place)
        end = place + flat.nbytes
        if any(image[end : end + -end % ALIGNMENT]):
            raise Damaged(f"has something between {name} and what comes next")
        arrays[name] = flat.reshape(shape).astype(kind, copy=False)
    return arrays, about


def image_of_file(path: Path) -> bytes:
    """Return the bytes of a file, which memory must have room for twice; raise Damaged for what is no file, a
    DataError where it cannot be read, and a MemoryError.
    """
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            state = os.fstat(file.fileno())
            if not stat.S_ISREG(state.st_mode):
                raise Damaged("is not a file")
            if 2 * state.st_size > available():
                raise MemoryError
            return file.read(state.st_size + 1)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from None


def _without_waiting(name: str, flags: int) -> int:
    """Open a file, a pipe, too, that nobody writes to."""
    return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))


def _with_digest(head: bytes, digest: bytes) -> bytes:
    """Return the beginning of a file with a SHA-256 in its place."""
    return head[:DIGEST_AT] + digest + head[DIGEST_AT + DIGEST_SIZE :]


def _text(image: bytes) -> bytes:
    """Return the JSON of a file that begins as it must and has the SHA-256 that is written in it."""
    if not image.startswith(hdf5_layout.SIGNATURE):
        raise Damaged("is no HDF5 file")
    if not image.startswith(hdf5_layout.BEGINNING):
        raise Damaged("is not laid out as this version of nnctl does it: from an earlier one, or another program")
    if len(image) < hdf5_layout.SMALLEST or len(image) < (size := hdf5_layout.size_of(image)):
        told = f" of {size:,}" if len(image) >= hdf5_layout.SMALLEST else ""
        raise Damaged(f"is cut off: it has {len(image):,}{told} bytes")
    digest = sha256(image[:DIGEST_AT] + bytes(DIGEST_SIZE))
    digest.update(memoryview(image)[DIGEST_AT + DIGEST_SIZE :])
    if digest.digest() != image[DIGEST_AT : DIGEST_AT + DIGEST_SIZE]:
        raise Damaged("is damaged: its SHA-256 is not the one that is written in it")
    return hdf5_layout.text_of(image)


def _understood(text: bytes) -> tuple[dict[str, tuple[str, tuple[int, ...]]], dict[str, Any]]:
    """Return the kind and shape of each array, and what is said about them, from the JSON of a file."""
    try:
        written = read_json(text, LARGEST_ABOUT)
    except ValueError as error:
        raise Damaged(f"{ABOUT} {error}") from None
    if not isinstance(written, dict) or written.get("format") != FORMAT:
        raise Damaged(f"{ABOUT} does not say {FORMAT}; it is of another version of nnctl")
    listed, about = written.get("arrays"), written.get("about")
    if not isinstance(listed, dict) or not isinstance(about, dict) or len(listed) > MOST_ARRAYS:
        raise Damaged(f"{ABOUT} must have objects called arrays, of at most {MOST_ARRAYS:,}, and about")
    fields = {}
    for name, entry in listed.items():
        kind, shape = (entry[0], tuple(entry[1:])) if isinstance(entry, list) and entry else (None, ())
        if (wrong := _complaint(name, kind, shape)) is not None:
            raise Damaged(f"{name[:80]!r} {wrong}")
        fields[name] = (str(kind), shape)
    return fields, about


def _complaint(name: str, kind: Any, shape: tuple[Any, ...]) -> str | None:
    """Say why no array of a bundle has this name, kind and shape, or None."""
    if name in (ABOUT, DIGEST, "", ".") or not name.isprintable() or "/" in name:  # a surrogate is not printable
        return "is no name of an array"
    if len(name.encode("utf-8")) > LONGEST_NAME:
        return "is too long for the name of an array"
    if not isinstance(kind, str) or kind not in STORED:
        return f"must be of type {', '.join(STORED)}, got {kind!r:.80}"
    if len(shape) > MOST_AXES or not all(type(n) is int and n >= 0 for n in shape) or prod(shape) > MOST_NUMBERS:
        return f"has the shape {shape!r:.200}, which no array has"
    return None
