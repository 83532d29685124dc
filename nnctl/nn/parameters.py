"""The parameters of a network are one flat vector; W1, b1, ..., WL, bL are views of it.

All W come first, then all b: so "every W", which regularization means, is one slice, an optimizer is a
few operations on one array, and a copy is one copy.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.random import RandomState
from numpy.typing import DTypeLike

from nnctl.nn import Array
from nnctl.nn.initializers import Initializer


class Parameters:
    """W[l-1] of shape (n[l], n[l-1]) and b[l-1] of shape (n[l], 1) for layers l = 1..L, as views of `flat`.

    `ahead` is how many numbers stand before W1 that count as weights too; `weights` is these and every W.
    """

    def __init__(self, layer_dims: Sequence[int], dtype: DTypeLike = np.float64, ahead: int = 0) -> None:
        self.layer_dims = tuple(layer_dims)
        self._ahead = ahead
        shapes: list[tuple[int, int]] = list(zip(self.layer_dims[1:], self.layer_dims[:-1], strict=True))
        weight_count = ahead + sum(n * k for n, k in shapes)
        self.flat: Array = np.zeros(weight_count + sum(self.layer_dims[1:]), dtype)
        self.weights = self.flat[:weight_count]
        views = _views(self.flat[ahead:], [*shapes, *((n, 1) for n, _ in shapes)])
        self.W, self.b = tuple(views[: len(shapes)]), tuple(views[len(shapes) :])

    def items(self) -> Iterator[tuple[str, Array]]:
        """Yield ("W1", W1), ("b1", b1), ..., ("bL", bL)."""
        for number, (W, b) in enumerate(zip(self.W, self.b, strict=True), start=1):
            yield f"W{number}", W
            yield f"b{number}", b

    def like(self) -> "Parameters":
        """Return zeros of the same layout."""
        return Parameters(self.layer_dims, self.flat.dtype, self._ahead)

    def copy(self) -> "Parameters":
        """Return parameters of their own with the same values."""
        other = self.like()
        other.flat[:] = self.flat
        return other


def initialize(layer_dims: Sequence[int], initializer: Initializer, seed: int, dtype: Any = np.float64) -> Parameters:
    """Draw W layer by layer from one RandomState(seed), in float64, then cast; b is 0."""
    parameters = Parameters(layer_dims, dtype)
    stream = RandomState(seed)
    for W in parameters.W:
        W[:] = initializer(stream, (W.shape[0], W.shape[1]))
    return parameters


def _views(flat: Array, shapes: Sequence[tuple[int, int]]) -> list[Array]:
    """Cut `flat` into consecutive views of the given shapes."""
    views, start = [], 0
    for n, k in shapes:
        views.append(flat[start : start + n * k].reshape(n, k))
        start += n * k
    return views
