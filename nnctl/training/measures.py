"""Measures are how good a network is on the parts of its data: its loss, and the metrics of its task."""

import math

import numpy as np

from nnctl.data.dataset import Dataset, Examples
from nnctl.data.interface import Interface
from nnctl.data.table import Table
from nnctl.denormals import flushed
from nnctl.nn import Array
from nnctl.nn.criterion import Criterion, Evaluation
from nnctl.nn.metrics import Metrics, classification, classify, labelling, regression
from nnctl.runs.model import Model


def measure(trained: Model, criterion: Criterion, dataset: Dataset) -> dict[str, Metrics]:
    """Return the loss and metrics of the network as it is on each part, and the cost on the training part."""
    measured = {}
    with flushed(), np.errstate(over="ignore", invalid="ignore"):
        for name, examples in dataset.parts.items():
            found = criterion.evaluate(trained.network, examples.X, examples.Y, {})
            measured[name] = metrics_of(examples, found, dataset.interface, with_cost=name == "train")
    return measured


def score(outputs: Array, Y: Array, table: Table, interface: Interface) -> Metrics:
    """Return the metrics of outputs (n[L], m), numbers in the targets' unit, against Y (n[L], m) of the table."""
    if interface.labels:
        return labelling(Y > 0.5, outputs > 0.5)
    if interface.classes is None:
        truth = Y if interface.unit.divisor is None else interface.numbers(table).T
        with np.errstate(over="ignore", invalid="ignore"):
            return regression(truth, outputs, None if table.y is None else table.y.dtype)
    return classification(classify(Y), classify(outputs), len(interface.classes), interface.positive)


def metrics_of(examples: Examples, found: Evaluation, interface: Interface, with_cost: bool = False) -> Metrics:
    """Return loss and metrics of an evaluation, None for what is not finite; only training examples have a cost."""
    cost = {"cost": found.cost} if with_cost else {}
    outputs = interface.in_units(found.outputs)
    measured = {"loss": found.loss, **cost, **score(outputs, examples.Y, examples.table, interface)}
    return {name: value if value is not None and math.isfinite(value) else None for name, value in measured.items()}
