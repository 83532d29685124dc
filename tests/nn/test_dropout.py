"""Dropout: masks that are functions of (seed, iteration, layer), what they do to cost and gradients, and no more."""

import tracemalloc
from itertools import product

import numpy as np
import pytest

from nnctl.nn import dropout
from nnctl.nn.activations import activations
from nnctl.nn.criterion import Criterion
from nnctl.nn.dropout import Dropout
from nnctl.nn.initializers import initializers
from nnctl.nn.losses import losses
from nnctl.nn.network import Network
from nnctl.nn.objective import Objective
from nnctl.nn.parameters import initialize
from nnctl.nn.span import SpanObjective

STEP = 1e-5


def drawn(masks, iteration, layer, shape=(20, 30), dtype=np.float64):
    mask = np.full(shape, np.nan, dtype)
    masks.draw(iteration, layer, mask)
    return mask


# masks


def test_a_mask_is_a_function_of_seed_iteration_and_layer():
    places = list(product((0, 1, 2**32 - 1), (0, 1, 10**9), (1, 2)))
    in_order = {place: drawn(Dropout((0.5, 0.5), place[0]), *place[1:]) for place in places}
    assert len({mask.tobytes() for mask in in_order.values()}) == len(places)
    streams = {seed: Dropout((0.5, 0.5), seed) for seed, _, _ in places}
    for seed, iteration, layer in reversed(places):
        drawn(streams[seed], iteration, layer, shape=(3, 5))  # whatever was drawn before
        np.testing.assert_array_equal(drawn(streams[seed], iteration, layer), in_order[seed, iteration, layer])


def test_masks_are_those_of_every_release():
    """A run is repeated, or gone on with, by later releases: RandomState's stream never changes, nor may this."""
    stream = np.random.RandomState([3, 5, 2])
    numbers = np.frombuffer(stream.bytes(2 * 600), "<u2").reshape(20, 30)
    mask = drawn(Dropout((1.0, 0.75), 3), 5, 2)
    np.testing.assert_array_equal(mask > 0, numbers < 0.75 * 2**16)
    assert "".join("01"[kept] for kept in (mask[0] > 0).astype(int)) == "111011101100100111111101110111"


@pytest.mark.parametrize("chunk", [2, 8, 100, 2**20])
def test_a_mask_does_not_depend_on_how_many_numbers_are_drawn_at_a_time(monkeypatch, chunk):
    whole = drawn(Dropout((0.4,), 1), 7, 1)
    monkeypatch.setattr(dropout, "CHUNK", chunk)
    np.testing.assert_array_equal(drawn(Dropout((0.4,), 1), 7, 1), whole)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("share", [1e-9, 2**-16, 0.1, 0.5, 0.8, 1 - 2**-16, 1 - 1e-9, 1.0])
def test_a_mask_holds_0_and_1_over_the_share_that_is_kept(share, dtype):
    mask = drawn(Dropout((share,), 1), 0, 1, (300, 1000), dtype)
    kept = max(round(share * 2**16), 1) / 2**16  # a share is a whole number of 65536ths
    levels = {0.0, float(dtype(1 / kept))}
    assert set(np.unique(mask).tolist()) == (levels - {0.0} if kept == 1 else levels)


def test_a_mask_in_float32_is_the_same_mask():
    masks = Dropout((0.7,), 1)
    np.testing.assert_array_equal(drawn(masks, 3, 1, dtype=np.float32), drawn(masks, 3, 1).astype(np.float32))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_the_expected_mask_is_1_for_every_unit_and_each_is_drawn_for_itself(share):
    masks = Dropout((share, share), 4)
    drawings = np.array([[drawn(masks, i, layer, (5, 40)).ravel() for layer in (1, 2)] for i in range(1500)])
    spread = np.sqrt((1 - share) / share)  # the standard deviation of 0 or 1/share
    assert abs(drawings.mean() - 1) < 4 * spread / np.sqrt(drawings.size)
    assert np.abs(drawings.mean(axis=0) - 1).max() < 5 * spread / np.sqrt(1500)  # of 400 units
    deviations = (drawings - 1) / spread
    neighbours = {
        "units": deviations[..., 1:] * deviations[..., :-1],
        "layers": deviations[:, 1] * deviations[:, 0],
        "iterations": deviations[1:] * deviations[:-1],
    }
    for of, products in neighbours.items():
        assert abs(products.mean()) < 5 / np.sqrt(products.size), of


def test_memory_does_not_grow_with_the_batch():
    masks, mask = Dropout((0.5,), 1), np.empty((100, 20_000))
    masks.draw(0, 1, mask)
    tracemalloc.start()
    masks.draw(1, 1, mask)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 300_000  # bytes; 2,000,000 random numbers of 16 bits would have 4,000,000


# in a network


def objective_of(layer_dims, names, shares, short_cut_for=None, seed=6, dtype=np.float64, m=1, l2=0.0):
    """Return the objective of a network with drawn parameters; the last layer is linear, the loss squared."""
    parameters = initialize(layer_dims, initializers["lecun"], seed, dtype)
    for b in parameters.b:
        b[:] = np.random.RandomState(seed).uniform(-0.5, 0.5, b.shape)
    network = Network(parameters, [activations[name] for name in (*names, "linear")])
    masks = None if shares is None else Dropout(shares, seed)
    chosen = Criterion(losses["mean_squared_error"](), m, l2)
    if short_cut_for is None:
        return Objective(network, chosen, masks)
    return SpanObjective(network, chosen, short_cut_for, masks)


def examples(n, outputs, m, seed=1):
    stream = np.random.RandomState(seed)
    return stream.randn(n, m), stream.randn(outputs, m)


def test_the_expected_activation_is_that_without_dropout():
    X, Y = examples(6, 2, 5)
    objective = objective_of((6, 30, 20, 2), ("linear", "linear"), (0.8, 0.5))
    without = objective.evaluate(X, Y).outputs
    outputs = []
    for iteration in range(2000):
        objective.differentiate(X, Y, iteration)
        mean_error = objective.gradients.b[-1][:, 0] / 2  # of A[L] - Y
        outputs.append(mean_error + Y.mean(axis=1))
    found, spread = np.mean(outputs, axis=0), np.std(outputs, axis=0) / np.sqrt(len(outputs))
    np.testing.assert_array_less(np.abs(found - without.mean(axis=1)), 4 * spread)
    assert spread.max() < 0.03  # small beside the outputs, so that a factor left out would show
    assert np.abs(without.mean(axis=1)).max() > 0.3


@pytest.mark.parametrize("short_cut", [False, True])
@pytest.mark.parametrize("shares", [(0.6, 0.5), (1.0, 0.5), (0.5, 1.0)])
@pytest.mark.parametrize("name", activations)
def test_gradients_are_those_of_the_cost_with_the_same_masks(name, shares, short_cut):
    dims, iteration = (5, 6, 4, 2), 11
    X, Y = examples(5, 2, 7)
    objective = objective_of(dims, (name, name), shares, X if short_cut else None, m=X.shape[1], l2=0.3)
    objective.differentiate(X, Y, iteration)
    gradients, cost, parameters = objective.gradients.flat.copy(), objective.cost(Y), objective.parameters.copy()
    masks = [drawn(Dropout(shares, 6), iteration, layer, (n, 7)) for layer, n in ((1, 6), (2, 4))]

    def cost_at(parameters):
        A, nearest = X, np.inf
        for layer, (W, b) in enumerate(zip(parameters.W, parameters.b, strict=True)):
            Z = W @ A + b
            A = np.empty_like(Z)
            activations[name if layer < 2 else "linear"](Z, A)[0]()
            if layer < 2:
                nearest = min(nearest, np.abs(Z).min())
                A *= masks[layer]
        assert nearest > 50 * STEP  # no kink lies within reach of the step
        return np.square(A - Y).sum() / 7 + 0.3 / 14 * sum(np.square(W).sum() for W in parameters.W)

    assert cost == pytest.approx(cost_at(parameters), rel=1e-13)
    differences = np.empty_like(gradients)
    for index, value in enumerate(parameters.flat.copy()):
        near = []
        for parameters.flat[index] in (value + STEP, value - STEP):
            near.append(cost_at(parameters))
        parameters.flat[index] = value
        differences[index] = (near[0] - near[1]) / (2 * STEP)
    assert np.linalg.norm(gradients - differences) < 1e-7 * np.linalg.norm(differences)


def test_each_iteration_has_its_masks():
    X, Y = examples(5, 2, 7)
    objective = objective_of((5, 6, 4, 2), ("tanh", "relu"), (0.6, 0.5))

    def gradients(iteration):
        objective.differentiate(X, Y, iteration)
        return objective.gradients.flat.copy()

    first, second = gradients(0), gradients(1)
    assert np.abs(first - second).max() > 1e-3
    np.testing.assert_array_equal(gradients(0), first)


@pytest.mark.parametrize("short_cut", [False, True])
def test_there_is_no_dropout_in_evaluation_and_prediction(short_cut):
    X, Y = examples(9, 2, 7)
    others, their_Y = examples(9, 2, 4, seed=2)
    found = []
    for shares in ((0.3, 0.3), None):
        objective = objective_of((9, 6, 4, 2), ("tanh", "relu"), shares, X if short_cut else None)
        objective.differentiate(X, Y, 3)
        found.append([*objective.evaluate(X, Y), *objective.evaluate(others, their_Y)])
        activation_functions = [activations[name] for name in ("tanh", "relu", "linear")]
        found[-1].append(Network(objective.parameters, activation_functions).predict(others))
    for with_dropout, without in zip(*found, strict=True):
        np.testing.assert_array_equal(with_dropout, without)


def test_to_keep_all_units_is_to_have_no_dropout():
    X, Y = examples(5, 2, 7)
    kept, without = (objective_of((5, 6, 4, 2), ("tanh", "relu"), shares) for shares in ((1.0, 1.0), None))
    kept.differentiate(X, Y, 3)
    without.differentiate(X, Y, 3)
    np.testing.assert_array_equal(kept.g, without.g)


def test_float32_is_trained_with_the_same_masks():
    X, Y = examples(5, 2, 7)
    found = []
    for dtype in (np.float32, np.float64):
        objective = objective_of((5, 6, 4, 2), ("tanh", "gelu"), (0.6, 0.5), dtype=dtype)
        objective.differentiate(X.astype(dtype), Y.astype(dtype), 3)
        found.append(objective.g)
    assert found[0].dtype == np.float32
    np.testing.assert_allclose(found[0], found[1], rtol=1e-4, atol=1e-5)
