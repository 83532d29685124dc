"""The spine: spec -> data -> network -> fit -> stages -> run. It reads from top to bottom as what happens.

`prepare` does everything that can fail before time is spent; `train` does the rest. What belongs to the
screen is handed in from above as further stages.
"""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import h5py
import numpy as np

from nnctl import __version__, model, runs, stages, threads
from nnctl.data.batches import batches_per_epoch, full_batch, mini_batches
from nnctl.data.dataset import Dataset, Examples, load
from nnctl.errors import DivergedError, InterruptedRunError, NnctlError
from nnctl.model import Model
from nnctl.nn import Array, span
from nnctl.nn.clipping import clipped
from nnctl.nn.criterion import Criterion
from nnctl.nn.dropout import Dropout
from nnctl.nn.initializers import initializers
from nnctl.nn.losses import losses
from nnctl.nn.metrics import Metrics, classification, classify, regression
from nnctl.nn.objective import Objective
from nnctl.nn.optimizers import Optimizer, bind, optimizers
from nnctl.nn.parameters import initialize
from nnctl.nn.schedules import Rate, schedules
from nnctl.nn.span import SpanObjective
from nnctl.nn.training import Step, fit
from nnctl.registry import suggestion
from nnctl.runs import CostLog, Run
from nnctl.spec import Spec
from nnctl.stages import Due, Memory, Stage

NO_RATE = 2.0**-52  # of the highest learning rate: below it an update no longer changes what it moves


@dataclass(frozen=True)
class Experiment:
    """A spec with its data loaded and its network drawn: ready to train."""

    spec: Spec
    dataset: Dataset
    model: Model
    criterion: Criterion
    optimizer: Optimizer
    rate: Rate
    iterations: int
    per_epoch: int  # updates in one pass over the training examples
    fast_path: bool  # W1 is trained in the span of the examples
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
    best_iteration: int | None = None  # with early stopping: where the parameters kept come from
    metrics: dict[str, Metrics] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


def prepare(spec: Spec, dataset: Dataset | None = None) -> Experiment:
    """Load the data (unless they are given) and draw the network; every mistake that they can show is found here."""
    start = time.perf_counter()
    dataset = dataset or load(spec)
    training, examples = spec.train, dataset.parts["train"]
    if training.batch_size is not None and training.batch_size > examples.m:
        raise spec.document.mistake(
            ("train", "batch_size"),
            f"must be at most {examples.m}, the training examples, got {training.batch_size}",
        )
    if training.early_stopping is not None and "validation" not in dataset.parts:
        raise spec.document.mistake(
            ("train", "early_stopping"),
            "watches the validation examples, and there are none; give data.validation a share such as 0.2, or a file",
        )
    per_epoch = batches_per_epoch(examples.m, training.batch_size)
    iterations = training.iterations or (training.epochs or 0) * per_epoch
    dtype = np.dtype(training.dtype)
    parameters = initialize(spec.model.layer_dims, initializers.resolve(spec.model.init), spec.seed, dtype)
    optimizer = optimizers.resolve(training.optimizer)()
    return Experiment(
        spec,
        dataset,
        Model(parameters, spec.model.activations, dataset.interface),
        _criterion(spec, dataset),
        optimizer,
        _rate(spec, iterations, per_epoch),
        iterations,
        per_epoch,
        _takes_fast_path(spec, optimizer, dataset, iterations),
        time.perf_counter() - start,
    )


def objective_of(experiment: Experiment) -> Objective:
    """Return the cost of the experiment's network at work, by the short cut where it is taken."""
    spec = experiment.spec
    shares = spec.train.kept_shares(len(spec.model.layer_dims) - 2)
    dropout = Dropout(shares, spec.seed) if min(shares, default=1.0) < 1 else None
    network = experiment.model.network
    if experiment.fast_path:
        return SpanObjective(network, experiment.criterion, experiment.dataset.parts["train"].X, dropout)
    return Objective(network, experiment.criterion, dropout)


def steps(experiment: Experiment, objective: Objective) -> Iterator[Step]:
    """Return the training loop of an experiment, before any stage."""
    training, examples = experiment.spec.train, experiment.dataset.parts["train"]
    if training.batch_size is None:
        batches = full_batch(examples.X, examples.Y)
    else:
        assert training.shuffle_seed is not None
        batches = mini_batches(examples.X, examples.Y, training.batch_size, training.shuffle_seed)
    state = np.zeros((experiment.optimizer.slots, len(objective.p)), objective.p.dtype)
    update = bind(experiment.optimizer, objective.p, objective.g, objective.weights, state)
    update = clipped(update, objective, training.clip_value, training.clip_norm)
    return fit(objective, batches, update, experiment.rate, experiment.iterations)


def train(experiment: Experiment, run: Run, watchers: Sequence[Stage] = ()) -> Result:
    """Train to the end, to a plateau or to a signal, and save everything in the run's folder.

    Raise a DivergedError or an InterruptedRunError, with everything saved, where training ended by one.
    """
    result = Result(run, seconds={"data": experiment.data_seconds})
    started, begin = runs.now(), time.perf_counter()
    run.write_status(_status(experiment, result, started))
    try:
        mishap = _optimize(experiment, result, watchers)
        saving = time.perf_counter()
        model.save(experiment.model, run.parameters)
        result.seconds["saving"] = time.perf_counter() - saving
    except BaseException:
        result.status = "failed"
        raise
    finally:
        result.seconds["total"] = experiment.data_seconds + time.perf_counter() - begin
        run.write_status(_status(experiment, result, started, runs.now()))
    if isinstance(mishap, DivergedError):
        raise DivergedError(f"{mishap}\nThe run is in {run.folder}")
    if mishap is not None:
        raise mishap
    return result


def measure(experiment: Experiment) -> dict[str, Metrics]:
    """Return the cost and metrics of the network as it is on each part."""
    measured = {}
    with np.errstate(over="ignore", invalid="ignore"):
        for name, examples in experiment.dataset.parts.items():
            cost, outputs = experiment.criterion.evaluate(experiment.model.network, examples.X, examples.Y, {})
            measured[name] = _metrics(experiment, examples, cost, outputs)
    return measured


def score(outputs: Array, Y: Array, classes: tuple[str, ...] | None) -> Metrics:
    """Return the metrics of outputs (n[L], m) against targets Y (n[L], m)."""
    if classes is None:
        return regression(Y, outputs)
    return classification(classify(Y), classify(outputs), len(classes))


def _metrics(experiment: Experiment, examples: Examples, cost: float, outputs: Array) -> Metrics:
    measured = {"cost": cost, **score(outputs, examples.Y, experiment.dataset.interface.classes)}
    return {name: value if value is not None and math.isfinite(value) else None for name, value in measured.items()}


def _optimize(experiment: Experiment, result: Result, watchers: Sequence[Stage]) -> NnctlError | None:
    """Run all iterations through the stages; return what ended them, other than their number or a plateau."""
    begin = time.perf_counter()
    objective = objective_of(experiment)
    last_good, best = Memory(), Memory()
    mishap: NnctlError | None = None
    with (
        result.run.cost_log(_columns(experiment)) as log,
        stages.caught_signals() as received,
        np.errstate(over="ignore", invalid="ignore"),
    ):
        steps_now = steps(experiment, objective)
        wrapping = [*_stages(experiment, log, last_good, best), *watchers]
        wrapping.append(partial(stages.interruptible, received=received))
        for stage in wrapping:
            steps_now = stage(steps_now)
        try:
            for step in steps_now:
                result.iterations = step.iteration + 1
        except DivergedError as error:
            result.status, mishap = "diverged", error
            last_good.restore(objective)
        else:
            result.status = "finished" if result.iterations == experiment.iterations else "stopped"
            best.restore(objective)
            result.best_iteration = best.iteration
    if received and result.status == "stopped":
        result.status = "interrupted"
        mishap = InterruptedRunError(
            f"interrupted at iteration {result.iterations} of {experiment.iterations};"
            f" the parameters so far are saved in {result.run.folder}",
            received[0],
        )
    objective.settle()
    result.seconds["training"] = time.perf_counter() - begin
    result.metrics = measure(experiment)
    if mishap is None and result.metrics["train"]["cost"] is None:  # the very last update went too far
        result.status, mishap = "diverged", stages.diverged(result.iterations, math.nan, last_good)
        last_good.restore(objective)
        objective.settle()
        result.metrics = measure(experiment)
    return mishap


def _stages(experiment: Experiment, log: CostLog, last_good: Memory, best: Memory) -> list[Stage]:
    """Return the stages of every training, the innermost first."""
    training, iterations, per_epoch = experiment.spec.train, experiment.iterations, experiment.per_epoch
    every = training.log_every
    assert every is not None
    full = training.batch_size is None
    due: Due = stages.every_iterations(every, iterations) if full else stages.every_epochs(every, per_epoch, iterations)
    wrapping: list[Stage] = [partial(stages.finite, due=due, last_good=last_good)]
    examples = experiment.part("validation")
    if examples is not None:
        wrapping.append(
            partial(
                stages.evaluated,
                due=due,
                validate=lambda objective: _metrics(experiment, examples, *objective.evaluate(examples.X, examples.Y)),
            )
        )
    if full:
        wrapping.append(partial(stages.recorded, log=log, due=due))
    else:
        last = (iterations - 1) // per_epoch
        wanted = partial(_is_wanted, every=every, last=last)
        wrapping.append(partial(stages.recorded_by_epoch, log=log, due=due, per_epoch=per_epoch, wanted=wanted))
    if stopping := training.early_stopping:
        watch = partial(stages.until_plateau, metric=stopping.metric, patience=stopping.patience)
        wrapping.append(partial(watch, min_delta=stopping.min_delta, best=best))
    return wrapping


def _is_wanted(epoch: int, every: int, last: int) -> bool:
    return epoch % every == 0 or epoch == last


def _columns(experiment: Experiment) -> list[str]:
    """Return the header of costs.csv."""
    epoch = ["epoch"] if experiment.spec.train.batch_size else []
    validation = ["validation_cost"] if experiment.part("validation") else []
    return ["iteration", *epoch, "cost", *validation]


def _criterion(spec: Spec, dataset: Dataset) -> Criterion:
    """Return what the spec's cost is made of."""
    training, classes = spec.train, dataset.interface.classes
    assert training.loss is not None
    weights: list[float] | None = None
    if training.class_weights == "balanced":
        assert classes is not None
        counts = np.bincount(classify(dataset.parts["train"].Y), minlength=len(classes))
        weights = [float(counts.sum() / (len(classes) * count)) if count else 0.0 for count in counts]
    elif training.class_weights is not None:
        assert classes is not None
        unknown = next((name for name in training.class_weights if name not in classes), None)
        if unknown is not None:
            raise spec.document.mistake(
                ("train", "class_weights", unknown), f"names no class{suggestion(unknown, classes)}"
            )
        weights = [training.class_weights.get(name, 1.0) for name in classes]
    return Criterion(losses.resolve(training.loss)(), training.l2, training.l1, weights)


def _rate(spec: Spec, iterations: int, per_epoch: int) -> Rate:
    """Return the learning rate of every iteration; raise a SpecError where it falls to nothing before the end."""
    training = spec.train
    rate = schedules.resolve(training.schedule)().bind(training.learning_rate, iterations, per_epoch)
    if rate(iterations - 1) < NO_RATE * training.learning_rate:
        first, last = 0, iterations - 1  # after the warm-up a rate never rises: bisect
        while first < last:
            middle = (first + last) // 2
            first, last = (first, middle) if rate(middle) < NO_RATE * training.learning_rate else (middle + 1, last)
        raise spec.document.mistake(
            ("train", "schedule"),
            f"reaches zero too early: from iteration {first} of {iterations} on the learning rate is"
            f" {rate(first):.2g} and nothing more would be learned; make it fall more slowly, or train less long",
        )
    return rate


def _takes_fast_path(spec: Spec, optimizer: Optimizer, dataset: Dataset, iterations: int) -> bool:
    """Tell whether W1 is to be trained in the span of the examples: where that is exact, and less work."""
    training = spec.train
    exact = (
        optimizer.linear
        and training.batch_size is None
        and training.dtype == "float64"
        and training.l1 == 0
        and training.clip_value is None
    )
    watched = dataset.parts["validation"].m if "validation" in dataset.parts else 0
    m = dataset.parts["train"].m
    return (
        training.fast_path == "auto" and exact and span.saves_operations(spec.model.layer_dims, m, iterations, watched)
    )


def _status(experiment: Experiment, result: Result, started: str, finished: str | None = None) -> Mapping[str, Any]:
    """Return the content of run.json."""
    return {
        "name": experiment.spec.name,
        "status": result.status,
        "started": started,
        **({"finished": finished} if finished else {}),
        "iterations": result.iterations,
        **({"best_iteration": result.best_iteration} if result.best_iteration is not None else {}),
        "metrics": result.metrics,
        "fast_path": experiment.fast_path,
        "timings": {phase: round(seconds, 6) for phase, seconds in result.seconds.items()},
        "versions": {"nnctl": __version__, "numpy": np.__version__, "h5py": h5py.__version__},
        "host": {**runs.host_facts(), "matrix_products": threads.chosen()},
        "data_sha256": experiment.dataset.sha256,
    }
