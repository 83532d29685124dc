"""cross-validate: the same spec trained as often as there are folds of its rows, and each time tested on another one.

The data are read once. Each training prepares its own rows for itself, in a process of its own, and is an ordinary run.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from math import inf, isfinite, sqrt
from pathlib import Path
from typing import Any

from nnctl import threads
from nnctl.data.dataset import load
from nnctl.data.parts import tables_of
from nnctl.data.table import Table
from nnctl.errors import NnctlError
from nnctl.explain.student import quantile, spread_of
from nnctl.nn.metrics import Metrics
from nnctl.registry import FEW, listed
from nnctl.runs.run import Run, create_folder, create_run, timestamp
from nnctl.spec.document import Document, override
from nnctl.spec.reading import parse
from nnctl.spec.spec import FoldSpec, Spec
from nnctl.training import ensemble
from nnctl.training.experiment import Experiment, prepare
from nnctl.training.several import Report, Several, keep, train_one
from nnctl.training.side_by_side import Tell

CONFIDENCE = 0.95
BOUNDS = {**dict.fromkeys(("loss", "mse", "mae"), (0.0, inf)), "r2": (-inf, 1.0)}  # of metrics; all others are shares
MEANS = ("loss", "accuracy", "exact", "mse", "mae")  # metrics that are means over rows, and so over rows of all folds


@dataclass
class Fold:
    """One training: the fold that it is tested on, its label, its run and what came of it."""

    label: str
    fold: FoldSpec
    run: Run
    rows: Mapping[str, int] = field(default_factory=dict)  # of each part
    metrics: Mapping[str, Metrics] = field(default_factory=dict)
    status: str = "not begun"
    mishap: NnctlError | None = None
    notes: tuple[str, ...] = ()  # on its own rows, and of what went wrong on the way and did not end it


@dataclass(frozen=True)
class Summary:
    """A metric over the folds: mean, standard deviation, an interval for the true mean, and over the rows of all."""

    values: list[float | None]  # of each fold; None where it has none
    mean: float | None
    spread: float | None
    interval: tuple[float, float] | None
    pooled: float | None  # where it is a mean over rows, and all rows were tested


@dataclass
class CrossValidation(Several[Fold]):
    """All trainings of one cross-validation, in its folder; its experiment is that of the first fold."""

    spec: Spec = field(kw_only=True)  # of the first fold, before its data told what it leaves open
    tables: Mapping[str, Table] = field(kw_only=True)  # before anything is split off
    aside: tuple[str, ...] = field(kw_only=True)  # notes on rows that take no part

    @property
    def folds(self) -> list[Fold]:
        """The folds, repeat by repeat."""
        return self.members

    @property
    def of(self) -> int:
        """How many folds there are in each repeat."""
        return self.folds[0].fold.of

    @property
    def repeats(self) -> int:
        """How often the folds are drawn."""
        return self.folds[-1].fold.repeat

    @property
    def file(self) -> Path:
        """Where what `as_json` returns is saved."""
        return self.folder / "cross-validate.json"

    @property
    def needed(self) -> int:
        """All folds are needed: rows that are not tested are those that a mean would flatter."""
        return len(self.folds)

    def all_notes(self) -> list[str]:
        """Return what is said of the data, once where it is so in every fold, and of each run."""
        begun = [fold for fold in self.folds if fold.rows]
        common = [note for note in begun[0].notes if all(note in fold.notes for fold in begun)] if begun else []
        others = dict.fromkeys(note for fold in begun for note in fold.notes if note not in common)
        where = {note: [fold.label for fold in begun if note in fold.notes] for note in others}
        own = [f"{listed(labels, FEW)}: {note}" for note, labels in where.items()]
        undefined = [
            f"{name} is undefined in {listed(lacking, FEW)}"
            + (": it is the mean of the other folds" if summary.mean is not None else "")
            for name, summary in self.summaries().items()
            if (lacking := [label for label, value in self._by_label(summary) if value is None])
        ]
        return [*self.aside, *common, *own, *undefined]

    def _by_label(self, summary: Summary) -> list[tuple[str, float | None]]:
        """Return the values of folds that were measured."""
        pairs = zip(self.folds, summary.values, strict=True)
        return [(fold.label, value) for fold, value in pairs if _measured(fold)]

    def summaries(self) -> dict[str, Summary]:
        """Return each metric of the test parts over the folds that trained to their end."""
        names = dict.fromkeys(name for fold in self.folds for name in _measured(fold))
        return {name: self._summary(name) for name in names}

    def _summary(self, name: str) -> Summary:
        values = [_measured(fold).get(name) for fold in self.folds]
        known = [value for value in values if value is not None]
        if len(known) < 2:
            return Summary(values, known[0] if known else None, None, None, None)
        mean, spread = spread_of(known)
        half = quantile(CONFIDENCE, len(known) - 1) * spread * sqrt(1 / len(known) + self.shared_rows)
        pooled = None
        if name in MEANS and len(known) == len(values):
            rows = [fold.rows["test"] for fold in self.folds]
            pooled = sum(value * m for value, m in zip(known, rows, strict=True)) / sum(rows)
        least, most = next((ends for start, ends in BOUNDS.items() if name.startswith(start)), (0.0, 1.0))
        ends = (max(mean - half, least), min(mean + half, most))
        return Summary(values, mean, spread, ends if all(map(isfinite, ends)) else None, pooled)

    @property
    def shared_rows(self) -> float:
        """What the variance of the mean is larger by, in variances of a fold, for repeats test and train on the same
        rows: rows tested / rows trained on (Nadeau & Bengio 2003); 0 without repeats.
        """
        return 1 / (self.of - 1) if self.repeats > 1 else 0.0

    def as_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        return {
            "status": self.status,
            "exit_code": self.mishap.exit_code if self.mishap else 0,
            "folder": str(self.folder),
            "of": self.of,
            "repeats": self.repeats,
            "metrics": {
                name: {
                    "mean": found.mean,
                    "spread": found.spread,
                    "interval": found.interval,
                    "pooled": found.pooled,
                    "folds": found.values,
                }
                for name, found in self.summaries().items()
            },
            "folds": {
                fold.label: {
                    "status": fold.status,
                    "rows": fold.rows,
                    "train": fold.metrics.get("train"),
                    "test": fold.metrics.get("test"),
                    "run": str(fold.run.folder),
                }
                for fold in self.folds
            },
            "notes": self.all_notes(),
        }


def _measured(fold: Fold) -> Metrics:
    """Return the metrics of a fold's test part, none where something ended its training before its time."""
    return {} if fold.mishap else fold.metrics.get("test", {})


def spec_of(written: Document, folders: tuple[Path, ...], of: int) -> tuple[Spec, tuple[str, ...]]:
    """Return a document as the spec of its first fold, and notes on the test part that the folds take the place of."""
    notes = list[str]()
    if isinstance(written.tree.get("data"), Mapping):
        test = written.setting("data", "test")
        if isinstance(test, float):
            notes.append(f"the folds take the place of the share for the test (data.test: {test:g})")
        elif test is not None:
            notes.append("data.test is left out: its rows are in no fold and are not read")
        override(written, "data.test=null")
        override(written, f"data.fold={{of: {of}, number: 1}}")
    return parse(written, folders), tuple(notes)


def begin(spec: Spec, repeats: int, runs_dir: Path, notes: tuple[str, ...] = ()) -> CrossValidation:
    """Return a cross-validation of the spec of its first fold, with a folder, nothing trained yet."""
    first = spec.data.fold
    assert first is not None
    tables = tables_of(spec, to_train=True)
    if "test" in tables:
        test = tables.pop("test")
        notes += (f"{test.origin}: its {len(test.X):,} rows are in no fold",)
    if spec.train.threads is None:  # sums depend on it, and each run is to be repeated to the bit
        spec = replace(spec, train=replace(spec.train, threads=threads.number()))
    experiment = prepare(spec, load(spec, tables))  # finds the mistakes before anything is written
    folder = create_folder(runs_dir, f"cross-validate-{spec.name}-{timestamp()}")
    validated = CrossValidation(folder, experiment, spec=spec, tables=tables, aside=notes)
    for repeat in range(1, repeats + 1):
        for number in range(1, first.of + 1):
            label = f"fold-{number}" if repeats == 1 else f"repeat-{repeat}-fold-{number}"
            own = replace(first, number=number, repeat=repeat)
            validated.folds.append(Fold(label, own, Run(folder / label)))
    return validated


def train_all(validated: CrossValidation, report: Report) -> None:
    """Train all folds, each on its own rows of the same data."""
    validated.train(partial(_train, validated.spec, validated.tables, validated.experiment), report)


def _train(spec: Spec, tables: Mapping[str, Table], first: Experiment, fold: Fold, tell: Tell) -> Fold:
    """Train one fold; return it with what came of it."""
    own = spec.with_fold(fold.fold)
    experiment = first if own == spec else prepare(own, load(own, tables))
    fold.run = create_run(fold.run.folder.parent, fold.label, experiment.spec.resolved(), stamp="")
    fold.rows = {part: examples.m for part, examples in experiment.dataset.parts.items()}
    if experiment.spec.train.ensemble > 1:
        keep(fold, ensemble.train(experiment, fold.run, _of_all(tell, experiment.spec.train.ensemble))[1])
    else:
        train_one(fold, experiment, tell)
    fold.notes = (*experiment.dataset.notes, *fold.notes)
    return fold


def _of_all(tell: Tell, count: int) -> Report:
    """Return what tells the progress of so many networks as that of one training."""
    done = [0] * count

    def report(index: int, updates: int, of: int, cost: float) -> None:
        done[index] = updates
        tell(sum(done), of * count, cost)

    return report
