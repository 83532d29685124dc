"""Each activation against its formula, and its way back against differences, with and without options."""

import math

import numpy as np
import pytest

from nnctl.nn.activations import activations

SELU = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717  # scale and alpha, as published
FORMULAS = {
    "sigmoid": lambda z: 1 / (1 + math.exp(-z)),
    "tanh": math.tanh,
    "relu": lambda z: max(0.0, z),
    "leaky_relu": lambda z, slope=0.01: z if z > 0 else slope * z,
    "linear": lambda z: z,
    "elu": lambda z, alpha=1.0: z if z > 0 else alpha * (math.exp(z) - 1),
    "selu": lambda z: SELU[0] * (z if z > 0 else SELU[1] * (math.exp(z) - 1)),
    "mish": lambda z: z * math.tanh(math.log1p(math.exp(z))),
    "gelu": lambda z: 0.5 * z * (1 + math.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3))),
}
WITH_OPTIONS = [("leaky_relu", {"slope": 0.2}), ("leaky_relu", {"slope": 0.0}), ("elu", {"alpha": 0.3})]
ALL = [*((name, {}) for name in activations), *WITH_OPTIONS]


def applied(name, options, Z, dA, in_place=False):
    """Return A and dZ for copies of Z and dA."""
    Z, dZ = Z.copy(), dA.copy()
    A = Z if in_place else np.empty_like(Z)
    forward, pullback = activations[name](Z, A, **options)
    with np.errstate(over="ignore"):  # as whoever runs a network does
        forward()
        pullback(dZ)
    return A, dZ


def drawn(seed=0, shape=(4, 6)):
    """Return Z and dA; no Z is near a kink."""
    stream = np.random.RandomState(seed)
    return stream.uniform(0.1, 3, shape) * stream.choice([-1, 1], shape), stream.randn(*shape)


@pytest.mark.parametrize(("name", "options"), [*((name, {}) for name in FORMULAS), *WITH_OPTIONS])
def test_values_are_those_of_the_formula(name, options):
    Z, dA = drawn()
    Z[0, 0] = 0
    A, _ = applied(name, options, Z, dA)
    np.testing.assert_allclose(A, np.vectorize(lambda z: FORMULAS[name](z, **options))(Z), rtol=1e-14, atol=1e-16)


def test_softmax_is_each_exponential_over_the_sum_of_its_column():
    Z, dA = drawn()
    A, _ = applied("softmax", {}, Z, dA)
    np.testing.assert_allclose(A, [[math.exp(z) / sum(map(math.exp, Z[:, j])) for j, z in enumerate(r)] for r in Z])
    np.testing.assert_allclose(A.sum(axis=0), 1, rtol=1e-14)


def test_every_registered_activation_has_its_values_checked():
    assert set(activations) == {*FORMULAS, "softmax"}


@pytest.mark.parametrize(("name", "options"), ALL)
def test_pullback_is_the_derivative(name, options):
    Z, dA = drawn(1)
    _, dZ = applied(name, options, Z, dA)
    step, expected = 1e-6, np.empty_like(Z)
    for place in np.ndindex(Z.shape):
        beyond, before = Z.copy(), Z.copy()
        beyond[place] += step
        before[place] -= step
        change = applied(name, options, beyond, dA)[0] - applied(name, options, before, dA)[0]
        expected[place] = (dA * change).sum() / (2 * step)
    np.testing.assert_allclose(dZ, expected, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(("name", "options"), ALL)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_hidden_layers_may_write_A_over_Z(name, options, dtype):
    Z, dA = (array.astype(dtype) for array in drawn(2))
    A, dZ = applied(name, options, Z, dA)
    A_in_place, dZ_in_place = applied(name, options, Z, dA, in_place=True)
    assert A.dtype == A_in_place.dtype == dtype
    np.testing.assert_array_equal(A_in_place, A)
    np.testing.assert_array_equal(dZ_in_place, dZ)


@pytest.mark.parametrize(("name", "options"), ALL)
def test_bound_once_it_works_for_every_new_Z(name, options):
    Z = np.empty((4, 6))
    A = np.empty_like(Z)
    forward, pullback = activations[name](Z, A, **options)
    for seed in (4, 5):
        Z[:], dZ = drawn(seed)
        expected_A, expected_dZ = applied(name, options, Z, dZ)
        forward()
        pullback(dZ)
        np.testing.assert_array_equal(A, expected_A)
        np.testing.assert_array_equal(dZ, expected_dZ)


SLOPES = [("relu", 0), ("leaky_relu", 0.01), ("elu", 1), ("selu", SELU[0] * SELU[1])]
LIMITS = {  # A at Z = -1000 and 1000, then the slopes there
    "sigmoid": (0, 1, 0, 0),
    "tanh": (-1, 1, 0, 0),
    "relu": (0, 1000, 0, 1),
    "leaky_relu": (-10, 1000, 0.01, 1),
    "linear": (-1000, 1000, 1, 1),
    "elu": (-1, 1000, 0, 1),
    "gelu": (0, 1000, 0, 1),
    "selu": (-SELU[0] * SELU[1], 1000 * SELU[0], 0, SELU[0]),
    "mish": (0, 1000, 0, 1),
    "softmax": (0, 1, 0, 0),
}


@pytest.mark.parametrize("name", activations)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_extreme_values_reach_their_limits(name, dtype):
    Z = np.array([[-1000], [1000]], dtype)
    A, dZ = applied(name, {}, Z, np.ones_like(Z))
    np.testing.assert_allclose([*A[:, 0], *dZ[:, 0]], LIMITS[name], rtol=1e-6, atol=0)


@pytest.mark.parametrize(
    ("name", "slope"), [("relu", 0), ("leaky_relu", 0.01), ("elu", 1), ("selu", SELU[0] * SELU[1])]
)
def test_slope_at_the_kink(name, slope):
    _, dZ = applied(name, {}, np.zeros((1, 1)), np.ones((1, 1)))
    assert dZ == pytest.approx(slope, rel=1e-15)


@pytest.mark.parametrize(("name", "options"), ALL)
def test_a_nan_is_never_hidden(name, options):
    A, _ = applied(name, options, np.full((2, 1), np.nan), np.ones((2, 1)))
    assert np.isnan(A).all()
