"""A network is its layer dims, its activations and its parameters; a Pass holds the arrays it works on.

Forward: Z[l] = W[l] A[l-1] + b[l], A[l] = g[l](Z[l]). Backward: dW[l] = dZ[l] A[l-1]', db[l] = sum of dZ[l]
over examples, dA[l-1] = W[l]' dZ[l] (course: "Forward and backward propagation", vectorized).
A Pass is made once for a number of examples m and used again, so that a step allocates nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from nnctl.nn import Array
from nnctl.nn.activations import Activation
from nnctl.nn.losses import Loss
from nnctl.nn.parameters import Parameters

BLOCK = 2048  # examples that are only run forward, at a time: their activations stay in the cache


@dataclass(frozen=True)
class Network:
    """Layers 1..L over n[0] inputs: one activation for each layer, W and b as views of `parameters`."""

    parameters: Parameters
    activations: Sequence[Activation]

    @property
    def layer_dims(self) -> tuple[int, ...]:
        """n[0], n[1], ..., n[L]."""
        return self.parameters.layer_dims

    def blocks(self, X: Array, passes: dict[int, "Pass"]) -> Iterator[tuple[slice, "Pass"]]:
        """Run X (n[0], m) forward in blocks of examples, so that memory stays small; `passes` are used again."""
        for start in range(0, X.shape[1], BLOCK):
            where = slice(start, min(start + BLOCK, X.shape[1]))
            width = where.stop - start
            if width not in passes:
                passes[width] = Pass(self, width)
            passes[width].forward(X[:, where])
            yield where, passes[width]

    def predict(self, X: Array) -> Array:
        """Return A[L] (n[L], m) for X (n[0], m)."""
        outputs = np.empty((self.layer_dims[-1], X.shape[1]), self.parameters.flat.dtype)
        with np.errstate(over="ignore"):  # e^-Z in the sigmoid: its limit is right
            for where, block in self.blocks(X, {}):
                outputs[:, where] = block.A[-1]
        return outputs


class Pass:
    """The arrays of one forward and backward pass of a network over m examples."""

    def __init__(self, network: Network, m: int) -> None:
        parameters = network.parameters
        dtype = parameters.flat.dtype
        last = len(parameters.W)
        self.m = m
        self.Z: list[Array] = []  # (n[l], m) each; hidden layers' A overwrite their Z
        self.A: list[Array] = []
        self.layers = []
        for number, (W, b, activation) in enumerate(
            zip(parameters.W, parameters.b, network.activations, strict=True), start=1
        ):
            Z = np.empty((W.shape[0], m), dtype)
            A = np.empty_like(Z) if number == last else Z  # a loss needs Z[L] and A[L]
            forward, pullback = activation(Z, A)
            self.Z.append(Z)
            self.A.append(A)
            self.layers.append((W, b, Z, A, forward, pullback))
        self.ones = np.ones(m, dtype)
        self.per_example = np.asarray(1 / m, dtype)
        self.dZ = [np.empty_like(Z) for Z in self.Z]

    def forward(self, X: Array) -> Array:
        """Return A[L] (n[L], m) of X (n[0], m): a live array, overwritten by the next call."""
        A = X
        for W, b, Z, A_next, activate, _ in self.layers:
            np.dot(W, A, out=Z)
            np.add(Z, b, out=Z)
            activate()
            A = A_next
        return A

    def backward(self, X: Array, Y: Array, loss: Loss, gradients: Parameters) -> None:
        """Write the gradients of the mean cost of the last forward pass, over X and Y, into `gradients`."""
        dZ = self.dZ[-1]
        loss.gradient(self.A[-1], Y, out=dZ)
        np.multiply(dZ, self.per_example, out=dZ)
        if not loss.of_logits:
            self.layers[-1][-1](dZ)
        for index in range(len(self.layers) - 1, 0, -1):
            A, dA = self.A[index - 1], self.dZ[index - 1]
            np.dot(dZ, A.T, out=gradients.W[index])
            np.dot(dZ, self.ones, out=gradients.b[index][:, 0])
            np.dot(self.layers[index][0].T, dZ, out=dA)
            self.layers[index - 1][-1](dA)
            dZ = dA
        np.dot(dZ, X.T, out=gradients.W[0])
        np.dot(dZ, self.ones, out=gradients.b[0][:, 0])

    def cost(self, Y: Array, loss: Loss) -> float:
        """Return the cost of the last forward pass: the sum over outputs, the mean over examples."""
        return float(loss.costs(self.Z[-1], self.A[-1], Y).sum() / self.m)
