"""Rows to predict, some at a time: all of them, in order, whatever the file, and a bad one stops no other."""

import h5py
import numpy as np
import pytest
from incoming_rows import read_features

from nnctl.data import hdf5
from nnctl.data.block import BlockPreparation
from nnctl.data.incoming_arrays import read_blocks
from nnctl.data.scaling import Scaling
from nnctl.errors import DataError
from nnctl.nn.network import BLOCK

M, N = 3 * BLOCK + 5, 700


def features():
    return np.random.RandomState(0).randint(0, 256, (M, N), np.uint8)


def preparation(**settings):
    return BlockPreparation((N,), Scaling(), **settings)


def write(path, X, kind):
    if kind == "npy":
        np.save(path, X)
    elif kind == "npz":
        np.savez_compressed(path, X=X)
    else:
        with h5py.File(path, "w") as file:
            file.create_dataset("X", data=X, **({"chunks": (699, 50), "compression": 1} if kind == "gzip" else {}))


@pytest.mark.parametrize("kind", ["npy", "npz", "plain", "gzip"])
@pytest.mark.parametrize("layout", ["rows", "columns"])
def test_all_rows_in_order_and_some_at_a_time(tmp_path, kind, layout):
    X = features()
    path = tmp_path / f"data.{kind if kind.startswith('np') else 'h5'}"
    write(path, X if layout == "rows" else np.ascontiguousarray(X.T), kind)
    blocks = list(read_blocks(path, preparation(layout=layout)))
    assert [len(block) for block in blocks] == [2 * BLOCK, BLOCK + 5]
    np.testing.assert_array_equal(np.concatenate([block.table.X for block in blocks]), X)
    np.testing.assert_array_equal(np.concatenate([block.table.numbers for block in blocks]), np.arange(M))
    np.testing.assert_array_equal(np.concatenate([block.rows for block in blocks]), np.arange(M) % (2 * BLOCK))
    assert not any(block.failed for block in blocks)
    np.testing.assert_array_equal(read_features(path, preparation(layout=layout)).X, X)


def test_a_row_that_is_not_finite_is_told_and_left_out(tmp_path):
    X = features().astype(np.float32)
    X[1, 3], X[1, 5], X[M - 2, 0] = np.nan, np.inf, -np.inf
    write(tmp_path / "X.h5", X, "plain")
    blocks = list(read_blocks(tmp_path / "X.h5", preparation()))
    told = [(failed.row, failed.place.partition("X.h5")[2], failed.reason) for b in blocks for failed in b.failed]
    assert told == [
        (1, ", row 1 (counted from 0)", "X is nan in column 3 (counted from 0); expected finite numbers"),
        (
            BLOCK + 3,
            f", row {M - 2} (counted from 0)",
            "X is -inf in column 0 (counted from 0); expected finite numbers",
        ),
    ]
    good = np.delete(np.arange(M), [1, M - 2])
    np.testing.assert_array_equal(np.concatenate([block.table.numbers for block in blocks]), good)
    np.testing.assert_array_equal(np.concatenate([block.table.X for block in blocks]), X[good])
    np.testing.assert_array_equal(np.concatenate([block.rows for block in blocks]), good % (2 * BLOCK))


def test_what_is_said_of_a_file_stands_in_the_first_table(tmp_path):
    write(tmp_path / "X.h5", features(), "plain")
    with h5py.File(tmp_path / "X.h5", "r+") as file:
        file["X"].attrs["_FillValue"] = np.uint8(7)
        file["other"] = [1]
    notes = [block.table.notes for block in read_blocks(tmp_path / "X.h5", preparation())]
    assert notes == [read_features(tmp_path / "X.h5", preparation()).notes, ()]
    assert [note.partition("X ")[2] for note in notes[0]] == [
        f"has {int((features() == 7).sum()):,} values that mean `missing` (_FillValue 7); they are taken as numbers",
        "is predicted; other not used",
    ]


@pytest.mark.parametrize(
    ("X", "told"),
    [
        (np.zeros((0, 3)), "X holds nothing"),
        (np.zeros(4), "must have a row of features for each example"),
        (np.array([["a", "b"]], "S1"), "X must hold numbers, got text"),
        (np.frombuffer(b"\xff\xd8\xff\xe0" * 3, np.uint8).reshape(1, -1), "X holds JPEG files as they are"),
    ],
)
def test_what_is_no_array_of_features(tmp_path, X, told):
    write(tmp_path / "X.npz", X, "npz")
    with pytest.raises(DataError, match=told):
        list(read_blocks(tmp_path / "X.npz", preparation()))
    with pytest.raises(DataError, match=r"there is no dataset 'Z'"):
        list(read_blocks(tmp_path / "X.npz", preparation(), "Z"))


def test_chunks_as_long_as_the_data_are_read_some_rows_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(hdf5, "MOST_VALUES", 2000 * N)
    X = features()
    with h5py.File(tmp_path / "X.h5", "w") as file:
        file.create_dataset("X", data=X, chunks=(M, 70), compression=1)
    with hdf5.datasets(tmp_path / "X.h5") as datasets:
        found = list(datasets.stored("X").pieces())
    assert max(map(len, found)) == 2000
    np.testing.assert_array_equal(np.concatenate(found), X)
