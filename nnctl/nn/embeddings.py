"""An embedding turns each number among the inputs into several, by functions of its own that are learned.

Each is one dataclass whose fields are its options in YAML. It says which arrays its parameters are, draws them, and is
bound once to the numbers x (count, m) and to what they become, `out` (count, outputs, m), as an activation is to its
layer: after that `forward()` writes `out`, and `pullback(dout)` the gradients of the parameters. dout may be used up.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.random import RandomState

from nnctl.nn import Array
from nnctl.registry import Interval, Positive, Registry

Forward = Callable[[], None]
Pullback = Callable[[Array], None]
Named = Mapping[str, Array]  # the arrays of parameters, or of their gradients, by name
Few = Annotated[int, Interval(ge=1, le=1000)]

VALUES = 2**16  # of waves at a time, so that they stay in the processor's cache


@dataclass(frozen=True, kw_only=True)
class Embedding(ABC):
    """`outputs` is how many inputs of layer 1 a number becomes, beside itself."""

    outputs: Few

    @abstractmethod
    def shapes(self, count: int) -> dict[str, tuple[int, ...]]:
        """Return the shapes of the parameters for so many numbers, by name."""

    @abstractmethod
    def draw(self, stream: RandomState, parameters: Named) -> None:
        """Write the first parameters."""

    @abstractmethod
    def bind(self, x: Array, out: Array, parameters: Named) -> Forward:
        """Return what writes `out`."""

    @abstractmethod
    def bind_both(self, x: Array, out: Array, parameters: Named, gradients: Named) -> tuple[Forward, Pullback]:
        """Return what writes `out`, and what turns the gradient of `out` into those of the parameters."""


embeddings: Registry[type[Embedding]] = Registry("embedding")


@embeddings
@dataclass(frozen=True, kw_only=True)
class periodic(Embedding):
    """weights cos(2 pi frequencies x + phases) + biases: PBLD (RealMLP, Holzmueller et al. 2024, section 3; periodic
    features: Gorishniy et al. 2022). At the start a frequency is sigma randn, a phase uniform in (-pi, pi), a weight or
    bias uniform within 1 / sqrt(frequencies).
    """

    outputs: Few = 3
    frequencies: Few = 16
    sigma: Positive = 0.1

    def shapes(self, count: int) -> dict[str, tuple[int, ...]]:
        waves = (count, self.frequencies)
        return {
            "frequencies": waves,
            "phases": waves,
            "weights": (count, self.outputs, self.frequencies),
            "biases": (count, self.outputs),
        }

    def draw(self, stream: RandomState, parameters: Named) -> None:
        frequencies, phases = parameters["frequencies"], parameters["phases"]
        frequencies[...] = self.sigma * stream.randn(*frequencies.shape)
        phases[...] = stream.uniform(-np.pi, np.pi, phases.shape)
        reach = 1 / np.sqrt(self.frequencies)
        for name in ("weights", "biases"):
            parameters[name][...] = stream.uniform(-reach, reach, parameters[name].shape)

    def bind(self, x: Array, out: Array, parameters: Named) -> Forward:
        parts = self._parts(x)
        waves = np.empty((max(part.stop - part.start for part in parts), self.frequencies, x.shape[1]), x.dtype)
        own = [waves[: part.stop - part.start] for part in parts]
        return _forward(x, _above_ones(x), out, parameters, list(zip(parts, own, own, strict=True)))

    def bind_both(self, x: Array, out: Array, parameters: Named, gradients: Named) -> tuple[Forward, Pullback]:
        angles, waves = (np.empty((len(x), self.frequencies, x.shape[1]), x.dtype) for _ in range(2))
        parts, pairs = [(part, angles[part], waves[part]) for part in self._parts(x)], _above_ones(x)
        return _forward(x, pairs, out, parameters, parts), _pullback(pairs, parameters, gradients, parts)

    def _parts(self, x: Array) -> list[slice]:
        """Return the numbers that are worked on at a time."""
        together = max(1, VALUES // (self.frequencies * x.shape[1]))
        return [slice(start, min(start + together, len(x))) for start in range(0, len(x), together)]


Parts = list[tuple[slice, Array, Array]]  # some of the numbers, with their angles and waves (some, frequencies, m)


def _above_ones(x: Array) -> Array:
    """Return room for each number's x above ones (count, 2, m): what a frequency and a phase are multiplied with."""
    pairs = np.empty((len(x), 2, x.shape[1]), x.dtype)
    pairs[:, 1] = 1
    return pairs


def _forward(x: Array, pairs: Array, out: Array, parameters: Named, parts: Parts) -> Forward:
    """Return what writes the angles 2 pi f x + phase, the waves cos(angle), and what is made of them.

    The angles are a product of matrices, which is read and written once where a product and a sum would be twice.
    """
    frequencies, phases, weights = parameters["frequencies"], parameters["phases"], parameters["weights"]
    turns, biases = np.empty((*frequencies.shape, 2), x.dtype), parameters["biases"][..., None]
    numbers = pairs[:, 0]
    bound = [(turns[part], pairs[part], angles, waves, weights[part], out[part]) for part, angles, waves in parts]

    def forward() -> None:
        np.copyto(numbers, x)
        np.multiply(frequencies, 2 * np.pi, turns[..., 0])
        np.copyto(turns[..., 1], phases)
        for turn, pair, angles, waves, weight, made in bound:
            np.matmul(turn, pair, angles)
            np.cos(angles, waves)
            np.matmul(weight, waves, made)
        np.add(out, biases, out)

    return forward


def _pullback(pairs: Array, parameters: Named, gradients: Named, parts: Parts) -> Pullback:
    """Return what goes back through the last forward pass, whose angles are used up.

    The gradient by an angle, -sin(angle) times the sum of weight dout, is never written down: where it is summed over
    examples with x, and alone for the phase, the sum over the few outputs comes last.
    """
    (count, _, m), (outputs, frequencies) = pairs.shape, parameters["weights"].shape[1:]
    ones, numbers, dbiases = np.ones(m, pairs.dtype), pairs[:, :1], gradients["biases"].reshape(-1)
    dmade = np.empty((count, outputs, 2, m), pairs.dtype)  # dout times x, and as it is
    rows = dmade.reshape(count, 2 * outputs, m)
    sums = np.empty((count, 2 * outputs, frequencies), pairs.dtype)
    weighted, weights = sums.reshape(count, outputs, 2, frequencies), parameters["weights"][:, :, None]
    dangles = np.empty((count, 2, frequencies), pairs.dtype)
    bound = [
        (dmade[part, :, 1], waves.transpose(0, 2, 1), gradients["weights"][part], angles, rows[part], sums[part])
        for part, angles, waves in parts
    ]

    def pullback(dout: Array) -> None:
        np.dot(dout.reshape(-1, m), ones, dbiases)
        np.multiply(dout, numbers, dmade[:, :, 0])
        np.copyto(dmade[:, :, 1], dout)
        for own, waves, dweights, angles, both, summed in bound:
            np.matmul(own, waves, dweights)
            np.sin(angles, angles)
            np.matmul(both, angles.transpose(0, 2, 1), summed)
        np.multiply(weighted, weights, weighted)
        np.add.reduce(weighted, axis=1, out=dangles)
        np.multiply(dangles[:, 0], -2 * np.pi, gradients["frequencies"])
        np.negative(dangles[:, 1], gradients["phases"])

    return pullback
