"""The parameters of a network are one flat vector; W1, b1, ..., WL, bL are views of it.

All W come first, then all b: so "every W", which regularization means, is one slice, an optimizer is a
few operations on one array, and a copy is one copy. What stands before layer 1, where something does, is last.
"""

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.random import RandomState
from numpy.typing import DTypeLike

from nnctl.nn import Array
from nnctl.nn.front import Front
from nnctl.nn.initializers import Initializer


class Parameters:
    """W[l-1] of shape (n[l], n[l-1]) and b[l-1] of shape (n[l], 1) for layers l = 1..L, as views of `flat`.

    `ahead` is how many numbers stand before W1 that count as weights too; `weights` is these and every W. With a front
    W1 is (n[1], front.width), and `of_front` has the front's own parameters by name.
    """

    def __init__(
        self, layer_dims: Sequence[int], dtype: DTypeLike = np.float64, ahead: int = 0, front: Front | None = None
    ) -> None:
        self.layer_dims = tuple(layer_dims)
        self.front = front
        self._ahead = ahead
        inputs = (front.width if front else self.layer_dims[0], *self.layer_dims[1:-1])
        shapes: list[tuple[int, ...]] = list(zip(self.layer_dims[1:], inputs, strict=True))
        biases = [(n, 1) for n in self.layer_dims[1:]]
        of_front = front.shapes() if front else {}
        weight_count = ahead + sum(map(prod, shapes))
        self.flat: Array = np.zeros(weight_count + sum(map(prod, [*biases, *of_front.values()])), dtype)
        self.weights = self.flat[:weight_count]
        views = _views(self.flat[ahead:], [*shapes, *biases, *of_front.values()])
        count = len(shapes)
        self.W, self.b = tuple(views[:count]), tuple(views[count : 2 * count])
        self.of_front = dict(zip(of_front, views[2 * count :], strict=True))

    def items(self) -> Iterator[tuple[str, Array]]:
        """Yield ("W1", W1), ("b1", b1), ..., ("bL", bL), and what is the front's."""
        for number, (W, b) in enumerate(zip(self.W, self.b, strict=True), start=1):
            yield f"W{number}", W
            yield f"b{number}", b
        yield from self.of_front.items()

    def like(self, dtype: DTypeLike | None = None) -> "Parameters":
        """Return zeros of the same layout, of the same type or another."""
        return Parameters(self.layer_dims, dtype or self.flat.dtype, self._ahead, self.front)

    def copy(self, dtype: DTypeLike | None = None) -> "Parameters":
        """Return parameters of their own with the same values, in the same type or another."""
        other = self.like(dtype)
        other.flat[:] = self.flat
        return other


def initialize(
    layer_dims: Sequence[int],
    initializer: Initializer,
    seed: int,
    dtype: Any = np.float64,
    front: Front | None = None,
) -> Parameters:
    """Draw W layer by layer from one RandomState(seed), in float64, then cast; b is 0. A front has its own stream."""
    parameters = Parameters(layer_dims, dtype, front=front)
    stream = RandomState(seed)
    for W in parameters.W:
        W[:] = initializer(stream, (W.shape[0], W.shape[1]))
    if front:
        front.draw(seed, parameters.of_front)
    return parameters


def _views(flat: Array, shapes: Sequence[tuple[int, ...]]) -> list[Array]:
    """Cut `flat` into consecutive views of the given shapes."""
    views, start = [], 0
    for shape in shapes:
        views.append(flat[start : start + prod(shape)].reshape(shape))
        start += prod(shape)
    return views
