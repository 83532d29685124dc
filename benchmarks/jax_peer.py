"""JAX as a contestant: one jitted step with donated buffers, called from a Python loop, as its tutorials show."""

import time
from functools import partial

import jax
import jax.numpy as jnp

from benchmarks.problem import Layers, Trainer

jax.config.update("jax_enable_x64", True)  # the problem's dtype decides


class Jax(Trainer):
    """Full-batch gradient descent on a binary problem."""

    settings = "one jitted step, donated buffers"

    def train(self, epochs: int) -> tuple[float, Layers]:
        """Train from the initial parameters; return the seconds that training alone took, and the layers."""
        problem = self.problem
        X, Y = jnp.asarray(problem.X), jnp.asarray(problem.y[:, None].astype(problem.dtype))
        layers = [(jnp.asarray(W), jnp.asarray(b)) for W, b in problem.initial()]
        layers = jax.block_until_ready(layers)
        start = time.perf_counter()
        for _ in range(epochs):
            layers = _step(layers, X, Y, problem.learning_rate)
        jax.block_until_ready(layers)
        seconds = time.perf_counter() - start
        return seconds, [(jax.device_get(W), jax.device_get(b)) for W, b in layers]


def _cost(layers: list, X: jax.Array, Y: jax.Array) -> jax.Array:
    """Return the mean cross-entropy; W is (n[l], n[l-1]), for on wide inputs XLA is four times slower the other way."""
    A = X
    for W, b in layers[:-1]:
        A = jax.nn.relu(A @ W.T + b)
    W, b = layers[-1]
    Z = A @ W.T + b
    return jnp.mean(jnp.logaddexp(0, Z) - Y * Z)


@partial(jax.jit, donate_argnums=0, static_argnums=3)
def _step(layers: list, X: jax.Array, Y: jax.Array, learning_rate: float) -> list:
    gradients = jax.grad(_cost)(layers, X, Y)
    return jax.tree.map(lambda p, g: p - learning_rate * g, layers, gradients)
