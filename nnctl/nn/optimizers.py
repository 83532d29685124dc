"""An optimizer moves the parameters against their gradients.

Each is one dataclass whose fields are its options in YAML; `move` binds it to a vector of parameters, that of
their gradients and its own state, and returns the update that changes them in place. An update uses up the
gradients. `bind` cuts long vectors into blocks that stay in the processor's cache through all of an update.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnctl.nn import Array
from nnctl.registry import Fraction, NotNegative, Positive, Registry
from nnctl.team import ALONE, Team, slices

Update = Callable[[float, int], None]  # learning rate, number of the update from 1

WORTH_MOVING = 2**16  # numbers for each of a team
BLOCK = 2**18  # numbers: large enough that calls cost little, small enough that all vectors stay in the cache


@dataclass(frozen=True, kw_only=True)
class Optimizer(ABC):
    """What every optimizer has: before each update every W shrinks by learning_rate * weight_decay
    (decoupled weight decay, Loshchilov & Hutter 2019); b does not.
    """

    slots: ClassVar[int] = 0  # vectors of state, each as long as the parameters, 0 at the start
    linear: ClassVar[bool] = False  # an update is linear in the gradients so far

    weight_decay: NotNegative = 0.0

    @abstractmethod
    def move(self, p: Array, g: Array, *state: Array) -> Update:
        """Return the update of the parameters p by their gradients g, without the decay."""


optimizers: Registry[type[Optimizer]] = Registry("optimizer")


def bind(optimizer: Optimizer, p: Array, g: Array, weights: Array, state: Array, team: Team = ALONE) -> Update:
    """Return the update of p (n,), block by block; `weights` is the part at its start that decays, state (slots, n)."""
    blocks = slices(len(p), team.size, WORTH_MOVING, BLOCK)
    moves = [optimizer.move(p[block], g[block], *state[:, block]) for block in blocks]
    if len(moves) == 1 and not optimizer.weight_decay:
        return moves[0]

    def update(learning_rate: float, t: int) -> None:
        def part(number: int) -> None:
            if optimizer.weight_decay:
                W = weights[blocks[number]]
                np.multiply(W, 1 - learning_rate * optimizer.weight_decay, W)
            moves[number](learning_rate, t)

        team.run(part, len(moves))

    return update


@optimizers
@dataclass(frozen=True, kw_only=True)
class gradient_descent(Optimizer):
    """p -= learning_rate g."""

    linear = True

    def move(self, p: Array, g: Array, *state: Array) -> Update:
        def update(learning_rate: float, t: int) -> None:
            np.multiply(g, learning_rate, g)
            np.subtract(p, g, p)

        return update


@optimizers
@dataclass(frozen=True, kw_only=True)
class momentum(Optimizer):
    """v = beta v + (1 - beta) g; p -= learning_rate v (course: "Gradient descent with momentum")."""

    slots = 1
    linear = True

    beta: Fraction = 0.9

    def move(self, p: Array, g: Array, *state: Array) -> Update:
        (v,) = state

        def update(learning_rate: float, t: int) -> None:
            np.multiply(v, self.beta, v)
            np.multiply(g, 1 - self.beta, g)
            np.add(v, g, v)
            np.multiply(v, learning_rate, g)
            np.subtract(p, g, p)

        return update


@optimizers
@dataclass(frozen=True, kw_only=True)
class nesterov(Optimizer):
    """v = beta v + (1 - beta) g; p -= learning_rate (beta v + (1 - beta) g) (Sutskever et al. 2013)."""

    slots = 1
    linear = True

    beta: Fraction = 0.9

    def move(self, p: Array, g: Array, *state: Array) -> Update:
        (v,) = state
        ahead = np.empty_like(p)

        def update(learning_rate: float, t: int) -> None:
            np.multiply(v, self.beta, v)
            np.multiply(g, 1 - self.beta, g)
            np.add(v, g, v)
            np.multiply(v, self.beta, ahead)
            np.add(ahead, g, g)
            np.multiply(g, learning_rate, g)
            np.subtract(p, g, p)

        return update


@optimizers
@dataclass(frozen=True, kw_only=True)
class rmsprop(Optimizer):
    """s = rho s + (1 - rho) g^2; p -= learning_rate g / (sqrt(s) + epsilon) (Hinton 2012, lecture 6e)."""

    slots = 1

    rho: Fraction = 0.9
    epsilon: Positive = 1e-8

    def move(self, p: Array, g: Array, *state: Array) -> Update:
        (s,) = state
        root = np.empty_like(p)

        def update(learning_rate: float, t: int) -> None:
            np.multiply(g, g, root)
            np.multiply(root, 1 - self.rho, root)
            np.multiply(s, self.rho, s)
            np.add(s, root, s)
            np.sqrt(s, root)
            np.add(root, self.epsilon, root)
            np.divide(g, root, g)
            np.multiply(g, learning_rate, g)
            np.subtract(p, g, p)

        return update


@optimizers
@dataclass(frozen=True, kw_only=True)
class adam(Optimizer):
    """m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2; both corrected by 1 - beta^t;
    p -= learning_rate m / (sqrt(v) + epsilon) (Kingma & Ba 2015, algorithm 1).
    """

    slots = 2

    beta1: Fraction = 0.9
    beta2: Fraction = 0.999
    epsilon: Positive = 1e-8

    def move(self, p: Array, g: Array, *state: Array) -> Update:
        m, v = state  # kept without their factors 1 - beta, which the update puts back: three operations less
        root = np.empty_like(p)

        def update(learning_rate: float, t: int) -> None:
            m_factor = (1 - self.beta1) / (1 - self.beta1**t)
            v_factor = ((1 - self.beta2) / (1 - self.beta2**t)) ** 0.5
            np.multiply(m, self.beta1, m)
            np.add(m, g, m)
            np.multiply(v, self.beta2, v)
            np.multiply(g, g, g)
            np.add(v, g, v)
            np.sqrt(v, root)
            np.add(root, self.epsilon / v_factor, root)
            np.divide(m, root, root)
            np.multiply(root, learning_rate * m_factor / v_factor, root)
            np.subtract(p, root, p)

        return update


@optimizers
@dataclass(frozen=True, kw_only=True)
class adamw(adam):
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019)."""

    weight_decay: NotNegative = 0.01
