"""What two parts share is counted row by row; two parts that are the same rows are refused."""

from dataclasses import dataclass

import numpy as np
import pytest

from nnctl.data.fingerprint import sha256, shared_rows
from nnctl.data.table import Table
from nnctl.errors import DataError

ROWS = np.random.RandomState(1).randn(30, 4)


@dataclass
class Part:
    Y: np.ndarray
    table: Table


def parts(**rows):
    return {name: Part(X.T[:1] > 0, Table(X, None, origin=f"{name}.npz")) for name, X in rows.items()}


def overlaps(found):
    """Return what is said of rows that two parts share."""
    return list(map(str, shared_rows(found)))


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)], ids=["same order", "another order"])
def test_the_same_rows_are_refused_in_any_order(order):
    with pytest.raises(DataError, match=r"^test.npz: the test part has the very rows of the train part \(30\)"):
        overlaps(parts(train=ROWS, test=ROWS[order]))


def test_rows_that_two_parts_share_are_counted():
    found = overlaps(parts(train=ROWS, validation=ROWS[:3] + 1, test=np.r_[ROWS[5:9], ROWS[:4] + 2]))
    assert found == ["4 of 8 test rows have the same features as rows of the train part"]
    found = overlaps(parts(train=ROWS[:20], validation=ROWS[20:], test=ROWS[25:]))
    assert found == ["5 of 5 test rows have the same features as rows of the validation part"]


@pytest.mark.parametrize(
    "other", [-ROWS, ROWS * [1, 1, 1, -1], ROWS[:, [1, 0, 2, 3]], np.nextafter(ROWS, np.inf), ROWS[:, ::-1]]
)
def test_rows_that_are_nearly_alike_are_not_the_same(other):
    assert overlaps(parts(train=ROWS, test=other)) == []


def test_rows_of_an_odd_number_of_float32():
    single = ROWS[:, :3].astype(np.float32)
    assert overlaps(parts(train=single, test=np.r_[single[:2], single[:, ::-1]])) == [
        "2 of 32 test rows have the same features as rows of the train part"
    ]


def test_a_row_counts_as_often_as_it_is_there():
    repeated = np.r_[ROWS[:2], ROWS[:1]]
    assert overlaps(parts(train=repeated, test=np.r_[ROWS[:2], ROWS[1:2]])) == [
        "3 of 3 test rows have the same features as rows of the train part"
    ]


def test_one_part_shares_nothing():
    assert overlaps(parts(train=ROWS)) == []


def test_the_sha256_is_of_features_and_targets():
    y, names = np.arange(30), np.array(["a", "b"] * 15)
    known = sha256(Table(ROWS, y))
    assert known == sha256(Table(ROWS.copy(order="F"), y.copy()))
    others = [
        Table(ROWS[::-1], y),
        Table(ROWS, y[::-1]),
        Table(ROWS, names),
        Table(ROWS, names[::-1]),
        Table(ROWS, None),
    ]
    assert len({known, *map(sha256, others)}) == 6


def test_the_same_features_with_other_targets_are_a_note():
    both = parts(train=ROWS, test=ROWS)
    both["test"].Y = ~both["test"].Y
    assert overlaps(both) == ["30 of 30 test rows have the same features as rows of the train part"]


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("n", [3, 4, 8])
def test_rows_of_any_type_and_width(kind, n):
    X = np.random.RandomState(n).randint(0, 200, (30, n)).astype(kind)
    assert len(np.unique(X, axis=0)) == 30
    assert overlaps(parts(train=X, test=np.r_[X[4:6], X[:9, ::-1] + kind(1)])) == [
        "2 of 11 test rows have the same features as rows of the train part"
    ]


def test_a_copy_in_single_precision_is_the_same():
    both = parts(train=ROWS, test=ROWS.astype(np.float32))
    with pytest.raises(DataError, match=r"the test part has the very rows of the train part \(30\)"):
        overlaps(both)


@pytest.mark.parametrize("kind", [np.uint8, np.float64])
def test_rows_of_a_few_categories_are_the_same_by_nature(kind):
    stream = np.random.RandomState(1)
    one_hot = np.concatenate([np.eye(3)[stream.randint(0, 3, 500)], np.eye(4)[stream.randint(0, 4, 500)]], axis=1)
    X = one_hot.astype(kind)
    (note,) = overlaps(parts(train=X[:400], test=X[400:]))
    assert note == (
        "100 of 100 test rows have the same features as rows of the train part; rows repeat within that part, too:"
        " 12 of its 400 are different"
    )


@pytest.mark.parametrize(("times", "expected"), [(2, False), (3, True)])
def test_rows_repeat_where_most_are_there_again(times, expected):
    (note,) = overlaps(parts(train=np.tile(ROWS, (times, 1)), test=np.r_[ROWS[:3], ROWS[:9] + 1]))
    assert note.startswith("3 of 12 test rows have the same features as rows of the train part")
    assert ("30 of its 90 are different" in note) == expected
