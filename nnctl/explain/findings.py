"""Findings are what is measured of one training: at its start, at its end, and in how its cost went between them.

They are numbers of the training examples and say nothing by themselves; `diagnosis` puts them into words.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from nnctl.data.dataset import Examples
from nnctl.data.portions import Portions
from nnctl.nn import Array
from nnctl.nn.metrics import Metrics, classify
from nnctl.nn.network import Network
from nnctl.nn.objective import Objective
from nnctl.nn.parameters import Parameters
from nnctl.nn.rounding import moments
from nnctl.training.experiment import Experiment

TOGETHER = 2**14  # examples
SURE = 0.99  # the probability of a class above which an output is called saturated
SAME = 1e-12  # of a unit's activation: what rounding leaves of no difference
ROUNDING = 4096  # units in the last place that it leaves of weights after many updates, 1e-12 in float64
SKILL = 0.01  # the share of what one answer for all gets wrong that a network must make good to be above it
LEARNED = 0.1  # the same, to be more than a little above it, and of the first cost, to have learned
SETTLED = 0.9  # the same, for how its cost went in the end to be of no more interest
LOGGED = 10  # costs without which nothing is said of how they went
SWING = 0.1  # of the usual cost: a rise that is more than noise
SWINGING = 0.25  # the share of such rises in the second half from which a cost does not settle
FALLING = 0.05  # of the whole fall, in the last tenth: from there on a cost is still falling


@dataclass(frozen=True)
class Start:
    """What an untrained network shows."""

    cost: float
    gradients: Mapping[str, float]  # the largest absolute gradient of W1, b1, ...
    saturated: float | None  # the share of examples with a class above SURE; None for regression
    mistaken: float | None  # the share of them for which that class is the wrong one
    input_spread: float  # the largest standard deviation of a feature over the examples
    output_spread: float  # and of an output
    alike: bool  # all units of the first hidden layer have the same weights

    @classmethod
    @np.errstate(over="ignore", invalid="ignore")
    def of(cls, experiment: Experiment) -> "Start":
        """Measure the initial parameters on the training examples."""
        examples = experiment.dataset.parts["train"]
        objective = Objective(experiment.model.networks[0], experiment.criterion)
        _differentiate(objective, examples)
        _, cost, outputs = objective.evaluate(examples.X, examples.Y)
        saturated = mistaken = None
        if experiment.spec.classifies:
            sure = (np.maximum(outputs, 1 - outputs)[0] if len(outputs) == 1 else outputs.max(axis=0)) > SURE
            saturated = float(sure.mean())
            mistaken = float((sure & (classify(outputs) != classify(examples.Y))).mean())
        return cls(
            cost,
            {name: float(np.abs(g).max()) for name, g in objective.gradients.items()},
            saturated,
            mistaken,
            float(moments(Portions(examples.X.T))[1].max()),
            float(outputs.std(axis=1).max()),
            units_alike(experiment.model.parameters, but_for_rounding=False),
        )


def _differentiate(objective: Objective, examples: Examples) -> None:
    """Bring the gradients over all examples into an objective, some examples at a time: they may be on disk."""
    total = np.zeros_like(objective.g)
    for start in range(0, examples.m, TOGETHER):
        X, Y = (part[:, start : start + TOGETHER] for part in (examples.X, examples.Y))
        objective.differentiate(X, Y)
        total += objective.g * (Y.shape[1] / examples.m)
    np.copyto(objective.g, total)


@dataclass(frozen=True)
class DeadLayer:
    """A hidden layer whose units give the same for every training example."""

    number: int
    units: int
    silent: bool  # what they give is 0


@dataclass(frozen=True)
class End:
    """What a trained network shows."""

    measured: Metrics
    positive: str | None  # of two classes the one that precision and recall are of
    commonest: str | None  # in words, what most training examples are, of a class or label by label; None for numbers
    own: int  # how many answers that gets right
    m: int  # of how many
    weighted: bool  # whether some accuracy was given up on purpose, by class weights
    output: str  # the activation of the last layer
    targets: tuple[float, float]  # the lowest and the highest
    dead: DeadLayer | None

    @classmethod
    def of(cls, experiment: Experiment, measured: Metrics) -> "End":
        """Measure the parameters as they are; `measured` are their metrics on the training examples."""
        interface, Y = experiment.dataset.interface, experiment.dataset.parts["train"].Y
        classes = interface.classes
        commonest, own = None, 0
        if classes:
            counts = np.bincount(classify(Y), minlength=len(classes))
            commonest, own = f'"{classes[int(counts.argmax())]}"', int(counts.max())
        elif interface.labels:
            ones = Y.sum(axis=1)
            commonest, own = "the commoner answer of each label", int(np.maximum(ones, Y.shape[1] - ones).sum())
        return cls(
            measured,
            classes[interface.positive] if classes and len(classes) == 2 else None,
            commonest,
            own,
            Y.size if interface.labels else Y.shape[1],
            experiment.spec.train.class_weights is not None,
            experiment.spec.output,
            (float(Y.min()), float(Y.max())),
            _dead_layer(experiment),
        )

    @property
    def skill(self) -> float | None:
        """The share of what one answer for all gets wrong that this network makes good; None where it is not known."""
        if self.commonest is None:
            return self.measured["r2"]
        accuracy, base = self.measured["accuracy"], self.own / self.m
        if self.weighted or accuracy is None:
            return None
        return (accuracy - base) / (1 - base) if self.own < self.m else 0.0

    @property
    def at_base_rate(self) -> bool:
        """Whether one answer for all would do as well."""
        return self.skill is not None and self.skill < SKILL

    @property
    def above_base_rate(self) -> bool:
        """Whether it is known to be more than a little above it."""
        return self.skill is not None and self.skill >= LEARNED

    @property
    def settled(self) -> bool:
        """Whether it does so well that it does not matter how its cost went in the end."""
        return self.skill is not None and self.skill >= SETTLED


@dataclass(frozen=True)
class Diagnosis:
    """The numbers of one training from its start to its end."""

    start: Start
    end: End
    moved: bool  # whether any W did
    alike: bool  # the units of the first hidden layer have the same weights at the start and at the end
    stopped: bool = False  # before its last iteration
    kept: int | None = None  # with early stopping: the iteration whose parameters these are

    @property
    def learned(self) -> bool:
        """Whether it did more than a little better than one answer for all, and than it started."""
        last = self.end.measured["cost"]
        return self.end.above_base_rate and last is not None and last < (1 - LEARNED) * self.start.cost


def moved(before: Parameters, after: Parameters) -> bool:
    """Tell whether any W differs between two sets of parameters."""
    return any((old != new).any() for old, new in zip(before.W, after.W, strict=True))


def units_alike(parameters: Parameters, but_for_rounding: bool) -> bool:
    """Tell whether all units of the first hidden layer, if there is one, have the same weights.

    Steps that are alike are rounded in different ways; what that leaves is small beside the largest weight, or 1.
    """
    W = parameters.W[0]
    if len(parameters.W) == 1 or len(W) == 1:
        return False
    same = ROUNDING * np.finfo(W.dtype).eps if but_for_rounding else 0
    return bool((np.abs(W - W[:1]) <= same * max(1, np.abs(W).max())).all())


def swings(costs: Array) -> tuple[int, int, float, float] | None:
    """Return how often logged costs (n,) rose in their second half, of how many changes, and between what they went.

    None where they did so seldom or little: a cost that is noisy and one that settles both rise now and then.
    """
    half = costs[len(costs) // 2 :]
    if len(costs) < LOGGED:
        return None
    rises = int((np.diff(half) > SWING * np.median(half)).sum())
    if rises < SWINGING * (len(half) - 1):
        return None
    return rises, len(half) - 1, float(half.min()), float(half.max())


def still_falling(costs: Array) -> bool:
    """Tell whether the mean of the last tenth of logged costs (n,) is so far below that of the tenth before."""
    tenth = len(costs) // 10
    if len(costs) < LOGGED:
        return False
    last, before = costs[-tenth:].mean(), costs[-2 * tenth : -tenth].mean()
    return bool(before - last >= FALLING * (costs[0] - last) > 0)


def _dead_layer(experiment: Experiment) -> DeadLayer | None:
    """Return the first hidden layer that gives the same for every training example, if one does in some network."""
    X = experiment.dataset.parts["train"].X
    return next(filter(None, (_dead_layer_of(network, X) for network in experiment.model.networks)), None)


def _dead_layer_of(network: Network, X: Any) -> DeadLayer | None:
    ends: list[tuple[Array, Array]] = []  # of each hidden layer, the smallest and largest of each unit so far
    with np.errstate(over="ignore", invalid="ignore"):
        for _, run in network.blocks(X, {}):
            new = [(A.min(axis=1), A.max(axis=1)) for A in run.A[:-1]]
            ends = [
                (np.minimum(low, its_low), np.maximum(high, its_high))
                for (low, high), (its_low, its_high) in zip(ends or new, new, strict=True)
            ]
            if not any(_still(low, high) for low, high in ends):
                return None
    for number, (low, high) in enumerate(ends, start=1):
        if X.shape[1] > 1 and _still(low, high):
            return DeadLayer(number, len(low), not (low.any() or high.any()))
    return None


def _still(low: Array, high: Array) -> bool:
    """Tell whether no unit gives more than one value, but for rounding."""
    return bool((high - low <= SAME * np.maximum(np.abs(low), np.abs(high))).all())
