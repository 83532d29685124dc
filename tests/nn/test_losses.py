"""Each loss against the logarithms it stands for, at its limits, and its gradient against differences."""

import math

import numpy as np
import pytest

from nnctl.nn.activations import activations
from nnctl.nn.losses import losses, losses_of

PAIRS = [(loss, output) for loss in losses for output in losses[loss].outputs]


def outputs_of(output, Z):
    """Return A = g(Z) and the way back."""
    A = np.empty_like(Z)
    forward, pullback = activations[output](Z, A)
    forward()
    return A, pullback


def targets(loss, shape, stream):
    """Return Y as the loss takes it: 0 or 1, one-hot, or any numbers."""
    if loss == "binary_cross_entropy":
        return stream.randint(2, size=shape).astype(float)
    if loss == "categorical_cross_entropy":
        return np.eye(shape[0])[:, stream.randint(shape[0], size=shape[1])]
    return stream.randn(*shape)


EXPLICIT = {
    "binary_cross_entropy": lambda a, y: -y * math.log(a) - (1 - y) * math.log(1 - a),
    "categorical_cross_entropy": lambda a, y: -y * math.log(a),
    "mean_squared_error": lambda a, y: (a - y) ** 2,
    "mean_absolute_error": lambda a, y: abs(a - y),
}


@pytest.mark.parametrize(("loss", "output"), PAIRS)
def test_costs_of_an_example_add_up_to_the_formula(loss, output):
    stream = np.random.RandomState(1)
    Z, Y = 2 * stream.randn(3, 5), targets(loss, (3, 5), stream)
    A, _ = outputs_of(output, Z)
    expected = [sum(EXPLICIT[loss](a, y) for a, y in zip(A[:, j], Y[:, j], strict=True)) for j in range(5)]
    np.testing.assert_allclose(losses[loss]().costs(Z, A, Y).sum(axis=0), expected, rtol=1e-13)


@pytest.mark.parametrize(("loss", "output"), PAIRS)
def test_gradient_is_the_derivative_by_Z(loss, output):
    stream = np.random.RandomState(2)
    Z, Y = stream.randn(3, 4), targets(loss, (3, 4), stream)
    A, pullback = outputs_of(output, Z)
    dZ = np.empty_like(Z)
    losses[loss]().gradient(A, Y, out=dZ)
    if not losses[loss].of_logits:
        pullback(dZ)
    step, expected = 1e-6, np.empty_like(Z)
    for place in np.ndindex(Z.shape):
        beyond, before = Z.copy(), Z.copy()
        beyond[place] += step
        before[place] -= step
        high, low = (losses[loss]().costs(near, outputs_of(output, near)[0], Y).sum() for near in (beyond, before))
        expected[place] = (high - low) / (2 * step)
    np.testing.assert_allclose(dZ, expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("z", "y", "cost"), [(1e3, 1, 0), (1e3, 0, 1e3), (-1e3, 1, 1e3), (-1e3, 0, 0), (0, 1, math.log(2))]
)
def test_binary_cross_entropy_is_exact_at_its_limits(z, y, cost, dtype):
    Z, Y = np.array([[z]], dtype), np.array([[y]], dtype)
    got = losses["binary_cross_entropy"]().costs(Z, Z, Y)
    assert got == pytest.approx(cost, rel=1e-6 if dtype == np.float32 else 1e-15, abs=0)
    assert got.dtype == dtype


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("logits", "truth", "cost"), [((1e3, -1e3), 0, 0), ((1e3, -1e3), 1, 2e3), ((-1e3, -1e3), 1, math.log(2))]
)
def test_categorical_cross_entropy_is_exact_at_its_limits(logits, truth, cost, dtype):
    Z, Y = np.array(logits, dtype)[:, None], np.eye(2, dtype=dtype)[:, [truth]]
    got = losses["categorical_cross_entropy"]().costs(Z, Z, Y)
    assert got == pytest.approx(cost, rel=1e-4 if dtype == np.float32 else 1e-12, abs=0)
    assert got.dtype == dtype


def test_absolute_error_has_no_slope_where_output_and_target_agree():
    A, dA = np.array([[2.0, 3.0]]), np.empty((1, 2))
    losses["mean_absolute_error"]().gradient(A, np.array([[2.0, 1.0]]), out=dA)
    assert dA.tolist() == [[0, 1]]


def test_every_activation_may_end_a_network():
    for name in activations:
        assert losses_of(name), name
    assert losses_of("sigmoid")[0] == "binary_cross_entropy"
    assert losses_of("softmax")[0] == "categorical_cross_entropy"
    assert losses_of("linear")[0] == losses_of("relu")[0] == "mean_squared_error"
    assert "binary_cross_entropy" not in losses_of("softmax")
