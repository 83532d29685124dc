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
from nnctl.nn import Array
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
from nnctl.runs import checkpoints, model
from nnctl.runs.files import remove_unfinished
from nnctl.runs.model import Model
from nnctl.runs.run import CostLog, Run, now
from nnctl.runs.status import COMPLETE
from nnctl.spec.spec import Spec
from nnctl.team import ALONE, Team
from nnctl.training import stages
from nnctl.training.advice import advice
from nnctl.training.assembly import criterion_of, front_of, rate_of, takes_fast_path, team_of, team_size
from nnctl.training.keeping import NEVER, SELDOM, Every, Keeper, kept
from nnctl.training.measures import measure, metrics_of
from nnctl.training.remembered import Remembered
from nnctl.training.result import Result, Resumed
from nnctl.training.stages import Due, Stage


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


def state_of(experiment: Experiment, objective: Objective) -> Array:
    """Return the optimizer's state (slots, n) at the start."""
    return np.zeros((experiment.optimizer.slots, len(objective.p)), objective.p.dtype)


def steps(experiment: Experiment, objective: Objective, state: Array | None = None, start: int = 0) -> Iterator[Step]:
    """Return the training loop of an experiment, before any stage, from an iteration with the optimizer's state."""
    training, examples = experiment.spec.train, experiment.dataset.parts["train"]
    if training.batch_size is None:
        batches = full_batch(examples.X, examples.Y)
    else:
        assert training.shuffle_seed is not None
        batches = mini_batches(examples.X, examples.Y, training.batch_size, training.shuffle_seed)
    state = state_of(experiment, objective) if state is None else state
    update = bind(experiment.optimizer, objective.p, objective.g, objective.weights, state, objective.team)
    update = clipped(update, objective, training.clip_value, training.clip_norm)
    return fit(objective, batches, update, experiment.rate, experiment.iterations, start)


def train(
    experiment: Experiment,
    run: Run,
    watchers: Sequence[Stage] = (),
    say: Callable[[str], object] = lambda message: None,
    every: Every = SELDOM,
    resumed: Resumed | None = None,
) -> Result:
    """Train to the end, to a plateau or to a signal, and save everything in the run's folder, from its beginning or
    where it is resumed.

    What else ended it (a divergence, a signal, a disk that refused the parameters) is the result's `mishap`. What must
    be told at once, for training goes on, is given to `say`.
    """
    members = team_size(experiment.spec)
    result = Result(run, seconds={"data": experiment.data_seconds}, members=members, resumed=resumed)
    recorded(experiment, result, partial(_optimize, experiment, result, watchers, say, every, resumed))
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
        written(result, lambda: run.write_status(record(started, now())))

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
    every: Every,
    resumed: Resumed | None,
    received: Sequence[int],
) -> None:
    """Run all iterations through the stages, save the parameters and measure them."""
    begin = time.perf_counter()
    checkpoint = resumed.checkpoint if resumed else None
    start = result.iterations = checkpoint.iteration if checkpoint else 0
    memory = Remembered.unpacked(checkpoint.arrays, checkpoint.about) if checkpoint else Remembered()
    rows = start, due_of(experiment)
    quiet, spec = np.errstate(over="ignore", invalid="ignore"), experiment.spec
    log_of_costs = result.run.cost_log(log_columns(experiment), say, rows if resumed else None)
    with log_of_costs as log, quiet, denormals.flushed(), team_of(spec) as team:
        objective = objective_of(experiment, team or ALONE)
        state = state_of(experiment, objective)
        keeper = Keeper(result.run, every, objective, state, memory, experiment.fast_path, say)
        if checkpoint:
            keeper.restore(checkpoint)
        steps_now = steps(experiment, objective, keeper.state, start)
        keep: Stage = partial(kept, keeper=keeper, start=start, received=received)
        for stage in [keep, *_stages(experiment, log, memory), *watchers]:
            steps_now = stage(steps_now)
        try:
            for step in steps_now:
                result.iterations = step.iteration + 1
        except DivergedError as error:
            result.status, result.mishap = "diverged", error
            memory.last_good.restore(objective)
        except DataError as error:
            result.status, result.mishap = "failed", _unread(error, result.run)
        else:
            result.status = "finished" if result.iterations == experiment.iterations else "stopped"
            if result.status == "finished" and every != NEVER and keeper.saved != result.iterations:
                keeper.save(result.iterations)
            memory.best.restore(objective)
            result.best_iteration = memory.best.iteration
    if received and result.status == "stopped":
        result.status = "interrupted"
        result.mishap = InterruptedRunError(
            f"interrupted at iteration {result.iterations} of {experiment.iterations}; the parameters so far are saved"
            f" in {result.run.folder}.\nGo on with: nnctl train --resume {result.run.folder}",
            received[0],
        )
    changed = changed_since(experiment.dataset)
    for note in changed:
        say(note)
    result.notes += [*filter(None, [log.problem, keeper.problem]), *changed]
    result.seconds["training"] = time.perf_counter() - begin
    objective.settle()
    settle(experiment, result)
    if result.status == "diverged" or not result.metrics:
        return
    if result.metrics["train"]["cost"] is None:  # the very last update went too far
        result.status, result.mishap = "diverged", stages.diverged(result.iterations, math.nan, memory.last_good)
        memory.last_good.restore(objective)
        objective.settle()
        settle(experiment, result)


def settle(experiment: Experiment, result: Result) -> None:
    """Save the parameters as they are now, before anything else can fail, and measure them."""
    begin = time.perf_counter()
    try:
        written(result, lambda: model.save(experiment.model, result.run.parameters))
    except StorageError as error:
        result.status, result.mishap = "failed", _saved_elsewhere(experiment.model, result.run, error)
    result.seconds["saving"] = time.perf_counter() - begin
    try:
        result.metrics = measure(experiment.model, experiment.criterion, experiment.dataset)
    except DataError as error:
        result.status, result.mishap = "failed", result.mishap or _unread(error, result.run)


def written(result: Result, write: Callable[[], object]) -> None:
    """Write a file of a run; where there is no room for it and the training is over, its checkpoints make some."""
    try:
        write()
    except StorageError:
        if result.status not in COMPLETE or not checkpoints.remove(result.run.folder):
            raise
        write()


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


def due_of(experiment: Experiment) -> Due:
    """Return on which iterations the cost is logged and the validation examples are evaluated."""
    training, iterations = experiment.spec.train, experiment.iterations
    every = training.log_every
    assert every is not None
    if training.batch_size is None:
        return stages.every_iterations(every, iterations)
    return stages.every_epochs(every, experiment.per_epoch, iterations)


def _stages(experiment: Experiment, log: CostLog, memory: Remembered) -> list[Stage]:
    """Return the stages of every training, the innermost first."""
    training, iterations, per_epoch = experiment.spec.train, experiment.iterations, experiment.per_epoch
    due = due_of(experiment)
    wrapping: list[Stage] = [partial(stages.finite, due=due, memory=memory)]
    examples, interface = experiment.part("validation"), experiment.dataset.interface
    if examples is not None:

        def validate(objective: Objective) -> Metrics:
            return metrics_of(examples, objective.evaluate(examples.X, examples.Y), interface)

        wrapping.append(partial(stages.evaluated, due=due, validate=validate))
    if training.batch_size is None:
        wrapping.append(partial(stages.recorded, log=log, due=due))
    else:
        last = (iterations - 1) // per_epoch
        wanted = partial(_is_wanted, every=training.log_every or 1, last=last)
        record = partial(stages.recorded_by_epoch, log=log, due=due, per_epoch=per_epoch, wanted=wanted)
        wrapping.append(partial(record, memory=memory))
    if stopping := training.early_stopping:
        watch = partial(stages.until_plateau, metric=stopping.metric, patience=stopping.patience)
        wrapping.append(partial(watch, min_delta=stopping.min_delta, memory=memory))
    return wrapping


def _is_wanted(epoch: int, every: int, last: int) -> bool:
    return epoch % every == 0 or epoch == last


def log_columns(experiment: Experiment) -> list[str]:
    """Return the header of costs.csv."""
    epoch = ["epoch"] if experiment.spec.train.batch_size else []
    validation = ["validation_loss"] if experiment.part("validation") else []
    return ["iteration", *epoch, "cost", *validation]
