"""The spine: spec -> data -> network -> fit -> stages -> run. It reads from top to bottom as what happens.

`prepare` does everything that can fail before time is spent; `train` does the rest. What belongs to the
screen is handed in from above as further stages.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import h5py
import numpy as np

from nnctl import __version__, model, runs, stages
from nnctl.data.batches import batches_per_epoch, full_batch, mini_batches
from nnctl.data.dataset import Dataset, Examples, load
from nnctl.errors import DivergedError, InterruptedRunError
from nnctl.model import Model
from nnctl.nn.initializers import initializers
from nnctl.nn.losses import losses
from nnctl.nn.metrics import Metrics, classification, classify, regression
from nnctl.nn.objective import Objective
from nnctl.nn.optimizers import optimizers
from nnctl.nn.parameters import initialize
from nnctl.nn.training import fit
from nnctl.runs import Run
from nnctl.spec import Spec
from nnctl.stages import Stage


@dataclass(frozen=True)
class Experiment:
    """A spec with its data loaded and its network drawn: ready to train."""

    spec: Spec
    dataset: Dataset
    model: Model
    objective: Objective
    iterations: int
    per_epoch: int  # updates in one pass over the training examples
    data_seconds: float

    def part(self, name: str) -> Examples | None:
        """Return the examples of "train", "validation" or "test", or None."""
        return self.dataset.parts.get(name)


@dataclass
class Result:
    """What came of training: the run's folder, how it ended, the metrics of each part, seconds of each phase."""

    run: Run
    status: str = "running"
    iterations: int = 0
    metrics: dict[str, Metrics] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


def prepare(spec: Spec, dataset: Dataset | None = None) -> Experiment:
    """Load the data (unless they are given) and draw the network; every mistake that they can show is found here."""
    start = time.perf_counter()
    dataset = dataset or load(spec)
    train = dataset.parts["train"]
    batch_size = spec.train.batch_size
    if batch_size is not None and batch_size > train.m:
        raise spec.document.mistake(
            ("train", "batch_size"), f"must be at most {train.m}, the training examples, got {batch_size}"
        )
    dtype = np.dtype(spec.train.dtype)
    parameters = initialize(spec.model.layer_dims, initializers.resolve(spec.model.init), spec.seed, dtype)
    fresh = Model(parameters, spec.model.activations, dataset.interface)
    objective = objective_of(spec, fresh)
    per_epoch = batches_per_epoch(train.m, batch_size)
    iterations = spec.train.iterations or (spec.train.epochs or 0) * per_epoch
    return Experiment(spec, dataset, fresh, objective, iterations, per_epoch, time.perf_counter() - start)


def objective_of(spec: Spec, drawn: Model) -> Objective:
    """Return what the spec's training makes small, for a model."""
    assert spec.train.loss is not None
    return Objective(drawn.network, losses.resolve(spec.train.loss)(), l2=spec.train.l2)


def train(experiment: Experiment, run: Run, watchers: Sequence[Stage] = ()) -> Result:
    """Train to the end, or to a signal, and save everything in the run's folder."""
    result = Result(run, seconds={"data": experiment.data_seconds})
    started = runs.now()
    run.write_status(_status(experiment, result, started))
    begin = time.perf_counter()
    try:
        received = _optimize(experiment, result, watchers)
        result.seconds["training"] = time.perf_counter() - begin
        result.metrics = measure(experiment)
        saving = time.perf_counter()
        model.save(experiment.model, run.parameters)
        result.seconds["saving"] = time.perf_counter() - saving
        result.status = "interrupted" if received else "finished"
    except DivergedError:
        result.status = "diverged"
        raise
    except BaseException:
        result.status = "failed"
        raise
    finally:
        result.seconds["total"] = experiment.data_seconds + time.perf_counter() - begin
        run.write_status(_status(experiment, result, started, runs.now()))
    if received:
        raise InterruptedRunError(
            f"interrupted at iteration {result.iterations} of {experiment.iterations};"
            f" the parameters so far are saved in {run.folder}",
            received[0],
        )
    return result


def measure(experiment: Experiment) -> dict[str, Metrics]:
    """Return the cost and metrics of the current parameters on each part."""
    measured = {}
    for name, examples in experiment.dataset.parts.items():
        with np.errstate(over="ignore"):
            cost, outputs = experiment.objective.evaluate(examples.X, examples.Y)
        measured[name] = {"cost": cost, **score(outputs, examples.Y, experiment.dataset.interface.classes)}
    return measured


def score(outputs: np.ndarray[Any, Any], Y: np.ndarray[Any, Any], classes: tuple[str, ...] | None) -> Metrics:
    """Return the metrics of outputs (n[L], m) against targets Y (n[L], m)."""
    if classes is None:
        return regression(Y, outputs)
    return classification(classify(Y), classify(outputs), len(classes))


def _optimize(experiment: Experiment, result: Result, watchers: Sequence[Stage]) -> list[int]:
    """Run all iterations through the stages; return the signals that came."""
    spec, objective = experiment.spec, experiment.objective
    examples = experiment.dataset.parts["train"]
    if spec.train.batch_size is None:
        batches = full_batch(examples.X, examples.Y)
    else:
        assert spec.train.shuffle_seed is not None
        batches = mini_batches(examples.X, examples.Y, spec.train.batch_size, spec.train.shuffle_seed)
    validate = _validation_cost(experiment)
    columns = ["iteration", *(["epoch"] if spec.train.batch_size else []), "cost"]
    with (
        result.run.cost_log([*columns, *(["validation_cost"] if validate else [])]) as log,
        stages.caught_signals() as received,
        np.errstate(over="ignore", invalid="ignore"),
    ):
        steps = fit(
            objective,
            batches,
            optimizers.resolve(spec.train.optimizer),
            spec.train.learning_rate,
            experiment.iterations,
        )
        assert spec.train.log_every is not None
        record: Stage
        if spec.train.batch_size is None:
            record = partial(
                stages.recorded,
                log=log,
                every=spec.train.log_every,
                iterations=experiment.iterations,
                validate=validate,
            )
        else:
            record = partial(
                stages.recorded_by_epoch,
                log=log,
                every=spec.train.log_every,
                per_epoch=experiment.per_epoch,
                iterations=experiment.iterations,
                validate=validate,
            )
        to_wrap: list[Stage] = [stages.finite, record, *watchers, partial(stages.interruptible, received=received)]
        for stage in to_wrap:
            steps = stage(steps)
        for step in steps:
            result.iterations = step.iteration + 1
    return received


def _validation_cost(experiment: Experiment) -> Callable[[], float] | None:
    examples = experiment.part("validation")
    if examples is None:
        return None
    return lambda: experiment.objective.evaluate(examples.X, examples.Y)[0]


def _status(experiment: Experiment, result: Result, started: str, finished: str | None = None) -> Mapping[str, Any]:
    """Return the content of run.json."""
    return {
        "name": experiment.spec.name,
        "status": result.status,
        "started": started,
        **({"finished": finished} if finished else {}),
        "iterations": result.iterations,
        "metrics": result.metrics,
        "timings": {phase: round(seconds, 6) for phase, seconds in result.seconds.items()},
        "versions": {"nnctl": __version__, "numpy": np.__version__, "h5py": h5py.__version__},
        "host": runs.host_facts(),
        "data_sha256": experiment.dataset.sha256,
    }
