"""A network is its layers: parameters and activations. A pass holds the arrays to run it over m examples.

Forward: Z[l] = W[l] A[l-1] + b[l], A[l] = g[l](Z[l]). Backward: dW[l] = dZ[l] A[l-1]', db[l] = sum of dZ[l]
over examples, dA[l-1] = W[l]' dZ[l] (course: "Forward and backward propagation", vectorized). A[0] is X, or what a
front makes of it.
A pass is made once for a number of examples and used again, so that a step allocates nothing.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from nnctl.denormals import flushed
from nnctl.nn import Array
from nnctl.nn.activations import Activation, Bound
from nnctl.nn.front import FrontPass
from nnctl.nn.losses import Loss
from nnctl.nn.parameters import Parameters

NONE: Mapping[int, Array] = {}  # dropout masks
BLOCK = 2048  # examples that are only run forward, at a time: their activations stay in the cache
WIDE = 2**23  # numbers that a front makes of them at most


class Run(Protocol):
    """A forward pass: `forward` runs X (n[0], m), after which the last of `A` are the outputs, and `logits` their Z."""

    A: list[Array]

    def forward(self, X: Array) -> None: ...

    def logits(self, loss: Loss) -> Array: ...


R = TypeVar("R", bound=Run)


class Forward(ABC, Generic[R]):
    """What runs examples forward: a network, or several."""

    @property
    @abstractmethod
    def outputs(self) -> int:
        """n[L]."""

    @property
    @abstractmethod
    def dtype(self) -> np.dtype[Any]:
        """The type of its numbers."""

    @abstractmethod
    def over(self, m: int) -> R:
        """Return a pass over m examples."""

    @abstractmethod
    def magnitudes(self) -> tuple[float, float]:
        """Return the sum of squares and of absolute values of every W."""

    @property
    def together(self) -> int:
        """How many examples are run forward at a time."""
        return BLOCK

    def blocks(self, X: Array, passes: dict[int, R], first: int = 0, every: int = 1) -> Iterator[tuple[slice, R]]:
        """Run X (n[0], m) forward in blocks of examples, so that memory stays small; `passes` are used again.

        `first` and `every` leave blocks to others.
        """
        most = self.together
        for start in range(first * most, X.shape[1], every * most):
            where = slice(start, min(start + most, X.shape[1]))
            width = where.stop - start
            if width not in passes:
                passes[width] = self.over(width)
            passes[width].forward(X[:, where])
            yield where, passes[width]

    def predict(
        self, X: Array, passes: dict[int, R] | None = None, logits: Array | None = None, loss: Loss | None = None
    ) -> Array:
        """Return A[L] (n[L], m) for X (n[0], m); `passes` from earlier calls are used again.

        The Z[L] of a loss are written into `logits`, where both are given.
        """
        outputs = np.empty((self.outputs, X.shape[1]), self.dtype)
        with flushed(), np.errstate(over="ignore"):  # e^-Z in the sigmoid: its limit is right
            for where, block in self.blocks(X, {} if passes is None else passes):
                outputs[:, where] = block.A[-1]
                if logits is not None and loss is not None:
                    logits[:, where] = block.logits(loss)
        return outputs


@dataclass(frozen=True)
class Network(Forward["Pass"]):
    """Layers 1..L over n[0] inputs: one activation for each layer, W, b and a front's own as views of `parameters`."""

    parameters: Parameters
    activations: Sequence[Activation]

    @property
    def layer_dims(self) -> tuple[int, ...]:
        """n[0], n[1], ..., n[L]."""
        return self.parameters.layer_dims

    @property
    def outputs(self) -> int:
        """n[L]."""
        return self.layer_dims[-1]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the parameters."""
        return self.parameters.flat.dtype

    @property
    def together(self) -> int:
        """How many examples are run forward at a time."""
        front = self.parameters.front
        return min(BLOCK, max(1, WIDE // front.width)) if front else BLOCK

    def over(self, m: int) -> "Pass":
        """Return a pass over m examples."""
        return Pass(self, m, by_rows=True)

    def magnitudes(self) -> tuple[float, float]:
        """Return the sum of squares and of absolute values of every W."""
        weights = self.parameters.weights
        return float(np.dot(weights, weights)), float(np.abs(weights).sum())


class Pass:
    """A forward pass over m examples. `Z` and `A` hold a (n[l], m) array for each layer; hidden A overwrite their Z.

    `masks` has a dropout mask (n[l], m) for the hidden layers of these indices. With `by_rows` an example is a row of
    memory in hidden layers: the tall narrow products of a prediction are a third faster that way.
    """

    def __init__(
        self,
        network: Network,
        m: int,
        masks: Mapping[int, Array] = NONE,
        by_rows: bool = False,
        gradients: Parameters | None = None,
    ) -> None:
        parameters = network.parameters
        own = gradients.of_front if gradients else None
        self.front = FrontPass(parameters.front, m, parameters.of_front, own) if parameters.front else None
        dtype = parameters.flat.dtype
        last = len(parameters.W) - 1
        self.m = m
        self.Z: list[Array] = [
            np.empty((m, len(W)), dtype).T if by_rows else np.empty((len(W), m), dtype) for W in parameters.W[:-1]
        ]
        self.Z.append(np.empty((len(parameters.W[-1]), m), dtype))
        self.A: list[Array] = [*self.Z[:-1], np.empty_like(self.Z[-1])]  # a loss needs Z[L] and A[L]
        self.passed_on = list(self.A)  # what the next layer gets
        self.bound: list[Bound] = []
        for index, (Z, A, activation) in enumerate(zip(self.Z, self.A, network.activations, strict=True)):
            bound = activation(Z, A)
            if index in masks:
                self.passed_on[index] = np.empty_like(A)
                bound = _dropped(bound, A, masks[index], self.passed_on[index])
            self.bound.append(bound)
        self._first = parameters.W[0]
        self._first_layer = (parameters.b[0], self.Z[0], self.bound[0][0])
        self._layers = [
            (
                *_product(parameters.W[index], self.passed_on[index - 1], self.Z[index]),
                parameters.b[index],
                self.Z[index],
                self.bound[index][0],
            )
            for index in range(1, last + 1)
        ]

    def forward(self, X: Array) -> None:
        """Work out every Z and A for X (n[0], m)."""
        entering = self.front.forward(X) if self.front else X
        np.dot(*_product(self._first, entering, self.Z[0]))
        self.onward()

    def logits(self, loss: Loss) -> Array:
        """Return Z[L] (n[L], m), whatever the loss."""
        return self.Z[-1]

    def onward(self) -> None:
        """Work out all that follows from W1 X, which stands in Z[0]."""
        b, Z, activate = self._first_layer
        np.add(Z, b, Z)
        activate()
        for left, right, out, b, Z, activate in self._layers:
            np.dot(left, right, out)
            np.add(Z, b, Z)
            activate()


class TrainingPass(Pass):
    """A forward and backward pass over m examples that writes into `gradients`.

    `scale` is what each example counts in the mean: one number, or with class weights a row (m,).
    """

    def __init__(
        self, network: Network, m: int, gradients: Parameters, scale: Array, masks: Mapping[int, Array] = NONE
    ) -> None:
        super().__init__(network, m, masks, gradients=gradients)
        dtype = gradients.flat.dtype
        last = len(self.Z) - 1
        self.scale = scale
        self.dZ: list[Array] = [np.empty_like(Z) for Z in self.Z]
        self._ones = np.ones(m, dtype)
        self._dW1 = gradients.W[0]
        self._db1 = gradients.b[0][:, 0]
        self._dA0: Array | None = np.empty_like(self.front.A) if self.front else None
        self._back = [
            (
                self.dZ[index],
                self.passed_on[index - 1].T,
                gradients.W[index],
                gradients.b[index][:, 0],
                network.parameters.W[index].T,
                self.dZ[index - 1],
                self.bound[index - 1][1],
            )
            for index in range(last, 0, -1)
        ]

    def backward(self, X: Array, Y: Array, loss: Loss) -> None:
        """Write the gradients of the mean cost of the last forward pass, over X (n[0], m) and Y (n[L], m)."""
        self.back_to_first(Y, loss)
        if self.front is None:
            np.dot(self.dZ[0], X.T, self._dW1)
            return
        assert self._dA0 is not None
        np.dot(self.dZ[0], self.front.A.T, self._dW1)
        np.dot(self._first.T, self.dZ[0], self._dA0)
        self.front.backward(self._dA0)

    def back_to_first(self, Y: Array, loss: Loss) -> None:
        """Write all gradients but that of W1 and what is before it, and dZ[0]."""
        dZ = self.dZ[-1]
        loss.gradient(self.A[-1], Y, dZ)
        np.multiply(dZ, self.scale, dZ)
        if not loss.of_logits:
            self.bound[-1][1](dZ)
        for dZ, A_transposed, dW, db, W_transposed, dA, pullback in self._back:
            np.dot(dZ, A_transposed, dW)
            np.dot(dZ, self._ones, db)
            np.dot(W_transposed, dZ, dA)
            pullback(dA)
        np.dot(self.dZ[0], self._ones, self._db1)


def _product(W: Array, A: Array, Z: Array) -> tuple[Array, Array, Array]:
    """Return what to multiply, and where to write it, for Z = W A: BLAS writes rows of memory only."""
    return (W, A, Z) if Z.flags.c_contiguous else (A.T, W.T, Z.T)


def _dropped(bound: Bound, A: Array, mask: Array, out: Array) -> Bound:
    """Return a bound activation followed by a dropout mask: out = A * mask."""
    activate, pullback = bound

    def forward() -> None:
        activate()
        np.multiply(A, mask, out)

    def back(dA: Array) -> None:
        np.multiply(dA, mask, dA)
        pullback(dA)

    return forward, back
