"""The course's plain loop, written from its formulas: a dict of parameters, a list of caches, np.dot.

Full batch, float64, the cost at every iteration. This is what a learner has at the end of the course.
"""

import time

import numpy as np

from benchmarks.problem import Layers, Trainer


def descend(X: np.ndarray, Y: np.ndarray, parameters: dict, learning_rate: float, iterations: int) -> list[float]:
    """Train W1, b1, ..., WL, bL in `parameters` on X (n[0], m) and Y (1, m); return the cost at each iteration."""
    m = X.shape[1]
    L = len(parameters) // 2
    costs = []
    for _ in range(iterations):
        A, caches = X, []
        for layer in range(1, L + 1):
            Z = np.dot(parameters[f"W{layer}"], A) + parameters[f"b{layer}"]
            caches.append((A, Z))
            A = np.maximum(0, Z) if layer < L else 1 / (1 + np.exp(-Z))
        costs.append(float(np.nansum(-Y * np.log(A) - (1 - Y) * np.log(1 - A)) / m))
        gradients = {}
        dZ = A - Y
        for layer in range(L, 0, -1):
            A_before, _ = caches[layer - 1]
            gradients[f"W{layer}"] = np.dot(dZ, A_before.T) / m
            gradients[f"b{layer}"] = np.sum(dZ, axis=1, keepdims=True) / m
            if layer > 1:
                dZ = np.dot(parameters[f"W{layer}"].T, dZ)
                dZ[caches[layer - 2][1] <= 0] = 0
        for name in parameters:
            parameters[name] = parameters[name] - learning_rate * gradients[name]
    return costs


class Course(Trainer):
    """The loop as a contestant."""

    settings = "as in the course, NumPy's defaults"

    def train(self, epochs: int) -> tuple[float, Layers]:
        """Train from the initial parameters; return the seconds that training alone took, and the layers."""
        X, Y = self.problem.X.T, self.problem.y[None, :].astype(float)
        parameters = {}
        for number, (W, b) in enumerate(self.problem.initial(), start=1):
            parameters[f"W{number}"], parameters[f"b{number}"] = W, b[:, None]
        start = time.perf_counter()
        descend(X, Y, parameters, self.problem.learning_rate, epochs)
        seconds = time.perf_counter() - start
        return seconds, [(parameters[f"W{k}"], parameters[f"b{k}"][:, 0]) for k in range(1, len(parameters) // 2 + 1)]
