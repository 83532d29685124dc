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
    for column in np.flatnonzero(told):
        cells = [row[column] for row in rows]
        np.testing.assert_array_equal(numbers[:, column], [float(cell or "nan") for cell in cells])


@pytest.mark.parametrize("text", ["1,2\n3,4\n", "1,2\r\n3,4\r\n", "é,2.5\n,-4", "a b,x.y.z\n1 ,2\n"])
def test_plain_blocks_are_grids(text):
    found = grid(text, ",", 2, 1)
    assert [list(row) for row in zip(found.cells(0), found.cells(1), strict=True)] == by_csv(text)


@pytest.mark.parametrize("text", ['1,"2"\n', "1,2\n\n3,4\n", "1,2\n3\n", "1\n2,3,4\n", "1, 2\n", "1,2\r3,4\n"])
def test_all_others_are_none(text):
    assert grid(text, ",", 2, 1) is None


def test_columns_of_numbers_are_told_one_by_one():
    found = grid("1,x,2.5,1e3\n-2,y,,4\n", ",", 4, 1)
    numbers, told = found.floats([0, 1, 2, 3])
    assert told.tolist() == [True, False, True, False]
    np.testing.assert_array_equal(numbers[:, [0, 2]], [[1, 2.5], [-2, np.nan]])
    np.testing.assert_array_equal(found.floats([2, 0])[0], [[2.5, 1], [np.nan, -2]])
