"""An optimizer moves the parameters against their gradients.

Each is one function bound once to a vector of parameters and the vector of their gradients; the `update`
it returns changes the parameters in place for a given learning rate. It may use up the gradients.
"""

from collections.abc import Callable

import numpy as np

from nnctl.nn import Array
from nnctl.registry import Registry

Update = Callable[[float], None]
Optimizer = Callable[[Array, Array], Update]

optimizers: Registry[Callable[..., Update]] = Registry("optimizer")


@optimizers
def gradient_descent(p: Array, g: Array) -> Update:
    """p -= learning_rate g."""

    def update(learning_rate: float) -> None:
        np.multiply(g, learning_rate, out=g)
        np.subtract(p, g, out=p)

    return update
