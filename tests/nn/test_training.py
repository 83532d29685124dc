"""The training loop as an experiment makes it, against plain loops written from the formulas."""

import json
import tracemalloc

import numpy as np
import pytest

from nnctl.data.sets import datasets
from nnctl.nn.objective import in_place
from nnctl.nn.training import fit
from nnctl.runs.model import load
from nnctl.spec import document, shipped
from nnctl.spec.reading import parse
from nnctl.training import experiment


def prepared(config="circles", *overrides):
    """Return a shipped config, changed and ready to train, with its objective."""
    ready = experiment.prepare(parse(document.read(shipped.find(config), overrides)))
    return ready, experiment.objective_of(ready)


def by_hand(updates, rate=0.01, l2=0.0, batches=None):
    """Return the costs and the final W1, b1, ... of the circles' relu network, trained by the course's formulas."""
    table, _ = datasets["circles"]()
    X, Y, stream, parameters = table.X.T, table.y[None, :].astype(float), np.random.RandomState(3), {}
    for number, (n, k) in enumerate([(10, 2), (5, 10), (1, 5)], start=1):
        parameters[f"W{number}"] = stream.randn(n, k) * np.sqrt(2 / k)
        parameters[f"b{number}"] = np.zeros((n, 1))
    costs = []
    for iteration in range(updates):
        columns = slice(None) if batches is None else batches[iteration]
        A, Y_now = [X[:, columns]], Y[:, columns]
        m = Y_now.shape[1]
        for number in (1, 2, 3):
            Z = parameters[f"W{number}"] @ A[-1] + parameters[f"b{number}"]
            A.append(np.maximum(Z, 0) if number < 3 else 1 / (1 + np.exp(-Z)))
        squares = sum(np.square(parameters[f"W{number}"]).sum() for number in (1, 2, 3))
        entropy = -(Y_now * np.log(A[3]) + (1 - Y_now) * np.log(1 - A[3])).mean()
        costs.append(entropy + l2 / (2 * 300) * squares)  # of all training examples, whatever the batch
        dZ, moves = A[3] - Y_now, {}
        for number in (3, 2, 1):
            moves[f"W{number}"] = dZ @ A[number - 1].T / m + l2 / 300 * parameters[f"W{number}"]
            moves[f"b{number}"] = dZ.sum(axis=1, keepdims=True) / m
            dZ = (parameters[f"W{number}"].T @ dZ) * (A[number - 1] > 0)
        for name, move in moves.items():
            parameters[name] -= rate * move
    return costs, parameters


def assert_same_parameters(parameters, expected):
    for name, values in parameters.items():
        np.testing.assert_allclose(values, expected[name], rtol=0, atol=1e-12, err_msg=name)


# steps


def test_a_step_is_seen_before_its_update_and_its_parts_belong_together():
    ready, objective = prepared("circles", "train.iterations=2", "train.learning_rate=0.5")
    steps = experiment.steps(ready, objective)
    first = next(steps)
    start, gradients = first.parameters.flat.copy(), first.gradients.flat.copy()
    np.testing.assert_array_equal(start, ready.model.parameters.flat)
    assert (first.iteration, first.examples) == (0, 300)
    assert first.cost == pytest.approx(0.8830537463419761, rel=1e-12)
    second = next(steps)
    np.testing.assert_allclose(second.parameters.flat, start - 0.5 * gradients, rtol=1e-15)
    assert second.cost < 0.883
    assert next(steps, None) is None
    assert np.abs(objective.parameters.flat - (start - 0.5 * gradients)).max() > 0  # the last one is made too


def test_to_stop_early_is_to_leave_the_loop():
    ready, objective = prepared("circles", "train.iterations=1000")
    for step in experiment.steps(ready, objective):
        if step.iteration == 4:
            break
    _, expected = by_hand(4)
    assert_same_parameters(dict(objective.parameters.items()), expected)


@pytest.mark.parametrize("l2", [0.0, 0.7])
def test_the_full_batch_trains_as_the_course_writes_it(l2):
    ready, objective = prepared("circles", "train.iterations=300", f"train.l2={l2}", "train.learning_rate=0.1")
    costs = [step.cost for step in experiment.steps(ready, objective)]
    expected_costs, expected = by_hand(300, rate=0.1, l2=l2)
    np.testing.assert_allclose(costs, expected_costs, rtol=0, atol=1e-12)
    assert_same_parameters(dict(objective.parameters.items()), expected)


@pytest.mark.parametrize("l2", [0.0, 0.7])
def test_mini_batches_are_shuffled_anew_each_epoch_and_the_short_one_is_kept(l2):
    overrides = ("train.batch_size=64", "train.iterations=null", "train.epochs=3", "train.shuffle_seed=5")
    ready, objective = prepared("circles", *overrides, f"train.l2={l2}", "train.learning_rate=0.1")
    assert ready.iterations == 15
    costs, sizes = zip(*((step.cost, step.examples) for step in experiment.steps(ready, objective)), strict=True)
    assert sizes == (64, 64, 64, 64, 44) * 3
    orders = [np.random.RandomState(5 + epoch).permutation(300) for epoch in range(3)]
    batches = [order[start : start + 64] for order in orders for start in range(0, 300, 64)]
    expected_costs, expected = by_hand(15, rate=0.1, l2=l2, batches=batches)
    np.testing.assert_allclose(costs, expected_costs, rtol=0, atol=1e-12)
    assert_same_parameters(dict(objective.parameters.items()), expected)


def test_the_shuffle_follows_the_seed_unless_it_has_its_own():
    def costs(*overrides):
        ready, objective = prepared("circles", "train.batch_size=100", "train.iterations=6", *overrides)
        return [step.cost for step in experiment.steps(ready, objective)]

    assert costs() == costs("train.shuffle_seed=3")  # the seed of the spec is 3
    assert costs() != costs("train.shuffle_seed=4")


def test_every_iteration_has_its_learning_rate_and_its_number():
    _, objective = prepared()
    asked, updates = [], []
    loop = fit(
        objective,
        lambda iteration: asked.append(iteration) or (np.zeros((2, 1)), np.zeros((1, 1)), in_place),
        lambda rate, number: updates.append((rate, number)),
        lambda iteration: iteration / 10,
        iterations=7,
        start=4,
    )
    assert [step.iteration for step in loop] == [4, 5, 6] == asked
    assert updates == [(0.4, 5), (0.5, 6), (0.6, 7)]


@pytest.mark.parametrize("batch_size", ["null", 64])
def test_a_step_allocates_nothing_that_grows_with_the_data_or_the_network(batch_size):
    sizes = ("data.m=3000", "model.layer_dims=[2, 400, 300, 1]")
    ready, objective = prepared("circles", *sizes, f"train.batch_size={batch_size}", "train.iterations=40")
    steps = experiment.steps(ready, objective)
    next(steps), next(steps)
    tracemalloc.start()
    for _ in range(30):
        next(steps)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000  # bytes, in which NumPy's own buffers find room; W2 alone has 960,000, A1 204,800 or more


def test_float32_is_trained_in_float32():
    ready, objective = prepared("circles", "train.dtype=float32", "train.iterations=50", "train.l2=0.1")
    costs = [step.cost for step in experiment.steps(ready, objective)]
    assert objective.p.dtype == objective.g.dtype == ready.dataset.parts["train"].X.dtype == np.float32
    expected_costs, _ = by_hand(50, l2=0.1)
    np.testing.assert_allclose(costs, expected_costs, rtol=1e-5)


# whole runs


def trained(nnctl, tmp_path, *arguments):
    """Train and return the folder, run.json and the logged costs as rows of numbers."""
    outcome = nnctl("train", *arguments, "-q")
    (folder,) = (path for path in (tmp_path / "runs").iterdir() if not path.is_symlink())
    rows = [[float(cell) for cell in line.split(",")] for line in (folder / "costs.csv").read_text().splitlines()[1:]]
    return outcome, folder, json.loads((folder / "run.json").read_text()), rows


def test_a_whole_run_ends_after_the_last_update(nnctl, tmp_path):
    _, folder, _, _ = trained(nnctl, tmp_path, "circles", "-S", "train.iterations=120")
    _, expected = by_hand(120)
    assert_same_parameters(dict(load(folder / "parameters.h5").parameters.items()), expected)


def test_early_stopping_keeps_the_best_parameters(nnctl, tmp_path):
    overrides = (
        *("data.validation=0.5", "train.learning_rate=2", "train.iterations=3000", "train.log_every=10"),
        "train.early_stopping={patience: 5}",
    )
    flags = [word for override in overrides for word in ("-S", override)]
    outcome, _, status, rows = trained(nnctl, tmp_path, "moons", *flags)
    assert outcome.exit_code == 0
    assert status["status"] == "stopped"
    iterations, _, validation_losses = zip(*rows, strict=True)
    best = int(np.argmin(validation_losses))
    assert len(rows) == best + 1 + 5
    assert status["best_iteration"] == iterations[best]
    assert status["metrics"]["validation"]["loss"] == pytest.approx(validation_losses[best], rel=1e-12)
    assert nnctl("predict").exit_code == 0  # a run that stopped by itself is a finished one


@pytest.mark.parametrize("rate", [10.0, 1e6, 1e200])
def test_a_run_that_diverges_keeps_its_last_good_parameters(nnctl, tmp_path, rate):
    flags = (
        "-S",
        f"train.learning_rate={rate}",
        "-S",
        "train.log_every=3",
        "-S",
        "model.activations=[linear, linear, linear]",
    )
    outcome, folder, status, rows = trained(
        nnctl, tmp_path, "regression", *flags, "-S", "model.layer_dims=[1, 4, 3, 1]"
    )
    assert outcome.exit_code == 4
    assert status["status"] == "diverged"
    assert "diverged: at iteration" in outcome.stderr
    iteration, cost = rows[-1]
    assert f"The parameters of iteration {iteration:.0f} are kept" in outcome.stderr
    assert "\nThe run is in runs/" in outcome.stderr
    assert status["metrics"]["train"]["cost"] == pytest.approx(cost, rel=1e-12)
    assert np.isfinite(load(folder / "parameters.h5").parameters.flat).all()


@pytest.mark.parametrize("optimizer", ["gradient_descent", "momentum"])
def test_the_short_cut_is_the_ordinary_path(nnctl, tmp_path, optimizer):
    found = []
    for fast_path in ("auto", "off"):
        folder = tmp_path / fast_path
        flags = ("data.m=30", "data.m_test=10", "train.iterations=150", "train.l2=0.1", "train.log_every=1")
        overrides = (*flags, f"train.optimizer={optimizer}", f"train.fast_path={fast_path}", "data.validation=0.2")
        words = [word for override in overrides for word in ("-S", override)]
        run = tmp_path / nnctl("train", "cat", "-q", "--runs-dir", folder, *words).stdout.strip()
        status = json.loads((run / "run.json").read_text())
        assert status["fast_path"] == (fast_path == "auto")
        costs = np.loadtxt(run / "costs.csv", delimiter=",", skiprows=1)
        found.append((costs, load(run / "parameters.h5").parameters.flat, status["metrics"]["test"]["loss"]))
    (costs, p, test_cost), (ordinary_costs, ordinary_p, ordinary_test_cost) = found
    np.testing.assert_allclose(costs, ordinary_costs, rtol=0, atol=1e-12)
    np.testing.assert_allclose(p, ordinary_p, rtol=0, atol=1e-10)
    assert test_cost == pytest.approx(ordinary_test_cost, abs=1e-12)


def test_a_last_batch_of_one_row_is_penalized_like_any_other(nnctl):
    flags = ("data.validation=null", "data.test=null", "train.batch_size=64", "train.l2=8", "train.iterations=null")
    accuracy = {}
    for m in (1024, 1025):
        overrides = (*flags, f"data.m={m}", "train.epochs=60", "train.learning_rate=0.1")
        words = [word for override in overrides for word in ("-S", override)]
        outcome = nnctl("train", "moons", "--json", *words)
        accuracy[m] = json.loads(outcome.stdout)["metrics"]["train"]["accuracy"]
    assert accuracy[1025] > accuracy[1024] - 0.02
