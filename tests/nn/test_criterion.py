"""A cost, term by term: the losses weighted by class, the penalties, and the same number from blocks of examples."""

import numpy as np
import pytest

from nnctl import team
from nnctl.nn import network
from nnctl.nn.activations import activations
from nnctl.nn.criterion import Criterion
from nnctl.nn.initializers import initializers
from nnctl.nn.losses import losses
from nnctl.nn.network import Network
from nnctl.nn.objective import Objective
from nnctl.nn.parameters import initialize

TASKS = {  # output activation, units, loss
    "one unit": ("sigmoid", 1, "binary_cross_entropy"),
    "softmax": ("softmax", 3, "categorical_cross_entropy"),
    "a sigmoid for each class": ("sigmoid", 3, "binary_cross_entropy"),
    "numbers": ("linear", 2, "mean_squared_error"),
}
CLASSES = [task for task in TASKS if task != "numbers"]


def network_of(task, dtype=np.float64):
    """Return a network with drawn parameters, biases too."""
    output, units, _ = TASKS[task]
    parameters = initialize((4, 5, units), initializers["he"], 3, dtype)
    for b in parameters.b:
        b[:] = np.random.RandomState(4).randn(*b.shape)
    return Network(parameters, [activations["tanh"], activations[output]])


def criterion_of(task, m=25, **terms):
    """Return the criterion of a training part of m examples, which need not be those that are looked at."""
    return Criterion(losses[TASKS[task][2]](), m, **terms)


def examples(task, m, seed=5):
    """Return X (4, m), Y (n[L], m), and the class of each example, or None."""
    stream, units = np.random.RandomState(seed), TASKS[task][1]
    X = stream.randn(4, m)
    if task == "numbers":
        return X, stream.randn(units, m), None
    classes = stream.randint(max(units, 2), size=m)
    return X, np.eye(units)[:, classes] if units > 1 else classes[None, :].astype(float), classes


def by_formula(task, net, X, Y):
    """Return the loss of each example (m,) and the outputs (n[L], m), of all examples at once."""
    (W1, W2), (b1, b2) = net.parameters.W, net.parameters.b
    Z = W2 @ np.tanh(W1 @ X + b1) + b2
    if task == "softmax":
        p = np.exp(Z) / np.exp(Z).sum(axis=0)
        return -np.log((p * Y).sum(axis=0)), p
    if task == "numbers":
        return np.square(Z - Y).sum(axis=0), Z
    p = 1 / (1 + np.exp(-Z))
    return -np.log(np.where(Y == 1, p, 1 - p)).sum(axis=0), p


WEIGHTS = {1: [0.25, 3.0], 3: [0.25, 3.0, 0.0]}


@pytest.mark.parametrize("task", CLASSES)
def test_an_example_counts_as_often_as_its_class_says_and_the_mean_is_over_all(task):
    net, (X, Y, classes) = network_of(task), examples(task, 40)
    weights = WEIGHTS[len(Y)]
    criterion = criterion_of(task, class_weights=weights)
    example_weights = np.array([weights[number] for number in classes])
    assert len(set(classes)) == len(weights)
    np.testing.assert_array_equal(criterion.example_weights(Y), example_weights)
    expected = (by_formula(task, net, X, Y)[0] * example_weights).sum() / 40
    assert criterion.evaluate(net, X, Y, {}).cost == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("task", CLASSES)
def test_to_weigh_an_example_double_is_to_have_it_twice(task):
    net, (X, Y, classes) = network_of(task), examples(task, 40)
    weights = [2.0 if number == 1 else 1.0 for number in range(max(2, len(Y)))]
    cost = criterion_of(task, class_weights=weights).evaluate(net, X, Y, {}).cost
    X_twice, Y_twice = (np.concatenate([array, array[:, classes == 1]], axis=1) for array in (X, Y))
    twice = criterion_of(task).evaluate(net, X_twice, Y_twice, {}).cost
    assert 40 * cost == pytest.approx(X_twice.shape[1] * twice, rel=1e-13)


@pytest.mark.parametrize("task", CLASSES)
def test_weights_of_1_change_nothing(task):
    net, (X, Y, _) = network_of(task), examples(task, 40)
    weights = [1.0] * max(2, len(Y))
    assert criterion_of(task, class_weights=weights).evaluate(net, X, Y, {}).cost == pytest.approx(
        criterion_of(task).evaluate(net, X, Y, {}).cost, rel=1e-15
    )


@pytest.mark.parametrize("task", CLASSES)
@pytest.mark.parametrize("weighted", [False, True])
def test_smoothed_targets_are_minimized_and_the_loss_is_that_of_the_targets_as_they_are(task, weighted):
    net, (X, Y, classes) = network_of(task), examples(task, 40)
    weights = WEIGHTS[len(Y)] if weighted else None
    criterion = criterion_of(task, class_weights=weights, label_smoothing=0.2)
    costs, p = by_formula(task, net, X, Y)
    both = np.log(p) + np.log(1 - p)
    even = -np.log(p).mean(axis=0) if task == "softmax" else -both.sum(axis=0) / 2  # of targets of 1 / K
    smoothed = 0.8 * costs + 0.2 * even
    loss, cost, outputs = criterion.evaluate(net, X, Y, {})
    assert loss == pytest.approx(costs.mean(), rel=1e-13)
    assert cost == pytest.approx((smoothed * (np.array(weights)[classes] if weighted else 1)).mean(), rel=1e-13)
    np.testing.assert_allclose(outputs, p, rtol=1e-13)
    objective, cut = Objective(net, criterion), Objective(net, criterion, shards=3)
    for one in (objective, cut):
        one.differentiate(X, Y)
        assert one.cost(Y) == pytest.approx(cost, rel=1e-13)
    np.testing.assert_allclose(cut.g, objective.g, rtol=0, atol=1e-13)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize(("l1", "l2"), [(0.0, 0.0), (0.3, 0.0), (0.0, 0.7), (0.3, 0.7)])
def test_every_w_is_penalized_and_no_b(task, l1, l2):
    net, (X, Y, _) = network_of(task), examples(task, 40)
    squares = sum((W**2).sum() for W in net.parameters.W)
    absolutes = sum(abs(W).sum() for W in net.parameters.W)
    expected = by_formula(task, net, X, Y)[0].mean() + l2 / (2 * 25) * squares + l1 / 25 * absolutes
    criterion = criterion_of(task, l1=l1, l2=l2)
    assert criterion.evaluate(net, X, Y, {}).cost == pytest.approx(expected, rel=1e-13)
    assert criterion.penalty(squares, absolutes) == pytest.approx((l2 / 2 * squares + l1 * absolutes) / 25)
    assert criterion.evaluate(net, X, Y, {}).loss == pytest.approx(by_formula(task, net, X, Y)[0].mean(), rel=1e-13)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("m", [1, network.BLOCK, 2 * network.BLOCK + 5])
@pytest.mark.parametrize("members", [1, 2, 4])
def test_evaluation_in_blocks_is_that_of_all_examples_at_once(task, m, members):
    net, (X, Y, classes) = network_of(task), examples(task, m)
    weights = None if classes is None else WEIGHTS[len(Y)]
    criterion = criterion_of(task, l1=0.3, l2=0.7, class_weights=weights)
    costs, outputs = by_formula(task, net, X, Y)
    weighted = costs if classes is None else costs * np.array(weights)[classes]
    penalty = sum(0.35 * (W**2).sum() + 0.3 * abs(W).sum() for W in net.parameters.W) / 25
    passes = {}
    alone = criterion.evaluate(net, X, Y, {})
    with team.gathered(members) as gathered:
        for _ in range(2):  # with passes that are new, and that have been used
            loss, found, found_outputs = criterion.evaluate(net, X, Y, passes, gathered)
            assert loss == pytest.approx(costs.mean(), rel=1e-12)
            assert found == pytest.approx(weighted.sum() / m + penalty, rel=1e-12)
            np.testing.assert_allclose(found_outputs, outputs, rtol=1e-12)
            assert (loss, found) == alone[:2]  # bit for bit
    for own in passes.values():  # one of each width, however many blocks
        assert sum(kept.m for kept in own.values()) < network.BLOCK + 6


@pytest.mark.parametrize("task", TASKS)
def test_the_cost_in_training_is_the_cost_in_evaluation(task):
    net, (X, Y, classes) = network_of(task), examples(task, 40)
    criterion = criterion_of(task, l1=0.3, l2=0.7, class_weights=None if classes is None else WEIGHTS[len(Y)])
    objective = Objective(net, criterion)
    objective.differentiate(X, Y)
    _, cost, outputs = objective.evaluate(X, Y)
    assert objective.cost(Y) == pytest.approx(cost, rel=1e-14)
    np.testing.assert_allclose(outputs, net.predict(X), rtol=1e-15)


@pytest.mark.parametrize("task", TASKS)
def test_float32_is_evaluated_in_float32(task):
    X, Y, classes = examples(task, 40)
    terms = {"l1": 0.3, "l2": 0.7, "class_weights": None if classes is None else WEIGHTS[len(Y)]}
    _, found, outputs = criterion_of(task, **terms).evaluate(
        network_of(task, np.float32), X.astype(np.float32), Y.astype(np.float32), {}
    )
    assert outputs.dtype == np.float32
    assert found == pytest.approx(criterion_of(task, **terms).evaluate(network_of(task), X, Y, {}).cost, rel=1e-5)
