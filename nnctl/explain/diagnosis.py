"""A diagnosis is what the start and the end of one training show about why it learned or did not.

It is measured on the training examples; `reason` puts it into words and says nothing that the numbers do not show.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nnctl.nn import Array
from nnctl.nn.metrics import Metrics, classify
from nnctl.nn.objective import Objective
from nnctl.nn.parameters import Parameters
from nnctl.training.advice import LARGE_TARGETS
from nnctl.training.experiment import Experiment

SURE = 0.99  # the probability of a class above which an output is called saturated
MANY = 0.1  # the share of saturated outputs that is worth the word
SKILL = 0.01  # the share of what one answer for all gets wrong that a network must make good
SAME = 1e-12  # of a unit's activation: what rounding leaves of no difference
REACH = {"tanh": (-1.0, 1.0), "relu": (0.0, np.inf)}  # what an output can give
FADED = 1e-2  # a spread of the outputs below which they hardly tell the examples apart


@dataclass(frozen=True)
class Diagnosis:
    """The numbers of one training, from its first parameters and its last."""

    first_cost: float
    gradients: Mapping[str, float]  # the largest absolute gradient of W1, b1, ... at the start
    saturated: float | None  # the share of examples with a class above SURE at the start; None for regression
    output_spread: float  # the largest standard deviation of an output over the examples at the start
    moved: Mapping[str, float]  # the largest change of W1, W2, ... from start to end
    alike: bool  # all units of the first hidden layer have the same weights at the end


@dataclass(frozen=True)
class Start:
    """What an untrained network shows, to be completed once it is trained."""

    parameters: Parameters
    first_cost: float
    gradients: Mapping[str, float]
    saturated: float | None
    output_spread: float

    @classmethod
    @np.errstate(over="ignore", invalid="ignore")
    def of(cls, experiment: Experiment) -> "Start":
        """Measure the initial parameters on the training examples."""
        examples = experiment.dataset.parts["train"]
        objective = Objective(experiment.model.network, experiment.criterion)
        objective.differentiate(examples.X, examples.Y)
        _, cost, outputs = objective.evaluate(examples.X, examples.Y)
        sure = np.maximum(outputs, 1 - outputs)[0] if len(outputs) == 1 else outputs.max(axis=0)
        return cls(
            experiment.model.parameters.copy(),
            cost,
            {name: float(np.abs(g).max()) for name, g in objective.gradients.items()},
            float((sure > SURE).mean()) if experiment.spec.classifies else None,
            float(outputs.std(axis=1).max()),
        )

    def compared(self, after: Parameters) -> Diagnosis:
        """Return the diagnosis, given the trained parameters."""
        moved = {
            f"W{number}": float(np.abs(new - old).max())
            for number, (old, new) in enumerate(zip(self.parameters.W, after.W, strict=True), start=1)
        }
        alike = len(after.W) > 1 and len(after.W[0]) > 1 and bool((after.W[0] == after.W[0][:1]).all())
        return Diagnosis(self.first_cost, self.gradients, self.saturated, self.output_spread, moved, alike)


def reason(found: Diagnosis, last: float) -> str:
    """Say why a training that ended at the cost `last` learned or did not."""
    first = found.gradients["W1"]
    if all(change == 0 for change in found.moved.values()):
        return _unmoved(found)
    if found.alike:
        return (
            "all units of the first hidden layer still have the very same weights at the end, for they started alike"
            " and get alike gradients: the layer counts as one unit"
        )
    if found.saturated is not None and found.saturated > MANY:
        return (
            f"{found.saturated:.0%} of the outputs start saturated (a probability above {SURE}), sure before anything"
            f" is learned, and the wrong ones make the first cost {_cost(found.first_cost)}"
        )
    if found.output_spread < FADED and found.first_cost > 0 and last > 0.95 * found.first_cost:
        return (
            "the outputs hardly tell the examples apart at the start (they spread by"
            f" {found.output_spread:.2g}), so the gradient that reaches W1 is at most {first:.2g}: the signal fades on"
            " its way"
        )
    if found.output_spread == 0:
        return (
            f"at the start every example gets the same answer, and W1 gets gradients up to {first:.2g}, so it learns"
            " from there"
        )
    sure = "" if found.saturated is None else f", {found.saturated:.0%} of the outputs are saturated"
    return (
        f"at the start the outputs spread by {found.output_spread:.2g} over the examples{sure}, and W1 gets gradients"
        f" up to {first:.2g}: signals pass in both directions"
    )


def way(found: Diagnosis, costs: Mapping[int, float], last: float) -> str:
    """Say how the cost went, from the logged costs and the last."""
    said = f"the cost went from {_cost(found.first_cost)} to {_cost(last)}"
    half = next((iteration for iteration, cost in costs.items() if cost <= (found.first_cost + last) / 2), None)
    if last >= found.first_cost or half is None or len(costs) < 3:
        return said
    return f"{said}, half of the way by iteration {half:,}"


def _unmoved(found: Diagnosis) -> str:
    silent = [name for name, size in found.gradients.items() if size == 0]
    alive = [name for name, size in found.gradients.items() if size > 0]
    if not silent:
        return (
            "no W ever moved, for every update was too small to change any: the largest gradient at the start is"
            f" {max(found.gradients.values()):.2g}"
        )
    which = f"every gradient but that of {' and '.join(alive)}" if alive else "every gradient"
    return (
        f"no W ever moved, for {which} is exactly 0 from the start: all units of a layer compute the same and pass"
        " nothing back. The network gives every example the same answer"
    )


def _cost(value: float) -> str:
    return f"{value:.4f}" if 1e-4 <= value < 1e6 else f"{value:.4g}"


def remarks(experiment: Experiment, metrics: Mapping[str, Metrics]) -> list[str]:
    """Say in a line each what a training that came to its end shows of having learned nothing."""
    return [line for line in (_base_rate(experiment, metrics["train"]), _dead_layer(experiment)) if line]


def _base_rate(experiment: Experiment, measured: Metrics) -> str | None:
    """Say that a network does no better on the training examples than one answer for all of them."""
    classes, Y = experiment.dataset.interface.classes, experiment.dataset.parts["train"].Y
    if classes is None:
        r2 = measured["r2"]
        if r2 is None or r2 >= SKILL:
            return None
        said = f"the network does no better on the training examples than to say their mean for all (R² {r2:.3g})"
        return said + _out_of_reach(experiment)
    if experiment.spec.train.class_weights is not None:  # which give some accuracy up on purpose
        return None
    counts = np.bincount(classify(Y), minlength=len(classes))
    commonest, accuracy = int(counts.argmax()), measured["accuracy"]
    share = counts[commonest] / counts.sum()
    if accuracy is None or accuracy - share >= SKILL * (1 - share) > 0:
        return None
    return (
        f'the network does no better on the training examples than to say "{classes[commonest]}" for all of them:'
        f" accuracy {accuracy:.4f}, and {counts[commonest]:,} of {counts.sum():,} are of that class"
    )


def _out_of_reach(experiment: Experiment) -> str:
    """Say that the output cannot give the targets of a regression, or seldom comes so far, as the end of a message."""
    Y, output = experiment.dataset.parts["train"].Y, experiment.spec.output
    low, high = float(Y.min()), float(Y.max())
    floor, ceiling = REACH.get(output, (-np.inf, np.inf))
    if low < floor or high > ceiling:
        return f"; a {output} output gives {floor:g} to {ceiling:g}, and the targets go from {low:,.6g} to {high:,.6g}"
    if max(-low, high) > LARGE_TARGETS:
        return (
            f"; the targets reach {max(-low, high):,.6g}, far from where a network starts: train on smaller numbers,"
            " such as (y - mean) / standard deviation"
        )
    return ""


def _dead_layer(experiment: Experiment) -> str | None:
    """Say which hidden layer gives the same for every training example, if one does."""
    X = experiment.dataset.parts["train"].X
    ends: list[tuple[Array, Array]] = []  # of each hidden layer, the smallest and largest of each unit so far
    with np.errstate(over="ignore", invalid="ignore"):
        for _, run in experiment.model.network.blocks(X, {}):
            new = [(A.min(axis=1), A.max(axis=1)) for A in run.A[:-1]]
            ends = [
                (np.minimum(low, its_low), np.maximum(high, its_high))
                for (low, high), (its_low, its_high) in zip(ends or new, new, strict=True)
            ]
            if not any(_alike(low, high) for low, high in ends):
                return None
    for number, (low, high) in enumerate(ends, start=1):
        if X.shape[1] > 1 and _alike(low, high):
            gives = "the same" if low.any() or high.any() else "0"
            return (
                f"layer {number} is dead: each of its {len(low):,} units gives {gives} for every training example, so"
                " the network gives all of them one answer"
            )
    return None


def _alike(low: Array, high: Array) -> bool:
    """Tell whether no unit gives more than one value, but for rounding."""
    return bool((high - low <= SAME * np.maximum(np.abs(low), np.abs(high))).all())
