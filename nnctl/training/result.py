"""The result of a training: how it ended, its metrics and times, and the record of it that run.json is."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import numpy as np

from nnctl import __version__, denormals, threads
from nnctl.data.dataset import Dataset
from nnctl.data.fingerprint import rows_sha256
from nnctl.errors import NnctlError
from nnctl.nn.metrics import Metrics
from nnctl.process import this_process
from nnctl.runs.checkpoints import Checkpoint
from nnctl.runs.run import Run, host_facts
from nnctl.training.facts import facts
from nnctl.training.measures import known


@dataclass(frozen=True)
class Resumed:
    """What a run is resumed from: a checkpoint, or its beginning where there is None; and what is to be recorded."""

    checkpoint: Checkpoint | None
    content: Mapping[str, Any]  # of run.json before
    said: Mapping[str, Any]  # when and with which differences, for run.json

    def lines(self, run: Run, iterations: int) -> list[str]:
        """Say from where the run goes on, and whether it comes to the bits of one that was never ended."""
        how = "from its beginning" if self.checkpoint is None else f"from iteration {self.checkpoint.iteration:,}"
        lines = [f"note: {note}" for note in self.said["notes"]]
        exact = "to the bits of an unbroken run" if self.said["exact"] else "not to the bits of an unbroken run"
        lines.append(f"{run.folder} goes on {how} of {iterations:,}, {exact}")
        return lines + [f"note: {difference}" for difference in self.said["differences"]]

    @property
    def before(self) -> list[Any]:
        """What run.json says of earlier resumptions."""
        known = self.content.get("resumed")
        return known if isinstance(known, list) else []


@dataclass
class Result:
    """What came of training: the run's folder, how it ended, the metrics of each part, seconds of each phase."""

    run: Run
    status: str = "running"
    iterations: int = 0
    best_iteration: int | None = None  # with early stopping: where the parameters kept come from
    metrics: dict[str, Metrics] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)  # of what went wrong on the way and did not end it
    members: int | None = None  # of the team that trained, if it was one
    resumed: Resumed | None = None
    mishap: NnctlError | None = None  # what ended it, other than the number of iterations or a plateau

    def record(
        self, name: str, dataset: Dataset, fast_path: bool, started: str, finished: str | None = None
    ) -> Mapping[str, Any]:
        """Return the content of run.json."""
        split_off, resumed = dataset.split_off, self.resumed
        return {
            "name": name,
            "status": self.status,
            "started": resumed.content.get("started", started) if resumed else started,
            **({"resumed": [*resumed.before, resumed.said]} if resumed else {}),
            **({"finished": finished} if finished else {}),
            "iterations": self.iterations,
            **({"best_iteration": self.best_iteration} if self.best_iteration is not None else {}),
            "metrics": self.metrics,
            "fast_path": fast_path,
            "timings": {phase: round(seconds, 6) for phase, seconds in self._seconds().items()},
            "versions": {"nnctl": __version__, "numpy": np.__version__, "h5py": version("h5py")},
            "process": this_process(),
            "host": {**host_facts(), "matrix_products": self._products(), "denormals": denormals.treatment()},
            "facts": facts(self.members),
            **({"team": self.members} if self.members is not None else {}),
            "data_sha256": dataset.sha256,
            "data_rows": {part: examples.m for part, examples in dataset.parts.items()},
            "targets": self._targets(dataset),
            **({"data_parts": {part: rows_sha256(rows) for part, rows in split_off.items()}} if split_off else {}),
            "notes": [*dataset.notes, *self.notes],
        }

    def _seconds(self) -> Mapping[str, float]:
        """Return how long each phase took, the times before included where the run was resumed."""
        before = self.resumed.content.get("timings") if self.resumed else None
        known = before if isinstance(before, dict) else {}
        return {phase: seconds + _number(known.get(phase)) for phase, seconds in self.seconds.items()}

    def _targets(self, dataset: Dataset) -> Mapping[str, list[float | None]]:
        """Return what the training rows' targets say of others: the share of each class or label, or each mean."""
        interface = dataset.interface
        told = known(dataset.parts["train"], interface)
        what = "shares" if interface.classes or interface.labels else "means"
        return {what: [value if math.isfinite(value) else None for value in told]}

    def _products(self) -> Mapping[str, str | None]:
        """Return the kernels of the training's matrix products and the threads of each: in a team it is one."""
        return threads.chosen() if self.members is None else {**threads.chosen(), "threads": "1"}


def _number(value: Any) -> float:
    """Return a number that somebody's JSON holds, 0 where it is none."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else 0.0
