"""Forward against a loop over examples and units, in one pass and in blocks."""

import math

import numpy as np
import pytest

from nnctl.nn.activations import activations
from nnctl.nn.criterion import Criterion
from nnctl.nn.dropout import Dropout
from nnctl.nn.losses import losses
from nnctl.nn.network import Network
from nnctl.nn.objective import Objective
from nnctl.nn.parameters import Parameters

BY_HAND = {
    "relu": lambda z: max(0.0, z),
    "tanh": math.tanh,
    "sigmoid": lambda z: 1 / (1 + math.exp(-z)),
    "linear": lambda z: z,
}


def network_of(dims, names, dtype=np.float64, seed=1):
    """Return a network with drawn parameters, biases too."""
    parameters = Parameters(dims, dtype)
    parameters.flat[:] = np.random.RandomState(seed).randn(parameters.flat.size)
    return Network(parameters, [activations[name] for name in names])


def by_hand(network, names, example):
    """Return A[L] of one example, unit by unit."""
    a = list(example)
    for W, b, name in zip(network.parameters.W, network.parameters.b, names, strict=True):
        a = [
            BY_HAND[name](sum(w * x for w, x in zip(row, a, strict=True)) + bias)
            for row, bias in zip(W.tolist(), b[:, 0].tolist(), strict=True)
        ]
    return a


@pytest.mark.parametrize(
    ("dims", "names"),
    [
        ([4, 1], ["sigmoid"]),
        ([3, 2], ["linear"]),
        ([2, 5, 3, 2], ["relu", "tanh", "sigmoid"]),
        ([1, 4, 1], ["tanh", "relu"]),
    ],
)
def test_forward_is_the_sum_over_the_units_of_the_layer_before(dims, names):
    network, X = network_of(dims, names), np.random.RandomState(2).randn(dims[0], 9)
    outputs = network.predict(X)
    assert network.layer_dims == tuple(dims)
    assert outputs.shape == (dims[-1], 9)
    np.testing.assert_allclose(outputs, np.transpose([by_hand(network, names, x) for x in X.T]), rtol=1e-13)


def test_predicting_many_examples_in_blocks_is_predicting_each():
    network, X = network_of([3, 8, 2], ["tanh", "softmax"]), np.random.RandomState(3).randn(3, 5001)
    outputs = network.predict(X)
    some = [0, 1, 2047, 2048, 2049, 4095, 4096, 5000]
    one_by_one = np.hstack([network.predict(X[:, [column]]) for column in some])
    np.testing.assert_allclose(outputs[:, some], one_by_one, rtol=1e-13)
    np.testing.assert_allclose(outputs.sum(axis=0), 1, rtol=1e-14)


def test_the_cost_of_many_examples_is_the_mean_over_all_of_them():
    network, stream = network_of([3, 8, 1], ["tanh", "sigmoid"]), np.random.RandomState(4)
    X, Y = stream.randn(3, 5001), stream.randint(2, size=(1, 5001)).astype(float)
    criterion = Criterion(losses["binary_cross_entropy"](), 5001, l2=3.0)
    loss, cost, outputs = Objective(network, criterion).evaluate(X, Y)
    np.testing.assert_array_equal(outputs, network.predict(X))
    entropy = -np.where(Y == 1, np.log(outputs), np.log(1 - outputs)).mean()
    penalty = 3.0 / (2 * 5001) * sum((W**2).sum() for W in network.parameters.W)
    assert loss == pytest.approx(entropy, rel=1e-13)
    assert cost == pytest.approx(entropy + penalty, rel=1e-13)


def test_no_examples_are_no_predictions():
    assert network_of([3, 2], ["relu"]).predict(np.empty((3, 0))).shape == (2, 0)


def test_rows_of_memory_turned_to_columns_are_predicted_alike_and_not_changed():
    network, rows = network_of([3, 4, 1], ["relu", "linear"]), np.random.RandomState(5).randn(6, 3)
    before = rows.copy()
    first = network.predict(rows.T)
    np.testing.assert_allclose(first, network.predict(np.ascontiguousarray(rows.T)), rtol=1e-14)
    np.testing.assert_array_equal(rows, before)
    network.parameters.flat[:] = 0  # the network computes with the live vector, and results are nobody else's
    assert not network.predict(rows.T).any()
    assert first.all()


def test_float32_stays_float32_and_near_float64():
    X = np.random.RandomState(6).randn(5, 40)
    single, double = (network_of([5, 8, 3], ["gelu", "softmax"], dtype) for dtype in (np.float32, np.float64))
    outputs = single.predict(X.astype(np.float32))
    assert outputs.dtype == np.float32
    np.testing.assert_allclose(outputs, double.predict(X), rtol=1e-4)
    assert np.abs(outputs - double.predict(X)).max() > 0


def test_saturated_outputs_are_predicted_without_a_warning():
    network = network_of([1, 1], ["sigmoid"])
    network.parameters.W[0][:] = 1e4
    network.parameters.b[0][:] = 0
    assert network.predict(np.array([[-1.0, 0.0, 1.0]])).tolist() == [[0, 0.5, 1]]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_batches_of_changing_size_share_one_vector_of_gradients(dtype):
    network, stream = network_of([3, 4, 2], ["tanh", "linear"], dtype), np.random.RandomState(7)
    X, Y = stream.randn(3, 6).astype(dtype), stream.randn(2, 6).astype(dtype)
    objective = Objective(network, Criterion(losses["mean_squared_error"](), 1))
    gradients, parts = objective.gradients, []
    for batch in (slice(0, 4), slice(4, 6), slice(0, 4), slice(0, 6)):
        objective.differentiate(X[:, batch], Y[:, batch])
        assert objective.gradients is gradients
        parts.append(gradients.flat.copy())
    assert gradients.flat.dtype == dtype
    np.testing.assert_array_equal(parts[0], parts[2])
    close = 1e-12 if dtype == np.float64 else 1e-4
    np.testing.assert_allclose(parts[3], (4 * parts[0] + 2 * parts[1]) / 6, rtol=close, atol=close)


@pytest.mark.parametrize("share", [0.9, 0.5, 0.2])
def test_dropout_keeps_its_share_and_the_expected_activation(share):
    dropout, masks = Dropout((1.0, share), seed=1), np.empty((20, 30, 100))
    for iteration, mask in enumerate(masks):
        dropout.draw(iteration, 2, mask)
    kept = masks > 0
    np.testing.assert_allclose(masks[kept], 1 / share, rtol=1e-4)
    assert kept.mean() == pytest.approx(share, abs=5 * math.sqrt(share * (1 - share) / masks.size))
    assert masks.mean() == pytest.approx(1, abs=5 * math.sqrt((1 - share) / share / masks.size))


def test_a_mask_is_that_of_its_seed_iteration_and_layer():
    def drawn(seed, iteration, layer):
        mask = np.empty((30, 100))
        Dropout((0.5, 0.5), seed).draw(iteration, layer, mask)
        return mask

    one, same, *others = (drawn(*key) for key in [(1, 7, 1), (1, 7, 1), (2, 7, 1), (1, 8, 1), (1, 7, 2), (7, 1, 1)])
    np.testing.assert_array_equal(one, same)
    for other in others:
        assert 0.4 < (one == other).mean() < 0.6  # as often alike as not: they are independent


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_weight_that_is_no_number_is_seen_in_whichever_output_it_is(outputs, bad):
    network = network_of([2, outputs], ["linear"])
    objective = Objective(network, Criterion(losses["mean_squared_error"](), 1))
    X, Y = np.random.RandomState(3).randn(2, 4), np.zeros((outputs, 4))
    objective.differentiate(X, Y)
    assert objective.is_finite()
    for unit in range(outputs):
        before = network.parameters.W[0][unit, 0]
        network.parameters.W[0][unit, 0] = bad
        with np.errstate(invalid="ignore"):
            objective.differentiate(X, Y)
            assert not objective.is_finite()
        network.parameters.W[0][unit, 0] = before
