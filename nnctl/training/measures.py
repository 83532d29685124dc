"""Measures are how good a network is on the parts of its data: its loss, and the metrics of its task."""

import math
from typing import TYPE_CHECKING

import numpy as np

from nnctl.data.dataset import Dataset, Examples
from nnctl.data.interface import Interface
from nnctl.data.table import Table
from nnctl.denormals import flushed
from nnctl.nn import Array
from nnctl.nn.criterion import Criterion, Evaluation
from nnctl.nn.losses import Loss, losses, losses_of
from nnctl.nn.metrics import Metrics, classification, classify, labelling, regression
from nnctl.runs.model import Model

if TYPE_CHECKING:
    from nnctl.nn.samples import Sample


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


def known(examples: Examples, interface: Interface) -> list[float]:
    """Return what the targets of training rows say of all rows: the share of each class or label, or each mean."""
    if interface.classes is None and not interface.labels:
        with np.errstate(over="ignore", invalid="ignore"):
            return interface.numbers(examples.table).mean(axis=0, dtype=np.float64).tolist()
    if interface.labels:
        return (examples.Y > 0.5).mean(axis=1).tolist()
    assert interface.classes is not None
    counts = np.bincount(classify(examples.Y), minlength=len(interface.classes))
    return (counts / examples.m).tolist()


def metrics_of(examples: Examples, found: Evaluation, interface: Interface, with_cost: bool = False) -> Metrics:
    """Return loss and metrics of an evaluation, None for what is not finite; only training examples have a cost."""
    cost = {"cost": found.cost} if with_cost else {}
    outputs = interface.in_units(found.outputs)
    measured = {"loss": found.loss, **cost, **score(outputs, examples.Y, examples.table, interface)}
    return {name: value if value is not None and math.isfinite(value) else None for name, value in measured.items()}


def cross_entropy_of(output: str) -> Loss | None:
    """Return what a true class or label costs at the logits of an output activation, or None for numbers."""
    loss = losses[losses_of(output)[0]]()
    return loss if loss.of_logits else None


def sample_of(interface: Interface, output: str, truth: Array, outputs: Array, logits: Array | None = None) -> "Sample":
    """Return what a network answered beside the truth: class indices (m,), labels or numbers (n[L], m).

    What the truth costs is worked out from the logits Z[L] (n[L], m), never from the logarithm of a rounded 0. `output`
    is the last activation: several sigmoid units have no probabilities of one choice.
    """
    from nnctl.nn.samples import Classes, Labels, Numbers  # which to train nobody needs

    if interface.classes is None and not interface.labels:
        return Numbers(truth, outputs)
    loss, costs, n = cross_entropy_of(output), None, len(outputs)
    choices = interface.labels or n == 1 or output == "softmax"
    if logits is not None and loss is not None and choices:
        Y = truth > 0.5 if interface.labels else truth[None] if n == 1 else np.arange(n)[:, None] == truth
        costs = loss.costs(logits, outputs, Y)
    if interface.labels:
        return Labels.of(truth > 0.5, outputs, costs)
    return Classes.of(truth, outputs, None if costs is None else costs[0], interface.positive)
