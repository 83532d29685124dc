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

VALUES = 2**15  # of waves at a time, so that they stay in the processor's cache


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
        return _forward(x, out, parameters, list(zip(parts, own, own, strict=True)))

    def bind_both(self, x: Array, out: Array, parameters: Named, gradients: Named) -> tuple[Forward, Pullback]:
        angles, waves = (np.empty((len(x), self.frequencies, x.shape[1]), x.dtype) for _ in range(2))
        parts = [(part, angles[part], waves[part]) for part in self._parts(x)]
        return _forward(x, out, parameters, parts), _pullback(x, parameters, gradients, parts)

    def _parts(self, x: Array) -> list[slice]:
        """Return the numbers that are worked on at a time."""
        together = max(1, VALUES // (self.frequencies * x.shape[1]))
        return [slice(start, min(start + together, len(x))) for start in range(0, len(x), together)]


Parts = list[tuple[slice, Array, Array]]  # some of the numbers, with their angles and waves (some, frequencies, m)


def _forward(x: Array, out: Array, parameters: Named, parts: Parts) -> Forward:
    """Return what writes the angles 2 pi f x + phase, the waves cos(angle), and what is made of them."""
    frequencies, turns = parameters["frequencies"], np.empty_like(parameters["frequencies"])
    phases, weights, biases = parameters["phases"][..., None], parameters["weights"], parameters["biases"][..., None]
    bound = [
        (turns[part, :, None], x[part, None], phases[part], angles, waves, weights[part], biases[part], out[part])
        for part, angles, waves in parts
    ]

    def forward() -> None:
        np.multiply(frequencies, 2 * np.pi, turns)
        for turn, number, phase, angles, waves, weight, bias, made in bound:
            np.multiply(turn, number, angles)
            np.add(angles, phase, angles)
            np.cos(angles, waves)
            np.matmul(weight, waves, made)
            np.add(made, bias, made)

    return forward


def _pullback(x: Array, parameters: Named, gradients: Named, parts: Parts) -> Pullback:
    """Return what goes back through the last forward pass, whose waves and angles are used up."""
    ones = np.ones(x.shape[1], x.dtype)
    dfrequencies, dphases = gradients["frequencies"], gradients["phases"]
    bound = [
        (
            part,
            angles,
            waves,
            waves.transpose(0, 2, 1),
            parameters["weights"][part].transpose(0, 2, 1),
            x[part, :, None],
            gradients["weights"][part],
            gradients["biases"][part],
            dfrequencies[part, :, None],
        )
        for part, angles, waves in parts
    ]
    of_phases = [(waves.reshape(-1, len(ones)), dphases[part].reshape(-1)) for part, _, waves in parts]

    def pullback(dout: Array) -> None:
        for (part, angles, waves, transposed, weights, number, dweights, dbiases, dturns), (rows, dphase) in zip(
            bound, of_phases, strict=True
        ):
            dmade = dout[part]
            np.matmul(dmade, transposed, dweights)
            np.matmul(dmade, ones, dbiases)
            np.matmul(weights, dmade, waves)
            np.sin(angles, angles)
            np.multiply(waves, angles, waves)  # the gradient by the angles, but for its sign
            np.dot(rows, ones, dphase)
            np.matmul(waves, number, dturns)
        np.negative(dphases, dphases)
        np.multiply(dfrequencies, -2 * np.pi, dfrequencies)

    return pullback
