"""A criterion is what a cost is made of: the mean loss of the examples plus a penalty on every W.

With class weights every example's loss counts as often as its class says; the mean still divides by m.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nnctl.nn import Array
from nnctl.nn.losses import Loss
from nnctl.nn.network import Network, Pass


@dataclass(frozen=True)
class Criterion:
    """loss, and l2 / (2 m) * sum of squares of every W + l1 / m * sum of absolute values of every W."""

    loss: Loss
    l2: float = 0.0
    l1: float = 0.0
    class_weights: Sequence[float] | None = None  # of classes 0, 1, ...

    def of_pass(self, run: Pass, Y: Array) -> float:
        """Return the loss of a forward pass against Y (n[L], m), summed over outputs and examples."""
        costs = self.loss.costs(run.Z[-1], run.A[-1], Y)
        if self.class_weights is not None:
            costs = costs * self.example_weights(Y)
        return float(costs.sum())

    def example_weights(self, Y: Array, out: Array | None = None) -> Array:
        """Return the weight of each example (m,), that of its class in Y (n[L], m)."""
        weights = np.asarray(self.class_weights, Y.dtype)
        if len(Y) > 1:
            return np.dot(weights, Y, out=out)
        row: Array = np.multiply(Y[0], weights[1] - weights[0], out=out)
        return np.add(row, weights[0], out=row)

    def penalty(self, squares: float, absolutes: float, m: int) -> float:
        """Return the penalty from the sums of squares and of absolute values of every W."""
        return (self.l2 * squares / 2 + self.l1 * absolutes) / m

    def evaluate(self, network: Network, X: Array, Y: Array, passes: dict[int, Pass]) -> tuple[float, Array]:
        """Return the cost of a network on X (n[0], m) and Y (n[L], m), and its outputs (n[L], m)."""
        total, outputs = 0.0, np.empty(Y.shape, network.parameters.flat.dtype)
        for where, block in network.blocks(X, passes):
            total += self.of_pass(block, Y[:, where])
            outputs[:, where] = block.A[-1]
        weights, m = network.parameters.weights, X.shape[1]
        penalty = 0.0
        if self.l2 or self.l1:
            penalty = self.penalty(float(np.dot(weights, weights)), float(np.abs(weights).sum()), m)
        return total / m + penalty, outputs
