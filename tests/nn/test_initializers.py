"""Each initializer's variance against its formula, and the stream that all of them draw from."""

from functools import partial

import numpy as np
import pytest
from numpy.random import RandomState

from nnctl.nn.initializers import initializers
from nnctl.nn.parameters import initialize

VARIANCES = {  # of W with shape (n, k)
    "zeros": lambda n, k: 0,
    "constant": lambda n, k: 0,
    "random": lambda n, k: 0.01**2,
    "he": lambda n, k: 2 / k,
    "xavier": lambda n, k: 2 / (n + k),
    "lecun": lambda n, k: 1 / k,
}
DRAWING = [name for name in initializers if name not in ("zeros", "constant")]
DIMS = (30, 20, 10, 2)


@pytest.mark.parametrize("name", initializers)
@pytest.mark.parametrize("shape", [(300, 500), (500, 300)])
def test_variance_is_that_of_the_formula(name, shape):
    W = initializers[name](RandomState(1), shape)
    variance = VARIANCES[name](*shape)
    assert W.shape == shape
    assert W.var() == pytest.approx(variance, rel=0.02)  # of 150,000 draws: five times the spread of W.var()
    if name in DRAWING:
        assert abs(W.mean()) < 5 * np.sqrt(variance / W.size)


@pytest.mark.parametrize("name", DRAWING)
def test_schemes_draw_the_same_numbers_and_differ_by_their_scale_alone(name):
    parameters, stream = initialize(DIMS, initializers[name], 7), RandomState(7)
    for W in parameters.W:
        n, k = W.shape
        np.testing.assert_allclose(W, stream.randn(n, k) * np.sqrt(VARIANCES[name](n, k)), rtol=1e-15)


def test_first_draws_are_those_of_the_course():
    parameters, stream = initialize(DIMS, partial(initializers["random"], scale=1.0), 3), RandomState(3)
    for W, k, n in zip(parameters.W, DIMS[:-1], DIMS[1:], strict=True):
        np.testing.assert_array_equal(W, stream.randn(n, k))
    assert parameters.W[0][0, 0] == 1.7886284734303186  # RandomState(3)'s first number, for ever


def test_constants():
    assert not initialize(DIMS, initializers["zeros"], 1).flat.any()
    assert all((W == 0.5).all() for W in initialize(DIMS, initializers["constant"], 1).W)
    assert all((W == -2).all() for W in initialize(DIMS, partial(initializers["constant"], value=-2.0), 1).W)


def test_scale_of_random():
    small, large = (initialize(DIMS, partial(initializers["random"], scale=s), 1).flat for s in (0.5, 10.0))
    np.testing.assert_allclose(large, 20 * small, rtol=1e-15)


@pytest.mark.parametrize("name", initializers)
def test_biases_are_zero_and_every_seed_draws_anew(name):
    one, same, other = (initialize(DIMS, initializers[name], seed) for seed in (1, 1, 2))
    assert not any(b.any() for b in one.b)
    np.testing.assert_array_equal(one.flat, same.flat)
    assert (one.flat == other.flat).all() == (name not in DRAWING)


@pytest.mark.parametrize("name", initializers)
def test_float32_is_the_cast_of_float64(name):
    single, double = (initialize(DIMS, initializers[name], 5, dtype) for dtype in (np.float32, np.float64))
    assert single.flat.dtype == np.float32
    np.testing.assert_array_equal(single.flat, double.flat.astype(np.float32))
