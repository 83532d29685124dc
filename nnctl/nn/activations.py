"""An activation turns a layer's Z into its A, and hands back the way back.

Each is one function bound once to its layer's arrays: `forward, pullback = relu(Z, A)`. After that
`forward()` writes A = g(Z), and `pullback(dA)` turns dA into dZ = dA g'(Z) in place. What the way back
needs is closed over, so a step allocates nothing. A may be Z itself: hidden layers work in place.
"""

from collections.abc import Callable

import numpy as np

from nnctl.nn import Array
from nnctl.registry import Fraction, Positive, Registry

Bound = tuple[Callable[[], None], Callable[[Array], None]]
Activation = Callable[[Array, Array], Bound]

activations: Registry[Callable[..., Bound]] = Registry("activation")


@activations
def sigmoid(Z: Array, A: Array) -> Bound:
    """A = 1 / (1 + e^-Z), with slope A (1 - A). Callers ignore the overflow of e^-Z: its limit 0 is right."""
    slope = np.empty_like(Z)

    def forward() -> None:
        np.negative(Z, A)
        np.exp(A, A)
        np.add(A, 1, A)
        np.reciprocal(A, A)

    def pullback(dA: Array) -> None:
        np.subtract(1, A, slope)
        np.multiply(slope, A, slope)
        np.multiply(dA, slope, dA)

    return forward, pullback


@activations
def tanh(Z: Array, A: Array) -> Bound:
    """A = tanh Z, with slope 1 - A^2."""
    slope = np.empty_like(Z)

    def forward() -> None:
        np.tanh(Z, A)

    def pullback(dA: Array) -> None:
        np.multiply(A, A, slope)
        np.subtract(1, slope, slope)
        np.multiply(dA, slope, dA)

    return forward, pullback


@activations
def relu(Z: Array, A: Array) -> Bound:
    """A = max(0, Z); the slope at 0 is 0."""
    active = np.empty(Z.shape, bool)
    zeros = np.zeros_like(Z)  # twice as fast as one 0: NumPy's vectorized maximum wants two arrays

    def forward() -> None:
        np.maximum(Z, zeros, out=A)

    def pullback(dA: Array) -> None:
        np.greater(A, 0, active)
        np.multiply(dA, active, dA)

    return forward, pullback


@activations
def leaky_relu(Z: Array, A: Array, *, slope: Fraction = 0.01) -> Bound:
    """A = max(slope Z, Z) (Maas et al. 2013); at 0 the slope is `slope`."""
    scaled, inactive = np.empty_like(Z), np.empty(Z.shape, bool)

    def forward() -> None:
        np.multiply(Z, slope, scaled)
        np.maximum(Z, scaled, out=A)

    def pullback(dA: Array) -> None:
        np.less_equal(A, 0, out=inactive)
        np.multiply(dA, slope, out=dA, where=inactive)

    return forward, pullback


@activations
def linear(Z: Array, A: Array) -> Bound:
    """A = Z: the output of a regression, or a layer without a bend."""

    def forward() -> None:
        if A is not Z:
            np.copyto(A, Z)

    def pullback(dA: Array) -> None:
        pass

    return forward, pullback


@activations
def softmax(Z: Array, A: Array) -> Bound:
    """A = e^Z / sum of e^Z over the units of a column; dZ = A (dA - sum of A dA)."""
    column, weighted = np.empty((1, Z.shape[1]), Z.dtype), np.empty_like(Z)

    def forward() -> None:
        np.max(Z, axis=0, keepdims=True, out=column)
        np.subtract(Z, column, A)
        np.exp(A, A)
        np.sum(A, axis=0, keepdims=True, out=column)
        np.divide(A, column, A)

    def pullback(dA: Array) -> None:
        np.multiply(A, dA, weighted)
        np.sum(weighted, axis=0, keepdims=True, out=column)
        np.subtract(dA, column, dA)
        np.multiply(dA, A, dA)

    return forward, pullback


@activations
def elu(Z: Array, A: Array, *, alpha: Positive = 1.0) -> Bound:
    """A = Z above 0, alpha (e^Z - 1) below (Clevert et al. 2015)."""
    below, active = np.empty_like(Z), np.empty(Z.shape, bool)

    def forward() -> None:
        np.minimum(Z, 0, out=below)
        np.expm1(below, below)
        np.multiply(below, alpha, below)
        np.maximum(Z, 0, out=A)
        np.add(A, below, A)

    def pullback(dA: Array) -> None:
        np.greater(A, 0, active)
        np.add(A, alpha, below)  # the slope alpha e^Z below 0
        np.copyto(below, 1, where=active)
        np.multiply(dA, below, dA)

    return forward, pullback


@activations
def gelu(Z: Array, A: Array) -> Bound:
    """A = Z (1 + tanh u) / 2, u = sqrt(2/pi) (Z + 0.044715 Z^3): Hendrycks & Gimpel 2016, section 2."""
    z, t, scratch = np.empty_like(Z), np.empty_like(Z), np.empty_like(Z)
    c = float(np.sqrt(2 / np.pi))

    def forward() -> None:
        np.copyto(z, Z)
        np.multiply(z, z, t)
        np.multiply(t, 0.044715 * c, t)
        np.add(t, c, t)
        np.multiply(t, z, t)
        np.tanh(t, t)
        np.add(t, 1, A)
        np.multiply(A, z, A)
        np.multiply(A, 0.5, A)

    def pullback(dA: Array) -> None:
        # A' = (1 + t) / 2 + z u' (1 - t^2) / 2 = (1 + t) / 2 * (1 + z u' (1 - t)), z u' = c z (1 + 3 * 0.044715 z^2)
        np.multiply(z, z, scratch)
        np.multiply(scratch, 3 * 0.044715 * c, scratch)
        np.add(scratch, c, scratch)
        np.multiply(scratch, z, scratch)
        np.multiply(dA, 0.5, dA)
        np.add(t, 1, z)
        np.multiply(dA, z, dA)
        np.subtract(1, t, z)
        np.multiply(scratch, z, scratch)
        np.add(scratch, 1, scratch)
        np.multiply(dA, scratch, dA)

    return forward, pullback


@activations
def selu(Z: Array, A: Array) -> Bound:
    """A = scale Z above 0, scale alpha (e^Z - 1) below, with the two numbers that keep mean 0 and variance 1 from layer
    to layer (Klambauer et al. 2017, equation 14); `lecun` is the start that they are made for.
    """
    scale, alpha = 1.0507009873554805, 1.6732632423543772
    below, active = np.empty_like(Z), np.empty(Z.shape, bool)

    def forward() -> None:
        np.minimum(Z, 0, out=below)
        np.expm1(below, below)
        np.multiply(below, scale * alpha, below)
        np.maximum(Z, 0, out=A)
        np.multiply(A, scale, A)
        np.add(A, below, A)

    def pullback(dA: Array) -> None:
        np.greater(A, 0, active)
        np.add(A, scale * alpha, below)  # the slope scale alpha e^Z below 0
        np.copyto(below, scale, where=active)
        np.multiply(dA, below, dA)

    return forward, pullback


@activations
def mish(Z: Array, A: Array) -> Bound:
    """A = Z tanh(log(1 + e^Z)) (Misra 2020), which with n = e^Z and q = n (n + 2) is Z q / (q + 2)."""
    z, n, t, below = np.empty_like(Z), np.empty_like(Z), np.empty_like(Z), np.empty_like(Z)

    def forward() -> None:
        np.copyto(z, Z)
        np.minimum(z, 20, out=n)  # from there on A is Z, and n^2 does not overflow
        np.exp(n, n)
        np.add(n, 2, t)
        np.multiply(t, n, t)
        np.add(t, 2, below)
        np.divide(t, below, t)
        np.multiply(z, t, A)

    def pullback(dA: Array) -> None:
        # A' = t + 4 z n (1 + n) / (q + 2)^2, t being q / (q + 2)
        np.multiply(z, n, z)
        np.divide(z, below, z)
        np.add(n, 1, n)
        np.divide(n, below, n)
        np.multiply(z, n, z)
        np.multiply(z, 4, z)
        np.add(z, t, z)
        np.multiply(dA, z, dA)

    return forward, pullback
