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
from nnctl.data.limits import AS_IT_COMES, MOST_ITEMS, RATIO
from nnctl.data.memory import check_room
from nnctl.data.portions import Portions, rows_of_a_portion
from nnctl.data.recognition import check_no_picture, picture_format
from nnctl.data.storage import check_complete, missing_filter
from nnctl.data.words import in_plain_words, printable
from nnctl.nn import Array

PACKED = {"scale_factor": 1, "add_offset": 0}  # attributes that change what NetCDF's numbers mean, unless they are so
FILLERS = ("_FillValue", "missing_value")
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
                    _check_type(each)
                    list(_meanings(each, each[:0] if each.ndim else each))
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
        _check_type(item)
        check_complete(item)
        _check_size(item)
        array = _values(item)
        _tell(file, item, name, notes, np.atleast_1d(array))
    except (Unusable, MemoryError):
        raise
    except Exception as error:
        raise Unusable(in_plain_words(error)) from None
    return array


def _tell(file: Any, item: Any, name: str, notes: list[str], array: Any) -> None:
    said = [f"{file.filename}: {name} {note}" for note in _meanings(item, array)]
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
        _check_type(item)
        check_complete(item)
        _check_ratio(item)
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


def _check_type(dataset: Any) -> None:
    """Raise Unusable unless a dataset holds numbers or text."""
    import h5py

    if dataset.shape is None:
        raise Unusable("holds nothing: it has no shape (a null dataspace)")
    matlab = _attribute(dataset, "MATLAB_class")
    if _attribute(dataset, "MATLAB_empty"):
        raise Unusable("is an empty array in MATLAB; what stands in the file is only its shape")
    if matlab == b"char":
        raise Unusable("is text in MATLAB, stored as numbers of characters.\nSave labels as numbers there.")
    dtype = dataset.dtype
    if h5py.check_ref_dtype(dtype) is not None:
        cells = " (a cell array of MATLAB's)" if matlab == b"cell" else ""
        raise Unusable(f"holds references to other places in the file{cells}, not numbers.\nSave one array of numbers.")
    rows = h5py.check_vlen_dtype(dtype)
    if rows is not None and h5py.check_string_dtype(dtype) is None:
        if rows == np.uint8 and dataset.size:
            check_no_picture(dataset[(0,) * dataset.ndim].tobytes())
        raise Unusable(
            "holds rows of different lengths (a variable-length type); expected one length for all.\n"
            "Fill them up to one length and save them as one array, (m, features)."
        )


def _check_size(dataset: Any) -> None:
    """Raise Unusable, or a MemoryError, where a dataset is more than its file can mean or than memory holds."""
    _check_ratio(dataset)
    check_room(dataset.size * dataset.dtype.itemsize)


def _check_ratio(dataset: Any) -> None:
    """Raise Unusable where the numbers of a dataset are far more bytes than they take in the file."""
    size, packed = dataset.size * dataset.dtype.itemsize, dataset.id.get_storage_size()
    if not dataset.is_virtual and size > max(AS_IT_COMES, RATIO * packed):
        raise Unusable(
            f"unpacks {packed:,} bytes to {size:,}, more than {RATIO}-fold: data are not, and what fills the memory"
            " is.\nSave it without compression."
        )


def _meanings(dataset: Any, array: Any) -> Iterator[str]:
    """Yield what the attributes of a dataset say about its numbers that is not applied to them."""
    import h5py

    packed = {name: value for name in PACKED if (value := _attribute(dataset, name)) is not None}
    packed = {name: value for name, value in packed.items() if np.any(value != PACKED[name])}
    if packed:
        said = ", ".join(f"{name} {value}" for name, value in packed.items())
        yield f"is packed ({said}), and that is not applied: the numbers are taken as they are stored"
    for name in FILLERS:
        value = _attribute(dataset, name)
        if value is not None and array.dtype.kind in "buif" and np.asarray(value).dtype.kind in "buif":
            count = sum(int(np.isin(rows, value).sum()) for rows in Portions(array))
            if count:
                yield f"has {count:,} values that mean `missing` ({name} {value}); they are taken as numbers"
    if str(_attribute(dataset, "_Unsigned")).strip("b'").lower() == "true" and array.dtype.kind == "i":
        yield "says that its numbers have no sign (_Unsigned), and that is not applied"
    names = h5py.check_enum_dtype(dataset.dtype)
    if names:
        listed = ", ".join(f"{printable(key)} = {value}" for key, value in list(names.items())[:8])
        yield f"is an enumeration ({listed}); its numbers are taken, not its names"


def _attribute(dataset: Any, name: str) -> Any:
    """Return an attribute as a number, an array or bytes, or None where there is none that can be read."""
    import h5py

    try:
        value = dataset.attrs.get(name)
        if isinstance(value, str):
            return value.encode()
        if value is None or isinstance(value, h5py.Empty):
            return None
        return value.item() if np.size(value) == 1 else np.asarray(value)
    except Exception:
        return None
