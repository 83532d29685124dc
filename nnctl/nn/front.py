"""A front is what stands between the inputs and layer 1, where a network has one: an embedding of the numbers among the
inputs, and a scale of all.

Layer 1 gets A[0] (width, m): the inputs X (n[0], m) as they are, below them what each number is embedded in, and all of
that times the scale. The parameters are neither penalized nor do they decay.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.random import RandomState

from nnctl.nn import Array
from nnctl.nn.embeddings import Embedding, Named
from nnctl.nn.input_scales import InputScale

STREAM = 0xF407  # beside the seed, so that what is drawn here takes nothing from the stream of W


@dataclass(frozen=True)
class Front:
    """What becomes of n[0] `inputs`; `numbers` are those that the embedding is of."""

    inputs: int
    numbers: tuple[int, ...] = ()
    embedding: Embedding | None = None
    scale: InputScale | None = None

    @property
    def width(self) -> int:
        """How many inputs layer 1 has."""
        return self.inputs + (len(self.numbers) * self.embedding.outputs if self.embedding else 0)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shapes of all parameters, by name."""
        embedding = self.embedding.shapes(len(self.numbers)) if self.embedding else {}
        scale = self.scale.shapes(self.width) if self.scale else {}
        return {
            **{f"embedding/{name}": shape for name, shape in embedding.items()},
            **{f"input_scale/{name}": shape for name, shape in scale.items()},
        }

    def draw(self, seed: int, parameters: Named) -> None:
        """Write the first parameters, from a random stream of their own."""
        if self.embedding:
            self.embedding.draw(RandomState([seed, STREAM]), _own("embedding", parameters))
        if self.scale:
            self.scale.start(_own("input_scale", parameters))


class FrontPass:
    """A forward pass of a front over m examples, and with gradients to write into the way back."""

    def __init__(self, front: Front, m: int, parameters: Named, gradients: Named | None = None) -> None:
        dtype = next(iter(parameters.values())).dtype
        n = front.inputs
        self._inputs: Array = np.empty((front.width, m), dtype)
        self.A = np.empty_like(self._inputs) if front.scale else self._inputs  # what layer 1 gets
        self._first = self._inputs[:n]
        self._numbers, self._x = front.numbers, self._first
        self._forward: list[Callable[[], None]] = []
        self._back: list[Callable[[Array], None]] = []
        if front.embedding:
            if front.numbers != tuple(range(n)):
                self._x = np.empty((len(front.numbers), m), dtype)
            made = self._inputs[n:].reshape(len(front.numbers), front.embedding.outputs, m)
            self._embed(front.embedding, made, parameters, gradients)
        if front.scale:
            own = _own("input_scale", parameters)
            self._forward.append(front.scale.bind(self._inputs, self.A, own))
            if gradients is not None:
                self._back.insert(0, front.scale.bind_back(self._inputs, own, _own("input_scale", gradients)))

    def _embed(self, embedding: Embedding, made: Array, parameters: Named, gradients: Named | None) -> None:
        own = _own("embedding", parameters)
        if gradients is None:
            self._forward.append(embedding.bind(self._x, made, own))
            return
        forward, pullback = embedding.bind_both(self._x, made, own, _own("embedding", gradients))
        n, shape = len(self._first), made.shape
        self._forward.append(forward)
        self._back.append(lambda dA: pullback(dA[n:].reshape(shape)))

    def forward(self, X: Array) -> Array:
        """Return A[0] (width, m) for X (n[0], m)."""
        np.copyto(self._first, X)
        if self._x is not self._first:
            np.take(self._first, self._numbers, axis=0, out=self._x, mode="clip")  # "raise" would buffer a copy
        for forward in self._forward:
            forward()
        return self.A

    def backward(self, dA: Array) -> None:
        """Write the gradients of the last forward pass from that of A[0] (width, m), which is used up."""
        for pullback in self._back:
            pullback(dA)


def _own(part: str, arrays: Named) -> Mapping[str, Array]:
    """Return the arrays of one part of a front by their own names."""
    return {name.partition("/")[2]: array for name, array in arrays.items() if name.startswith(f"{part}/")}
