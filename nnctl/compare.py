"""compare-init: the same spec trained from several initializations, each an ordinary run in one folder.

Beside the runs it keeps what the start and the end of each say about why it learned or did not; the words
for these numbers are in `explain`.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from nnctl import runs
from nnctl.document import Document
from nnctl.errors import DivergedError, SpecError
from nnctl.experiment import Experiment, prepare, train
from nnctl.nn.initializers import initializers
from nnctl.nn.metrics import Metrics
from nnctl.registry import Choice
from nnctl.runs import Run
from nnctl.schema import option_defaults, options
from nnctl.spec import Spec
from nnctl.stages import Stage

COURSE_RANDOM_SCALE = 10.0  # the course's experiment starts `random` far too large on purpose
SHOWN_COSTS = 15
SATURATED = 0.99


@dataclass(frozen=True)
class Diagnosis:
    """What the start and the end of one training show, measured on the training examples."""

    first_cost: float
    gradients: Mapping[str, float]  # the largest absolute gradient of W1, b1, ... at the start
    saturated: float | None  # the share of examples with a class above 0.99 at the start; None for regression
    output_spread: float  # the largest standard deviation of an output over the examples at the start
    moved: Mapping[str, float]  # the largest change of W1, W2, ... from start to end
    alike: bool  # all units of the first hidden layer have the same weights at the end


@dataclass
class Scheme:
    """One initialization: the name as typed, its label, its run and what came of it."""

    name: str
    label: str
    init: Choice
    run: Run
    metrics: Mapping[str, Metrics] = field(default_factory=dict)
    costs: Mapping[int, float] = field(default_factory=dict)
    diagnosis: Diagnosis | None = None
    error: str | None = None


@dataclass
class Comparison:
    """All schemes of one comparison, in its folder."""

    folder: Path
    iterations: int
    schemes: list[Scheme] = field(default_factory=list)

    def shown_iterations(self) -> list[int]:
        """Return the logged iterations worth a line in a table: evenly spaced ones and the last."""
        logged = sorted({iteration for scheme in self.schemes for iteration in scheme.costs})
        every = max(1, self.iterations // SHOWN_COSTS)
        even = [iteration for iteration in logged if iteration % every == 0]
        return sorted({*even, *logged[-1:]}) if len(even) >= 3 else logged

    def as_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        return {
            "schemes": {
                scheme.name: {
                    "costs": {str(iteration): cost for iteration, cost in scheme.costs.items()},
                    "train": scheme.metrics.get("train"),
                    "test": scheme.metrics.get("test"),
                    "run": str(scheme.run.folder),
                }
                for scheme in self.schemes
            }
        }


def parse_scheme(text: str, course: bool) -> Choice:
    """Read `he`, `random:0.01` or `random:scale=0.01`; `course` gives a bare `random` the scale 10."""
    name, colon, given = text.partition(":")
    if not colon and course and name == "random":
        given, colon = str(COURSE_RANDOM_SCALE), ":"
    initializer = initializers[name]
    legal = list(option_defaults(initializer))
    tree: dict[str, Any] = {}
    for item in given.split(",") if colon else ():
        key, equals, value = item.rpartition("=")
        if not equals and len(legal) != 1:
            raise SpecError(f"{text}: {name} takes no value (its options: {', '.join(legal) or 'none'})")
        try:
            tree[key if equals else legal[0]] = float(value)
        except ValueError:
            raise SpecError(f"{text}: expected a number after {name}:, got {value!r}") from None
    document = Document(text)
    choice = options(initializer, tree, document, (name,))
    document.raise_problems()
    return Choice(name, choice)


def label(init: Choice) -> str:
    """Return the name with its options: `random (x10)`."""
    values = [f"x{v:g}" if key == "scale" else f"{key} {v:g}" for key, v in init.options.items()]
    return f"{init.name} ({', '.join(values)})" if values else init.name


def compare(
    spec: Spec, schemes: Mapping[str, Choice], runs_dir: Path, watch: Any
) -> Iterator[tuple[Comparison, Experiment]]:
    """Train each scheme in turn and yield the comparison so far; `watch(label, iterations)` gives a stage."""
    folder = runs.create_folder(runs_dir, f"compare-init-{spec.name}-{runs.timestamp()}")
    dataset = None
    comparison = None
    for name, init in schemes.items():
        experiment = prepare(spec.with_init(init), dataset)
        dataset = experiment.dataset
        comparison = comparison or Comparison(folder, experiment.iterations)
        run = runs.create(folder, name, experiment.spec.resolved(), stamp="")
        scheme = Scheme(name, label(init), init, run)
        comparison.schemes.append(scheme)
        stage: Stage = watch(scheme.label, experiment.iterations)
        start = _start(experiment)
        before = experiment.model.parameters.copy()
        try:
            result = train(experiment, run, [stage])
            scheme.metrics = result.metrics
        except DivergedError as error:
            scheme.error = str(error).splitlines()[0]
        scheme.costs = run.costs()
        after = experiment.model.parameters
        scheme.diagnosis = Diagnosis(
            **start,
            moved={
                f"W{number}": float(np.abs(new - old).max())
                for number, (old, new) in enumerate(zip(before.W, after.W, strict=True), start=1)
            },
            alike=len(after.W) > 1 and bool((after.W[0] == after.W[0][:1]).all()),
        )
        yield comparison, experiment
    assert comparison is not None
    runs.write_text(folder / "compare.json", json.dumps(comparison.as_json(), indent=2, allow_nan=False) + "\n")


def _start(experiment: Experiment) -> dict[str, Any]:
    """Measure the initial parameters on the training examples."""
    examples = experiment.dataset.parts["train"]
    objective = experiment.objective
    with np.errstate(over="ignore"):
        objective.differentiate(examples.X, examples.Y)
        cost, outputs = objective.evaluate(examples.X, examples.Y)
    classes = experiment.dataset.interface.classes
    sure = np.maximum(outputs, 1 - outputs)[0] if len(outputs) == 1 else outputs.max(axis=0)
    return {
        "first_cost": cost,
        "gradients": {name: float(np.abs(g).max()) for name, g in objective.gradients.items()},
        "saturated": float((sure > SATURATED).mean()) if classes else None,
        "output_spread": float(outputs.std(axis=1).max()),
    }


def explain(scheme: Scheme) -> str:
    """Say in a sentence or two, from the run's own numbers, why a scheme learned or did not."""
    found, costs = scheme.diagnosis, list(scheme.costs.values())
    assert found is not None
    last = scheme.metrics.get("train", {}).get("cost")
    if scheme.error is not None or last is None:
        return f"{scheme.label}: {scheme.error}; it started at a cost of {found.first_cost:.4g}."
    way = f"the cost went from {found.first_cost:.4f} to {last:.4f}"
    if all(change == 0 for change in found.moved.values()):
        silent = [name for name, size in found.gradients.items() if size == 0]
        alive = [name for name, size in found.gradients.items() if size > 0]
        which = f"every gradient but that of {' and '.join(alive)}" if alive and silent else "every gradient"
        state = "is exactly 0 from the start" if silent else "was too small to change any W"
        return (
            f"{scheme.label}: no W ever moved, for {which} {state}: all units of a layer compute the same"
            f" and pass nothing back. The network gives every example the same answer; {way}."
        )
    if found.alike:
        return (
            f"{scheme.label}: all units of the first hidden layer still have the very same weights at the end,"
            f" for they started alike and get alike gradients: the layer counts as one unit; {way}."
        )
    if found.saturated is not None and found.saturated > 0.1:
        return (
            f"{scheme.label}: {found.saturated:.0%} of the outputs start saturated (a probability above"
            f" {SATURATED}), sure before anything is learned, and the wrong ones make the first cost"
            f" {found.first_cost:.4f}; from there {way}."
        )
    first = found.gradients["W1"]
    if found.first_cost > 0 and last > 0.95 * found.first_cost and found.output_spread < 1e-2:
        return (
            f"{scheme.label}: the outputs hardly tell the examples apart at the start (they spread by"
            f" {found.output_spread:.2g}), so the gradient that reaches W1 is at most {first:.2g}: the signal"
            f" fades on its way; {way}."
        )
    half = next((i for i, c in scheme.costs.items() if c <= (found.first_cost + last) / 2), None)
    steady = f", half of the way by iteration {half:,}" if half is not None and len(costs) > 2 else ""
    sure = "" if found.saturated is None else f", {found.saturated:.0%} of the outputs are saturated"
    return (
        f"{scheme.label}: at the start the outputs spread by {found.output_spread:.2g} over the examples{sure},"
        f" and W1 gets gradients up to {first:.2g}: signals pass in both directions; {way}{steady}."
    )
