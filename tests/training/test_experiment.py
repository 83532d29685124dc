"""The spine: which path is taken, what is kept when training stops or diverges, and what a step may allocate."""

import json
import os
import re
import signal
import tracemalloc
from itertools import islice

import numpy as np
import pytest

from nnctl.errors import DivergedError, InterruptedRunError, SpecError
from nnctl.nn.activations import activations
from nnctl.nn.objective import Objective
from nnctl.nn.optimizers import optimizers
from nnctl.nn.schedules import schedules
from nnctl.nn.span import SpanObjective
from nnctl.runs.run import create_run
from nnctl.spec import document
from nnctl.spec.reading import parse
from nnctl.training import experiment

PATHS = {  # the three ways to run the loop
    "full batch": {"fast_path": "off"},
    "mini-batches": {"batch_size": 7},
    "short cut": {},
}


class Workshop:
    """A folder with examples of `n` features in it, in which specs on them are prepared and trained."""

    def __init__(self, folder, n=100, m=60, units=(6, 5), names=("tanh", "relu", "sigmoid"), y=None):
        stream = np.random.RandomState(0)
        X = stream.randn(m, n)
        if y is None:
            y = (X[:, 0] + X[:, 1] + stream.randn(m) > 0).astype(np.uint8)  # part of it is noise
        self.folder = folder
        np.savez(folder / "examples.npz", X=X, y=y)
        self.model = {"layer_dims": [n, *units, 1], "activations": list(names), "init": "lecun"}

    def prepare(self, seed=1, validation=None, **train):
        data = {"source": "examples.npz", **({"validation": validation} if validation else {})}
        train = {"learning_rate": 0.1, "iterations": 200, **train}
        tree = {"seed": seed, "data": data, "model": self.model, "train": train}
        (self.folder / "spec.yaml").write_text(document.dump(tree), encoding="utf-8")
        return experiment.prepare(parse(document.read(self.folder / "spec.yaml"), (self.folder,)))

    def run(self):
        return create_run(self.folder / "runs", "run", {})

    def trained(self, **settings):
        """Return the result of a whole training, its costs.csv and the parameters (copied)."""
        ready, run = self.prepare(**settings), self.run()
        result = experiment.train(ready, run)
        return result, rows(run), ready.model.parameters.flat.copy()


@pytest.fixture
def wide(tmp_path):
    return Workshop(tmp_path)


def rows(run):
    header, *lines = (run.folder / "costs.csv").read_text(encoding="utf-8").splitlines()
    return [dict(zip(header.split(","), map(float, line.split(",")), strict=True)) for line in lines]


def loop(ready):
    """Return the training loop of an experiment without stages, and its objective."""
    objective = experiment.objective_of(ready)
    return experiment.steps(ready, objective), objective


def parameters_after(ready, updates):
    """Return the parameters after so many updates and nothing else, in place."""
    steps, objective = loop(ready)
    assert next(islice(steps, updates, None)).iteration == updates
    objective.settle()
    return ready.model.parameters.flat


# the short cut


@pytest.mark.parametrize(
    ("train", "taken"),
    [
        *(({"optimizer": name}, optimizer.linear) for name, optimizer in optimizers.items()),
        ({"optimizer": {"name": "momentum", "beta": 0.5, "weight_decay": 0.1}}, True),
        ({"l2": 0.1}, True),
        ({"clip_norm": 1.0}, True),
        ({"schedule": {"name": "cosine", "warmup": 5}}, True),
        ({"dropout": 0.5}, True),
        ({"class_weights": "balanced"}, True),
        ({"early_stopping": {"patience": 3}}, True),
        ({"fast_path": "off"}, False),
        ({"shards": 2}, False),
        ({"batch_size": 10}, False),
        ({"batch_size": 45}, False),
        ({"dtype": "float32"}, False),
        ({"l1": 0.1}, False),
        ({"clip_value": 1.0}, False),
        ({"iterations": 2}, False),
        ({"embed": "periodic"}, False),
        ({"input_scale": "learned"}, False),
    ],
)
def test_the_short_cut_is_taken_where_it_is_exact_and_saves_work(wide, train, taken):
    wide.model |= {key: train[key] for key in train.keys() & {"embed", "input_scale"}}
    ready = wide.prepare(validation=0.25, **{key: value for key, value in train.items() if key not in wide.model})
    assert ready.fast_path == taken
    assert type(experiment.objective_of(ready)) is (SpanObjective if taken else Objective)


def test_the_short_cut_is_not_taken_on_narrow_data(tmp_path):
    assert not Workshop(tmp_path, n=30).prepare().fast_path


@pytest.mark.parametrize("fast_path", ["auto", "off"])
def test_the_path_is_on_record(wide, fast_path):
    result, _, _ = wide.trained(fast_path=fast_path)
    assert result.run.status()["fast_path"] == (fast_path == "auto")


# early stopping


@pytest.mark.parametrize("optimizer", ["momentum", "adam"])
@pytest.mark.parametrize("path", PATHS)
def test_early_stopping_keeps_the_best_parameters_bit_for_bit(wide, path, optimizer):
    settings = {"validation": 0.4, "learning_rate": 0.02, "optimizer": optimizer, "log_every": 2, **PATHS[path]}
    result, logged, kept = wide.trained(**settings, iterations=2000, early_stopping={"patience": 4})
    assert result.status == "stopped"
    costs = [row["validation_loss"] for row in logged]
    best = int(np.argmin(costs))
    assert result.best_iteration == logged[best]["iteration"] > 0
    assert result.metrics["validation"]["loss"] == pytest.approx(costs[best], rel=1e-12)
    assert len(costs) == best + 1 + 4  # patience counts rows
    assert result.iterations == logged[-1]["iteration"]  # the row was seen, its update not made

    ready = wide.prepare(**settings, iterations=2000)
    assert ready.fast_path == (path == "short cut" and optimizer == "momentum")
    np.testing.assert_array_equal(kept, parameters_after(ready, result.best_iteration))


@pytest.mark.parametrize("path", PATHS)
def test_the_best_parameters_are_kept_of_a_training_to_its_end_too(wide, path):
    settings = {"validation": 0.4, "learning_rate": 0.2, **PATHS[path]}
    result, logged, kept = wide.trained(**settings, iterations=300, log_every=1, early_stopping={"patience": 10**6})
    assert (result.status, result.iterations) == ("finished", 300)
    best = min(logged, key=lambda row: row["validation_loss"])["iteration"]
    assert result.best_iteration == best < 200
    ready = wide.prepare(**settings, iterations=300)
    np.testing.assert_array_equal(kept, parameters_after(ready, int(best)))


@pytest.mark.parametrize("metric", ["accuracy", "recall", "loss"])
def test_any_metric_of_the_validation_examples_can_be_watched(wide, metric):
    ready = wide.prepare(validation=0.4, iterations=400, learning_rate=0.05)
    steps, objective = loop(ready)
    examples, values = ready.part("validation"), {}
    for step in steps:
        if step.iteration % 5 == 0:
            loss, _, outputs = objective.evaluate(examples.X, examples.Y)
            right, positive = (outputs > 0.5) == examples.Y, examples.Y == 1
            values[step.iteration] = {"accuracy": right.mean(), "recall": right[positive].mean(), "loss": -loss}[metric]
    best, since = None, 0
    for stop, value in values.items():
        best, since = (stop, 0) if best is None or value > values[best] else (best, since + 1)
        if since == 6:
            break
    assert since == 6
    stopping = {"metric": metric, "patience": 6}
    result, _, _ = wide.trained(
        validation=0.4, iterations=400, learning_rate=0.05, log_every=5, early_stopping=stopping
    )
    assert (result.status, result.best_iteration, result.iterations) == ("stopped", best, stop)
    assert result.run.status()["best_iteration"] == best


def test_without_early_stopping_the_last_parameters_are_kept(wide):
    result, _, kept = wide.trained(validation=0.4, iterations=50)
    assert (result.status, result.iterations, result.best_iteration) == ("finished", 50, None)
    assert "best_iteration" not in result.run.status()
    ready = wide.prepare(validation=0.4, iterations=50)
    steps, objective = loop(ready)
    assert len(list(steps)) == 50
    objective.settle()
    np.testing.assert_array_equal(kept, ready.model.parameters.flat)


# class weights

PETS = np.array(["cat"] * 12 + ["dog"] * 48)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (None, None),
        ("balanced", [60 / (2 * 12), 60 / (2 * 48)]),
        ({"dog": 0.5}, [1, 0.5]),
        ({"dog": 2, "cat": 3}, [3, 2]),
    ],
)
def test_class_weights(tmp_path, written, expected):
    ready = Workshop(tmp_path, y=PETS).prepare(class_weights=written)
    assert ready.criterion.class_weights == expected


def test_balanced_weights_are_those_of_the_training_examples_and_a_class_without_any_has_none(tmp_path):
    workshop = Workshop(tmp_path, names=("tanh", "relu", "softmax"), y=np.repeat([2, 0, 2], 20))
    workshop.model["layer_dims"][-1] = 3
    ready = workshop.prepare(class_weights="balanced", validation=0.5)
    assert ready.part("train").m == 30
    assert ready.criterion.class_weights == [30 / (3 * 10), 0, 30 / (3 * 20)]


def test_an_unknown_class_is_a_mistake_with_its_place(tmp_path):
    with pytest.raises(SpecError) as raised:
        Workshop(tmp_path, y=PETS).prepare(class_weights={"cat": 2, "dgo": 3})
    message = str(raised.value)
    assert 'train.class_weights.dgo names no class; did you mean "dog"?' in message
    assert re.search(r"spec\.yaml:\d+:\d+: ", message)


# divergence


def regression(folder, n=100, units=(6, 5)):
    """Return a workshop in which linear layers predict numbers; at a high rate their cost grows for ever."""
    names = ("linear",) * (len(units) + 1)
    return Workshop(folder, n=n, units=units, names=names, y=np.random.RandomState(1).randn(60))


@pytest.mark.parametrize("path", PATHS)
def test_a_run_that_diverges_keeps_the_last_good_parameters_bit_for_bit(tmp_path, path):
    workshop = regression(tmp_path)
    settings = {"learning_rate": 0.2 if path == "mini-batches" else 0.5, "log_every": 1, **PATHS[path]}
    ready, run = workshop.prepare(**settings), workshop.run()
    assert ready.fast_path == (path == "short cut")
    mishap = experiment.train(ready, run).mishap
    assert isinstance(mishap, DivergedError)
    said = re.search(r"at iteration (\d+) .* The parameters of iteration (\d+) are kept", str(mishap))
    ended, kept = map(int, said.groups())
    status = run.status()
    assert (status["status"], status["iterations"]) == ("diverged", ended)
    assert 0 < kept < ended
    assert kept == rows(run)[-1]["iteration"]
    np.testing.assert_array_equal(ready.model.parameters.flat, parameters_after(workshop.prepare(**settings), kept))


def test_a_cost_that_explodes_ends_the_run_where_a_row_is_due(tmp_path):
    workshop = regression(tmp_path, n=10, units=())
    ready, run = workshop.prepare(learning_rate=0.8, log_every=3), workshop.run()
    mishap = experiment.train(ready, run).mishap
    assert isinstance(mishap, DivergedError)
    iteration, cost = re.search(r"at iteration (\d+) the cost is (\S+)\.\s", str(mishap)).groups()
    first, *_, last = (row["cost"] for row in rows(run))
    assert int(iteration) == rows(run)[-1]["iteration"] + 3
    assert last <= 1e6 * (1 + first) < float(cost) < np.inf
    metrics = json.loads((run.folder / "run.json").read_text(encoding="utf-8"))["metrics"]
    assert metrics["train"]["cost"] == pytest.approx(last, rel=1e-12)


# schedules that end before the training


@pytest.mark.parametrize(
    ("schedule", "more", "first"),
    [  # the first iteration at which the rate is below 2^-52 of the highest
        ({"name": "exponential", "rate": 0.5}, {}, 53),
        ({"name": "exponential", "rate": 0.5, "warmup": 7}, {}, 60),
        ({"name": "step", "every": 3, "factor": 1e-4}, {}, 12),
        ({"name": "cosine", "length": 10}, {}, 10),
        ({"name": "cosine", "length": 10, "warmup": 3}, {}, 13),
        ({"name": "cosine", "length": 2}, {"batch_size": 7}, 2 * 9),
        ({"name": "cosine", "length": 2, "per": "iteration"}, {"batch_size": 7}, 2),
        ({"name": "inverse_time", "rate": 1e15}, {}, 5),
    ],
)
@pytest.mark.parametrize("learning_rate", [0.01, 3.0])
def test_a_schedule_that_reaches_zero_says_where(wide, schedule, more, first, learning_rate):
    settings = {"schedule": schedule, "learning_rate": learning_rate, **more}
    with pytest.raises(
        SpecError, match=f"train.schedule reaches zero too early: from iteration {first} of {first + 1}"
    ):
        wide.prepare(**settings, iterations=first + 1)
    with pytest.raises(SpecError, match=f"from iteration {first} of 500 on"):
        wide.prepare(**settings, iterations=500)
    ready = wide.prepare(**settings, iterations=first)
    assert ready.rate(first - 1) >= 2**-52 * learning_rate


@pytest.mark.parametrize("cycles", [1, 4, 20])
@pytest.mark.parametrize("per", ["epoch", "iteration"])
@pytest.mark.parametrize("iterations", [1, 2, 1000, 10**7])
def test_a_rate_that_comes_back_from_zero_is_no_mistake(wide, cycles, per, iterations):
    schedule = {"name": "coslog", "cycles": cycles, "per": per}
    ready = wide.prepare(schedule=schedule, learning_rate=0.01, iterations=iterations)
    assert ready.rate(iterations - 1) >= 2**-52 * 0.01


def test_a_rate_that_comes_back_from_zero_and_ends_there_says_from_where_on(wide):
    settings = {"schedule": "coslog", "learning_rate": 0.01}
    with pytest.raises(SpecError, match=r"from iteration \d+ of 1000000000 on") as caught:
        wide.prepare(**settings, iterations=10**9)
    first = int(re.search(r"iteration (\d+) of", str(caught.value))[1])
    rate = schedules["coslog"]().bind(1.0, 10**9, 1)
    assert rate(first - 1) >= 2**-52 > rate(first)
    assert 10**9 - first < 100


# mini-batches


@pytest.mark.parametrize("more", [{}, {"dropout": 0.3}, {"dtype": "float32", "optimizer": "adam"}])
def test_mini_batches_reproduce_from_their_seed_bit_for_bit(wide, more):
    def end(**settings):
        ready = wide.prepare(batch_size=16, iterations=50, **more, **settings)
        for _ in loop(ready)[0]:
            pass
        return ready.model.parameters.flat

    np.testing.assert_array_equal(end(), end())
    np.testing.assert_array_equal(end(), end(shuffle_seed=1))  # that of the spec
    np.testing.assert_array_equal(end(shuffle_seed=9), end(shuffle_seed=9))
    assert np.abs(end() - end(shuffle_seed=9)).max() > 1e-3
    assert np.abs(end(shuffle_seed=9) - end(shuffle_seed=9, seed=2)).max() > 1e-3  # other parameters at the start


# what a step may allocate


def peak_of_steps(ready):
    """Return how many bytes a step takes for itself or keeps, at most, of the steps 3..20."""
    steps, _ = loop(ready)
    next(steps), next(steps)
    peaks = []
    with np.errstate():  # which gives the size of buffers back
        np.setbufsize(16)  # NumPy's own buffers have always the same size, and would hide what grows
        tracemalloc.start()
        for _ in range(18):
            before, _ = tracemalloc.get_traced_memory()
            tracemalloc.reset_peak()
            next(steps)
            peaks.append(tracemalloc.get_traced_memory()[1] - before)
        tracemalloc.stop()
    return max(peaks)


BATCH = 256
LARGE = {
    "full batch": {"m": BATCH, "fast_path": "off"},
    "mini-batches": {"m": 22 * BATCH, "batch_size": BATCH, "shards": 1},
    "shards": {"m": 22 * BATCH, "batch_size": BATCH, "shards": 2},
    "short cut": {"m": BATCH},
}


def large(folder, path, names=("tanh", "tanh", "sigmoid"), **train):
    """Return an experiment with two hidden layers of 100 units, 20 steps of 256 examples within an epoch."""
    settings = {"learning_rate": 0.001, "iterations": 22, **LARGE[path], **train}
    workshop = Workshop(folder, n=300, m=settings.pop("m"), units=(100, 100), names=names)
    ready = workshop.prepare(**settings)
    assert ready.fast_path == (path == "short cut")
    return ready


ROW = 8 * BATCH  # bytes of one number for each example: nothing that is smaller than 1.5 of it is an array of a pass
LIMIT = {**dict.fromkeys(LARGE, 1.5), "shards": 3.5}  # which also sum their costs, a few numbers for each example


@pytest.mark.parametrize("path", LARGE)
@pytest.mark.parametrize("name", activations)
def test_a_step_allocates_no_arrays_whatever_the_activation(tmp_path, path, name):
    assert peak_of_steps(large(tmp_path, path, (name, name, "sigmoid"))) < LIMIT[path] * ROW


@pytest.mark.parametrize("path", LARGE)
@pytest.mark.parametrize("name", optimizers)
def test_a_step_allocates_no_arrays_whatever_the_optimizer(tmp_path, path, name):
    if path == "short cut" and not optimizers[name].linear:
        path = "full batch"
    assert peak_of_steps(large(tmp_path, path, optimizer={"name": name, "weight_decay": 0.1})) < LIMIT[path] * ROW


@pytest.mark.parametrize("path", LARGE)
@pytest.mark.parametrize(
    "setting", [{"l2": 0.1}, {"clip_norm": 1e-3}, {"schedule": {"name": "cosine"}}, {"class_weights": "balanced"}]
)
def test_a_step_allocates_no_arrays_whatever_else_is_asked_for(tmp_path, path, setting):
    assert peak_of_steps(large(tmp_path, path, **setting)) < LIMIT[path] * ROW


@pytest.mark.parametrize("path", ["full batch", "mini-batches"])
@pytest.mark.parametrize("setting", [{"l1": 0.1}, {"clip_value": 1e-3}, {"dtype": "float32", "optimizer": "adam"}])
def test_a_step_of_the_ordinary_path_allocates_no_arrays(tmp_path, path, setting):
    assert peak_of_steps(large(tmp_path, path, **setting)) < LIMIT[path] * ROW


@pytest.mark.parametrize("path", ["full batch", "mini-batches", "shards"])
@pytest.mark.parametrize("before", [{"embed": "periodic"}, {"input_scale": "learned"}])
def test_a_step_allocates_no_arrays_before_layer_1(tmp_path, path, before):
    settings = {"learning_rate": 0.001, "iterations": 22, **LARGE[path]}
    workshop = Workshop(tmp_path, n=30, m=settings.pop("m"), units=(100, 100), names=("tanh", "tanh", "sigmoid"))
    workshop.model |= before
    assert peak_of_steps(workshop.prepare(**settings)) < LIMIT[path] * ROW


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_optimizer_remembers_in_the_dtype_of_the_parameters(wide, monkeypatch, dtype):
    bind, bound = experiment.bind, []
    monkeypatch.setattr(experiment, "bind", lambda *arguments: bound.append(arguments) or bind(*arguments))
    next(loop(wide.prepare(dtype=dtype, optimizer="adam"))[0])
    ((_, *vectors, _),) = bound
    assert {vector.dtype for vector in vectors} == {np.dtype(dtype)}


# signals


@pytest.mark.usefixtures("owned_signals")
def test_a_signal_before_the_first_step_ends_training_there(wide, monkeypatch):
    ready, run = wide.prepare(iterations=3000), wide.run()
    made = experiment.objective_of

    def interrupted(*arguments):
        os.kill(os.getpid(), signal.SIGINT)
        return made(*arguments)

    monkeypatch.setattr(experiment, "objective_of", interrupted)
    mishap = experiment.train(ready, run).mishap
    assert re.search(r"interrupted at iteration [01] of 3000", str(mishap))
    assert isinstance(mishap, InterruptedRunError)
    assert mishap.exit_code == 130
    assert run.status()["status"] == "interrupted"
    assert run.parameters.is_file()


@pytest.mark.usefixtures("owned_signals")
@pytest.mark.parametrize("moment", ["measure", "model.save"])
def test_a_signal_after_the_last_step_lets_the_saving_finish(wide, monkeypatch, moment):
    ready, run = wide.prepare(iterations=20), wide.run()
    owner, name = (experiment.model, "save") if moment == "model.save" else (experiment, "measure")
    made = getattr(owner, name)

    def interrupted(*arguments):
        os.kill(os.getpid(), signal.SIGTERM)
        return made(*arguments)

    monkeypatch.setattr(owner, name, interrupted)
    assert experiment.train(ready, run).mishap is None
    assert run.status()["status"] == "finished"
    assert run.parameters.is_file()
