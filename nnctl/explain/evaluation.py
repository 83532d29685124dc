"""An evaluation is how good a model is on rows with their truth: its scores with intervals, beside the baseline.

The rows are a run's own test set, or any input that `predict` takes and that has the targets, read in the same way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from nnctl.data.interface import Interface
from nnctl.errors import DataError
from nnctl.explain.answers import finite
from nnctl.explain.judged import Judged, judged, judged_own
from nnctl.nn import Array
from nnctl.nn.estimates import Estimate, estimates
from nnctl.nn.samples import Classes, Numbers, Sample
from nnctl.nn.scores import scores
from nnctl.registry import FEW, listed
from nnctl.runs.model import Model
from nnctl.runs.run import Run
from nnctl.training.measures import sample_of

MOST_GROUPS = 50
TRADED = ("precision", "recall")  # whoever always says one class has a perfect one of them
MISSING = "(missing)"


@dataclass(frozen=True)
class Evaluation:
    """The scores of a model on some rows, and on each group of them."""

    model: Model
    sample: Sample
    estimates: list[Estimate]
    part: str | None = None  # test or train, of the run's own
    by: str | None = None  # the column of the groups
    groups: Mapping[str, tuple[int, list[Estimate]]] = field(default_factory=dict)  # rows and scores of each
    notes: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()  # why rows have no prediction, and are left out

    @property
    def interface(self) -> Interface:
        """What the outputs mean."""
        return self.model.interface

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the classes, labels or outputs."""
        return self.interface.classes or tuple(self.interface.output_names(self.sample.count))

    def of(self, score: str, index: int | None = None) -> Estimate | None:
        """Return a score of all, or of one class, label or output."""
        return next((each for each in self.estimates if (each.score, each.index) == (score, index)), None)

    def verdicts(self) -> list[str]:
        """Say in a sentence each where the model is worse than the baseline, and where it is not known to be better."""
        overall = [each for each in self.estimates if each.index is None and each.better is False]
        overall = [each for each in overall if each.score not in TRADED]
        worse = [each for each in overall if _is_worse(each)]
        unsure = [each for each in overall if not _is_worse(each)]
        rows = f"{self.sample.m:,} row{'' if self.sample.m == 1 else 's'}"
        said = []
        if worse:
            said.append(f"worse than {self.guess} on these {rows}: {_told(worse)}")
        if unsure:
            said.append(f"not known to be better than {self.guess}, as far as {rows} tell: {_told(unsure)}")
        return said

    @property
    def guess(self) -> str:
        """What the baseline does, in words."""
        if isinstance(self.sample, Numbers):
            return "the mean of the training rows for all"
        return "the commonest answer in training for all"

    def as_json(self) -> dict[str, Any]:
        """Return all of it for --json."""
        said: dict[str, Any] = {"part": self.part, "rows": self.sample.m, **self._scores(self.estimates)}
        if isinstance(self.sample, Classes):
            said["confusion"] = {"classes": list(self.names), "truth_by_prediction": self.sample.confusion.tolist()}
        if self.by is not None:
            groups = {name: {"rows": rows, **self._scores(own)} for name, (rows, own) in self.groups.items()}
            said |= {"by": self.by, "groups": groups}
        return {**said, "verdicts": self.verdicts(), "notes": list(self.notes), "failed": list(self.failed)}

    def _scores(self, some: Sequence[Estimate]) -> dict[str, Any]:
        overall = {each.score: _as_json(each) for each in some if each.index is None}
        single: dict[str, dict[str, Any]] = {}
        for each in some:
            if each.index is not None:
                single.setdefault(self.names[each.index], {})[each.score] = _as_json(each)
        return {"scores": overall, **({self.sample.task: single} if single else {})}


def evaluate_own(run: Run, by: str | None) -> Evaluation:
    """Evaluate a run on its own test set, or its training set where it has none."""
    rows, part = judged_own(run, by)
    return _evaluation(run, rows, part, by)


def evaluate(
    run: Run, trained: Model, inputs: Sequence[str], features: str | None, target: str | None, by: str | None
) -> Evaluation:
    """Evaluate a run on inputs with their truth."""
    return _evaluation(run, judged(trained, inputs, features, target, by), None, by)


def _evaluation(run: Run, rows: Judged, part: str | None, by: str | None) -> Evaluation:
    trained, notes = rows.model, list(rows.notes)
    sample = sample_of(trained.interface, trained.activations[-1].name, rows.truth, rows.outputs, rows.logits)
    known = known_of(run, sample)
    if known is None:
        notes.append(f"{run.folder}: does not say what its training rows were like, so there is no baseline")
    groups: dict[str, tuple[int, list[Estimate]]] = {}
    for name, index in _groups(rows.groups, by).items():
        own = sample.rows(index)
        groups[name] = (own.m, estimates(own, None if known is None else own.baseline(known)))
    found = estimates(sample, None if known is None else sample.baseline(known))
    return Evaluation(trained, sample, found, part, by, groups, tuple(notes), tuple(rows.failed))


def known_of(run: Run, sample: Sample) -> Array | None:
    """Return the shares, or means, of the training rows that a run remembers, or None."""
    told = run.status().get("targets")
    values = told.get("means" if isinstance(sample, Numbers) else "shares") if isinstance(told, Mapping) else None
    if not isinstance(values, list) or len(values) != sample.count:
        return None
    if not all(isinstance(value, int | float) for value in values):
        return None
    return np.array(values, np.float64)


def _groups(values: Sequence[str] | None, by: str | None) -> dict[str, Array]:
    """Return the rows of each group, those with most rows first."""
    if values is None:
        return {}
    names, codes, counts = np.unique(np.array(values, np.str_), return_inverse=True, return_counts=True)
    if len(names) > MOST_GROUPS:
        shown = listed((name or MISSING for name in names.tolist()), FEW)
        raise DataError(
            f"--by {by}: has {len(names):,} different values ({shown}); expected at most {MOST_GROUPS}, each a group of"
            " rows.\nGive a column with fewer values, or one in which they are brought together."
        )
    order = np.argsort(-counts, kind="stable").tolist()
    return {names[group].item() or MISSING: np.flatnonzero(codes == group) for group in order}


def _is_worse(each: Estimate) -> bool:
    assert each.interval is not None
    assert each.baseline is not None
    low, high = each.interval
    return high < each.baseline if scores[each.score].higher else low > each.baseline


def _told(some: Sequence[Estimate]) -> str:
    """Return scores with their interval and what the baseline has."""
    texts = []
    for each in some:
        assert each.interval is not None
        low, high = each.interval
        name = scores[each.score].title
        texts.append(f"{name} {low:.4g} to {high:.4g} beside {each.baseline:.4g}")
    return "; ".join(texts)


def _as_json(each: Estimate) -> dict[str, Any]:
    interval = None if each.interval is None else [finite(end) for end in each.interval]
    return {
        "value": each.value,
        "interval": interval,
        "method": each.method,
        "baseline": each.baseline,
        "reason": each.reason,
    }
