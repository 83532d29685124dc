"""A grid has the cells that csv reads, and refuses each block where it could have others."""

import csv
import io

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nnctl.data.grid import grid


def by_csv(text):
    return list(csv.reader(io.StringIO(text, newline=""), strict=True, skipinitialspace=True))


@given(st.text(',,\n\n a1.-"\ré', min_size=1, max_size=12), st.integers(1, 3))
@example("1,2\r\n3,4", 2)
@example("1,2\r\n3,\r4\n", 2)
def test_cells_are_those_of_csv(text, n):
    found = grid(text, ",", n, 5)
    if found is None:
        return
    rows = by_csv(text)
    assert [list(row) for row in zip(*map(found.cells, range(n)), strict=True)] == rows
    assert found.numbers.tolist() == list(range(5, 5 + len(rows)))
    numbers, told = found.floats(range(n))
    for row, column in np.argwhere(told):
        np.testing.assert_equal(numbers[row, column], float(rows[row][column] or "nan"))


@pytest.mark.parametrize("text", ["1,2\n3,4\n", "1,2\r\n3,4\r\n", "é,2.5\n,-4", "a b,x.y.z\n1 ,2\n"])
def test_plain_blocks_are_grids(text):
    found = grid(text, ",", 2, 1)
    assert [list(row) for row in zip(found.cells(0), found.cells(1), strict=True)] == by_csv(text)


@pytest.mark.parametrize("text", ['1,"2"\n', "1,2\n\n3,4\n", "1,2\n3\n", "1\n2,3,4\n", "1, 2\n", "1,2\r3,4\n"])
def test_all_others_are_none(text):
    assert grid(text, ",", 2, 1) is None


def test_a_cell_longer_than_csv_takes_is_left_to_csv():
    assert grid("1" * (csv.field_size_limit() + 1) + ",2\n", ",", 2, 1) is None


def test_numbers_are_told_cell_by_cell():
    found = grid("1,x,2.5,1e3\n-2,y,,4\n", ",", 4, 1)
    numbers, told = found.floats([0, 1, 2, 3])
    assert told.tolist() == [[True, False, True, False], [True, False, True, True]]
    np.testing.assert_array_equal(numbers[:, [0, 2]], [[1, 2.5], [-2, np.nan]])
    assert found.cells(3, np.array([0])) == ["1e3"]


@pytest.mark.parametrize("columns", [[2, 0], [1, 2, 0], [0, 1, 2], []])
def test_columns_come_in_the_order_that_is_asked_for(columns):
    numbers, told = grid("1,2,3\n4,5,6\n", ",", 3, 1).floats(columns)
    np.testing.assert_array_equal(numbers, np.array([[1, 2, 3], [4, 5, 6]])[:, columns])
    assert told.all()
