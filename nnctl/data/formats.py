"""The formats of files of arrays, HDF5, NPZ and NPY: a file is opened as a mapping from names to arrays.

Which of them it is, its content tells. Whatever goes wrong in a library is told here, in words of ours.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import numpy as np

from nnctl.data import hdf5, npy, npz
from nnctl.data.arrays import Datasets as Datasets
from nnctl.data.arrays import Unusable
from nnctl.data.recognition import check_no_picture, recognized
from nnctl.errors import DataError, StorageError
from nnctl.nn import Array
from nnctl.registry import suggestion

READERS: dict[str, Callable[[Path], AbstractContextManager[Datasets]]] = {
    "HDF5": hdf5.datasets,
    "NPZ": npz.datasets,
    "NPY": npy.datasets,
}
SHOWN = 12  # names in a message
SPARSE = (("indptr",), ("format", "shape"))  # arrays that a sparse matrix has beside its data, in HDF5 and in NPZ


@contextmanager
def opened(path: Path) -> Iterator[Datasets]:
    """Open a file by the reader of its kind; whatever goes wrong is a DataError with the path."""
    with ExitStack() as stack:
        try:
            datasets = stack.enter_context(READERS[recognized(path)](path))
        except Unusable as reason:
            raise DataError(f"{path}: {reason}") from None
        yield datasets


def fetch(file: Datasets, key: str, path: Path) -> Array:
    """Return an array of an open file; raise a DataError where there is none, or what it holds is no array."""
    with told(key, path):
        try:
            check_not_sparse(file, key, path)
            array = np.asarray(file[key])
            _check_kind(array)
        except KeyError:
            if file.nameless:
                raise DataError(
                    f"{path}: is one array only and has no names (NPY), so it holds no {key!r}.\nLeave the name out."
                ) from None
            raise DataError(f"{path}: there is no dataset {key!r}{suggestion(key, file, most=SHOWN)}") from None
    return array


def check_usable(file: Datasets, key: str, path: Path, first: Array) -> None:
    """Raise a DataError where an array that is not read as a whole, but for its first row, is no array of features."""
    with told(key, path):
        check_not_sparse(file, key, path)
        _check_kind(first)


@contextmanager
def told(key: str, path: Path) -> Iterator[None]:
    """Raise what goes wrong with an array of a file as an error for people."""
    try:
        yield
    except Unusable as reason:
        raise DataError(f"{path}: {key} {reason}") from None
    except MemoryError as error:
        raise StorageError(
            f"{path}: {key} does not fit into memory{f' ({error})' if str(error) else ''}.\n"
            "Take fewer rows or features, save it in a smaller type (float32, uint8), or use a larger machine."
        ) from None


def pandas_tables(file: Datasets) -> list[str]:
    """Return the keys under which pandas wrote tables (`to_hdf`) in its fixed or table format."""
    marked = (re.fullmatch(r"(.*)/(?:axis0|_i_table/.*)", name) for name in file)
    return list(dict.fromkeys(found[1] for found in marked if found))


def check_not_sparse(file: Datasets, key: str, path: Path) -> None:
    """Raise Unusable for the data of a sparse matrix, which mean nothing without their places."""
    beside = key.removesuffix("data")
    if beside == key or not any(all(beside + mark in file for mark in marks) for marks in SPARSE):
        return
    lines = 'numpy.savez("data.npz", X=matrix.toarray(), y=labels)'
    if not beside:
        lines = f'import numpy, scipy.sparse; matrix = scipy.sparse.load_npz("{path}")\n{lines}'
    raise Unusable(f"is part of a sparse matrix, and those are not read.\nSave it as an ordinary array:\n{lines}")


def _check_kind(array: Array) -> None:
    """Raise Unusable for what is neither numbers nor text."""
    if array.size and (array.dtype.kind in "SV" or array.dtype == np.uint8):
        check_no_picture(array[:1].tobytes() if array.ndim else array.tobytes())
    if array.size and array.dtype.kind == "O" and isinstance(first := array.ravel()[0], bytes):
        check_no_picture(first)
    if array.dtype.names:
        raise Unusable(
            f"is a table with named columns (a structured array: {', '.join(array.dtype.names[:8])}), not one array.\n"
            "Save its columns as one: X = numpy.lib.recfunctions.structured_to_unstructured(table)"
        )
    if array.dtype.kind in "Mm":
        raise Unusable("holds dates or times; expected numbers.\nTurn them into numbers first: X.astype('int64')")
    if array.dtype.kind == "V":
        raise Unusable(f"holds raw bytes without a meaning ({array.dtype}); expected numbers.\nSave it as numbers.")
