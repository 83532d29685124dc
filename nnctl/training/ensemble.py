"""The training of an ensemble: its members side by side, each an ordinary run in the folder of the whole.

They differ in the start and in the order of their batches, and are trained on the same rows. What is kept, measured and
predicted with is the mean of their outputs (nn/ensemble.py).
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from nnctl import signals, threads
from nnctl.errors import DataError, DivergedError, NnctlError, StorageError
from nnctl.nn.metrics import Metrics
from nnctl.runs import model
from nnctl.runs.model import Model
from nnctl.runs.run import Run, create_folder, create_run
from nnctl.spec.spec import Spec
from nnctl.training.advice import advice
from nnctl.training.experiment import Experiment, log_columns, prepare, recorded, settle
from nnctl.training.keeping import SELDOM, Every
from nnctl.training.result import Result
from nnctl.training.several import Report, Several, train_one
from nnctl.training.side_by_side import Tell

FOLDER = "members"


@dataclass
class Member:
    """One network of an ensemble: its spec, its run and what came of it."""

    label: str
    spec: Spec
    run: Run
    metrics: Mapping[str, Metrics] = field(default_factory=dict)
    status: str = "not begun"
    mishap: NnctlError | None = None
    notes: tuple[str, ...] = ()
    iterations: int = 0
    best_iteration: int | None = None


@dataclass
class Members(Several[Member]):
    """All networks of an ensemble."""

    @property
    def file(self) -> Path:
        """Where what `as_json` returns is saved."""
        return self.folder.with_suffix(".json")

    @property
    def needed(self) -> int:
        """A mean that leaves members out is another one than was asked for."""
        return len(self.members)

    def as_json(self) -> dict[str, Any]:
        """Return what came of each member."""
        return {
            member.label: {
                "seed": member.spec.seed,
                "status": member.status,
                "iterations": member.iterations,
                "best_iteration": member.best_iteration,
                "metrics": dict(member.metrics),
                "run": str(member.run.folder.relative_to(self.folder.parent)),
            }
            for member in self.members
        }

    def all_notes(self) -> list[str]:
        """Return what is said of the run of each."""
        return [f"{member.label}: {note}" for member in self.members for note in member.notes]


def train(
    experiment: Experiment,
    run: Run,
    report: Report,
    say: Callable[[str], object] = lambda message: None,
    every: Every = SELDOM,
) -> tuple[Experiment, Result, Members]:
    """Train all members to their end, and save, measure and record their mean; return the experiment with it."""
    spec = experiment.spec
    if spec.train.threads is None:  # sums depend on it, and each run is to be repeated to the bit
        spec = replace(spec, train=replace(spec.train, threads=threads.number()))
    folder = create_folder(run.folder, FOLDER)
    specs = {label: spec.member(index) for index, label in enumerate(spec.networks)}
    members = [
        Member(label, own, create_run(folder, str(number), own.resolved(), stamp=""))
        for number, (label, own) in enumerate(specs.items(), start=1)
    ]
    whole = Members(folder, experiment, members)
    result = Result(run, seconds={"data": experiment.data_seconds})
    trained = [experiment]

    def work(received: Sequence[int]) -> None:
        begin = time.perf_counter()
        with signals.last_words(whole.cut_short):
            whole.train(partial(_train, experiment, every), report)
        result.seconds["training"] = time.perf_counter() - begin
        result.iterations = max(member.iterations for member in whole.members)
        result.notes += whole.all_notes()
        statuses = {member.status for member in whole.members}
        result.status = "stopped" if statuses == {"finished", "stopped"} else statuses.pop()
        if whole.mishap is not None:
            result.status, result.mishap = whole.status, whole.mishap
        if isinstance(whole.mishap, StorageError):  # such as a process that was killed
            result.mishap = StorageError(f"{whole.mishap}\n{whole.saved()}")
        if isinstance(whole.mishap, DivergedError):
            result.mishap = DivergedError(f"{whole.mishap}\n{advice(experiment.spec, experiment.dataset)}")
        _log_costs(experiment, whole.members, run, say)
        if all(member.run.parameters.is_file() for member in whole.members):
            trained.append(replace(experiment, model=_together(whole.members)))
            settle(trained[-1], result)

    recorded(experiment, result, work)
    return trained[-1], result, whole


def _train(experiment: Experiment, every: Every, member: Member, tell: Tell) -> Member:
    """Train one member; return it with what came of it."""
    result = train_one(member, prepare(member.spec, experiment.dataset), tell, every)
    member.iterations, member.best_iteration = result.iterations, result.best_iteration
    return member


def _together(members: Sequence[Member]) -> Model:
    """Return the model that has the networks of all members."""
    first, *others = (model.load(member.run.parameters) for member in members)
    return replace(first, others=tuple(other.parameters for other in others))


def _log_costs(experiment: Experiment, members: Sequence[Member], run: Run, say: Callable[[str], object]) -> None:
    """Write costs.csv: the mean over the members, as far as all of them were trained."""
    columns = log_columns(experiment)
    try:
        logs = [{name: member.run.costs(name) for name in columns[1:]} for member in members]
    except DataError:  # some member never began
        return
    common = [iteration for iteration in logs[0]["cost"] if all(iteration in log["cost"] for log in logs)]
    with run.cost_log(columns, say) as file:
        for iteration in common:
            means = (math.fsum(log[name][iteration] for log in logs) / len(logs) for name in columns[1:])
            file.row([iteration, *map(_plain, columns[1:], means)])


def _plain(name: str, value: float) -> float | int | None:
    """Return a cell of costs.csv."""
    if name == "epoch":
        return int(value)
    return value if math.isfinite(value) else None
