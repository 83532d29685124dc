"""What a file of ours holds is checked as it is read: an HDF5 file may be another, of a strange hand, or cut off.

Nothing is taken for granted, memory is taken only for what is there, and whatever is wrong is `Unusable`, in words.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from nnctl.data.arrays import Unusable
from nnctl.nn import Array


def numbers(file: Any, name: str, shapes: Sequence[tuple[int, ...]]) -> Array | None:
    """Return a dataset of one of the shapes, or None where there is none."""
    if name not in file:
        return None
    numbers = np.asarray(dataset(file, name, shapes)[()], np.float64)
    check_finite(name, numbers)
    return numbers


def check_finite(name: str, numbers: Array) -> None:
    if not np.isfinite(numbers).all():
        raise Unusable(f"{name} holds numbers that are not finite")


def dataset(file: Any, name: str, shapes: Sequence[tuple[int, ...]]) -> Any:
    """Return a dataset of floats in one of these shapes, whole."""
    import h5py

    from nnctl.data.storage import check_complete

    dataset = file.get(name)
    if not isinstance(dataset, h5py.Dataset):
        raise Unusable(f"{name} is {'missing' if dataset is None else 'no array'}")
    if dataset.shape not in shapes:
        raise Unusable(f"{name} has shape {dataset.shape}, expected {' or '.join(map(str, shapes))}")
    if dataset.dtype.newbyteorder("=") not in (np.float32, np.float64):
        raise Unusable(f"{name} must be of type float32 or float64, got {dataset.dtype}")
    try:
        check_complete(dataset)
    except Unusable as reason:
        raise Unusable(f"{name} {reason}") from None
    return dataset


def attribute(file: Any, name: str) -> Any:
    if name not in file.attrs:
        raise Unusable(f"{name} is missing")
    return file.attrs[name]


def text(file: Any, name: str) -> str:
    value = attribute(file, name)
    if not isinstance(value, str):
        raise Unusable(f"{name} must be text")
    return value


def whole_numbers(file: Any, name: str) -> tuple[int, ...]:
    """Return an attribute that is a list of whole numbers of at least 1."""
    values = np.asarray(attribute(file, name))
    if values.ndim != 1 or values.dtype.kind not in "iu" or (values < 1).any():
        raise Unusable(f"{name} must be whole numbers of at least 1")
    return tuple(int(n) for n in values)
