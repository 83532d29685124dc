"""Examples as rows or as columns: what is laid out the other way is recognized, not taken for a few examples."""

import numpy as np
import pytest

from nnctl.data.layout import as_rows
from nnctl.errors import DataError

LAID_AS_COLUMNS = [
    ((5, 200), (1, 200)),  # the course's own
    ((5, 200), (200,)),
    ((5, 200), (3, 200)),  # one-hot
    ((1, 200), (1, 200)),  # a single feature
    ((1, 200), (200,)),
    ((8, 8, 3, 200), (200,)),  # MATLAB's pictures
    ((8, 8, 3, 200), (1, 200)),
]
LAID_AS_ROWS = [
    ((200, 5), (200,)),
    ((200, 5), (1, 200)),  # the course's files
    ((200, 5), (200, 1)),
    ((200, 5), (200, 3)),
    ((200, 5), (200, 5)),  # what goes in comes out
    ((200, 1), (200, 1)),
    ((200, 8, 8, 3), (1, 200)),
    ((4, 4), (4,)),
    ((4, 4), (1, 4)),
    ((1, 5), (1,)),
]


def arrays(shapes):
    return [np.random.RandomState(1).randn(*shape) for shape in shapes]


@pytest.mark.parametrize("shapes", LAID_AS_COLUMNS)
def test_columns_are_recognized_and_turned_when_the_spec_says_so(shapes):
    X, y = arrays(shapes)
    with pytest.raises(DataError, match=r"the examples are columns here, .*\(200, ...\).\n.*data.layout: columns"):
        as_rows(X, y, "file: X", "Y", "rows")
    rows, targets = as_rows(X, y, "file: X", "Y", "columns")
    assert rows.flags.c_contiguous
    assert len(rows) == 200
    np.testing.assert_array_equal(rows[17], X[..., 17])
    np.testing.assert_array_equal(targets[17], y[..., 17])


@pytest.mark.parametrize("shapes", LAID_AS_ROWS)
def test_rows_are_left_as_they_are(shapes):
    X, y = arrays(shapes)
    rows, targets = as_rows(X, y, "file: X", "Y", "rows")
    assert rows is X
    assert targets is y


@pytest.mark.parametrize("shapes", [((200, 5), (200,)), ((200, 5), (200, 3)), ((200, 8, 8, 3), (200,))])
def test_rows_are_recognized_where_the_spec_says_columns(shapes):
    with pytest.raises(DataError, match=r"the examples are rows here, not columns.\nLeave data.layout: columns out"):
        as_rows(*arrays(shapes), "file: X", "Y", "columns")


@pytest.mark.parametrize(
    ("shapes", "way"), [(((5, 9), (9,)), "X_test.T"), (((2, 2, 5, 9), (9,)), "np.moveaxis(X_test, -1, 0)")]
)
def test_a_part_that_alone_is_laid_out_as_columns_is_turned_alone(shapes, way):
    with pytest.raises(DataError, match="the examples are columns here") as caught:
        as_rows(*arrays(shapes), "file: Xt", "Y", "rows", "test")
    assert str(caught.value).splitlines()[1] == (
        f"Save {way}; or, if those for training are columns, too, say data.layout: columns, which turns all parts."
    )


@pytest.mark.parametrize(
    ("shapes", "way"), [(((9, 5), (9,)), "X_test.T"), (((9, 2, 2, 5), (9,)), "np.moveaxis(X_test, 0, -1)")]
)
def test_a_part_that_alone_is_laid_out_as_rows_is_turned_alone(shapes, way):
    with pytest.raises(DataError, match="the examples are rows here, not columns") as caught:
        as_rows(*arrays(shapes), "file: Xt", "Y", "columns", "test")
    assert str(caught.value).splitlines()[1] == (
        f"Save {way}; or, if those for training are rows, too, leave data.layout: columns out."
    )


@pytest.mark.parametrize("shapes", [((5, 200), (200, 1)), ((8, 8, 3, 200), (200, 1)), ((5, 200), (200, 3))])
def test_columns_with_targets_as_rows_are_recognized_and_only_the_features_turned(shapes):
    X, y = arrays(shapes)
    with pytest.raises(DataError, match=r"the examples are columns here"):
        as_rows(X, y, "file: X", "Y", "rows")
    rows, targets = as_rows(X, y, "file: X", "Y", "columns")
    np.testing.assert_array_equal(rows[17], X[..., 17])
    assert targets is y


def test_a_number_is_no_matrix():
    X, y = np.array(1.0), np.array(2.0)
    assert as_rows(X, y, "file: X", "Y", "columns") == (X, y)
