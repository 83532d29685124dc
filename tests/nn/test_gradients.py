"""Backprop against central differences, for every activation and loss that go together and random networks.

The cost that is differenced is worked out here, layer by layer from the formulas, so that the gradients
and the cost of the objective are both checked against something of their own.
"""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nnctl.nn.activations import activations
from nnctl.nn.criterion import Criterion
from nnctl.nn.dropout import Dropout
from nnctl.nn.embeddings import embeddings
from nnctl.nn.front import Front
from nnctl.nn.input_scales import input_scales
from nnctl.nn.losses import losses
from nnctl.nn.network import Network
from nnctl.nn.objective import Objective
from nnctl.nn.parameters import Parameters
from nnctl.nn.span import SpanObjective

STEP = 1e-5
ITERATION = 3  # of which dropout's masks are
PAIRS = [(loss, output) for loss in losses for output in losses[loss].outputs]

draws = st.fixed_dictionaries(
    {
        "layer_dims": st.lists(st.integers(1, 6), min_size=2, max_size=5),
        "hidden": st.lists(st.sampled_from(list(activations)), min_size=3, max_size=3),
        "m": st.integers(1, 7),
        "training_examples": st.integers(1, 50),  # a batch is a part of them, or not
        "l2": st.sampled_from([0.0, 0.7]),
        "l1": st.sampled_from([0.0, 0.3]),
        "weighted": st.booleans(),
        "smoothing": st.sampled_from([0.0, 0.3]),
        "kept": st.sampled_from([1.0, 0.6]),
        "short_cut": st.booleans(),
        "embedding": st.sampled_from([None, *embeddings]),
        "scale": st.sampled_from([None, *input_scales]),
        "numbers": st.sets(st.integers(0, 5), min_size=1),
        "seed": st.integers(0, 2**32 - 1),
    }
)


def targets(loss, shape, stream):
    """Return Y as the loss takes it: 0 or 1, one-hot, or any numbers."""
    if loss == "binary_cross_entropy":
        return stream.randint(2, size=shape).astype(float)
    if loss == "categorical_cross_entropy":
        return np.eye(shape[0])[:, stream.randint(shape[0], size=shape[1])]
    return stream.randn(*shape)


def class_weights(loss, Y, stream):
    """Return a weight for each class, and for each example; None where targets are no classes."""
    if loss == "categorical_cross_entropy" and len(Y) > 1:
        weights = stream.uniform(0.5, 3, len(Y))
        return weights, weights[Y.argmax(axis=0)]
    if loss == "binary_cross_entropy" and len(Y) == 1:
        weights = stream.uniform(0.5, 3, 2)
        return weights, weights[Y[0].astype(int)]
    return None, 1.0


def smoothed(loss, Y, share):
    """Return the targets that a cross-entropy is minimized against, some of each shared among all classes."""
    classes = 2 if loss == "binary_cross_entropy" else len(Y)
    return (1 - share) * Y + share / classes


def front_of(drawn, n):
    """Return what is to stand before layer 1, or None."""
    numbers = tuple(sorted(number for number in drawn["numbers"] if number < n))
    embedding = embeddings[drawn["embedding"]](outputs=2) if drawn["embedding"] and numbers else None
    scale = input_scales[drawn["scale"]](speed=3) if drawn["scale"] else None
    if drawn["short_cut"] or not (embedding or scale):
        return None
    return Front(n, numbers if embedding else (), embedding, scale)


def entering(parameters, X):
    """Return what layer 1 gets of X."""
    own, front = parameters.of_front, parameters.front
    made = [X]
    for place, number in enumerate(front.numbers if front else ()):
        turns, phases, weights, biases = (
            own[f"embedding/{name}"][place] for name in ("frequencies", "phases", "weights", "biases")
        )
        made.append(weights @ np.cos(2 * np.pi * np.outer(turns, X[number]) + phases[:, None]) + biases[:, None])
    A = np.concatenate(made)
    return A * (3 * own["input_scale/u"])[:, None] if front and front.scale else A


def cost_and_sides(parameters, names, criterion, example_weights, masks, X, Y):
    """Return the cost, and on which side of its kink (0, or the target) every unit and every W is."""
    A, sides, m = entering(parameters, X), [np.sign(W) for W in parameters.W], X.shape[1]
    for W, b, name, mask in zip(parameters.W, parameters.b, names, masks, strict=True):
        Z = W @ A + b
        A = np.empty_like(Z)
        activations[name](Z, A)[0]()
        sides.append(np.sign(A))
        A = A * mask
    sides.append(np.sign(A - Y))
    penalty = sum(criterion.l2 / 2 * np.square(W).sum() + criterion.l1 * np.abs(W).sum() for W in parameters.W)
    cost = (criterion.loss.costs(Z, A, Y) * example_weights).sum() / m + penalty / criterion.m
    return cost, np.concatenate([side.ravel() for side in sides])


def rounding(cost, n):
    """Return how far the last digit of the cost moves n differences: below it a gradient counts as zero."""
    return np.sqrt(n) * np.finfo(float).eps * max(1.0, cost) / STEP


@pytest.mark.parametrize(("loss", "output"), PAIRS)
@settings(max_examples=25, deadline=None, derandomize=True)
@given(drawn=draws)
def test_backprop_is_the_derivative_of_the_cost(loss, output, drawn):
    dims, m, stream = list(drawn["layer_dims"]), drawn["m"], np.random.RandomState(drawn["seed"])
    if drawn["weighted"] and loss == "binary_cross_entropy":
        dims[-1] = 1  # several outputs are no two classes
    names = [*drawn["hidden"][: len(dims) - 2], output]
    parameters = Parameters(dims, front=front_of(drawn, dims[0]))
    if parameters.front:
        parameters.front.draw(drawn["seed"], parameters.of_front)
    for W, b in zip(parameters.W, parameters.b, strict=True):
        W[:] = stream.randn(*W.shape) / np.sqrt(W.shape[1])
        b[:] = stream.randn(*b.shape)
    X, Y = stream.randn(dims[0], m), targets(loss, (dims[-1], m), stream)
    weights, example_weights = class_weights(loss, Y, stream) if drawn["weighted"] else (None, 1.0)
    l1 = 0.0 if drawn["short_cut"] else drawn["l1"]  # the gradient of L1 leaves the span of the examples
    share = drawn["smoothing"] if loss.endswith("cross_entropy") else 0.0
    criterion = Criterion(losses[loss](), drawn["training_examples"], drawn["l2"], l1, weights, share)
    Y_smooth = smoothed(loss, Y, share) if share else Y

    network = Network(parameters, [activations[name] for name in names])
    dropout = Dropout((drawn["kept"],) * (len(dims) - 2), seed=4)
    masks = [*(np.empty((n, m)) for n in dims[1:-1]), 1.0]
    for layer, mask in enumerate(masks[:-1], start=1):
        dropout.draw(ITERATION, layer, mask)

    if drawn["short_cut"]:
        objective = SpanObjective(network, criterion, X, dropout)
    else:
        objective = Objective(network, criterion, dropout)
    objective.differentiate(X, Y, ITERATION)
    backprop, costs = objective.gradients.flat.copy(), [objective.cost(Y), objective.evaluate(X, Y).cost]

    given = (parameters, names, criterion, example_weights)
    cost, sides = cost_and_sides(*given, masks, X, Y_smooth)
    whole_cost, _ = cost_and_sides(*given, [1.0] * len(names), X, Y_smooth)  # evaluations know no dropout
    differences = np.empty_like(backprop)
    for index, value in enumerate(parameters.flat.copy()):
        near = []
        for shifted in (value + STEP, value - STEP):
            parameters.flat[index] = shifted
            near_cost, near_sides = cost_and_sides(*given, masks, X, Y_smooth)
            assume((near_sides == sides).all())  # else a kink lies within reach of the step
            near.append(near_cost)
        parameters.flat[index] = value
        differences[index] = (near[0] - near[1]) / (2 * STEP)

    difference = np.linalg.norm(backprop - differences)
    norms = np.linalg.norm(backprop) + np.linalg.norm(differences)
    assert difference < 1e-7 * norms or difference < rounding(cost, len(backprop))
    assert costs == pytest.approx([cost, whole_cost], rel=1e-12, abs=1e-12)
