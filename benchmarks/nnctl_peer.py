"""nnctl as a contestant, by its Python API: the same sequence of calls as `nnctl train`, without the screen."""

import itertools
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from nnctl import threads

# before NumPy is imported, as the command line does; the job is the worker's last argument
threads.configure(dtype=json.loads(sys.argv[-1]).get("dtype") if sys.argv[-1].startswith("{") else None)

import numpy as np  # noqa: E402

from benchmarks.limits import Limits  # noqa: E402, F401 (a contestant too, on NumPy as nnctl sets it up)
from benchmarks.problem import Layers, Predictor, Problem, Trainer  # noqa: E402
from nnctl.nn.training import Step  # noqa: E402
from nnctl.runs.run import create_run  # noqa: E402
from nnctl.spec import document  # noqa: E402
from nnctl.spec.reading import parse  # noqa: E402
from nnctl.training import experiment  # noqa: E402
from nnctl.training.stages import Stage  # noqa: E402


class Nnctl(Trainer):
    """experiment.prepare, then experiment.train into a run's folder."""

    def __init__(self, job: dict[str, Any]) -> None:
        super().__init__(job)
        self.overrides: list[str] = job.get("overrides", [])
        self.dataset = None

    @property
    def settings(self) -> str:
        """What nnctl chose by itself."""
        return described() + (", short cut" if self.shortcut else "")

    def train(self, epochs: int, watchers: Sequence[Stage] = ()) -> tuple[float, Layers]:
        """Train from the initial parameters; return the seconds that training alone took, and the layers."""
        prepared = prepare(self.problem, [*self.overrides, f"train.epochs={epochs}"], self.dataset)
        self.dataset, self.shortcut = prepared.dataset, prepared.fast_path
        with tempfile.TemporaryDirectory() as folder:
            result = experiment.train(prepared, create_run(Path(folder), "run", prepared.spec.resolved()), watchers)
        trained = prepared.model.parameters
        return result.seconds["training"], [(W, b[:, 0]) for W, b in zip(trained.W, trained.b, strict=True)]


class NnctlEpochs(Nnctl):
    """The same, with the seconds of the first and of the last epoch."""

    def run(self) -> dict[str, Any]:
        """Train once, to the end."""
        ends = [time.perf_counter()]

        def timed(steps: Iterator[Step]) -> Iterator[Step]:
            per_epoch = -(-len(self.problem.X) // (self.problem.batch_size or len(self.problem.X)))
            for step in steps:
                yield step
                if (step.iteration + 1) % per_epoch == 0:
                    ends.append(time.perf_counter())

        seconds, layers = self.train(self.problem.epochs, [timed])
        epochs = [after - before for before, after in itertools.pairwise(ends)]
        return {"seconds": seconds, "first": epochs[0], "last": epochs[-1], "cost": self.problem.cost(layers)}


class NnctlPredictor(Predictor):
    """Model.predict."""

    def prepare(self) -> None:
        """Make the model."""
        self.model = prepare(self.problem).model
        self.settings = described()

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the probability of class 1 for each row of X."""
        return self.model.predict(X, "array")[1]


class Growth:
    """Seconds per update of a series of problems."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.problems: list[dict[str, Any]] = job["problems"]
        self.at_least: float = job["seconds"]  # that the short training takes
        self.repeats: int = job["repeats"]

    def run(self) -> dict[str, Any]:
        """Return the seconds per update of each problem: a long training less a short one."""
        return {"seconds": [self._per_update(Nnctl(problem)) for problem in self.problems]}

    def _per_update(self, trainer: Nnctl) -> float:
        updates = 20  # enough for the short cut to be worth its set-up
        while (seconds := trainer.train(updates)[0]) < self.at_least:
            updates = int(updates * min(10, max(2, 1.2 * self.at_least / seconds)))
        differences = [trainer.train(3 * updates)[0] - trainer.train(updates)[0] for _ in range(self.repeats)]
        return median(differences) / (2 * updates)


def prepare(problem: Problem, overrides: Sequence[str] = (), dataset: Any = None) -> experiment.Experiment:
    """Return the experiment of a problem, ready to train."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "spec.yaml"
        file.write_text(problem.spec())
        return experiment.prepare(parse(document.read(file, overrides), (file.parent,)), dataset)


def described() -> str:
    """Say how many threads and which kernels are at work."""
    chosen = threads.chosen()
    return f"{chosen['threads'] or 'default'} threads, {chosen['kernels'] or 'default'} kernels"
