"""What stands before layer 1: how it starts, that nothing else changes by it, and the same in blocks and shards."""

import numpy as np
import pytest
from numpy.random import RandomState

from nnctl.nn import network
from nnctl.nn.activations import activations
from nnctl.nn.criterion import Criterion
from nnctl.nn.embeddings import embeddings
from nnctl.nn.front import Front
from nnctl.nn.initializers import initializers
from nnctl.nn.input_scales import input_scales
from nnctl.nn.losses import losses
from nnctl.nn.network import Network
from nnctl.nn.objective import Objective
from nnctl.nn.optimizers import bind, optimizers
from nnctl.nn.parameters import initialize

DIMS = (6, 5, 2)
FRONTS = {
    "embedding": Front(6, (0, 1, 2, 3, 4, 5), embeddings["periodic"]()),
    "embedding of some": Front(6, (1, 4), embeddings["periodic"](sigma=1.0)),
    "scale": Front(6, scale=input_scales["learned"](speed=10)),
    "both": Front(6, (0, 5), embeddings["periodic"](), input_scales["learned"]()),
}


def started(front, dtype=np.float64, seed=3):
    return initialize(DIMS, initializers["he"], seed, dtype, front)


def objective_of(parameters, **options):
    net = Network(parameters, [activations["tanh"], activations["linear"]])
    return Objective(net, Criterion(losses["mean_squared_error"](), 9, l2=0.5, l1=0.1), **options)


X, Y = RandomState(1).randn(6, 9), RandomState(2).randn(2, 9)


@pytest.mark.parametrize("name", FRONTS)
def test_its_parameters_come_last_and_are_no_weights(name):
    front, parameters = FRONTS[name], started(FRONTS[name])
    assert parameters.W[0].shape == (5, front.width)
    assert len(parameters.weights) == 5 * front.width + 2 * 5
    last = np.concatenate([array.ravel() for array in parameters.of_front.values()])
    np.testing.assert_array_equal(parameters.flat[-len(last) :], last)
    assert list(dict(parameters.items()))[:4] == ["W1", "b1", "W2", "b2"]
    assert dict(parameters.items()).keys() == {"W1", "b1", "W2", "b2", *front.shapes()}
    other = parameters.copy(np.float32)
    assert other.flat.dtype == np.float32
    np.testing.assert_array_equal(other.flat, parameters.flat.astype(np.float32))


@pytest.mark.parametrize("name", FRONTS)
def test_w_is_drawn_from_the_stream_of_the_seed_alone(name):
    parameters, stream = started(FRONTS[name]), RandomState(3)
    for W in parameters.W:
        np.testing.assert_array_equal(W, stream.randn(*W.shape) * np.sqrt(2 / W.shape[1]))
    again, other = started(FRONTS[name]), started(FRONTS[name], seed=4)
    np.testing.assert_array_equal(again.flat, parameters.flat)
    for key, array in parameters.of_front.items():
        assert np.array_equal(other.of_front[key], array) == key.startswith("input_scale")
        assert not np.isin(array, RandomState(3).randn(200)).any()


def test_a_scale_of_1_changes_nothing():
    plain, scaled = objective_of(started(None)), objective_of(started(FRONTS["scale"]))
    for one in (plain, scaled):
        one.differentiate(X, Y)
    np.testing.assert_allclose(scaled.g[: len(plain.g)], plain.g, rtol=1e-12)
    assert scaled.cost(Y) == pytest.approx(plain.cost(Y), rel=1e-14)


def test_a_speed_is_how_many_times_as_fast_adam_moves_a_scale():
    ends = {}
    for speed in (1, 10):
        front = Front(6, scale=input_scales["learned"](speed=speed))
        one = objective_of(started(front))
        update = bind(optimizers["adam"](), one.p, one.g, one.weights, np.zeros((2, len(one.p))))
        one.differentiate(X, Y)
        update(1e-3, 1)
        ends[speed] = speed * one.parameters.of_front["input_scale/u"] - 1
    np.testing.assert_allclose(ends[10], 10 * ends[1], rtol=1e-4)


@pytest.mark.parametrize("name", FRONTS)
@pytest.mark.parametrize("optimizer", optimizers)
def test_neither_penalties_nor_decay_touch_it(name, optimizer):
    one = objective_of(started(FRONTS[name]))
    decaying = optimizers[optimizer](weight_decay=0.5)
    update = bind(decaying, one.p, one.g, one.weights, np.zeros((decaying.slots, len(one.p))))
    start = one.p.copy()
    one.differentiate(X, Y)
    plain = Objective(one.network, Criterion(losses["mean_squared_error"](), 9))
    plain.differentiate(X, Y)
    rest = slice(len(one.weights), None)
    np.testing.assert_array_equal(one.g[rest], plain.g[rest])
    one.g[...] = 0
    update(0.1, 1)
    np.testing.assert_array_equal(one.p[rest], start[rest])
    np.testing.assert_allclose(one.weights, 0.95 * start[: len(one.weights)], rtol=1e-14)


@pytest.mark.parametrize("name", FRONTS)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-13), (np.float32, 1e-5)])
def test_blocks_and_shards_come_to_the_same(monkeypatch, name, dtype, tolerance):
    x, y = X.astype(dtype), Y.astype(dtype)
    whole, cut = objective_of(started(FRONTS[name], dtype)), objective_of(started(FRONTS[name], dtype), shards=4)
    for one in (whole, cut):
        one.differentiate(np.asfortranarray(x), y)
    assert cut.cost(y) == pytest.approx(whole.cost(y), rel=tolerance)
    np.testing.assert_allclose(cut.g, whole.g, rtol=0, atol=10 * tolerance)
    outputs = whole.network.predict(x)
    assert whole.evaluate(x, y).cost == pytest.approx(whole.cost(y), rel=tolerance)
    monkeypatch.setattr(network, "WIDE", 4 * FRONTS[name].width)  # four examples at a time
    np.testing.assert_allclose(whole.network.predict(x), outputs, rtol=0, atol=tolerance)
