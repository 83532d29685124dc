"""W1, b1, ..., WL, bL as views of one vector."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnctl.nn.parameters import Parameters


@given(dims=st.lists(st.integers(1, 5), min_size=2, max_size=5))
def test_flat_is_all_W_in_C_order_and_then_all_b(dims):
    parameters = Parameters(dims)
    assert not parameters.flat.any()
    parameters.flat[:] = np.arange(parameters.flat.size)
    np.testing.assert_array_equal(
        np.concatenate([array.ravel() for array in (*parameters.W, *parameters.b)]), parameters.flat
    )
    assert [W.shape for W in parameters.W] == list(zip(dims[1:], dims[:-1], strict=True))
    assert [b.shape for b in parameters.b] == [(n, 1) for n in dims[1:]]
    np.testing.assert_array_equal(parameters.weights, np.concatenate([W.ravel() for W in parameters.W]))


def test_a_change_shows_everywhere():
    parameters = Parameters([3, 2, 1])
    parameters.W[1][0, 1] = 5
    parameters.b[0][1, 0] = 7
    assert parameters.flat.tolist() == [0, 0, 0, 0, 0, 0, 0, 5, 0, 7, 0]
    parameters.flat[:] = 1
    parameters.weights *= 3
    assert parameters.W[0].tolist() == [[3, 3, 3], [3, 3, 3]]
    assert parameters.b[1].tolist() == [[1]]


def test_items_go_layer_by_layer_under_the_names_of_the_course():
    parameters = Parameters([3, 2, 1])
    items = dict(parameters.items())
    assert list(items) == ["W1", "b1", "W2", "b2"]
    assert items["W1"] is parameters.W[0]
    assert items["b2"] is parameters.b[1]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_copy_has_the_same_values_and_memory_of_its_own(dtype):
    parameters = Parameters([3, 2, 1], dtype)
    parameters.flat[:] = np.arange(11)
    copy = parameters.copy()
    assert copy.flat.dtype == dtype
    assert copy.layer_dims == (3, 2, 1)
    copy.W[0][:] = -1
    assert copy.flat[:6].tolist() == [-1] * 6
    assert parameters.flat.tolist() == list(range(11))
