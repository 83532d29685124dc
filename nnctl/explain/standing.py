"""A standing is how sure the metrics of a training are on rows that it did not learn from, and what guessing has.

A training ends at once: of classes and labels only proportions have an interval here, `evaluate` has all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from nnctl.data.interface import Interface
from nnctl.nn.estimates import Estimate, estimates
from nnctl.nn.metrics import Metrics
from nnctl.nn.samples import Sample
from nnctl.training.experiment import Experiment
from nnctl.training.measures import known, sample_of

HELD_BACK = ("test", "validation")  # parts that training did not learn from, the better one first


@dataclass(frozen=True)
class Standing:
    """Of a part the estimate of each metric, by its name in run.json."""

    part: str
    estimates: Mapping[str, Estimate]


def standing(experiment: Experiment, measured: Mapping[str, Metrics]) -> Standing | None:
    """Return the standing of a trained network on its test part, else its validation part, or None without either."""
    part = next((name for name in HELD_BACK if measured.get(name)), None)
    if part is None or measured[part]["loss"] is None:
        return None
    examples, interface = experiment.dataset.parts[part], experiment.dataset.interface
    found = experiment.criterion.evaluate(experiment.model.network, examples.X, examples.Y, {})
    numbers = interface.classes is None and not interface.labels
    truth = interface.class_indices(examples.table) if interface.classes else examples.Y
    truth = interface.numbers(examples.table).T if numbers else truth
    sample = sample_of(interface, experiment.spec.output, truth, interface.in_units(found.outputs))
    keys = {name: _place(name, interface, sample) for name in measured[part]}
    told = np.array(known(experiment.dataset.parts["train"], interface))
    names = [score for score, _ in keys.values()]
    some = estimates(sample, sample.baseline(told), names, drawing=numbers)
    some = [each if numbers or each.method == "wilson" else replace(each, interval=None) for each in some]
    by_place = {(each.score, each.index): each for each in some}
    return Standing(part, {name: by_place[place] for name, place in keys.items() if place in by_place})


def _place(name: str, interface: Interface, sample: Sample) -> tuple[str, int | None]:
    """Return the score, and of which class or output, that a metric of run.json is."""
    score, _, number = name.partition("_")
    if number:
        return score, int(number) - 1
    two = interface.classes is not None and len(interface.classes) == 2
    return score, interface.positive if two and name in ("precision", "recall") else None
