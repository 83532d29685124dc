"""Advice after a training that diverged: what in its data, its start or its settings is the likeliest cause.

The causes are looked at in the order in which they hide each other: a learning rate beyond all sense, targets,
features, the start, penalties. Only where none of them stands out is it the learning rate again.
"""

from math import pi, sqrt

import numpy as np

from nnctl.data.dataset import Dataset
from nnctl.data.ranges import extent
from nnctl.nn.initializers import initializers
from nnctl.nn.optimizers import optimizers
from nnctl.nn.parameters import initialize
from nnctl.registry import Choice
from nnctl.spec.spec import Spec
from nnctl.training.assembly import front_of

LINEAR_RATE, ADAPTIVE_RATE = 0.01, 0.001  # usual where updates are linear in the gradients, and where they are not
LARGE_TARGETS = 3.0  # times the learning rate: from there on smaller targets help more often than a tenth of the rate
SAFE_RATE = 0.1  # with it or a lower one targets of about 1 do not diverge
LARGE_FEATURES = 30.0
LARGE_START = 5.0  # times the spread of He's scheme


def advice(spec: Spec, dataset: Dataset) -> str:
    """Return what to do about a training that diverged, in a sentence or two."""
    found = _rate(spec) or _targets(spec, dataset) or _features(dataset) or _start(spec, dataset)
    found = found or _penalty(spec, dataset)
    return f"{found or _lower_rate(spec)}."


def _usual_rate(spec: Spec) -> float:
    return LINEAR_RATE if optimizers[spec.train.optimizer.name].linear else ADAPTIVE_RATE


def _rate(spec: Spec) -> str | None:
    return _lower_rate(spec) if spec.train.learning_rate > 1000 * _usual_rate(spec) else None


def _lower_rate(spec: Spec) -> str:
    rate, usual = spec.train.learning_rate, _usual_rate(spec)
    if rate > 100 * usual:
        return (
            f"The learning rate is too high: try one that is usual with {spec.train.optimizer.name},"
            f" train.learning_rate: {usual:g}"
        )
    return (
        "Most often the learning rate is too high: try a tenth of the learning rate,"
        f" train.learning_rate: {rate / 10:g}"
    )


def _targets(spec: Spec, dataset: Dataset) -> str | None:
    training, largest = spec.train, float(np.abs(dataset.parts["train"].Y).max())
    hidden, clipped = len(spec.model.layer_dims) > 2, training.clip_value or training.clip_norm
    if training.loss != Choice("mean_squared_error") or not hidden or clipped:
        return None  # the size of the targets does not change what is stable
    if not optimizers[training.optimizer.name].linear:
        return None  # nor the size of an update
    if min(training.learning_rate, SAFE_RATE) * largest <= LARGE_TARGETS:
        return None
    return (
        f"The targets reach {largest:,.6g}, and errors of that size throw the parameters far off: train on smaller"
        " numbers, such as data.scale_target: standardize makes of them (predictions keep their unit)"
    )


def _features(dataset: Dataset) -> str | None:
    reach = np.abs(extent(dataset.parts["train"].X.T)).max(axis=0)
    worst = int(reach.argmax())
    if reach[worst] <= LARGE_FEATURES:
        return None
    where = f"feature {worst} (counted from 0) reaches {reach[worst]:,.6g}"
    if dataset.interface.preparation.centred:
        return f"Although scaled, {where}: look for outliers in it, take its logarithm, or data.scale: robust"
    return (
        f"The features are large, {where}: bring them to about 1 with data.scale: standardize, or a number to divide by"
    )


def _start(spec: Spec, dataset: Dataset) -> str | None:
    initializer, front = initializers.resolve(spec.model.init), front_of(spec, dataset)
    parameters = initialize(spec.model.layer_dims, initializer, spec.seed, front=front)
    for number, W in enumerate(parameters.W, start=1):
        spread = float(np.abs(W).mean()) * sqrt(pi / 2)  # of a normal draw; a square could overflow
        if spread > LARGE_START * sqrt(2 / W.shape[1]):
            return (
                f"The initial parameters are large: W{number} starts with a spread of {spread:.3g}, where He's scheme"
                f" has {sqrt(2 / W.shape[1]):.3g}; try model.init: he"
            )
    return None


def _penalty(spec: Spec, dataset: Dataset) -> str | None:
    training = spec.train
    shrinking = {
        "train.l2": training.learning_rate * training.l2 / dataset.parts["train"].m,
        "train.optimizer.weight_decay": training.learning_rate * training.optimizer.options.get("weight_decay", 0.0),
    }
    key, share = max(shrinking.items(), key=lambda item: item[1])
    if share <= 1:
        return None
    return f"{key} takes more than all of every W at each update ({share:.3g} times): make it smaller"
