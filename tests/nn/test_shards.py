"""Shards: however a batch is cut, cost and gradients are those of the whole; and bits do not depend on who computes."""

import numpy as np
import pytest
from numpy.random import RandomState

from nnctl import team
from nnctl.nn import objective as objective_module
from nnctl.nn import optimizers as optimizers_module
from nnctl.nn.activations import activations
from nnctl.nn.criterion import Criterion
from nnctl.nn.dropout import Dropout
from nnctl.nn.initializers import initializers
from nnctl.nn.losses import losses
from nnctl.nn.network import BLOCK, Network
from nnctl.nn.objective import Objective
from nnctl.nn.optimizers import bind, optimizers
from nnctl.nn.parameters import initialize
from nnctl.nn.shards import fitting

DIMS = (5, 8, 6, 3)


def problem(m, dtype=np.float64):
    """Return X, Y of three classes, and a network that takes them."""
    stream = RandomState(m)
    X = stream.randn(DIMS[0], m).astype(dtype)
    Y = np.eye(3, dtype=dtype)[stream.randint(0, 3, m)].T
    parameters = initialize(DIMS, initializers["he"], 1, dtype)
    return X, Y, Network(parameters, [activations["tanh"], activations["relu"], activations["softmax"]])


def objective_of(network, weights, kept, shards, members=team.ALONE):
    criterion = Criterion(losses["categorical_cross_entropy"](), 100, 0.3, 0.2, weights)
    return Objective(network, criterion, Dropout(kept, 1) if kept else None, shards, members)


@pytest.mark.parametrize("weights", [None, (1.0, 2.5, 0.5)])
@pytest.mark.parametrize("kept", [None, (0.8, 0.5)])
@pytest.mark.parametrize("shards", [2, 3, 8])
@pytest.mark.parametrize("m", [1, 2, 7, 64])
def test_cost_and_gradients_are_those_of_the_whole_batch(weights, kept, shards, m):
    X, Y, network = problem(m)
    whole, cut = (objective_of(network, weights, kept, n) for n in (1, shards))
    for objective in (whole, cut):
        objective.differentiate(*problem(50)[:2])  # which leaves gradients in every shard
    for iteration in range(3):  # the masks are those of the iteration
        whole.differentiate(X, Y, iteration)
        cut.differentiate(X, Y, iteration)
        assert cut.cost(Y) == pytest.approx(whole.cost(Y), rel=1e-13)
        np.testing.assert_allclose(cut.g, whole.g, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", optimizers)
def test_bits_depend_on_the_shards_and_not_on_the_team(name, dtype, monkeypatch):
    monkeypatch.setattr(objective_module, "WORTH_ADDING", 1)  # so that these few parameters are cut for the team, too
    monkeypatch.setattr(optimizers_module, "WORTH_MOVING", 1)
    trained = []
    for members in (1, 2, 3):
        X, Y, network = problem(90, dtype)
        with team.gathered(members) as gathered:
            objective = objective_of(network, (1.0, 2.0, 0.5), (0.9, 0.7), 4, gathered)
            optimizer = optimizers[name](weight_decay=0.01)
            state = np.zeros((optimizer.slots, len(objective.p)), dtype)
            update = bind(optimizer, objective.p, objective.g, objective.weights, state, gathered)
            costs = []
            for iteration, m in enumerate((90, 90, 33, 90)):  # a short batch in between
                objective.differentiate(X[:, :m], Y[:, :m], iteration)
                costs.append(objective.cost(Y[:, :m]))
                update(0.05, iteration + 1)
        trained.append((costs, network.parameters.flat.tobytes()))
    assert trained[1] == trained[0]
    assert trained[2] == trained[0]
    assert trained[0][0][3] < trained[0][0][0]


def test_the_whole_team_evaluates():
    X, Y, network = problem(3 * BLOCK)
    with team.gathered(2) as gathered:
        objective = objective_of(network, None, None, 2, gathered)
        found = objective.evaluate(X, Y)
    assert found[:2] == objective_of(network, None, None, 1).evaluate(X, Y)[:2]
    assert set(objective._evaluation_passes) == {0, 1}  # each member has passes of its own


@pytest.mark.parametrize(
    ("layer_dims", "m", "shards"),
    [
        ((784, 256, 128, 10), 16, 1),
        ((784, 256, 128, 10), 127, 1),
        ((784, 256, 128, 10), 128, 2),
        ((784, 256, 128, 10), 511, 2),
        ((784, 256, 128, 10), 512, 4),
        ((784, 256, 128, 10), 1023, 4),
        ((784, 256, 128, 10), 5000, 8),
        ((784, *8 * (512,), 10), 256, 2),
        ((2, 10, 5, 1), 4096, 1),
        ((100, 64, 32, 2), 512, 1),
        ((100, 64, 32, 2), 4096, 8),
    ],
)
def test_how_many_shards_fit(layer_dims, m, shards):
    assert fitting(layer_dims, m) == shards
