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
from pathlib import Path

import h5py
import numpy as np
import PIL.Image
import pytest

from nnctl.data import words
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
    "git lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d\nsize 9\n", "pointer of git LFS", "git lfs pull"),
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
    "parquet": (b"PAR1\x15\x04PAR1", "a Parquet table", "pandas.read_parquet"),
    "arrow": (b"ARROW1\0\0", "an Arrow (Feather) table", "pandas.read_feather"),
    "feather": (b"FEA1\0\0", "a Feather table", "pandas.read_feather"),
    "orc": (b"ORC\x11", "an ORC table", "pandas.read_orc"),
    "excel": (zipped({"[Content_Types].xml": "", "xl/workbook.xml": ""}), "an Excel workbook", "CSV", "numpy.genfromtxt"),
    "old excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(9), "old Office document", "CSV"),
    "word": (zipped({"word/document.xml": ""}), "an Office document", "numpy.savez"),
    "pictures in a zip": (zipped({"cats/1.JPG": "", "cats/2.jpg": ""}), "a zip archive of pictures", "numpy.stack"),
    "something in a zip": (zipped({"a.csv": "1,2"}), "a zip archive without arrays (.npy); it holds a.csv", "Unpack it"),
    "torch": (zipped({"model/data.pkl": "", "model/data/0": ""}), "a PyTorch file", "torch.load", ".numpy()"),
    "old torch": (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80", "a PyTorch file of the old kind", "torch.load"),
    "keras": (zipped({"config.json": "", "model.weights.h5": ""}), "a trained network of Keras", "numpy.savez"),
    "safetensors": (struct.pack("<Q", 60) + b'{"X":{"dtype":"F32"', "safetensors", "numpy.savez"),
    "npy": (npy(X), "one NumPy array without a name (.npy)", "numpy.load"),
    "mnist": (IDX3, "MNIST's kind (IDX) of shape (5, 2, 2)", "offset=16).reshape((5, 2, 2))"),
    "mnist labels": (b"\0\0\x08\x01" + struct.pack(">I", 3) + b"\1\2\3", "of shape (3,)", "y = numpy.fromfile("),
    "matlab 5": (b"MATLAB 5.0 MAT-file, Platform: GLNXA64".ljust(128), "older than 7.3", "scipy.io.loadmat", "numpy.savez"),
    "matlab 4": (MATLAB_4, "older than 7.3", "scipy.io.loadmat", "numpy.savez"),
    "netcdf 3": (b"CDF\x02\0\0\0\0", "NetCDF-3", "nccopy -k nc4"),
    "hdf4": (b"\x0e\x03\x13\x01\0\xc8", "HDF4", "h4toh5"),
    "notebook": (NOTEBOOK.encode(), "a Jupyter notebook", "numpy.savez"),
    "json": (b'{"X": [[1, 2]]}', "JSON text", "numpy.savez"),
    "csv": (CSV.encode(), "(CSV); tables are not read", "skip_header=1"),
    "numbers only": (b"1;2;0\n3;4;1\n", "(CSV); tables are not read", "delimiter=';')"),
    "tsv": (b"a\tb\n1\t2\n", "(TSV); tables are not read", "delimiter='\\t', skip_header=1)"),
    "plain text": (b"It is a cat.", "plain text; tables are not read", "numpy.genfromtxt"),
    "latin-1": ("größe,klasse\n1,2\n".encode("latin-1"), "(CSV); tables are not read", "numpy.genfromtxt"),
    "utf-16": (CSV.encode("utf-16"), "(CSV) in UTF-16; tables are not read", "encoding='utf-16'"),
    "png": (picture("PNG"), "a picture (PNG)", "numpy.stack"),
    "jpeg": (picture("JPEG"), "a picture (JPEG)", "numpy.stack"),
    "gif": (picture("GIF"), "a picture (GIF)", "numpy.stack"),
    "bmp": (picture("BMP"), "a picture (BMP)", "numpy.stack"),
    "tiff": (picture("TIFF"), "a picture (TIFF)", "numpy.stack"),
    "webp": (b"RIFF\x10\0\0\0WEBPVP8 ", "a picture (WebP)", "numpy.stack"),
    "sent as text": (hdf5(X=X).replace(b"\r\n", b"\n"), "transfer as text has changed", "as binary"),
    "sent as utf-8": (hdf5(X=X).decode("utf-8", "replace").encode(), "transfer as text has changed", "as binary"),
    "zeros": (bytes(5000), "begins with zero bytes", "download it again"),
    "one byte": (b"\1", "begins with the bytes 01; expected HDF5 or NPZ", "numpy.savez"),
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


@pytest.mark.parametrize("name", ["csv", "numbers only", "tsv", "utf-16", "mnist"])
def test_the_lines_that_convert_do_so(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "train.h5"
    path.write_bytes(FILES[name][0])
    lines = refused(path).splitlines()
    exec("\n".join(line for line in lines if line.startswith(("import ", "X = ", "numpy.savez("))), {"numpy": np})
    if name != "mnist":
        assert fetched(tmp_path / "data.npz", "X").shape[0] == 2 - (name == "tsv")
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
