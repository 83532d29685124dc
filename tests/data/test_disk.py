"""Rows on disk are the rows of the array, however they are asked for, in any process."""

import pickle

import numpy as np
import pytest

from nnctl.data.disk import OnDisk, RawFile
from nnctl.errors import DataError

SHAPE = (1000, 3, 2)


@pytest.fixture
def both(tmp_path):
    """Return an array and the same rows on disk, behind some other bytes."""
    X = np.random.RandomState(0).randn(*SHAPE).astype(">f4")
    (tmp_path / "raw").write_bytes(b"before" + X.tobytes() + b"behind")
    return X, OnDisk(RawFile(tmp_path / "raw"), 6, X.dtype, SHAPE[1:], range(len(X)))


WHICH = {
    "all": slice(None),
    "some": slice(7, 70),
    "beyond the end": slice(990, 2000),
    "none": slice(5, 5),
    "every third": slice(0, 1000, 3),
    "near each other": np.array([50, 40, 45, 45]),
    "far apart": np.array([999, 0, 500]),
}


@pytest.mark.parametrize("which", WHICH.values(), ids=WHICH)
def test_rows_are_those_of_the_array(both, which):
    X, rows = both
    found = np.asarray(rows[which])
    assert found.dtype == X.dtype
    np.testing.assert_array_equal(found, X[which])
    assert (rows[which].shape, rows[which].ndim, rows[which].size) == (X[which].shape, 3, X[which].size)


@pytest.mark.parametrize("inner", [slice(1, 3), np.array([2, 0])])
@pytest.mark.parametrize("which", [value for name, value in WHICH.items() if name != "none"])
def test_rows_of_rows(both, which, inner):
    X, rows = both
    np.testing.assert_array_equal(np.asarray(rows[which][inner]), X[which][inner])


def test_one_row_is_read(both):
    X, rows = both
    for row in (0, np.int64(7)):
        assert isinstance(rows[row], np.ndarray)
        np.testing.assert_array_equal(rows[row], X[row])


def test_as_another_type_and_in_another_process(both):
    X, rows = both
    np.testing.assert_array_equal(np.asarray(rows, float), X.astype(float))
    np.testing.assert_array_equal(np.asarray(pickle.loads(pickle.dumps(rows[5:9]))), X[5:9])


def test_a_file_that_ends_too_early(both, tmp_path):
    X, rows = both
    with (tmp_path / "raw").open("r+b") as file:
        file.truncate(6 + 500 * 24 + 1)
    np.testing.assert_array_equal(np.asarray(rows[:500]), X[:500])
    for which in (slice(490, 510), slice(600, 700), np.array([0, 999])):
        with pytest.raises(DataError, match=r"raw: has only 12,007 bytes by now"):
            np.asarray(rows[which])
