"""An initializer draws one layer's W; biases always start at 0.

Each is a function of the random stream and W's shape (n[l], n[l-1]) and returns W in float64. Those that
draw take exactly n[l] * n[l-1] normal numbers from the stream, so schemes differ by their scale alone.
"""

from collections.abc import Callable

import numpy as np
from numpy.random import RandomState

from nnctl.nn import Array
from nnctl.registry import Positive, Registry

Initializer = Callable[[RandomState, tuple[int, int]], Array]

initializers: Registry[Callable[..., Array]] = Registry("initializer")


@initializers
def zeros(stream: RandomState, shape: tuple[int, int]) -> Array:
    """W = 0: all units of a layer stay alike, so hidden layers never learn."""
    return np.zeros(shape)


@initializers
def constant(stream: RandomState, shape: tuple[int, int], *, value: float = 0.5) -> Array:
    """W = value: the symmetry of `zeros` with gradients that are not 0."""
    return np.full(shape, float(value))


@initializers
def random(stream: RandomState, shape: tuple[int, int], *, scale: Positive = 0.01) -> Array:
    """W = randn * scale: breaks the symmetry; the scale decides whether the signal vanishes or saturates."""
    return stream.randn(*shape) * scale


@initializers
def he(stream: RandomState, shape: tuple[int, int]) -> Array:
    """W = randn * sqrt(2 / n[l-1]): keeps the signal's variance through relu layers (He et al. 2015)."""
    return stream.randn(*shape) * np.sqrt(2.0 / shape[1])


@initializers
def xavier(stream: RandomState, shape: tuple[int, int]) -> Array:
    """W = randn * sqrt(2 / (n[l-1] + n[l])): forward and backward in balance (Glorot & Bengio 2010)."""
    return stream.randn(*shape) * np.sqrt(2.0 / (shape[0] + shape[1]))


@initializers
def lecun(stream: RandomState, shape: tuple[int, int]) -> Array:
    """W = randn / sqrt(n[l-1]): unit variance in, unit variance out (LeCun et al. 1998)."""
    return stream.randn(*shape) / np.sqrt(shape[1])
