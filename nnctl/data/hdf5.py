"""HDF5: a tree of groups with datasets in them, named group/name here, and links, which may lead nowhere.

A dataset is looked at before it is read: whether its type is that of numbers or text, and whether all of it is there.
"""

import contextlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from nnctl.data import guard, links
from nnctl.data.arrays import Datasets, Stored, Unusable
from nnctl.data.hdf5_meaning import check_ratio, check_size, check_type, meanings
from nnctl.data.limits import MOST_ITEMS
from nnctl.data.portions import rows_of_a_portion
from nnctl.data.recognition import picture_format
from nnctl.data.storage import check_complete, missing_filter
from nnctl.data.words import in_plain_words, printable
from nnctl.nn import Array

MOST_VALUES = 2**26  # read at a time
AT_ONCE = 8  # cells that are read
LOOKED_AT = 16  # cells: is one of them a picture's file? The first may be damaged
OWN, OLD = ("about", "sha256"), ("nnctl_version", "layer_dims")  # marks of a parameters.h5, and of earlier ones
KERAS = ("keras_version", "layer_names", "model_config")
TRANSPOSED = (
    "was written by {0}, which stores arrays the other way round: their axes are reversed here.\n"
    "Where rows and columns are exchanged, data.layout: columns turns them"
)


@contextmanager
def datasets(path: Path) -> Iterator[Datasets]:
    """Open an HDF5 file that the library has come to an end with in another process."""
    import h5py

    guard.check(path, partial(_look_through, path))
    try:
        file = h5py.File(path, "r")
    except Exception as error:  # h5py has an exception of every kind for a damaged file
        raise Unusable(in_plain_words(error)) from None
    with file:
        try:
            found = _items(file)
            notes = _notes(path, file, found)
        except Unusable:
            raise
        except Exception as error:
            raise Unusable(in_plain_words(error)) from None
        yield Datasets(
            found,
            partial(_read, file, found, notes),
            partial(_stored, file, found, notes),
            notes,
            partial(_pictures, found),
        )


def _look_through(path: Path) -> None:
    """Do with a file all that can hang the library: find what is in it, and where the numbers of each dataset are."""
    import h5py

    with h5py.File(path, "r") as file:
        found = _items(file)
        _notes(path, file, found)
        for each in found.values():
            with contextlib.suppress(Exception):
                if isinstance(each, h5py.Dataset):
                    check_type(each)
                    list(meanings(each, each[:0] if each.ndim else each))
                    check_complete(each)
                    if each.chunks:
                        each.id.chunk_iter(lambda chunk: None)
                    if each.dtype.kind == "O":  # whose cells lie elsewhere in the file
                        for start in range(0, len(each), LOOKED_AT):
                            each[start : start + LOOKED_AT]


def _items(file: Any) -> dict[str, Any]:
    """Return what is in and below a file: datasets, and Unusable for links that lead nowhere and all that is no array.

    Each group is entered once, however many links lead there.
    """
    import h5py

    found: dict[str, Any] = {}
    entered = set()
    waiting: list[tuple[str, Any]] = [("", file)]
    while waiting:
        name, item = waiting.pop()
        if not isinstance(item, h5py.Group):
            found[printable(name)] = item
            continue
        info = h5py.h5o.get_info(item.id)
        if (info.fileno, info.addr) in entered:
            continue
        entered.add((info.fileno, info.addr))
        if len(found) + len(waiting) + len(item) > MOST_ITEMS:
            raise Unusable(f"holds more than {MOST_ITEMS:,} datasets and groups.\nSave those that are needed.")
        inside = [(f"{name}/{os.fsdecode(key)}".lstrip("/"), _item(item, key)) for key in item]
        waiting.extend(reversed([(name, item) for name, item in inside if not name.startswith("#")]))  # MATLAB's own
        if not inside and name:
            found[printable(name)] = Unusable("is an empty group, not an array")
    return found


def _item(group: Any, key: str) -> Any:
    """Return the dataset or group of this name, or why there is none as Unusable."""
    try:
        return links.item(group, key)
    except Unusable as reason:
        return reason


def _notes(path: Path, file: Any, found: dict[str, Any]) -> list[str]:
    """Return what has to be said of a whole file; raise Unusable where it is a network."""
    of_nnctl = set(OWN) <= set(file) or any(mark in file.attrs for mark in OLD)
    for origin, so in (("nnctl", of_nnctl), ("Keras", any(mark in file.attrs for mark in KERAS))):
        if so:
            raise Unusable(f"is a trained network ({origin}), not data; expected a file with features such as X")
    if {"_layer_checkpoint_dependencies", "layers"} & set(file) and any("/vars/" in name for name in found):
        raise Unusable("is a trained network (Keras), not data; expected a file with features such as X")
    with path.open("rb") as raw:
        head = raw.read(64)
    for mark, writer in ((b"MATLAB 7.3", "MATLAB"), (b"HDF5-based Julia", "Julia")):
        if head.startswith(mark):
            return [f"{path}: {TRANSPOSED.format(writer)}"]
    return []


def _read(file: Any, found: dict[str, Any], notes: list[str], name: str) -> Array:
    """Return the array of a name; of names that are not among those found, what they lead to."""
    import h5py

    item = found[name] if name in found else _by_path(file, name)
    if isinstance(item, Unusable):
        raise item
    if isinstance(item, h5py.Group):
        inside = list(item)[:8]
        raise Unusable(f"is a group, not an array; it holds {', '.join(map(printable, inside))}.\nName one of these.")
    try:
        check_type(item)
        check_complete(item)
        check_size(item)
        array = _values(item)
        _tell(file, item, name, notes, np.atleast_1d(array))
    except (Unusable, MemoryError):
        raise
    except Exception as error:
        raise Unusable(in_plain_words(error)) from None
    return array


def _tell(file: Any, item: Any, name: str, notes: list[str], array: Any) -> None:
    said = [f"{file.filename}: {name} {note}" for note in meanings(item, array)]
    notes += [note for note in said if note not in notes]


def _stored(file: Any, found: dict[str, Any], notes: list[str], name: str) -> Stored | None:
    """Return the dataset of a name unread, or None where it is none of numbers in one file, or not whole."""
    import h5py

    try:
        item = found[name] if name in found else _by_path(file, name)
        if not isinstance(item, h5py.Dataset) or item.dtype.kind not in "buif" or not item.size or not item.ndim:
            return None
        plan = item.id.get_create_plist()
        if item.is_virtual or plan.get_external_count():  # whether other files have changed, nobody would see
            return None
        check_type(item)
        check_complete(item)
        check_ratio(item)
        as_they_are = not item.chunks and h5py.h5t.py_create(item.dtype).equal(item.id.get_type())
        offset = item.id.get_offset() if as_they_are else None
        path = Path(os.fsdecode(item.file.filename))
    except Exception:  # which is told where the whole is read
        return None

    def read(turned: bool) -> Iterator[Array]:
        axis = -1 if turned else 0
        m = item.shape[axis]
        chunk = item.chunks[axis] if item.chunks else 1
        n = item.size // m
        few = rows_of_a_portion((n,))
        step = -(-few // chunk) * chunk  # a chunk is decompressed as a whole, and so read at once
        step = min(step, max(few, MOST_VALUES // n))  # unless chunks are so long that this would fill the memory
        for start in range(0, m, step):
            piece = slice(start, start + step)
            rows = _values(item, (..., piece) if turned else piece)
            yield np.ascontiguousarray(np.moveaxis(rows, -1, 0)) if turned else rows

    return Stored(path, item.name, item.shape, item.dtype, offset, read, partial(_tell, file, item, name, notes, item))


class Cells(Sequence[bytes]):
    """The cells of a dataset (m,), read some at a time by whichever thread asks first."""

    def __init__(self, dataset: Any) -> None:
        packed = dataset.chunks[0] if dataset.chunks and dataset.dtype.kind != "O" else 1  # and unpacked as a whole
        self._dataset, self._step = dataset, max(AT_ONCE, packed)
        self._lock = Lock()
        self._read = lru_cache(maxsize=2)(self._some)  # threads are not all at the same

    def __len__(self) -> int:
        return len(self._dataset)

    def __getitem__(self, row: Any) -> Any:
        """Return a cell; raise Unusable where it cannot be read."""
        number, place = divmod(range(len(self))[row], self._step)
        with self._lock:
            return _bytes(self._read(number)[place])

    def _some(self, number: int) -> Array:
        return _values(self._dataset, slice(number * self._step, (number + 1) * self._step))


def _pictures(found: dict[str, Any], name: str) -> Cells | None:
    """Return the pictures' files that are the cells of a dataset (m,), or None where it holds none."""
    import h5py

    item = found.get(name.strip("/"))
    if not isinstance(item, h5py.Dataset) or item.ndim != 1 or item.dtype.kind not in "SOV" or item.dtype.names:
        return None
    try:
        check_complete(item)
        if not any(picture_format(_bytes(cell)) for cell in item[:LOOKED_AT]):
            return None
        return Cells(item)
    except Exception:  # which is told where it is read as an array
        return None


def _bytes(cell: Any) -> bytes:
    return cell if isinstance(cell, bytes) else cell.encode() if isinstance(cell, str) else bytes(cell.tobytes())


def _by_path(file: Any, name: str) -> Any:
    """Return what a path leads to; raise a KeyError where there is nothing."""
    try:
        found = links.follow(file, name)
    except Unusable as reason:
        return reason
    except Exception:  # no name at all, for HDF5
        found = None
    if found is None:
        raise KeyError(name)
    return found


def _values(dataset: Any, which: Any = ()) -> Array:
    """Read a dataset, or a part; where its compression needs a filter, fetch that from hdf5plugin.

    Raise Unusable where that cannot be done.
    """
    try:
        return np.asarray(dataset[which])
    except MemoryError:
        raise
    except Exception as error:
        missing = missing_filter(dataset)
        if missing is None:
            raise Unusable(in_plain_words(error)) from None
    try:
        import hdf5plugin  # type: ignore[import-not-found,unused-ignore]  # noqa: F401  it registers its filters

        return np.asarray(dataset[which])
    except Exception:
        raise Unusable(
            f"is compressed by the filter {missing}, which is not installed.\n"
            "Install it where nnctl is: pip install hdf5plugin (where that has it not: save the file again with gzip)"
        ) from None
