"""NPY files: what one array says of itself is believed only where the file bears it out."""

import io
import struct

import numpy as np
import pytest
from incoming_rows import read_features

from nnctl.data.block import BlockPreparation
from nnctl.data.files import read_tables
from nnctl.data.formats import fetch, opened
from nnctl.data.names import Names
from nnctl.data.scaling import Scaling
from nnctl.errors import DataError

X = np.array([[0.5, 1.0], [2.0, -3.0], [4.0, 0.25]])


def npy(array):
    raw = io.BytesIO()
    np.save(raw, array)
    return raw.getvalue()


def header(text, body=b""):
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text.encode() + body


@pytest.mark.parametrize("name", ["X.npy", "X.dat", "X", "X.npz", "X.h5"])  # the suffix tells nothing
@pytest.mark.parametrize("array", [X, X.astype("<f4"), X.astype(">f8"), np.asfortranarray(X), np.array(["a", "ü"])])
def test_the_array_is_read_as_it_is(tmp_path, name, array):
    path = tmp_path / name
    path.write_bytes(npy(array))
    with opened(path) as file:
        (key,) = file
        read = fetch(file, key, path)
        assert file.nameless
    np.testing.assert_array_equal(read, array)
    assert read.dtype == array.dtype


def test_the_only_array_of_an_archive_has_a_name(tmp_path):
    np.savez(tmp_path / "one.npz", X=X)
    with opened(tmp_path / "one.npz") as file:
        assert not file.nameless


def test_it_has_no_name_to_ask_for(tmp_path):
    path = tmp_path / "X.npy"
    np.save(path, X)
    with opened(path) as file, pytest.raises(DataError) as caught:
        fetch(file, "X", path)
    assert str(caught.value) == (
        f"{path}: is one array only and has no names (NPY), so it holds no 'X'.\nLeave the name out."
    )


BAD = {
    "empty": (b"", "is empty (0 bytes)"),
    "cut in its magic": (b"\x93NUM", "is no file of arrays: it begins with the bytes 93 4e 55 4d"),
    "cut in its header": (npy(X)[:40], "the array is damaged: its header cannot be understood"),
    "cut off": (
        npy(X)[:-8],
        "the array is damaged: an array of shape (3, 2) and type float64 has 48 bytes, and the file",
    ),
    "too long": (npy(X) + bytes(8), "the array is damaged: an array of shape (3, 2) and type float64 has 48 bytes"),
    "petabytes": (
        header("{'descr': '<f8', 'fortran_order': False, 'shape': (999999999, 999999)}"),
        "the array is damaged: an array of shape (999999999, 999999) and type float64 has 7,999,991,992,000,008 bytes",
    ),
    "garbage": (header("(" * 900), "the array is damaged: its header cannot be understood"),
    "objects": (
        npy(np.array([[1, None]], object)),
        "the array holds Python objects (pickle), which may run any program",
    ),
    "objects inside": (npy(np.zeros(3, [("a", "f4"), ("b", "O")])), "the array holds Python objects (pickle)"),
    "structured": (npy(np.zeros(3, [("a", "f4"), ("b", "i2")])), "the array is a table with named columns"),
    "dates": (npy(np.zeros((3, 2), "M8[D]")), "the array holds dates or times; expected numbers"),
    "raw": (npy(np.zeros(3, "V5")), "the array holds raw bytes without a meaning"),
    "0-d": (npy(np.float64(3)), "the array must have a row of features for each example, (m, features), got shape ()"),
    "1-d": (npy(X[0]), "the array must have a row of features for each example, (m, features), got shape (2,)"),
    "no rows": (npy(X[:0]), "the array holds nothing, its shape is (0, 2)"),
    "nan": (npy(X * np.nan), "the array is nan in column 0"),
    "text": (npy(X.astype(str)), "the array must hold numbers, got text"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_one_clear_message(tmp_path, name):
    content, expected = BAD[name]
    path = tmp_path / "X.npy"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_features(path, BlockPreparation((2,), Scaling()))
    message = str(caught.value)
    assert message.startswith(str(path))
    assert f": {expected}" in message
    assert message.count("\n") < 5


def test_alone_it_is_no_part(tmp_path):
    path = tmp_path / "X.npy"
    np.save(path, X)
    for part, key in (("train", "source"), ("test", "test")):
        with pytest.raises(DataError) as caught:
            read_tables(path, {part: Names()}, Names())
        assert str(caught.value) == (
            f"{path}: is one array without a name (NPY), and there must be features and targets.\n"
            f"Name the file of each: data.{key}: {{features: X.npy, target: y.npy}}"
        )
