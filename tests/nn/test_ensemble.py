"""An ensemble gives the mean of its networks' outputs, and its loss is that of the mean, however sure they are."""

import numpy as np
import pytest

from nnctl.nn.activations import activations
from nnctl.nn.criterion import Criterion
from nnctl.nn.ensemble import Ensemble
from nnctl.nn.initializers import initializers
from nnctl.nn.losses import losses
from nnctl.nn.network import BLOCK, Network
from nnctl.nn.parameters import initialize

PAIRS = [(loss, output) for loss in losses for output in losses[loss].outputs]


def networks(output, n=3, scale=1.0, count=4):
    made = []
    for seed in range(count):
        parameters = initialize((2, 5, n), initializers["he"], seed)
        parameters.flat[...] *= scale
        made.append(Network(parameters, [activations["tanh"], activations[output]]))
    return made


def targets(loss, n, m, stream):
    if loss == "categorical_cross_entropy":
        return np.eye(n)[:, stream.randint(n, size=m)]
    return stream.randint(2, size=(n, m)).astype(float)


@pytest.mark.parametrize(("loss", "output"), PAIRS)
@pytest.mark.parametrize("m", [1, 7, BLOCK + 3])
def test_the_outputs_are_the_mean_and_the_loss_is_that_of_the_mean(loss, output, m):
    stream = np.random.RandomState(1)
    members, X, Y = networks(output), stream.randn(2, m), targets(loss, 3, m, stream)
    ensemble = Ensemble(members)
    mean = np.mean([member.predict(X) for member in members], axis=0)
    np.testing.assert_allclose(ensemble.predict(X), mean, rtol=1e-14, atol=1e-16)
    found = Criterion(losses[loss](), m, l2=0.3, l1=0.2).evaluate(ensemble, X, Y, {})
    np.testing.assert_array_equal(found.outputs, ensemble.predict(X))
    if loss == "binary_cross_entropy":
        costs = -Y * np.log(mean) - (1 - Y) * np.log(1 - mean)
    elif loss == "categorical_cross_entropy":
        costs = -Y * np.log(mean)
    else:
        costs = losses[loss]().costs(mean, mean, Y)
    assert found.loss == pytest.approx(costs.sum() / m, rel=1e-12)
    weights = [member.parameters.weights for member in members]
    penalty = np.mean([0.3 * np.square(w).sum() / 2 + 0.2 * np.abs(w).sum() for w in weights]) / m
    assert found.cost == pytest.approx(found.loss + penalty, rel=1e-12)


@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_loss_of_networks_that_are_all_too_sure_is_finite(output, dtype):
    name = "binary_cross_entropy" if output == "sigmoid" else "categorical_cross_entropy"
    Z = np.array([[[900.0], [-900.0]], [[-800.0], [800.0]]], dtype)  # two networks, two outputs, one example
    loss = losses[name]()
    logits = loss.logits_of_mean(Z)
    A = np.empty_like(logits)
    activations[output](logits.copy(), A)[0]()
    assert np.isfinite(logits).all()
    if output == "softmax":
        np.testing.assert_allclose(A, 0.5)
    sure = loss.logits_of_mean(np.array([[[900.0], [-900.0]]] * 2, dtype))
    Y = np.array([[0.0], [1.0]], dtype)
    costs = loss.costs(sure, A, Y).sum()
    assert costs == pytest.approx(1800.0, rel=1e-6)  # of two outputs 900 each, or of one class by logits 1800 apart


def test_networks_that_are_one_are_one():
    member = networks("softmax")[0]
    X = np.random.RandomState(2).randn(2, 9)
    np.testing.assert_array_equal(Ensemble([member] * 4).predict(X), member.predict(X))


def test_a_row_has_the_same_answer_in_any_block():
    ensemble, X = Ensemble(networks("softmax", count=19)), np.random.RandomState(3).randn(2, 40)
    whole = ensemble.predict(X)
    alone = np.concatenate([ensemble.predict(X[:, [column]]) for column in range(40)], axis=1)
    np.testing.assert_allclose(alone, whole, rtol=1e-14, atol=1e-16)
