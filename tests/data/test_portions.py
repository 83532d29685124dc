"""The portions of an array have all of its rows, in order."""

import numpy as np
import pytest

from nnctl.data.portions import VALUES, Portions, all_finite, evenly


@pytest.mark.parametrize("shape", [(3, 4), (7, VALUES // 2), (5, 2, VALUES), (2 * VALUES + 1, 1), (0, 3), (9,)])
def test_all_rows_in_order(shape):
    X = np.arange(np.prod(shape), dtype=np.uint32).reshape(shape)
    portions = Portions(X)
    assert all(portion.size <= max(VALUES, portion.shape[1]) and portion.flags.c_contiguous for portion in portions)
    again = [row for portion in portions for row in portion]
    assert len(again) == len(X)
    assert all(np.array_equal(row, other.ravel()) for row, other in zip(again, X, strict=True))


def test_evenly():
    rows = [np.arange(start, stop)[:, None] for start, stop in ((0, 3), (3, 4), (4, 4), (4, 12))]
    assert [len(portion) for portion in evenly(rows, 5)] == [5, 5, 2]
    np.testing.assert_array_equal(np.concatenate(list(evenly(rows, 5)))[:, 0], np.arange(12))
    assert list(evenly([], 5)) == []


@pytest.mark.parametrize(
    ("values", "finite"), [([1, 2], True), ([1, np.nan], False), ([np.inf, -np.inf], False), ([1e308, 1e308], True)]
)
def test_finite_numbers(values, finite):
    assert all_finite(np.array(values, float)) == finite
