"""Measures are how good a network is on the parts of its data: the cost, and the metrics of its task."""

import math

import numpy as np

from nnctl.data.dataset import Dataset, Examples
from nnctl.nn import Array
from nnctl.nn.criterion import Criterion
from nnctl.nn.metrics import Metrics, classification, classify, regression
from nnctl.runs.model import Model


def measure(trained: Model, criterion: Criterion, dataset: Dataset) -> dict[str, Metrics]:
    """Return the cost and metrics of the network as it is on each part."""
    measured, classes = {}, dataset.interface.classes
    with np.errstate(over="ignore", invalid="ignore"):
        for name, examples in dataset.parts.items():
            cost, outputs = criterion.evaluate(trained.network, examples.X, examples.Y, {})
            measured[name] = metrics_of(examples, cost, outputs, classes)
    return measured


def score(outputs: Array, Y: Array, classes: tuple[str, ...] | None) -> Metrics:
    """Return the metrics of outputs (n[L], m) against targets Y (n[L], m)."""
    if classes is None:
        return regression(Y, outputs)
    return classification(classify(Y), classify(outputs), len(classes))


def metrics_of(examples: Examples, cost: float, outputs: Array, classes: tuple[str, ...] | None) -> Metrics:
    measured = {"cost": cost, **score(outputs, examples.Y, classes)}
    return {name: value if value is not None and math.isfinite(value) else None for name, value in measured.items()}
