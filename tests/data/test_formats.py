"""What a file is, told by its content; and every kind of dataset: read, or explained in words of nnctl's.

No test here looks for a library's words: whatever a reader raises ends in a DataError that says what to do.
"""

import bz2
import gzip
import io
import json
import lzma
import os
import pickle
import struct
import subprocess
import sys
import tarfile
import warnings
import zipfile
import zlib
from contextlib import nullcontext
from pathlib import Path

import h5py
import numpy as np
import PIL.Image
import pytest

from nnctl.data import words
from nnctl.data.arrays import ALONE, Unusable
from nnctl.data.formats import fetch, opened
from nnctl.errors import DataError, StorageError

X = np.array([[0.5, 1.0], [2.0, -3.0], [4.0, 0.25], [1.0, 1.0]])
LIBRARIES = ("synchronously", "HDF5 error", "zipfile.", "Errno", "allow_pickle", "Traceback", "object is not")


def explained(message, path, *expected):
    assert message.startswith(f"{path}: ")
    assert message.count("\n") < 5
    assert all(len(line) < 250 for line in message.replace(str(path), "FILE").splitlines())
    for word in LIBRARIES:
        assert word not in message
    for word in expected:
        assert word in message
    return message.removeprefix(f"{path}: ")


def refused(path, *expected, error=DataError):
    """Return the message with which a file is refused at once."""
    with pytest.raises(error) as caught, opened(path):
        pass
    return explained(str(caught.value), path, *expected)


def not_fetched(path, key, *expected, error=DataError):
    """Return the message with which a dataset of a file that can be opened is refused."""
    with opened(path) as file, pytest.raises(error) as caught:
        fetch(file, key, path)
    return explained(str(caught.value), path, *expected)


def fetched(path, key):
    with opened(path) as file:
        return fetch(file, key, path)


# what a file is


def zipped(members):
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return raw.getvalue()


def tarred():
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("train.h5"))
    return raw.getvalue()


def picture(kind):
    raw = io.BytesIO()
    PIL.Image.new("RGB", (8, 8), "red").save(raw, kind)
    return raw.getvalue()


def hdf5(**datasets):
    raw = io.BytesIO()
    with h5py.File(raw, "w") as file:
        for name, array in datasets.items():
            file[name] = array
    return raw.getvalue()


def npy(array):
    raw = io.BytesIO()
    np.save(raw, array)
    return raw.getvalue()


IDX3 = b"\0\0\x08\x03" + struct.pack(">3I", 5, 2, 2) + bytes(range(20))
MATLAB_4 = struct.pack("<5I", 0, 2, 2, 0, 2) + b"X\0" + X[:2].tobytes()
CSV = "sepal,petal,species\n5.1,3.5,0\n4.9,3.0,1\n"
NOTEBOOK = json.dumps({"cells": [], "nbformat": 4, "nbformat_minor": 5})
FILES = {
    "git lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d\nsize 9\n", "pointer of git LFS", "git lfs pull"),  # noqa: E501
    "web page": (b"\n<!DOCTYPE html><html><body>404</body></html>", "a web page", "download again"),
    "html with a mark": (b"\xef\xbb\xbf<HTML><head></head></HTML>", "a web page", "download again"),
    "xml": (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "a web page", "download again"),
    "gzip": (gzip.compress(b"abc" * 99), "compressed by gzip.", "gunzip"),
    "gzip of hdf5": (gzip.compress(hdf5(X=X)), "compressed by gzip; inside is HDF5", "gunzip"),
    "gzip of mnist": (gzip.compress(IDX3), "MNIST's kind (IDX) of shape (5, 2, 2)", "gunzip"),
    "bzip2": (bz2.compress(b"abc"), "compressed by bzip2", "bunzip2"),
    "xz": (lzma.compress(b"abc"), "compressed by xz", "unxz"),
    "zstd": (b"\x28\xb5\x2f\xfd\x04\x00abc", "compressed by zstd", "unzstd"),
    "lz4": (b"\x04\x22\x4d\x18dabc", "compressed by lz4", "unlz4"),
    "zlib": (zlib.compress(bytes(range(256)) * 9), "compressed by zlib", "joblib.load"),
    "tar": (tarred(), "a tar archive", "Unpack it"),
    "7z": (b"7z\xbc\xaf\x27\x1c\0\x04", "a 7z archive", "Unpack it"),
    "rar": (b"Rar!\x1a\x07\x01\0", "a RAR archive", "Unpack it"),
    "pdf": (b"%PDF-1.7\n", "a PDF document", "numpy.savez"),
    "sqlite": (b"SQLite format 3\0\x10", "an SQLite database", "numpy.savez"),
    "parquet": (b"PAR1\x15\x04PAR1", "a Parquet table", "the ending .parquet"),
    "arrow": (b"ARROW1\0\0", "an Arrow (Feather) table", "pandas.read_feather"),
    "feather": (b"FEA1\0\0", "a Feather table", "pandas.read_feather"),
    "orc": (b"ORC\x11", "an ORC table", "pandas.read_orc"),
    "excel": (zipped({"[Content_Types].xml": "", "xl/workbook.xml": ""}), "an Excel workbook", "CSV", "numpy.genfromtxt"),  # noqa: E501
    "old excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(9), "old Office document", "CSV"),
    "word": (zipped({"word/document.xml": ""}), "an Office document", "numpy.savez"),
    "pictures in a zip": (zipped({"cats/1.JPG": "", "cats/2.jpg": ""}), "a zip archive of pictures", "numpy.stack"),
    "table in a zip": (zipped({"README": "hi", "__MACOSX/._a.csv": "\0", "a/": "", "a/b.csv": CSV}), "a/b.csv in it is a table", "Unpack", "skip_header=1"),  # noqa: E501
    "text in a zip": (zipped({"a.txt": "hello"}), "a.txt in it is plain text; text is not read", "numpy.savez"),
    "hdf5 in a zip": (zipped({"a.csv": CSV, "b": hdf5(X=X)}), "b in it is an HDF5 file.\nUnpack it and give that file."),  # noqa: E501
    "npy in a zip": (zipped({"b": npy(X)}), "b in it is an NPY file.\nUnpack it and give that file."),
    "npz in a zip": (zipped({"b": zipped({"X.npy": npy(X)})}), "b in it is an NPZ file.\nUnpack it and give that file."),  # noqa: E501
    "mnist in a zip": (zipped({"a-idx3": IDX3}), "a-idx3 in it is a file of MNIST's kind", "Unpack", 'fromfile("a-idx3"'),  # noqa: E501
    "nothing in a zip": (zipped({"a/": ""}), "without any other file", "numpy.savez"),
    "nothing in a file in a zip": (zipped({"a": ""}), "a in it is empty (0 bytes).", "download it again"),
    "a damaged file in a zip": (zipped({"a": CSV}).replace(b"petal", b"metal"), "a in it is damaged", "download it again"),  # noqa: E501
    "keras in a zip": (zipped({"a.keras": zipped({"model.weights.h5": hdf5(W=X)})}), "a.keras in it is a trained network"),  # noqa: E501
    "keras in a folder in a zip": (zipped({"m/config.json": "{}", "m/model.weights.h5": ""}), "a trained network of Keras"),  # noqa: E501
    "weights in a zip": (zipped({"a.weights.h5": hdf5(W=X)}), "a.weights.h5 in it is a trained network of Keras"),
    "saved model": (zipped({"m/saved_model.pb": "\b"}), "a trained network of Keras"),
    "torch": (zipped({"model/data.pkl": "", "model/data/0": ""}), "a PyTorch file", "torch.load", ".numpy()"),
    "old torch": (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80", "a PyTorch file of the old kind", "torch.load"),
    "keras": (zipped({"config.json": "", "model.weights.h5": ""}), "a trained network of Keras", "numpy.savez"),
    "safetensors": (struct.pack("<Q", 60) + b'{"X":{"dtype":"F32"', "safetensors", "numpy.savez"),
    "mnist": (IDX3, "MNIST's kind (IDX) of shape (5, 2, 2)", "offset=16).reshape((5, 2, 2))"),
    "mnist labels": (b"\0\0\x08\x01" + struct.pack(">I", 3) + b"\1\2\3", "of shape (3,)", "y = numpy.fromfile("),
    "matlab 5": (b"MATLAB 5.0 MAT-file, Platform: GLNXA64".ljust(128), "older than 7.3", "scipy.io.loadmat", "numpy.savez"),  # noqa: E501
    "matlab 4": (MATLAB_4, "older than 7.3", "scipy.io.loadmat", "numpy.savez"),
    "netcdf 3": (b"CDF\x02\0\0\0\0", "NetCDF-3", "nccopy -k nc4"),
    "hdf4": (b"\x0e\x03\x13\x01\0\xc8", "HDF4", "h4toh5"),
    "notebook": (NOTEBOOK.encode(), "a Jupyter notebook", "numpy.savez"),
    "json": (b'{"X": [[1, 2]]}', "JSON text", "numpy.savez"),
    "csv": (CSV.encode(), "(CSV), and arrays are expected", "skip_header=1"),
    "numbers only": (b"1;2;0\n3;4;1\n", "(CSV), and arrays are expected", "delimiter=';')"),
    "tsv": (b"a\tb\n1\t2\n3\t4\n", "(TSV), and arrays are expected", "delimiter='\\t', skip_header=1)"),
    "plain text": (b"It is a cat.", "plain text; text is not read as data", "numpy.savez"),
    "latin-1": ("größe,klasse\n1,2\n3,4\n".encode("latin-1"), "(CSV), and arrays are expected", "encoding='latin-1'"),
    "utf-16": (CSV.encode("utf-16"), "(CSV) in UTF-16, and arrays are expected", "encoding='utf-16'"),
    "png": (picture("PNG"), "a picture (PNG)", "numpy.stack"),
    "jpeg": (picture("JPEG"), "a picture (JPEG)", "numpy.stack"),
    "gif": (picture("GIF"), "a picture (GIF)", "numpy.stack"),
    "bmp": (picture("BMP"), "a picture (BMP)", "numpy.stack"),
    "tiff": (picture("TIFF"), "a picture (TIFF)", "numpy.stack"),
    "webp": (b"RIFF\x10\0\0\0WEBPVP8 ", "a picture (WebP)", "numpy.stack"),
    "sent as text": (hdf5(X=X).replace(b"\r\n", b"\n"), "transfer as text has changed", "as binary"),
    "sent as utf-8": (hdf5(X=X).decode("utf-8", "replace").encode(), "transfer as text has changed", "as binary"),
    "zeros": (bytes(5000), "begins with zero bytes", "download it again"),
    "one byte": (b"\1", "begins with the bytes 01; expected HDF5, NPZ or NPY", "numpy.savez"),
    "noise": (bytes(range(250, 200, -1)), "begins with the bytes fa f9 f8", "numpy.savez"),
}  # fmt: skip


@pytest.mark.parametrize("suffix", [".h5", ".npz"])
@pytest.mark.parametrize("name", FILES)
def test_what_is_not_read_is_named_with_the_way_out(tmp_path, name, suffix):
    content, *expected = FILES[name]
    path = tmp_path / f"train{suffix}"
    path.write_bytes(content)
    refused(path, *expected)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("value", [{"X": X}, [1, 2.5], X, (X, [0, 1])], ids=["dict", "list", "array", "tuple"])
def test_a_pickle_of_any_protocol(tmp_path, protocol, value):
    path = tmp_path / "train.h5"
    path.write_bytes(pickle.dumps(value, protocol))
    refused(path, "a Python pickle", "numpy.savez")


@pytest.mark.parametrize("name", ["csv", "numbers only", "tsv", "utf-16", "latin-1", "mnist", "table in a zip"])
def test_the_lines_that_convert_do_so(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "train.h5"
    path.write_bytes(FILES[name][0])
    if name == "table in a zip":  # as it says
        zipfile.ZipFile(path).extractall()
    lines = refused(path).splitlines()
    exec("\n".join(line for line in lines if line.startswith(("import ", "X = ", "numpy.savez("))), {"numpy": np})
    if name != "mnist":
        assert fetched(tmp_path / "data.npz", "X").shape[0] == 2
        assert np.isfinite(fetched(tmp_path / "data.npz", "y")).all()


@pytest.mark.parametrize("suffix", [".h5", ".npz", ".mat", ".nc", ".dat", ""])
@pytest.mark.parametrize("kind", ["HDF5", "NPZ"])
def test_a_file_is_read_by_its_content(tmp_path, suffix, kind):
    path = tmp_path / f"train{suffix}"
    path.write_bytes(hdf5(X=X) if kind == "HDF5" else zipped({"X.npy": npy(X)}))
    np.testing.assert_array_equal(fetched(path, "X"), X)


def test_an_empty_archive_holds_nothing(tmp_path):
    path = tmp_path / "train.npz"
    np.savez(path)
    with opened(path) as file:
        assert list(file) == []


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["folder", "pipe"])
def test_what_is_no_file(tmp_path, make):
    path = tmp_path / "train.h5"
    make(path)
    refused(path, "is a folder" if path.is_dir() else "is a pipe", "HDF5")


@pytest.mark.parametrize("name", ["none.h5", "x" * 300, "a\0b"])
def test_a_name_that_is_no_file(tmp_path, name):
    refused(tmp_path / name)


def test_a_folder_says_which_files_lie_in_it(tmp_path):
    (tmp_path / "b.npz").touch()
    refused(tmp_path, "It holds b.npz: give one of them.")


@pytest.mark.parametrize(
    ("attributes", "names"),
    [
        ({"nnctl_version": "0.1.0", "layer_dims": [2, 1]}, ["W1", "b1"]),
        ({"keras_version": "2.15", "backend": "tensorflow"}, ["model_weights/dense/kernel"]),
        ({"layer_names": ["dense"]}, ["dense/dense/kernel:0"]),
        ({}, ["layers/dense/vars/0", "_layer_checkpoint_dependencies/dense/vars/0"]),
    ],
)
def test_a_trained_network_is_no_data(tmp_path, attributes, names):
    path = tmp_path / "train.h5"
    with h5py.File(path, "w") as file:
        file.attrs.update(attributes)
        for name in names:
            file[name] = X
    refused(path, "is a trained network", "not data")


def test_a_file_of_matlab_is_read_and_said_to_be_turned(tmp_path):
    path = tmp_path / "train.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        file["X"], file["#refs#/a"] = X.T, X
        file["name"], file["none"] = np.array([99, 97, 116], "u2"), np.array([0, 0], "u8")
        file["cells"] = np.array([file["X"].ref], h5py.ref_dtype)
        for name, kind in (("X", "double"), ("name", "char"), ("none", "double"), ("cells", "cell")):
            file[name].attrs["MATLAB_class"] = np.bytes_(kind)
        file["none"].attrs["MATLAB_empty"] = np.uint8(1)
    with path.open("r+b") as raw:
        raw.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64")
    with opened(path) as file:
        assert set(file) == {"X", "name", "none", "cells"}
        np.testing.assert_array_equal(fetch(file, "X", path), X.T)
        (note,) = file.notes
    assert note.startswith(f"{path}: was written by MATLAB")
    assert "data.layout: columns" in note
    not_fetched(path, "name", "name is text in MATLAB")
    not_fetched(path, "none", "none is an empty array in MATLAB")
    not_fetched(path, "cells", "a cell array of MATLAB's")


# datasets of every kind


def hdf5_type(kind):
    """Return a type that h5py has no name for."""
    if kind == "bfloat16":
        numbers = h5py.h5t.IEEE_F32LE.copy()
        numbers.set_fields(15, 7, 8, 0, 7)
        numbers.set_size(2)
        numbers.set_ebias(127)
        return numbers
    return {"bits": h5py.h5t.STD_B8LE, "time": h5py.h5t.UNIX_D32LE}[kind].copy()


def compound(file):
    file["X"] = np.zeros(4, [("sepal", "f4"), ("petal", "i2")])


def enumeration(file):
    file.create_dataset("X", data=np.array([[0, 1]]), dtype=h5py.enum_dtype({"cat": 0, "dog": 1}))


def low_level(kind):
    def make(file):
        space = h5py.h5s.create_simple((4, 2))
        plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plan.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        h5py.h5d.create(file.id, b"X", hdf5_type(kind), space, plan)

    return make


def ragged(file):
    rows = file.create_dataset("X", (2,), h5py.vlen_dtype("f4"))
    rows[0], rows[1] = [1, 2], [1, 2, 3]


def array_type(file):
    file.create_dataset("X", (4,), np.dtype(("f8", (2,))))[...] = X


def references(file):
    file["other"] = X
    file["X"] = np.array([file["other"].ref], h5py.ref_dtype)


def regions(file):
    file["other"] = X
    file.create_dataset("X", (1,), h5py.regionref_dtype)[0] = file["other"].regionref[:2]


def picture_rows(file):
    raw = np.frombuffer(picture("JPEG"), np.uint8)
    file["X"] = np.stack([raw, raw])


def picture_vlen(file):
    rows = file.create_dataset("X", (1,), h5py.vlen_dtype("u1"))
    rows[0] = np.frombuffer(picture("PNG"), np.uint8)


def picture_text(file):
    file["X"] = np.array([picture("PNG").replace(b"\0", b"\1")], "S2000")


def sparse(file):
    file["X/data"], file["X/indices"], file["X/indptr"] = X[0], np.arange(2), np.array([0, 2])


REFUSED = {  # what stands where X should be, and words of the refusal
    "nothing": (lambda file: file.update({"X": h5py.Empty("f4")}), "X holds nothing: it has no shape"),
    "group": (lambda file: file.update({"X/a": X, "X/b": X}), "X is a group, not an array; it holds a, b."),
    "empty group": (lambda file: file.create_group("X"), "X is an empty group"),
    "named type": (lambda file: file.update({"X": np.dtype("f8")}), "X is a named type, not an array"),
    "compound": (compound, "X is a table with named columns", "sepal, petal", "structured_to_unstructured"),
    "time": (low_level("time"), "X is of a type that NumPy does not have"),
    "opaque": (lambda file: file.update({"X": np.zeros(4, "V9")}), "X holds raw bytes without a meaning"),
    "dates": (lambda file: file.update({"X": np.zeros((4, 2), "M8[s]").astype(h5py.opaque_dtype("M8[s]"))}), "X holds dates"),  # noqa: E501
    "references": (references, "X holds references to other places"),
    "regions": (regions, "X holds references to other places"),
    "ragged": (ragged, "X holds rows of different lengths", "(m, features)"),
    "sparse": (sparse, "X is a group, not an array"),
    "pictures in rows": (picture_rows, "X holds JPEG files as they are", "PIL.Image.open"),
    "pictures of any length": (picture_vlen, "X holds PNG files as they are", "PIL.Image.open"),
    "pictures as text": (picture_text, "X holds PNG files as they are", "PIL.Image.open"),
    "pictures opaque": (lambda file: file.update({"X": np.array([np.void(picture("JPEG"))])}), "X holds JPEG files"),
}  # fmt: skip
READ = {
    "bool": X > 0,
    "float16": X.astype("f2"),
    "long double": X.astype("g"),
    "big-endian": X.astype(">f4"),
    "complex": X + 1j,
    "zero-size": X[:0],
    "scalar": np.float64(3),
    "bytes": np.array([b"a", b"bc"]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_dataset_of_hdf5_that_is_no_array(tmp_path, name):
    make, *expected = REFUSED[name]
    path = tmp_path / "train.h5"
    with h5py.File(path, "w") as file:
        make(file)
    not_fetched(path, "X", *expected)


@pytest.mark.parametrize("kind", ["h5", "npz"])
@pytest.mark.parametrize("name", READ)
def test_an_array_of_an_unusual_type_is_read_as_it_is(tmp_path, name, kind):
    path = tmp_path / f"train.{kind}"
    path.write_bytes(hdf5(X=READ[name]) if kind == "h5" else zipped({"X.npy": npy(READ[name])}))
    array = fetched(path, "X")
    np.testing.assert_array_equal(array, READ[name])
    assert array.dtype == READ[name].dtype


@pytest.mark.parametrize("make", [array_type, enumeration, low_level("bits"), low_level("bfloat16")])
def test_a_type_that_numpy_can_stand_for(tmp_path, make):
    path = tmp_path / "train.h5"
    with h5py.File(path, "w") as file:
        make(file)
    assert fetched(path, "X").shape in ((4, 2), (1, 2))
    if make is array_type:
        np.testing.assert_array_equal(fetched(path, "X"), X)


@pytest.mark.parametrize("text", ["cat", ["cat", "dog"], [["a", "b"]]])
def test_text_of_any_length(tmp_path, text):
    path = tmp_path / "train.h5"
    with h5py.File(path, "w") as file:
        file["X"] = np.array(text, h5py.string_dtype()) if isinstance(text, list) else text
    assert fetched(path, "X").shape == np.shape(text)


def header(text, body=b"", version=b"\1\0"):
    raw = text if isinstance(text, bytes) else text.encode()
    return b"\x93NUMPY" + version + struct.pack("<H", len(raw)) + raw + body


DAMAGED = {
    "open brackets": (header("(" * 9000), "X is damaged: its header cannot be understood"),
    "open square brackets": (header("[" * 5000), "X is damaged: its header cannot be understood"),
    "minus signs": (header("-" * 9000 + "1"), "X is damaged: its header cannot be understood"),
    "no header": (header("[]"), "X is damaged: its header cannot be understood"),
    "no end": (header("{'descr': '<f8'"), "X is damaged: its header cannot be understood"),
    "no utf-8": (header(b"{'\xff\xfe\0"), "X is damaged: its header cannot be understood"),
    "another version": (header("{}", version=b"\x09\0"), "X is damaged: its header cannot be understood"),
    "unknown type": (header("{'descr': 'zz', 'fortran_order': False, 'shape': ()}"), "X is damaged"),
    "petabytes": (header("{'descr': '<f8', 'fortran_order': False, 'shape': (999999999, 999999)}"), "X is damaged: an array"),  # noqa: E501
    "beyond 64 bits": (header(f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({'9' * 40}, 2)}}"), "X is damaged"),
    "empty but huge": (header(f"{{'descr': '<f8', 'fortran_order': False, 'shape': (0, {'9' * 30})}}"), "X "),
    "negative": (header("{'descr': '<f8', 'fortran_order': False, 'shape': (-2, -1)}", bytes(16)), "X "),
    "too long": (npy(X) + bytes(8), "X is damaged", "64 bytes, and the file holds 72."),
    "cut off": (npy(X)[:-8], "X is damaged", "64 bytes, and the file holds 56."),
    "cut in the header": (npy(X)[:40], "X is damaged"),
    "no magic": (b"nothing of NumPy's", "X is damaged"),
    "empty": (b"", "X is damaged"),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_array_in_an_archive(tmp_path, name):
    content, *expected = DAMAGED[name]
    path = tmp_path / "train.npz"
    path.write_bytes(zipped({"X.npy": content}))
    not_fetched(path, "X", *expected)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.array([[1, None]], object), ["holds Python objects", "labels.astype(str)"]),
        (np.array([{"a": 1}], object), ["holds Python objects"]),
        (np.zeros(3, [("a", "f4"), ("b", "O")]), ["holds Python objects"]),
        (np.zeros(3, [("a", "f4"), ("b", "i2")]), ["is a table with named columns", "a, b"]),
        (np.zeros((3, 2), [(f"c{i}", "f4") for i in range(900)]), ["is a table with named columns", "c0, c1"]),
        (np.zeros((3, 2), "M8[D]"), ["holds dates or times", "astype('int64')"]),
        (np.zeros((3, 2), "m8[s]"), ["holds dates or times"]),
        (np.zeros(3, "V5"), ["holds raw bytes"]),
        (np.array([picture("JPEG")]), ["holds JPEG files as they are"]),
        (np.stack([np.frombuffer(picture("PNG"), np.uint8)] * 2), ["holds PNG files as they are"]),
    ],
)
def test_an_array_in_an_archive_that_is_no_numbers(tmp_path, array, words):
    path = tmp_path / "train.npz"
    np.savez(path, X=array)
    not_fetched(path, "X", *words)


def test_a_name_that_an_archive_holds_twice(tmp_path):
    path = tmp_path / "train.npz"
    for second in ("X.npy", "X"):
        with warnings.catch_warnings(), zipfile.ZipFile(path, "w") as archive:
            warnings.simplefilter("ignore")
            archive.writestr("X.npy", npy(X))
            archive.writestr(second, npy(X + 1))
        refused(path, "holds X more than once", "numpy.savez")


def test_a_member_that_is_no_array_is_only_in_the_way_of_itself(tmp_path):
    path = tmp_path / "train.npz"
    path.write_bytes(zipped({"X.npy": npy(X), "readme.txt": "see below"}))
    np.testing.assert_array_equal(fetched(path, "X"), X)
    not_fetched(path, "readme.txt", "readme.txt is no array")


@pytest.mark.parametrize(
    ("offset", "value", "words"),
    [(6, 1, "is encrypted"), (16, 7, "checksum is not right")],
)
def test_a_member_that_cannot_be_unpacked(tmp_path, offset, value, words):
    raw = bytearray(zipped({"X.npy": npy(X)}))
    entry = raw.index(b"PK\1\2")
    raw[entry + offset + (2 if offset < 16 else 0)] ^= value
    if offset < 16:
        raw[offset] ^= value
    path = tmp_path / "train.npz"
    path.write_bytes(raw)
    not_fetched(path, "X", words)
    with opened(path) as file:  # its header is read where it stands alone, too
        stored = file.stored("X")
        with pytest.raises(Unusable, match=words) if stored else nullcontext():
            list(stored.pieces() if stored else ())


@pytest.mark.parametrize("way", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_member_that_numpy_would_not_have_packed_so(tmp_path, way):
    with zipfile.ZipFile(tmp_path / "train.npz", "w", way) as archive:
        archive.writestr("X.npy", npy(X))
    with pytest.raises(DataError, match=r"holds X\.npy, which is compressed in a way that NPZ files are not"):
        fetched(tmp_path / "train.npz", "X")


@pytest.mark.parametrize("step", [1, 7])
@pytest.mark.parametrize("kind", ["npy", "npz", "npz packed", "h5", "h5 chunked"])
def test_a_byte_changed_anywhere_is_never_a_traceback(tmp_path, kind, step):
    path = tmp_path / "train"
    if kind.startswith("h5"):
        with h5py.File(path, "w") as file:
            file.create_dataset("X", data=X, **({"chunks": (2, 2), "compression": "gzip"} if "chunked" in kind else {}))
            file["y"] = [0, 1, 1, 0]
    elif kind == "npy":
        path.write_bytes(npy(X))
    else:
        (np.savez_compressed if "packed" in kind else np.savez)(path, X=X, y=[0, 1, 1, 0])
        path = path.with_suffix(".npz")
    content = path.read_bytes()
    for place in range(step, len(content), 104 if kind.startswith("h5") else 13):  # each of HDF5's has a process
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        path.write_bytes(damaged)
        try:
            with opened(path) as file:
                for key in file:
                    fetch(file, key, path)
        except (DataError, StorageError) as error:
            explained(str(error), path)


def test_what_does_not_fit_into_memory_is_not_called_a_batch(tmp_path, monkeypatch):
    path = tmp_path / "train.npz"
    np.savez(path, X=X)

    def read_array(*arguments, **options):
        raise MemoryError("Unable to allocate 3.55 PiB for an array")

    monkeypatch.setattr("numpy.lib.format.read_array", read_array)
    message = not_fetched(path, "X", "X does not fit into memory (Unable to allocate 3.55 PiB", error=StorageError)
    assert "batch_size" not in message


# links and groups


def test_groups_that_contain_themselves(tmp_path):
    path = tmp_path / "train.h5"
    with h5py.File(path, "w") as file:
        file["a/X"] = X
        file["a/loop"], file["loop"] = file["/"], file["a"]
        group = file.create_group("deep")
        for _ in range(40):  # two ways into each: 2^40 names
            inner = group.create_group("l")
            group["r"] = inner
            group = inner
        group["y"] = [1]
    with opened(path) as file:
        names = list(file)
        assert len(names) == 2
        np.testing.assert_array_equal(fetch(file, "loop/X", path), X)  # each name that leads there is legal
        np.testing.assert_array_equal(fetch(file, "/a/loop/a/X", path), X)


def test_groups_in_groups_in_groups(tmp_path):
    path = tmp_path / "train.h5"
    with h5py.File(path, "w") as file:
        group = file
        for _ in range(3000):
            group = group.create_group("g")
        group["X"] = X
    with opened(path) as file:
        assert list(file) == ["g/" * 3000 + "X"]


@pytest.mark.parametrize(
    ("link", "words"),
    [
        (h5py.SoftLink("/gone"), ["X is a link to /gone, and there is no such dataset in the file"]),
        (h5py.SoftLink("/X"), ["X is a link to /X"]),
        (h5py.SoftLink("/there"), ["X is a link to /X in another file, other.h5, and such links are not followed"]),
        (h5py.SoftLink("outside/X"), ["X is a link to / in another file, other.h5, and such links are not followed"]),
        (h5py.ExternalLink("gone.h5", "/X"), ["X is a link to /X in another file, gone.h5, and such links are not"]),
        (h5py.ExternalLink("other.h5", "/X"), ["X is a link to /X in another file, other.h5, and such links are not"]),
    ],
)
def test_links_that_lead_nowhere(tmp_path, link, words):
    path = tmp_path / "train.h5"
    (tmp_path / "other.h5").write_bytes(hdf5(X=X))
    (tmp_path / "text.h5").write_text("miaow")
    with h5py.File(path, "w") as file:
        file["X"], file["y"] = link, [0]
        file["there"] = h5py.ExternalLink("other.h5", "/X")
        file["outside"] = h5py.ExternalLink("other.h5", "/")
        np.testing.assert_array_equal(file["there"], X)  # the negative control
    with opened(path) as file:
        assert set(file) == {"X", "y", "there", "outside"}
    not_fetched(path, "X", *words)
    not_fetched(path, "outside/X", "is a link to / in another file")


def test_names_that_no_terminal_shows(tmp_path):
    path = tmp_path / "train.h5"
    with h5py.File(path, "w") as file:
        file[b"a\xffb"], file["c\x1b[2J\n"] = X, X
    with opened(path) as file:
        assert all(name.isprintable() for name in file)
        for name in file:
            np.testing.assert_array_equal(fetch(file, name, path), X)


def test_a_message_lists_some_names_only(tmp_path):
    path = tmp_path / "train.npz"
    np.savez(path, **{f"part{number}": X for number in range(500)})
    assert not_fetched(path, "qqq", "there is no dataset 'qqq'").count(",") <= 13


# whether all of it is there


def virtual(path, rows, sources, fill=None):
    """Write X (rows, 2) put together from (row, file, dataset, its shape, what is taken of it)."""
    layout = h5py.VirtualLayout((rows, 2), "f8")
    for at, file, name, shape, taken in sources:
        piece = h5py.VirtualSource(file, name, shape)[taken]
        layout[at : at + piece.shape[0]] = piece
    with h5py.File(path, "a") as file:
        file.create_virtual_dataset("X", layout, fillvalue=fill)
    return path


WHOLE = slice(0, 4)


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "source.h5"
    path.write_bytes(hdf5(X=X))
    with h5py.File(path, "a") as file:
        part = file.create_dataset("part", (4, 2), "f8", chunks=(1, 2))
        part[:3] = X[:3]
        file.create_dataset("never", (4, 2), "f8")
    return path


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_virtual_dataset_that_is_whole(tmp_path, monkeypatch, source, elsewhere):
    if not elsewhere:
        monkeypatch.chdir(tmp_path)
    sources = [(0, "source.h5", "X", (4, 2), WHOLE), (4, "source.h5", "X", (4, 2), slice(1, 3)), (6, ".", "y", (2, 2), slice(0, 2))]  # fmt: skip  # noqa: E501
    path = virtual(tmp_path / "train.h5", 8, sources)
    with h5py.File(path, "a") as file:
        file["y"] = X[:2]
    np.testing.assert_array_equal(fetched(path, "X"), np.concatenate([X, X[1:3], X[:2]]))


@pytest.mark.parametrize(
    ("rows", "sources", "words"),
    [
        (8, [(0, "source.h5", "X", (4, 2), WHOLE), (4, "gone.h5", "X", (4, 2), WHOLE)], ["X of gone.h5 is not there"]),
        (4, [(0, "/gone/gone.h5", "X", (4, 2), WHOLE)], ["X of /gone/gone.h5 lies outside the folder of this file"]),
        (4, [(0, "../gone.h5", "X", (4, 2), WHOLE)], ["X of ../gone.h5 lies outside the folder of this file"]),
        (4, [(0, "link.h5", "X", (4, 2), WHOLE)], ["X of link.h5 lies outside the folder of this file"]),
        (4, [(0, "source.h5", "away", (4, 2), WHOLE)], ["away of source.h5 is a link to /X in another file"]),
        (4, [(0, "source.h5", "Z", (4, 2), WHOLE)], ["Z of source.h5 is not there: the file holds no such dataset"]),
        (4, [(0, "text.h5", "X", (4, 2), WHOLE)], ["X of text.h5 cannot be read"]),
        (5, [(0, "source.h5", "X", (4, 2), WHOLE)], ["2 of its 10 numbers come from none: 0.0 would stand there"]),
        (5, [(0, "source.h5", "X", (4, 2), WHOLE), (1, "source.h5", "X", (4, 2), slice(0, 3))], ["2 of its 10 numbers"]),  # noqa: E501
        (9, [(0, "source.h5", "X", (9, 2), slice(0, 9))], ["X of source.h5 is smaller than it expects", "(4, 2)", "(9, 2)"]),  # noqa: E501
        (4, [(0, "source.h5", "part", (4, 2), WHOLE)], ["part of source.h5 was written only in part", "1 were never"]),
        (4, [(0, "source.h5", "never", (4, 2), WHOLE)], ["never of source.h5 was made", "never written"]),
        (4, [(0, ".", "X", (4, 2), WHOLE)], ["these from each other"]),
        (4, [], ["8 of its 8 numbers come from none"]),
    ],
)  # fmt: skip
def test_a_virtual_dataset_with_a_hole(tmp_path, source, rows, sources, words):
    (tmp_path / "text.h5").write_text("miaow")
    other = tmp_path.parent / f"{tmp_path.name}-other.h5"
    other.write_bytes(hdf5(X=X))
    (tmp_path / "link.h5").symlink_to(other)
    with h5py.File(source, "a") as file:
        file["away"] = h5py.ExternalLink(str(other), "/X")
    path = virtual(tmp_path / "train.h5", rows, sources)
    not_fetched(path, "X", "X is put together from", *words)


def endless(path, pieces, shape):
    """Write X that grows with its sources: of each (row, stride, file), the rows of its X."""
    layout = h5py.VirtualLayout(shape, "f8", maxshape=(None, 2))
    for row, stride, file in pieces:
        source = h5py.VirtualSource(file, "X", (4, 2), maxshape=(None, 2))
        layout[row : h5py.h5s.UNLIMITED : stride] = source[0 : h5py.h5s.UNLIMITED]
    with h5py.File(path, "w", libver="latest") as file:
        file.create_virtual_dataset("X", layout)
    return path


def test_virtual_datasets_that_grow_with_their_sources(tmp_path, source):
    (tmp_path / "short.h5").write_bytes(hdf5(X=X[:2]))
    np.testing.assert_array_equal(fetched(endless(tmp_path / "one.h5", [(0, 1, "source.h5")], (4, 2)), "X"), X)
    two = endless(tmp_path / "two.h5", [(0, 2, "source.h5"), (1, 2, "source.h5")], (8, 2))
    np.testing.assert_array_equal(fetched(two, "X"), np.repeat(X, 2, axis=0))
    not_fetched(
        endless(tmp_path / "uneven.h5", [(0, 2, "source.h5"), (1, 2, "short.h5")], (8, 2)), "X", "come from none"
    )


@pytest.mark.parametrize("options", [{"chunks": (1, 2)}, {"chunks": (1, 2), "compression": "gzip"}])
def test_a_dataset_that_was_written_in_part(tmp_path, options):
    path = tmp_path / "train.h5"
    with h5py.File(path, "w") as file:
        part = file.create_dataset("X", (4, 2), "f8", maxshape=(None, 2), fillvalue=7, **options)
        part[:3] = X[:3]
    not_fetched(
        path, "X", "was written only in part", "of its 4 blocks", "1 were never written", "7.0 would stand there"
    )
    with h5py.File(path, "a") as file:
        file["X"][3] = X[3]
    np.testing.assert_array_equal(fetched(path, "X"), X)
    with h5py.File(path, "a") as file:
        file["X"].resize((6, 2))
    not_fetched(path, "X", "of its 6 blocks", "2 were never written")


@pytest.mark.parametrize("shape", [(4, 2), (10**9, 10**7)])
def test_a_dataset_that_was_never_written(tmp_path, shape):
    path = tmp_path / "train.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("X", shape, "f8")
        file.create_dataset("chunked", shape, "f8", chunks=(2, 2))
    not_fetched(path, "X", "never written: every number would be 0.0")
    not_fetched(path, "chunked", "was written only in part")


def test_numbers_in_a_file_of_their_own_are_not_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "train.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("X", (4, 2), "f8", external=[("raw.bin", 0, 64)])
    Path("raw.bin").write_bytes(X.tobytes())
    with h5py.File(path) as file:  # the negative control
        np.testing.assert_array_equal(file["X"], X)
    not_fetched(path, "X", "X has its numbers in another file, raw.bin, and such are not read.")


# what the numbers mean


@pytest.mark.parametrize(
    ("attributes", "note"),
    [
        ({"scale_factor": 0.01, "add_offset": 5.0}, "X is packed (scale_factor 0.01, add_offset 5.0), and that is not applied"),  # noqa: E501
        ({"scale_factor": np.array([2.0])}, "X is packed (scale_factor 2.0)"),
        ({"scale_factor": 1.0, "add_offset": 0.0}, None),
        ({"_FillValue": 1.0}, "X has 3 values that mean `missing` (_FillValue 1.0)"),
        ({"missing_value": np.array([4.0, -3.0])}, "X has 2 values that mean `missing`"),
        ({"_FillValue": np.nan}, None),
        ({"_FillValue": -999.0, "units": "m"}, None),
        ({"_FillValue": "none", "scale_factor": h5py.Empty("f4")}, None),
    ],
)  # fmt: skip
def test_packed_numbers_are_said_to_be_packed(tmp_path, attributes, note):
    path = tmp_path / "train.nc"
    with h5py.File(path, "w") as file:
        file["X"] = X
        file["X"].attrs.update(attributes)
    with opened(path) as file:
        for _ in range(2):
            np.testing.assert_array_equal(fetch(file, "X", path), X)
        assert len(file.notes) == (note is not None)
        if note is not None:
            assert file.notes[0].startswith(f"{path}: {note}")


def test_bytes_that_are_to_have_no_sign_are_said_to(tmp_path):
    path = tmp_path / "train.nc"
    with h5py.File(path, "w") as file:
        file["X"] = np.array([[-1]], "i1")
        file["X"].attrs["_Unsigned"] = "true"
    with opened(path) as file:
        fetch(file, "X", path)
        assert "_Unsigned" in file.notes[0]


def test_the_names_of_an_enumeration_are_said(tmp_path):
    path = tmp_path / "train.h5"
    with h5py.File(path, "w") as file:
        enumeration(file)
    with opened(path) as file:
        fetch(file, "X", path)
        assert "is an enumeration (cat = 0, dog = 1)" in file.notes[0]


# compression, locks, writers that died


@pytest.mark.parametrize(
    ("number", "name"),
    [(32001, "blosc"), (32004, "lz4"), (32008, "bitshuffle"), (32013, "zfp"), (32015, "zstd"), (32026, "blosc2"), (307, "bzip2"), (300, "300")],  # noqa: E501
)  # fmt: skip
@pytest.mark.parametrize("behind", [False, True])
def test_a_filter_that_is_not_installed(tmp_path, monkeypatch, number, name, behind):
    if h5py.h5z.filter_avail(number):
        pytest.skip(f"{name} is installed here")
    monkeypatch.setitem(sys.modules, "hdf5plugin", None)
    path = tmp_path / "source.h5"
    with h5py.File(path, "w") as file:
        plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plan.set_chunk((4, 2))
        plan.set_filter(number, h5py.h5z.FLAG_OPTIONAL, (1,))
        made = h5py.h5d.create(file.id, b"X", h5py.h5t.IEEE_F64LE, h5py.h5s.create_simple((4, 2)), plan)
        made.write_direct_chunk((0, 0), X.tobytes(), 0)
    if behind:
        path = virtual(tmp_path / "train.h5", 4, [(0, "source.h5", "X", (4, 2), WHOLE)])
    not_fetched(path, "X", "is compressed by the filter", name, f"({number})", "pip install hdf5plugin")


WRITER = """
import h5py, os, sys
file = h5py.File(sys.argv[1], "w", libver="latest" if sys.argv[2] == "swmr" else None)
file["X"] = [[1.0, 2.0]]
file.flush()
if sys.argv[2] == "swmr":
    file.swmr_mode = True
print("written", flush=True)
sys.stdin.read()
os._exit(1)
"""


def test_a_file_that_is_being_written_and_one_whose_writer_died(tmp_path):
    path = tmp_path / "train.h5"
    for kind, said in (
        ("plain", "is open in another program"),
        ("swmr", "was not closed by the program that wrote it"),
    ):
        command = [sys.executable, "-c", WRITER, str(path), kind]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
            writer.stdout.readline()
            refused(path, said)
    refused(path, "was not closed by the program that wrote it", "h5clear -s")


@pytest.mark.parametrize("share", [0.001, 0.02, 0.3, 0.7, 0.999])
@pytest.mark.parametrize("options", [{}, {"libver": "latest"}])
def test_hdf5_that_is_cut_off(tmp_path, share, options):
    path = tmp_path / "train.h5"
    with h5py.File(path, "w", **options) as file:
        file.create_dataset("X", data=np.zeros((1000, 4)), chunks=(100, 4))
    content = path.read_bytes()
    path.write_bytes(content[: max(9, int(len(content) * share))])
    refused(path, "again")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(5, "Input/output error"), "cannot be read: Input/output error"),
        (OSError("unable to lock file, errno = 37, error message = 'No locks'"), "Set HDF5_USE_FILE_LOCKING=FALSE"),
        (KeyError("Unable to synchronously open object (incorrect metadata checksum after all read attempts)"), "damaged"),  # noqa: E501
        (zlib.error("Error -3 while decompressing data: invalid block type"), "is damaged"),
        (EOFError(), "is cut off"),
        (RecursionError("deep"), "nested too deep"),
        (ValueError("{0} {x}\nsecond line"), "cannot be read: {0} {x}"),
        (ValueError(), "cannot be read: ValueError"),
        (RuntimeError("bad {0} magic"), "is damaged (bad {0} magic)"),
    ],
)  # fmt: skip
def test_words_for_errors(error, said):
    assert said in words.in_plain_words(error)


@pytest.mark.parametrize("turned", [False, True])
def test_a_damaged_chunk_is_told_where_pieces_are_read_too(tmp_path, turned):
    with h5py.File(tmp_path / "t.h5", "w") as file:
        X = file.create_dataset("X", data=np.arange(4000.0).reshape(40, 100), chunks=(10, 100), compression="gzip")
        offset, size = X.id.get_chunk_info(2).byte_offset, X.id.get_chunk_info(2).size
    raw = bytearray((tmp_path / "t.h5").read_bytes())
    raw[offset + size // 2 : offset + size] = bytes(size - size // 2)
    (tmp_path / "t.h5").write_bytes(raw)
    with opened(tmp_path / "t.h5") as file:
        stored = file.stored("X")
        with pytest.raises(Unusable, match=r"is damaged .*\nCopy or download it again"):
            list((stored.turned() if turned else stored).pieces())


def test_an_array_that_is_cut_off_as_it_is_read_is_told(tmp_path):
    np.save(tmp_path / "X.npy", X)
    with opened(tmp_path / "X.npy") as file:
        stored = file.stored(ALONE)
        (tmp_path / "X.npy").write_bytes(b"")
        with pytest.raises(Unusable, match="cannot be read: "):
            list(stored.pieces())
