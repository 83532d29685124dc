"""The objective is what training makes small: the loss of a network's outputs plus the penalty on its W.

It keeps one Pass for each number of examples it meets (a full batch, or a batch size and a short last
batch) and one gradient vector, which every pass writes into.
"""

import numpy as np

from nnctl.nn import Array
from nnctl.nn.losses import Loss
from nnctl.nn.network import Network, Pass
from nnctl.nn.parameters import Parameters


class Objective:
    """The cost of a network on examples, and its gradients; `l2` adds l2 / (2 m) * sum of squares of every W."""

    def __init__(self, network: Network, loss: Loss, l2: float = 0.0) -> None:
        self.network = network
        self.parameters = network.parameters
        self.gradients = Parameters(network.layer_dims, network.parameters.flat.dtype)
        self._loss = loss
        self._l2 = l2
        self._scratch = np.empty_like(self.parameters.weights) if l2 else None
        self._passes: dict[int, Pass] = {}
        self._evaluation_passes: dict[int, Pass] = {}  # apart: a Step may still ask the others for its cost

    def differentiate(self, X: Array, Y: Array) -> None:
        """Run forward and backward over X (n[0], m) and Y (n[L], m); the result is in `gradients`."""
        run = self._pass(X.shape[1])
        run.forward(X)
        run.backward(X, Y, self._loss, self.gradients)
        if self._scratch is not None:
            np.multiply(self.parameters.weights, self._l2 / run.m, out=self._scratch)
            np.add(self.gradients.weights, self._scratch, out=self.gradients.weights)

    def cost(self, Y: Array) -> float:
        """Return the cost at the last `differentiate` over as many examples as Y (n[L], m) has."""
        run = self._pass(Y.shape[1])
        return run.cost(Y, self._loss) + self._penalty(run.m)

    def evaluate(self, X: Array, Y: Array) -> tuple[float, Array]:
        """Return the cost of the current parameters on X (n[0], m) and Y (n[L], m), and the outputs (n[L], m)."""
        total, outputs = 0.0, np.empty(Y.shape, self.parameters.flat.dtype)
        for where, block in self.network.blocks(X, self._evaluation_passes):
            total += float(self._loss.costs(block.Z[-1], block.A[-1], Y[:, where]).sum())
            outputs[:, where] = block.A[-1]
        return total / X.shape[1] + self._penalty(X.shape[1]), outputs

    def _pass(self, m: int) -> Pass:
        if m not in self._passes:
            self._passes[m] = Pass(self.network, m)
        return self._passes[m]

    def _penalty(self, m: int) -> float:
        weights = self.parameters.weights
        return float(np.dot(weights, weights)) * self._l2 / (2 * m) if self._l2 else 0.0
