"""Links of an HDF5 file: hard and soft ones are followed within the file, and those to other files never.

HDF5 itself opens whatever file an external link names, also where a soft link or a part of a path leads through one.
"""

import os
from typing import Any

from nnctl.data.arrays import Unusable
from nnctl.data.words import in_plain_words, printable

MOST_LINKS = 32  # soft links over soft links


def item(group: Any, key: str, left: int = MOST_LINKS) -> Any:
    """Return the dataset or group of this name in a group; raise Unusable where there is none."""
    import h5py

    own = os.fsencode(key)
    try:
        if not group.id.links.exists(own):
            raise Unusable("is not there")
        kind = group.id.links.get_info(own).type
        to: Any = b"" if kind == h5py.h5l.TYPE_HARD else group.id.links.get_val(own)
    except Unusable:
        raise
    except Exception as error:  # h5py has one of every kind
        raise Unusable(in_plain_words(error)) from None
    if kind == h5py.h5l.TYPE_EXTERNAL:
        file, path = (printable(os.fsdecode(name)) for name in to)
        raise Unusable(
            f"is a link to {path} in another file, {file}, and such links are not followed.\n"
            "Name that file itself, or save the numbers here."
        )
    if kind == h5py.h5l.TYPE_SOFT:
        return _behind(group, os.fsdecode(to), left)
    if kind != h5py.h5l.TYPE_HARD:
        raise Unusable("is a link of a kind of its own, and such are not followed")
    try:
        found = group[key]
    except Exception as error:
        raise Unusable(in_plain_words(error)) from None
    if isinstance(found, h5py.Datatype):
        raise Unusable("is a named type, not an array")
    return found


def _behind(group: Any, path: str, left: int) -> Any:
    """Return what a soft link in a group leads to, within the file."""
    gone = f"is a link to {printable(path)}, and there is no such dataset in the file"
    try:
        found = follow(group, path, left - 1) if left else None
    except Unusable as reason:
        raise Unusable(gone if str(reason) == "is not there" else str(reason)) from None
    if found is None:
        raise Unusable(gone)
    return found


def follow(group: Any, path: str, left: int = MOST_LINKS) -> Any:
    """Return what a path leads to, from a group or, with / before it, from the top; None where there is nothing."""
    import h5py

    found = group.file if path.startswith("/") else group
    for name in path.split("/"):
        if name in ("", "."):
            continue
        if not isinstance(found, h5py.Group) or not found.id.links.exists(os.fsencode(name)):
            return None
        found = item(found, name, left)
    return found
