"""A loss says how far the outputs are from the targets, and in which direction to move.

`costs` gives every output's share of the cost for every example; the cost is their sum over outputs and
mean over examples. Cross-entropies take the logits Z and give dZ at once, so nothing is ever log(0);
the others take A, give dA, and the output's own pullback does the rest. Training may minimize a cross-entropy
against smoothed targets.
"""

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from nnctl.nn import Array
from nnctl.nn.activations import activations
from nnctl.registry import Registry


class Loss(ABC):
    """What a loss must say of itself. Z, A and Y have shape (n[L], m)."""

    outputs: ClassVar[tuple[str, ...]]  # the output activations it goes with
    of_logits: ClassVar[bool]  # `gradient` writes dZ rather than dA

    @abstractmethod
    def costs(self, Z: Array, A: Array, Y: Array) -> Array:
        """Return the cost of each output and example, or of each example: (n[L], m) or (1, m)."""

    @abstractmethod
    def gradient(self, A: Array, Y: Array, out: Array) -> None:
        """Write the derivative of the summed costs by Z (`of_logits`) or by A into `out` (n[L], m)."""

    def even(self, n: int) -> float | None:
        """Return the target of each of n outputs that knows nothing of the class; None where targets are no shares."""
        return None

    def logits_of_mean(self, Z: Array) -> Array:
        """Return the logits (n[L], m) whose outputs are the mean of those of logits Z (networks, n[L], m), where a loss
        looks at logits; worked out from logarithms of probabilities, of which none is too small.
        """
        return Z.mean(axis=0)


losses: Registry[type[Loss]] = Registry("loss")


def losses_of(output: str) -> list[str]:
    """Return the losses that go with an output activation; the first is its default."""
    return [name for name, loss in losses.items() if output in loss.outputs]


@losses
class binary_cross_entropy(Loss):
    """-Y log p - (1 - Y) log(1 - p) with p = sigmoid(Z), which is log(1 + e^Z) - Y Z."""

    outputs = ("sigmoid",)
    of_logits = True

    def costs(self, Z: Array, A: Array, Y: Array) -> Array:
        return np.logaddexp(0, Z) - Y * Z

    def gradient(self, A: Array, Y: Array, out: Array) -> None:
        np.subtract(A, Y, out=out)

    def even(self, n: int) -> float:
        return 0.5

    def logits_of_mean(self, Z: Array) -> Array:
        yes, no = (np.logaddexp.reduce(-np.logaddexp(0, sign * Z), axis=0) for sign in (-1, 1))
        return yes - no


@losses
class categorical_cross_entropy(Loss):
    """-sum of Y log p with p = softmax(Z), which is log(sum of e^Z) - sum of Y Z; Y is one-hot."""

    outputs = ("softmax",)
    of_logits = True

    def costs(self, Z: Array, A: Array, Y: Array) -> Array:
        top = Z.max(axis=0, keepdims=True)
        return np.log(np.exp(Z - top).sum(axis=0, keepdims=True)) + top - (Y * Z).sum(axis=0, keepdims=True)

    def gradient(self, A: Array, Y: Array, out: Array) -> None:
        np.subtract(A, Y, out=out)

    def even(self, n: int) -> float:
        return 1 / n

    def logits_of_mean(self, Z: Array) -> Array:
        shares = Z - np.logaddexp.reduce(Z, axis=1, keepdims=True)
        return np.logaddexp.reduce(shares, axis=0)


@losses
class mean_squared_error(Loss):
    """(A - Y)^2, without a factor 1/2."""

    outputs = tuple(activations)
    of_logits = False

    def costs(self, Z: Array, A: Array, Y: Array) -> Array:
        return np.square(A - Y)

    def gradient(self, A: Array, Y: Array, out: Array) -> None:
        np.subtract(A, Y, out=out)
        np.multiply(out, 2, out=out)


@losses
class mean_absolute_error(Loss):
    """|A - Y|; the slope at A = Y is 0."""

    outputs = tuple(activations)
    of_logits = False

    def costs(self, Z: Array, A: Array, Y: Array) -> Array:
        return np.abs(A - Y)

    def gradient(self, A: Array, Y: Array, out: Array) -> None:
        np.subtract(A, Y, out=out)
        np.sign(out, out=out)


class Smoothed(Loss):
    """A cross-entropy against (1 - share) Y + share / K, K being the classes that an output tells apart: the network is
    not to become surer than that (label smoothing, Szegedy et al. 2016, section 7).
    """

    of_logits = True

    def __init__(self, loss: Loss, share: float) -> None:
        self.loss, self.share = loss, share

    def costs(self, Z: Array, A: Array, Y: Array) -> Array:
        return self.loss.costs(Z, A, self._smooth(Y, np.empty_like(Y)))

    def gradient(self, A: Array, Y: Array, out: Array) -> None:
        self.loss.gradient(A, self._smooth(Y, out), out)

    def _smooth(self, Y: Array, out: Array) -> Array:
        even = self.loss.even(len(Y))
        assert even is not None
        np.multiply(Y, 1 - self.share, out=out)
        return np.add(out, self.share * even, out=out)
