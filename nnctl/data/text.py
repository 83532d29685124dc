"""Text in files of arrays: labels and names of classes, in whatever encoding. Two different ones never become one."""

from collections.abc import Sequence
from typing import Any

from nnctl.errors import DataError


def texts(items: Sequence[Any], origin: str, notes: list[str]) -> list[str]:
    """Return items of text, bytes or numbers as text; bytes are UTF-8 or, where one of them is not, all Latin-1."""
    try:
        read = [item.decode("utf-8") if isinstance(item, bytes) else _writable(str(item)) for item in items]
    except UnicodeDecodeError:  # Latin-1 has a sign for every byte
        read = [item.decode("latin-1") if isinstance(item, bytes) else _writable(str(item)) for item in items]
        notes.append(f"{origin} is not UTF-8; it is read as Latin-1")
    cut = next((text for text in read if "\0" in text), None)  # HDF5's text ends there, NumPy's drops it at the end
    if cut is not None:
        raise DataError(f"{origin} holds the name {cut!r} with a zero sign in it; write it without")
    if len(set(read)) < len(set(items)):
        raise DataError(f"{origin} holds names that differ in their bytes and are the same as text; rename them")
    return read


def _writable(text: str) -> str:
    """Return text as UTF-8 can hold it: half a sign (a lone surrogate) is written out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
