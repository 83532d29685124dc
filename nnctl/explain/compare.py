"""compare-init: the same spec trained from several initializations, each an ordinary run in one folder.

The schemes are trained side by side, each in a process of its own.
"""

import contextlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from nnctl.data.dataset import Dataset
from nnctl.errors import DataError, NnctlError, SpecError
from nnctl.explain.diagnosis import ending, reason, stopping, way
from nnctl.explain.findings import Diagnosis, End, Start, moved, units_alike
from nnctl.nn.initializers import initializers
from nnctl.nn.metrics import Metrics
from nnctl.registry import Choice
from nnctl.runs.run import Run, create_folder, create_run, timestamp
from nnctl.runs.search import point_latest_comparison
from nnctl.spec.document import Document
from nnctl.spec.schema import options, spelled_out
from nnctl.spec.spec import Spec
from nnctl.training.experiment import prepare
from nnctl.training.several import Report, Several, train_one
from nnctl.training.side_by_side import Tell

COURSE_RANDOM_SCALE = 10.0  # the course's experiment starts `random` far too large on purpose
SHOWN_COSTS = 15


@dataclass
class Scheme:
    """One initialization: the name as typed, its label, its run and what came of it."""

    name: str
    label: str
    init: Choice
    run: Run
    metrics: Mapping[str, Metrics] = field(default_factory=dict)
    costs: Mapping[int, float] = field(default_factory=dict)
    first_cost: float = math.nan
    diagnosis: Diagnosis | None = None  # None where something cut it short
    stopping: str | None = None  # what early stopping did
    status: str = "not begun"
    mishap: NnctlError | None = None
    notes: tuple[str, ...] = ()  # of what went wrong on the way and did not end it


@dataclass
class Comparison(Several[Scheme]):
    """All schemes of one comparison, in its folder; its experiment is of the spec as it is, and all but the start are
    those of every scheme.
    """

    aside: tuple[str, ...] = ()  # notes on what of the spec is left out

    @property
    def schemes(self) -> list[Scheme]:
        """The schemes in the order in which they were named."""
        return self.members

    @property
    def file(self) -> Path:
        """Where what `as_json` returns is saved."""
        return self.folder / "compare.json"

    @property
    def needed(self) -> int:
        """One scheme that trains is enough to see that others do not."""
        return 1

    def all_notes(self) -> list[str]:
        """Return what is said of the data, and of each scheme's run."""
        of_data = self.experiment.dataset.notes
        return [*self.aside, *of_data, *(f"{scheme.label}: {note}" for scheme in self.schemes for note in scheme.notes)]

    def save(self) -> None:
        """Write compare.json and let `latest-comparison` point here."""
        super().save()
        point_latest_comparison(self.folder)

    def shown_iterations(self) -> list[int]:
        """Return the logged iterations worth a line in a table: evenly spaced ones and the last."""
        logged = sorted({iteration for scheme in self.schemes for iteration in scheme.costs})
        every = max(1, self.experiment.iterations // SHOWN_COSTS)
        even = [iteration for iteration in logged if iteration % every == 0]
        return sorted({*even, *logged[-1:]}) if len(even) >= 3 else logged

    def as_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        return {
            "status": self.status,
            "exit_code": self.mishap.exit_code if self.mishap else 0,
            "schemes": {
                scheme.name: {
                    "status": scheme.status,
                    "costs": {str(iteration): cost for iteration, cost in scheme.costs.items()},
                    "train": scheme.metrics.get("train"),
                    "test": scheme.metrics.get("test"),
                    "run": str(scheme.run.folder),
                }
                for scheme in self.schemes
            },
        }


def parse_scheme(text: str, course: bool) -> Choice:
    """Read `he`, `random:0.01` or `random:scale=0.01`; `course` gives a bare `random` the scale 10."""
    name, colon, _ = text.partition(":")
    if course and text == "random":
        tree = {"scale": COURSE_RANDOM_SCALE}
    else:
        initializers[name]  # an unknown name is told first
        try:
            tree = spelled_out(text, initializers) if colon else {}
        except SpecError as error:
            raise SpecError(f"{text}: {error}") from None
    document = Document(text)
    choice = options(initializers[name], tree, document, (name,))
    document.raise_problems()
    return Choice(name, choice)


def label(init: Choice) -> str:
    """Return the name with its options: `random (x10)`."""
    values = [f"x{v:g}" if key == "scale" else f"{key} {v:g}" for key, v in init.options.items()]
    return f"{init.name} ({', '.join(values)})" if values else init.name


def begin(spec: Spec, schemes: Mapping[str, Choice], runs_dir: Path) -> Comparison:
    """Return a comparison with a folder for each scheme, nothing trained yet."""
    aside: tuple[str, ...] = ()
    if spec.train.ensemble > 1:
        aside = (f"one network of each scheme is trained, and not {spec.train.ensemble} (train.ensemble)",)
        spec = spec.member(0)
    first = prepare(spec)  # finds the mistakes before anything is written
    folder = create_folder(runs_dir, f"compare-init-{spec.name}-{timestamp()}")
    compared = Comparison(folder, first, aside=aside)
    for name, init in schemes.items():
        run = create_run(folder, name, first.spec.with_init(init).resolved(), stamp="")
        compared.schemes.append(Scheme(name, label(init), init, run))
    return compared


def train_all(compared: Comparison, report: Report) -> None:
    """Train all schemes on the same data."""
    compared.train(partial(_train, compared.experiment.spec, compared.experiment.dataset), report)


def _train(spec: Spec, dataset: Dataset, scheme: Scheme, tell: Tell) -> Scheme:
    """Train one scheme; return it with what came of it."""
    experiment = prepare(spec.with_init(scheme.init), dataset)
    parameters = experiment.model.parameters
    start, before = Start.of(experiment), parameters.copy()
    scheme.first_cost = start.cost
    result = train_one(scheme, experiment, tell)
    with contextlib.suppress(DataError):  # the disk had no room for them
        scheme.costs = scheme.run.costs()
    if scheme.mishap is None:
        scheme.stopping = stopping(experiment, result)
        scheme.diagnosis = Diagnosis(
            start,
            End.of(experiment, result.metrics["train"]),
            moved(before, parameters),
            start.alike and units_alike(parameters, but_for_rounding=True),
            result.status == "stopped",
            result.best_iteration,
        )
    return scheme


def explain(scheme: Scheme) -> str:
    """Say from the run's own numbers why a scheme learned or did not, how its cost went and how it ended."""
    found = scheme.diagnosis
    if found is None:
        said = [str(scheme.mishap or "it was not begun").splitlines()[0].rstrip(".")]
        said += [] if math.isnan(scheme.first_cost) else [f"it started at a cost of {scheme.first_cost:.4g}"]
    else:
        said = [reason(found), way(found, scheme.costs), scheme.stopping or "", ending(found.end)]
    return f"{scheme.label}: {'; '.join(filter(None, said))}."
