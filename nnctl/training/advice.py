"""Advice after a training that diverged: what in its data, its start or its settings is the likeliest cause.

The causes are looked at in the order in which they hide each other: targets, features, the start, penalties. Only
where none of them stands out is it the learning rate.
"""

from math import pi, sqrt

import numpy as np

from nnctl.data.dataset import Dataset
from nnctl.nn.initializers import initializers
from nnctl.nn.parameters import initialize
from nnctl.spec.spec import Spec

LARGE_TARGETS = 100.0
LARGE_FEATURES = 30.0
LARGE_START = 5.0  # times the spread of He's scheme


def advice(spec: Spec, dataset: Dataset) -> str:
    """Return what to do about a training that diverged, in a sentence or two."""
    found = _targets(dataset) or _features(dataset) or _start(spec) or _penalty(spec, dataset)
    tenth = f"try a tenth of the learning rate, train.learning_rate: {spec.train.learning_rate / 10:g}"
    return f"{found}." if found else f"Most often the learning rate is too high: {tenth}."


def _targets(dataset: Dataset) -> str | None:
    largest = float(np.abs(dataset.parts["train"].Y).max())
    if dataset.interface.classes is not None or largest <= LARGE_TARGETS:
        return None
    return (
        f"The targets reach {largest:,.6g}, and errors of that size throw the parameters far off: train on smaller"
        " numbers, such as (y - mean) / standard deviation or y in thousands"
    )


def _features(dataset: Dataset) -> str | None:
    X = dataset.parts["train"].X
    reach = np.maximum(np.abs(X.min(axis=1)), np.abs(X.max(axis=1)))
    worst = int(reach.argmax())
    if reach[worst] <= LARGE_FEATURES:
        return None
    where = f"feature {worst} (counted from 0) reaches {reach[worst]:,.6g}"
    if dataset.interface.preparation.standardizes:
        return f"Although standardized, {where} standard deviations: look for outliers in it, or take its logarithm"
    return (
        f"The features are large, {where}: bring them to about 1 with data.scale: standardize, or a number to divide by"
    )


def _start(spec: Spec) -> str | None:
    parameters = initialize(spec.model.layer_dims, initializers.resolve(spec.model.init), spec.seed)
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
