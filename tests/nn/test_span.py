"""The short cut for wide inputs against the ordinary path: the same costs, parameters, gradients and evaluations."""

from itertools import islice

import numpy as np
import pytest
from test_published import CAT_PHOTOS, needs_pictures

from nnctl.data.batches import full_batch
from nnctl.nn.activations import activations
from nnctl.nn.clipping import clipped
from nnctl.nn.criterion import Criterion
from nnctl.nn.dropout import Dropout
from nnctl.nn.initializers import initializers
from nnctl.nn.losses import losses
from nnctl.nn.network import Network
from nnctl.nn.objective import Objective
from nnctl.nn.optimizers import bind, optimizers
from nnctl.nn.parameters import initialize
from nnctl.nn.schedules import schedules
from nnctl.nn.span import SpanObjective, saves_operations
from nnctl.nn.training import fit
from nnctl.spec import document, shipped
from nnctl.spec.reading import parse
from nnctl.training import experiment

LINEAR = [name for name, optimizer in optimizers.items() if optimizer.linear]
UPDATES, RATE = 400, 0.05
VARIANTS = {
    "plain": {},
    "l2": {"l2": 0.7},
    "weight_decay": {"weight_decay": 0.03},
    "clip_norm": {"clip_norm": 0.2},
    "l2 and clip_norm": {"l2": 0.7, "clip_norm": 0.2},
    "schedule": {"schedule": schedules["cosine"](warmup=20)},
    "dropout": {"dropout": (0.8, 0.7)},
    "class_weights": {"class_weights": [0.5, 2.0]},
}
VARIANTS["all"] = {key: value for settings in VARIANTS.values() for key, value in settings.items()}
NETWORKS = {
    "two classes": ((90, 6, 4, 1), ("tanh", "relu", "sigmoid"), "binary_cross_entropy"),
    "softmax": ((90, 6, 4, 2), ("relu", "gelu", "softmax"), "categorical_cross_entropy"),
    "one layer": ((90, 1), ("sigmoid",), "binary_cross_entropy"),
}


def examples(network, m, seed):
    """Return X (90, m), as seldom zero-centred as pictures are, and Y (n[L], m)."""
    stream, outputs = np.random.RandomState(seed), NETWORKS[network][0][-1]
    X, classes = stream.rand(m, 90).T, stream.randint(2, size=m)
    return X, classes[None, :].astype(float) if outputs == 1 else np.eye(2)[:, classes]


class Training:
    """A network on 12 wide examples, on either path, with all that `train:` can ask of the short cut."""

    def __init__(
        self,
        short_cut,
        network="two classes",
        optimizer="gradient_descent",
        *,
        l2=0.0,
        weight_decay=0.0,
        clip_norm=None,
        schedule=None,
        dropout=None,
        class_weights=None,
    ):
        dims, names, loss = NETWORKS[network]
        self.X, self.Y = examples(network, 12, seed=1)
        self.parameters = initialize(dims, initializers["xavier"], 2)
        criterion = Criterion(losses[loss](), 12, l2, class_weights=class_weights)
        masks = Dropout(dropout, 3) if dropout and len(dims) > 2 else None
        net = Network(self.parameters, [activations[name] for name in names])
        self.objective = SpanObjective(net, criterion, self.X, masks) if short_cut else Objective(net, criterion, masks)
        objective, chosen = self.objective, optimizers[optimizer](weight_decay=weight_decay)
        state = np.zeros((chosen.slots, len(objective.p)))
        update = clipped(bind(chosen, objective.p, objective.g, objective.weights, state), objective, None, clip_norm)
        rate = (schedule or schedules["constant"]()).bind(RATE, UPDATES, 1)
        self.steps = fit(objective, full_batch(self.X, self.Y), update, rate, UPDATES)


def both(*arguments, **settings):
    return Training(True, *arguments, **settings), Training(False, *arguments, **settings)


@pytest.mark.parametrize("settings", VARIANTS.values(), ids=VARIANTS)
@pytest.mark.parametrize("optimizer", LINEAR)
@pytest.mark.parametrize("network", NETWORKS)
def test_the_short_cut_is_the_ordinary_path(network, optimizer, settings):
    short, ordinary = both(network, optimizer, **settings)
    others = [examples(network, m, seed=m) for m in (1, 5, 30)]
    costs, lengths = [], []
    for ours, theirs in zip(short.steps, ordinary.steps, strict=True):
        costs.append((ours.cost, theirs.cost))
        lengths.append((ours.objective.gradient_norm(), theirs.objective.gradient_norm()))
        if ours.iteration % 100 == 7:
            np.testing.assert_allclose(ours.gradients.flat, theirs.gradients.flat, rtol=0, atol=1e-11)
            assert np.linalg.norm(ours.gradients.flat) == pytest.approx(lengths[-1][0], rel=1e-9)
            for X, Y in [*others, (short.X, short.Y)]:
                loss, cost, outputs = ours.objective.evaluate(X, Y)
                expected_loss, expected_cost, expected_outputs = theirs.objective.evaluate(X, Y)
                assert loss == pytest.approx(expected_loss, rel=1e-10)
                assert cost == pytest.approx(expected_cost, rel=0, abs=1e-12)
                np.testing.assert_allclose(outputs, expected_outputs, rtol=0, atol=1e-12)
    assert len(costs) == UPDATES
    np.testing.assert_allclose(*zip(*costs, strict=True), rtol=0, atol=1e-12)
    np.testing.assert_allclose(*zip(*lengths, strict=True), rtol=1e-9, atol=1e-12)
    short.objective.settle()
    np.testing.assert_allclose(short.parameters.flat, ordinary.parameters.flat, rtol=0, atol=1e-10)


@pytest.mark.parametrize("optimizer", LINEAR)
@pytest.mark.parametrize("network", NETWORKS)
def test_every_setting_shows_in_the_parameters(network, optimizer):
    """So that two paths that both leave one out cannot agree."""
    ends = {}
    for name, settings in VARIANTS.items():
        training = Training(True, network, optimizer, **settings)
        for _ in training.steps:
            pass
        training.objective.settle()
        ends[name] = training.parameters.flat.copy()
    alike = {b for a in ends for b in ends if a < b and np.abs(ends[a] - ends[b]).max() < 1e-3}
    assert alike == ({"plain"} if network == "one layer" else set())  # which has no hidden layer to drop


def test_before_the_first_update_the_parameters_are_exactly_those_drawn():
    short, ordinary = both(l2=0.7)
    next(short.steps), next(ordinary.steps)
    np.testing.assert_array_equal(short.objective.parameters.flat, ordinary.parameters.flat)


def test_to_look_at_parameters_and_gradients_changes_nothing():
    looked_at, left_alone = (Training(True, **VARIANTS["all"]) for _ in range(2))
    for ours, _ in zip(looked_at.steps, left_alone.steps, strict=True):
        ours.cost, ours.parameters, ours.gradients  # noqa: B018
        ours.objective.settle()
        ours.objective.evaluate(looked_at.X[:, ::2], looked_at.Y[:, ::2])
        ours.objective.gradient_norm()
    left_alone.objective.settle()
    looked_at.objective.settle()
    np.testing.assert_array_equal(looked_at.parameters.flat, left_alone.parameters.flat)


def test_settled_parameters_are_those_of_the_step_that_is_paused():
    short, ordinary = both(**VARIANTS["all"])
    ours, theirs = next(islice(zip(short.steps, ordinary.steps, strict=True), 50, None))
    assert ours.iteration == 50
    before = short.parameters.copy()
    short.objective.settle()
    np.testing.assert_allclose(short.parameters.flat, theirs.parameters.flat, rtol=0, atol=1e-12)
    assert np.abs(short.parameters.flat - before.flat).max() > 0.1  # until then they were those drawn
    assert short.objective.parameters is short.parameters


# when it is taken


@pytest.mark.parametrize(
    ("layer_dims", "m", "iterations", "others", "expected"),
    [
        ((12288, 20, 7, 5, 1), 209, 2500, 0, True),
        ((12288, 20, 7, 5, 1), 209, 2500, 50, True),
        ((12288, 1), 209, 2000, 0, True),
        ((2, 10, 5, 1), 300, 15000, 0, False),
        # for ever: 2 n[1] m^2 an update against 0.7 times 4 n[1] n[0] m, so m < 1.4 n[0]
        ((1000, 10, 1), 1390, 10**9, 0, True),
        ((1000, 10, 1), 1410, 10**9, 0, False),
        # with n[0] (2 m^2 + 6 n[1] m) to be worked out first: more than 26,000,000 / 2,600,000 updates
        ((1000, 10, 1), 100, 9, 0, False),
        ((1000, 10, 1), 100, 11, 0, True),
        # and 2 n[0] m for each validation example: more than 36,400,000 / 2,600,000
        ((1000, 10, 1), 100, 13, 52, False),
        ((1000, 10, 1), 100, 15, 52, True),
        # one unit in layer 1: more than 20,600,000 / 260,000
        ((1000, 1), 100, 79, 0, False),
        ((1000, 1), 100, 80, 0, True),
        ((10**6, 100, 1), 10, 1, 0, False),
    ],
)
def test_it_is_taken_where_it_saves_operations(layer_dims, m, iterations, others, expected):
    assert saves_operations(layer_dims, m, iterations, others) == expected


# on the real pictures


@pytest.mark.slow
@needs_pictures
@pytest.mark.parametrize("optimizer", LINEAR)
def test_2500_updates_on_the_cat_pictures(optimizer):
    found = []
    for fast_path in ("auto", "off"):
        overrides = (f"train.fast_path={fast_path}", f"train.optimizer={optimizer}", *CAT_PHOTOS[2::2])
        ready = experiment.prepare(parse(document.read(shipped.find("cat-photos"), overrides)))
        assert ready.fast_path == (fast_path == "auto")
        objective = experiment.objective_of(ready)
        costs = [step.cost for step in experiment.steps(ready, objective)]
        objective.settle()
        found.append((costs, ready.model.parameters))
    (costs, parameters), (ordinary_costs, ordinary_parameters) = found
    assert len(costs) == 2500
    np.testing.assert_allclose(costs, ordinary_costs, rtol=0, atol=1e-12)
    for (name, values), (_, expected) in zip(parameters.items(), ordinary_parameters.items(), strict=True):
        np.testing.assert_allclose(values, expected, rtol=0, atol=1e-10, err_msg=name)
