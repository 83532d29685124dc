"""The exact short cut for wide inputs: W1 moves only in the span of the training examples.

Every gradient of W1 is dZ1 X' / m, so an optimizer that is linear in the gradients keeps W1 = s W1_0 + C X'
with C (n[1], m) and a number s that only decay and L2 move. With K = X'X and Z1_0 = W1_0 X made once,

    Z1 = s Z1_0 + C K + b1,   the gradient of C is dZ1 (+ l2/m C),   that of s is l2/m s,

and an update costs n[1] m^2 operations in place of n[1] n[0] m. C stands where W1 stood in a flat vector of
the same kind, with s ahead of it: to optimizers, penalties and copies it is one more vector of parameters.
"""

from dataclasses import dataclass

import numpy as np

from nnctl.nn import Array
from nnctl.nn.criterion import Criterion, Evaluation
from nnctl.nn.dropout import Dropout
from nnctl.nn.network import Network, Pass, TrainingPass
from nnctl.nn.objective import Objective
from nnctl.nn.parameters import Parameters


def saves_operations(layer_dims: tuple[int, ...], m: int, iterations: int, others: int) -> bool:
    """Tell whether the short cut takes clearly fewer operations in layer 1 than the ordinary way.

    `others` is the number of validation examples whose cost is wanted on the way.
    """
    n0, n1 = layer_dims[:2]
    ordinary = iterations * 4 * n1 * n0 * m
    short = n0 * m * (2 * m + 2 * others) + 6 * n0 * n1 * m + iterations * 2 * n1 * m * m
    return short < 0.7 * ordinary


@dataclass(frozen=True)
class _Known:
    """What is worked out once of examples X: K = X_train' X (m_train, m) and Z1_0 = W1_0 X (n[1], m)."""

    X: Array
    K: Array
    Z1: Array


class SpanObjective(Objective):
    """The objective of a network on all training examples X (n[0], m), in float64, with W1 held as C and s."""

    def __init__(self, network: Network, criterion: Criterion, X: Array, dropout: Dropout | None = None) -> None:
        whole = network.parameters
        upper = whole.layer_dims[1:]
        self._whole = whole
        self._X = X
        self._W1_start = whole.W[0].copy()
        self._start_squares = _dot(self._W1_start, self._W1_start)
        inner = Parameters((X.shape[1], *upper), ahead=1)
        for ours, theirs in zip((*inner.W[1:], *inner.b), (*whole.W[1:], *whole.b), strict=True):
            ours[:] = theirs
        inner.flat[0] = 1.0
        super().__init__(Network(inner, network.activations), criterion, dropout)
        self._s, self._C = inner.flat[:1], inner.W[0]
        self._scaled = np.empty((upper[0], X.shape[1]))
        self._known = {id(X): self._work_out(X)}
        self._runs: dict[int, Pass] = {}

    @property
    def parameters(self) -> Parameters:
        """The network's parameters now, W1 worked out from C and s."""
        self.settle()
        return self._whole

    def settle(self) -> None:
        """Write W1 = s W1_0 + C X' and all other parameters into the network."""
        inner = self.network.parameters
        W1 = self._whole.W[0]
        np.dot(self._C, self._X.T, out=W1)
        np.add(W1, self._s * self._W1_start, out=W1)
        for ours, theirs in zip((*inner.W[1:], *inner.b), (*self._whole.W[1:], *self._whole.b), strict=True):
            theirs[:] = ours

    @property
    def gradients(self) -> Parameters:
        """The gradients of the cost by the parameters, dW1 worked out from those of C and s."""
        full = self._whole.like()
        np.dot(self._gradients.W[0], self._X.T, out=full.W[0])
        np.add(full.W[0], self.g[0] * self._W1_start, out=full.W[0])
        inner = self._gradients
        for ours, theirs in zip((*inner.W[1:], *inner.b), (*full.W[1:], *full.b), strict=True):
            theirs[:] = ours
        return full

    def evaluate(self, X: Array, Y: Array) -> Evaluation:
        """Return what the current parameters come to on X (n[0], m) and Y (n[L], m)."""
        m = X.shape[1]
        if id(X) not in self._known:
            self._known[id(X)] = self._work_out(X)
        if id(X) not in self._runs:
            self._runs[id(X)] = Pass(self.network, m)
        run = self._runs[id(X)]
        self._enter(run, self._known[id(X)], np.empty_like(run.Z[0]))
        run.onward()
        plain, minimized = self.criterion.sums(run, Y)
        return Evaluation(plain / m, minimized / m + self._penalty(), run.A[-1].copy())

    def gradient_norm(self) -> float:
        """Return the length of the gradient by all parameters: |dW1|^2 = gs^2 |W1_0|^2 + 2 gs G.Z1_0 + (G K).G."""
        known, G, gs = self._known[id(self._X)], self._gradients.W[0], self.g[0]
        np.dot(G, known.K, self._scaled)
        first = _dot(self._scaled, G) + 2 * gs * _dot(G, known.Z1) + gs**2 * self._start_squares
        rest = self.g[1 + G.size :]
        return float(np.sqrt(max(first, 0.0) + np.dot(rest, rest)))

    def _run(self, run: TrainingPass, X: Array, Y: Array) -> None:
        self._enter(run, self._known[id(self._X)], self._scaled)
        run.onward()
        run.back_to_first(Y, self.criterion.minimized)
        np.copyto(self._gradients.W[0], run.dZ[0])
        self.g[0] = 0.0

    def _enter(self, run: Pass, known: _Known, scaled: Array) -> None:
        """Write s Z1_0 + C K into Z[0]."""
        np.dot(self._C, known.K, run.Z[0])
        np.multiply(known.Z1, self._s, scaled)
        np.add(run.Z[0], scaled, run.Z[0])

    def _work_out(self, X: Array) -> _Known:
        return _Known(X, np.dot(self._X.T, X), np.dot(self._W1_start, X))

    def _sums_of_weights(self) -> tuple[float, float]:
        """Return the sum of squares of every W; there is no L1 here, for its gradient leaves the span."""
        known, s = self._known[id(self._X)], float(self._s[0])
        np.dot(self._C, known.K, self._scaled)
        first = _dot(self._scaled, self._C) + 2 * s * _dot(self._C, known.Z1) + s**2 * self._start_squares
        rest = self.weights[1 + self._C.size :]
        return first + float(np.dot(rest, rest)), 0.0


def _dot(A: Array, B: Array) -> float:
    """Return the sum of the products of two arrays, entry by entry."""
    return float(np.dot(A.reshape(-1), B.reshape(-1)))
