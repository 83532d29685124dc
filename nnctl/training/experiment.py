"""The spine: spec -> data -> network -> fit -> stages -> run. It reads from top to bottom as what happens.

`prepare` does everything that can fail before time is spent; `train` does the rest. What belongs to the
screen is handed in from above as further stages.
"""

import contextlib
import math
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from nnctl import denormals, signals
from nnctl.data.batches import batches_per_epoch, full_batch, mini_batches
from nnctl.data.dataset import Dataset, Examples, changed_since, load
from nnctl.errors import DataError, DivergedError, InterruptedRunError, StorageError, out_of_memory
from nnctl.nn.clipping import clipped
from nnctl.nn.criterion import Criterion
from nnctl.nn.dropout import Dropout
from nnctl.nn.initializers import initializers
from nnctl.nn.metrics import Metrics
from nnctl.nn.objective import Objective
from nnctl.nn.optimizers import Optimizer, bind, optimizers
from nnctl.nn.parameters import initialize
from nnctl.nn.schedules import Rate
from nnctl.nn.span import SpanObjective
from nnctl.nn.training import Step, fit
from nnctl.runs import model
from nnctl.runs.files import remove_unfinished
from nnctl.runs.model import Model
from nnctl.runs.run import CostLog, Run, now
from nnctl.spec.spec import Spec
from nnctl.team import ALONE, Team
from nnctl.training import stages
from nnctl.training.advice import advice
from nnctl.training.assembly import criterion_of, front_of, rate_of, takes_fast_path, team_of
from nnctl.training.measures import measure, metrics_of
from nnctl.training.result import Result
from nnctl.training.stages import Due, Memory, Stage


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


def prepare(spec: Spec, dataset: Dataset | None = None) -> Experiment:
    """Load the data (unless they are given) and draw the network; every mistake that they can show is found here."""
    start = time.perf_counter()
    dataset = dataset or load(spec)
    if spec.is_open:
        told = dataset.spec
        model = replace(told.model, init=spec.model.init)
        spec = replace(spec, model=model, train=told.train)
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
    initializer, front = initializers.resolve(spec.model.init), front_of(spec, dataset)
    parameters = initialize(spec.model.layer_dims, initializer, spec.seed, dtype, front)
    optimizer = optimizers.resolve(training.optimizer)()
    return Experiment(
        spec,
        dataset,
        Model(parameters, spec.model.activations, dataset.interface),
        criterion_of(spec, dataset),
        optimizer,
        rate_of(spec, iterations, per_epoch),
        iterations,
        per_epoch,
        takes_fast_path(spec, optimizer, dataset, iterations),
        time.perf_counter() - start,
    )


def objective_of(experiment: Experiment, team: Team = ALONE) -> Objective:
    """Return the cost of the experiment's network at work, by the short cut where it is taken."""
    spec = experiment.spec
    shares = spec.train.kept_shares(len(spec.model.layer_dims) - 2)
    dropout = Dropout(shares, spec.seed) if min(shares, default=1.0) < 1 else None
    (network,) = experiment.model.networks
    if experiment.fast_path:
        return SpanObjective(network, experiment.criterion, experiment.dataset.parts["train"].X, dropout)
    assert spec.train.shards is not None
    return Objective(network, experiment.criterion, dropout, spec.train.shards, team)


def steps(experiment: Experiment, objective: Objective) -> Iterator[Step]:
    """Return the training loop of an experiment, before any stage."""
    training, examples = experiment.spec.train, experiment.dataset.parts["train"]
    if training.batch_size is None:
        batches = full_batch(examples.X, examples.Y)
    else:
        assert training.shuffle_seed is not None
        batches = mini_batches(examples.X, examples.Y, training.batch_size, training.shuffle_seed)
    state = np.zeros((experiment.optimizer.slots, len(objective.p)), objective.p.dtype)
    update = bind(experiment.optimizer, objective.p, objective.g, objective.weights, state, objective.team)
    update = clipped(update, objective, training.clip_value, training.clip_norm)
    return fit(objective, batches, update, experiment.rate, experiment.iterations)


def train(
    experiment: Experiment,
    run: Run,
    watchers: Sequence[Stage] = (),
    say: Callable[[str], object] = lambda message: None,
) -> Result:
    """Train to the end, to a plateau or to a signal, and save everything in the run's folder.

    What else ended it (a divergence, a signal, a disk that refused the parameters) is the result's `mishap`. What must
    be told at once, for training goes on, is given to `say`.
    """
    result = Result(run, seconds={"data": experiment.data_seconds})
    recorded(experiment, result, partial(_optimize, experiment, result, watchers, say))
    if isinstance(result.mishap, DivergedError):
        told = f"{result.mishap}\n{advice(experiment.spec, experiment.dataset)}\nThe run is in {run.folder}"
        result.mishap = DivergedError(told)
    return result


def recorded(experiment: Experiment, result: Result, work: Callable[[Sequence[int]], None]) -> None:
    """Do the work of a training, which is given the signals that come, and keep run.json true before and after it."""
    run = result.run
    started, begin = now(), time.perf_counter()
    record = partial(result.record, experiment.spec.name, experiment.dataset, experiment.fast_path)

    def conclude() -> None:
        result.seconds["total"] = experiment.data_seconds + time.perf_counter() - begin
        run.write_status(record(started, now()))

    def cut_short(number: int) -> None:
        result.status = "interrupted" if result.status == "running" else result.status
        with contextlib.suppress(StorageError):
            conclude()
        remove_unfinished(run.folder)

    with signals.held() as received, signals.last_words(cut_short):
        if split_off := experiment.dataset.split_off:
            run.write_rows({part: rows.tolist() for part, rows in split_off.items()})
        run.write_status(record(started))
        try:
            work(received)
        except MemoryError as error:
            result.status, result.mishap = "failed", out_of_memory(error)
        except BaseException as error:
            result.status = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
            raise
        finally:
            try:
                conclude()
            except StorageError as error:
                result.mishap = result.mishap or error


def _optimize(
    experiment: Experiment,
    result: Result,
    watchers: Sequence[Stage],
    say: Callable[[str], object],
    received: Sequence[int],
) -> None:
    """Run all iterations through the stages, save the parameters and measure them."""
    begin = time.perf_counter()
    last_good, best = Memory(), Memory()
    quiet, spec = np.errstate(over="ignore", invalid="ignore"), experiment.spec
    with result.run.cost_log(log_columns(experiment), say) as log, quiet, denormals.flushed(), team_of(spec) as team:
        result.members = team.size if team else None
        objective = objective_of(experiment, team or ALONE)
        steps_now = steps(experiment, objective)
        wrapping = [*_stages(experiment, log, last_good, best), *watchers]
        wrapping.append(partial(stages.interruptible, received=received))
        for stage in wrapping:
            steps_now = stage(steps_now)
        try:
            for step in steps_now:
                result.iterations = step.iteration + 1
        except DivergedError as error:
            result.status, result.mishap = "diverged", error
            last_good.restore(objective)
        except DataError as error:
            result.status, result.mishap = "failed", _unread(error, result.run)
        else:
            result.status = "finished" if result.iterations == experiment.iterations else "stopped"
            best.restore(objective)
            result.best_iteration = best.iteration
    if received and result.status == "stopped":
        result.status = "interrupted"
        result.mishap = InterruptedRunError(
            f"interrupted at iteration {result.iterations} of {experiment.iterations};"
            f" the parameters so far are saved in {result.run.folder}",
            received[0],
        )
    changed = changed_since(experiment.dataset)
    for note in changed:
        say(note)
    result.notes += [*([log.problem] if log.problem else []), *changed]
    result.seconds["training"] = time.perf_counter() - begin
    objective.settle()
    settle(experiment, result)
    if result.status == "diverged" or not result.metrics:
        return
    if result.metrics["train"]["cost"] is None:  # the very last update went too far
        result.status, result.mishap = "diverged", stages.diverged(result.iterations, math.nan, last_good)
        last_good.restore(objective)
        objective.settle()
        settle(experiment, result)


def settle(experiment: Experiment, result: Result) -> None:
    """Save the parameters as they are now, before anything else can fail, and measure them."""
    begin = time.perf_counter()
    try:
        model.save(experiment.model, result.run.parameters)
    except StorageError as error:
        result.status, result.mishap = "failed", _saved_elsewhere(experiment.model, result.run, error)
    result.seconds["saving"] = time.perf_counter() - begin
    try:
        result.metrics = measure(experiment.model, experiment.criterion, experiment.dataset)
    except DataError as error:
        result.status, result.mishap = "failed", result.mishap or _unread(error, result.run)


def _unread(error: DataError, run: Run) -> DataError:
    """Return the error of rows on disk that can no longer be read."""
    return DataError(f"{error}\nThe parameters so far are saved in {run.folder}")


def _saved_elsewhere(trained: Model, run: Run, refused: StorageError) -> StorageError:
    """Save parameters that a run's folder has no room for in the system's folder for temporary files, if it has."""
    try:
        place = Path(tempfile.mkdtemp(prefix=f"{run.folder.name}-")) / run.parameters.name
        model.save(trained, place)
    except (OSError, StorageError):
        return StorageError(f"{refused}.\nThe trained parameters are lost; make room and train again: {run.config}")
    return StorageError(f"{refused}.\nThe trained parameters are in {place}: move them from there into {run.folder}")


def _stages(experiment: Experiment, log: CostLog, last_good: Memory, best: Memory) -> list[Stage]:
    """Return the stages of every training, the innermost first."""
    training, iterations, per_epoch = experiment.spec.train, experiment.iterations, experiment.per_epoch
    every = training.log_every
    assert every is not None
    full = training.batch_size is None
    due: Due = stages.every_iterations(every, iterations) if full else stages.every_epochs(every, per_epoch, iterations)
    wrapping: list[Stage] = [partial(stages.finite, due=due, last_good=last_good)]
    examples, interface = experiment.part("validation"), experiment.dataset.interface
    if examples is not None:

        def validate(objective: Objective) -> Metrics:
            return metrics_of(examples, objective.evaluate(examples.X, examples.Y), interface)

        wrapping.append(partial(stages.evaluated, due=due, validate=validate))
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


def log_columns(experiment: Experiment) -> list[str]:
    """Return the header of costs.csv."""
    epoch = ["epoch"] if experiment.spec.train.batch_size else []
    validation = ["validation_loss"] if experiment.part("validation") else []
    return ["iteration", *epoch, "cost", *validation]
