"""A criterion is what a cost is made of: the mean loss of the training examples plus a penalty on every W.

With class weights every example's loss counts as often as its class says; the mean still divides by its examples.
The penalty divides by the number of *training* examples, whatever the batch: so the cost that is minimized does not
change with the batch size, and a short last batch is penalized like any other. The plain mean loss, without weights,
smoothing and penalty, is what other parts of the data have, so that numbers of parts can be compared.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from nnctl.nn import Array
from nnctl.nn.losses import Loss, Smoothed
from nnctl.nn.network import Forward, R, Run
from nnctl.team import ALONE, Team


class Evaluation(NamedTuple):
    """What a network comes to on X and Y: the plain mean loss, the cost (of training examples), A[L] (n[L], m)."""

    loss: float
    cost: float
    outputs: Array


@dataclass(frozen=True)
class Criterion:
    """loss, and l2 / (2 m) * sum of squares of every W + l1 / m * sum of absolute values of every W."""

    loss: Loss
    m: int  # the number of training examples
    l2: float = 0.0
    l1: float = 0.0
    class_weights: Sequence[float] | None = None  # of classes 0, 1, ...
    label_smoothing: float = 0.0

    @cached_property
    def minimized(self) -> Loss:
        """The loss that training minimizes, of smoothed targets where that is asked for."""
        return Smoothed(self.loss, self.label_smoothing) if self.label_smoothing else self.loss

    def sums(self, run: Run, Y: Array) -> tuple[float, float]:
        """Return the loss of a forward pass against Y (n[L], m), summed over outputs and examples: plain, and as it is
        minimized, smoothed and weighted.
        """
        Z, A = run.logits(self.loss), run.A[-1]
        costs = self.loss.costs(Z, A, Y)
        plain = float(costs.sum())
        if self.class_weights is None and not self.label_smoothing:
            return plain, plain
        if self.label_smoothing:
            costs = self.minimized.costs(Z, A, Y)
        return plain, float((costs if self.class_weights is None else costs * self.example_weights(Y)).sum())

    def example_weights(self, Y: Array, out: Array | None = None) -> Array:
        """Return the weight of each example (m,), that of its class in Y (n[L], m)."""
        weights = np.asarray(self.class_weights, Y.dtype)
        if len(Y) > 1:
            return np.dot(weights, Y, out=out)
        row: Array = np.multiply(Y[0], weights[1] - weights[0], out=out)
        return np.add(row, weights[0], out=row)

    def penalty(self, squares: float, absolutes: float) -> float:
        """Return the penalty from the sums of squares and of absolute values of every W."""
        return (self.l2 * squares / 2 + self.l1 * absolutes) / self.m

    def evaluate(
        self, network: Forward[R], X: Array, Y: Array, passes: dict[int, dict[int, R]], team: Team = ALONE
    ) -> Evaluation:
        """Return what a network comes to on X (n[0], m) and Y (n[L], m); each of a team has `passes` of its own."""
        outputs = np.empty(Y.shape, network.dtype)
        sums: dict[int, tuple[float, float]] = {}

        def some(member: int) -> None:
            for where, block in network.blocks(X, passes.setdefault(member, {}), member, team.size):
                sums[where.start] = self.sums(block, Y[:, where])
                outputs[:, where] = block.A[-1]

        team.run(some, team.size)
        plain, minimized = (sum(column) for column in zip(*(sums[start] for start in sorted(sums)), strict=True))
        m = X.shape[1]
        penalty = self.penalty(*network.magnitudes()) if self.l2 or self.l1 else 0.0
        return Evaluation(plain / m, minimized / m + penalty, outputs)
