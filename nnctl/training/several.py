"""Several trainings, each an ordinary run, in one folder: side by side on the cores, and safe to interrupt.

What they have in common, and what they are compared in, say those who train several: see compare-init.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from nnctl import signals
from nnctl.errors import DivergedError, InterruptedRunError, NnctlError, StorageError
from nnctl.nn.metrics import Metrics
from nnctl.runs.files import write_text
from nnctl.runs.lock import locked
from nnctl.runs.run import Run
from nnctl.training.experiment import Experiment, train
from nnctl.training.keeping import SELDOM, Every
from nnctl.training.result import Result
from nnctl.training.side_by_side import Done, Tell, side_by_side
from nnctl.training.stages import reported

Report = Callable[[int, int, int, float], None]  # index of a training, updates done, of how many, cost


class Member(Protocol):
    """One of several trainings: its label, its run and what came of it."""

    label: str
    run: Run
    metrics: Mapping[str, Metrics]
    status: str
    mishap: NnctlError | None
    notes: tuple[str, ...]


M = TypeVar("M", bound=Member)


@dataclass
class Several(ABC, Generic[M]):
    """All trainings of one folder."""

    folder: Path
    experiment: Experiment  # whose data all of them share
    members: list[M] = field(default_factory=list)
    mishap: NnctlError | None = None

    @property
    @abstractmethod
    def file(self) -> Path:
        """Where what `as_json` returns is saved."""

    @property
    @abstractmethod
    def needed(self) -> int:
        """How many trainings must not diverge for the others to be of use."""

    @abstractmethod
    def as_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""

    @abstractmethod
    def all_notes(self) -> list[str]:
        """Return what is said of the data, and of each run."""

    @property
    def status(self) -> str:
        """How it ended, in the words of a run's status."""
        if self.mishap is None:
            return "finished"
        kinds = {InterruptedRunError: "interrupted", DivergedError: "diverged"}
        return kinds.get(type(self.mishap), "failed")

    def train(self, job: Callable[[M, Tell], M], report: Report) -> None:
        """Do the job of all, as many at a time as there are cores, each in a process of its own; save what came of it.

        A job returns its member with what came of it.
        """
        with signals.held() as received:
            jobs = {member.label: partial(job, member) for member in self.members}
            for index, message in side_by_side(jobs, received):
                if isinstance(message, Done):
                    self.members[index] = message.result
                elif isinstance(message, tuple):
                    report(index, *message)
                elif isinstance(message, NnctlError):
                    self.members[index].status, self.members[index].mishap = "failed", message
                else:
                    raise message
            self.mishap = self._mishap(received)
            try:
                self.save()
            except StorageError as error:
                self.mishap = self.mishap or error

    def save(self) -> None:
        """Write the file of what came of it."""
        write_text(self.file, json.dumps(self.as_json(), indent=2, allow_nan=False) + "\n")

    def _mishap(self, received: Sequence[int]) -> NnctlError | None:
        """Return what ended it before it was of use: a signal, a training that failed, or too many that diverged."""
        if received:
            return InterruptedRunError(f"interrupted; what was trained so far is saved in {self.folder}", received[0])
        mishaps = [member.mishap for member in self.members if member.mishap]
        failed = next((mishap for mishap in mishaps if not isinstance(mishap, DivergedError)), None)
        if failed is not None:
            return failed
        if len(self.members) - len(mishaps) < self.needed:
            which = "all" if len(mishaps) == len(self.members) else f"{len(mishaps)} of"
            return DivergedError(f"{which} {len(self.members)} trainings diverged; {self.folder} holds their runs")
        return None

    def cut_short(self, number: int) -> str:
        """Let the runs of processes that a signal has killed say so, and all together; return what is saved."""
        for member in self.members:
            member.run.close_after_kill()
            member.status = member.run.status().get("status", member.status)
        self.mishap = InterruptedRunError(self.saved(), number)
        return str(self.mishap)

    def saved(self) -> str:
        """Say of how many trainings there are parameters."""
        count = sum(member.run.parameters.is_file() for member in self.members)
        return f"{count} of {len(self.members)} trainings {'is' if count == 1 else 'are'} saved in {self.folder}"


def train_one(member: Member, experiment: Experiment, tell: Tell, every: Every = SELDOM) -> Result:
    """Train one of several in its run, telling its progress, and keep in it what came of it."""
    watcher = partial(reported, report=tell, iterations=experiment.iterations)
    with locked(member.run.folder):
        result = train(experiment, member.run, [watcher], every=every)
    keep(member, result)
    return result


def keep(member: Member, result: Result) -> None:
    """Keep in one of several what came of it."""
    member.metrics, member.mishap, member.status = result.metrics, result.mishap, result.status
    member.notes = tuple(result.notes)
