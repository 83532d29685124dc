"""What a dataset of HDF5 says of its numbers: their type, how many bytes they come to, and what its attributes mean.

What has no meaning as an array, or would be more than its file can mean, is Unusable before it is read.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from nnctl.data.arrays import Unusable
from nnctl.data.limits import AS_IT_COMES, RATIO
from nnctl.data.memory import check_room
from nnctl.data.portions import Portions
from nnctl.data.recognition import check_no_picture
from nnctl.data.words import printable

PACKED = {"scale_factor": 1, "add_offset": 0}  # attributes that change what NetCDF's numbers mean, unless they are so
FILLERS = ("_FillValue", "missing_value")


def check_type(dataset: Any) -> None:
    """Raise Unusable unless a dataset holds numbers or text."""
    import h5py

    if dataset.shape is None:
        raise Unusable("holds nothing: it has no shape (a null dataspace)")
    matlab = attribute(dataset, "MATLAB_class")
    if attribute(dataset, "MATLAB_empty"):
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


def check_size(dataset: Any) -> None:
    """Raise Unusable, or a MemoryError, where a dataset is more than its file can mean or than memory holds."""
    check_ratio(dataset)
    check_room(dataset.size * dataset.dtype.itemsize)


def check_ratio(dataset: Any) -> None:
    """Raise Unusable where the numbers of a dataset are far more bytes than they take in the file."""
    size, packed = dataset.size * dataset.dtype.itemsize, dataset.id.get_storage_size()
    if not dataset.is_virtual and size > max(AS_IT_COMES, RATIO * packed):
        raise Unusable(
            f"unpacks {packed:,} bytes to {size:,}, more than {RATIO}-fold: data are not, and what fills the memory"
            " is.\nSave it without compression."
        )


def meanings(dataset: Any, array: Any) -> Iterator[str]:
    """Yield what the attributes of a dataset say about its numbers that is not applied to them."""
    import h5py

    packed = {name: value for name in PACKED if (value := attribute(dataset, name)) is not None}
    packed = {name: value for name, value in packed.items() if np.any(value != PACKED[name])}
    if packed:
        said = ", ".join(f"{name} {value}" for name, value in packed.items())
        yield f"is packed ({said}), and that is not applied: the numbers are taken as they are stored"
    for name in FILLERS:
        value = attribute(dataset, name)
        if value is not None and array.dtype.kind in "buif" and np.asarray(value).dtype.kind in "buif":
            count = sum(int(np.isin(rows, value).sum()) for rows in Portions(array))
            if count:
                yield f"has {count:,} values that mean `missing` ({name} {value}); they are taken as numbers"
    if str(attribute(dataset, "_Unsigned")).strip("b'").lower() == "true" and array.dtype.kind == "i":
        yield "says that its numbers have no sign (_Unsigned), and that is not applied"
    names = h5py.check_enum_dtype(dataset.dtype)
    if names:
        listed = ", ".join(f"{printable(key)} = {value}" for key, value in list(names.items())[:8])
        yield f"is an enumeration ({listed}); its numbers are taken, not its names"


def attribute(dataset: Any, name: str) -> Any:
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
