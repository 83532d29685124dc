"""The limits of the machine: matrix products and memory, measured among everything else.

A training cannot be faster than its products at the peak of the BLAS plus its passes over memory.
"""

import itertools
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.workloads import Predicting, Training

SIDE = 2048  # rows and columns of the matrices: large enough to reach the peak
VECTORS = {"gradient_descent": 2, "adam": 4}  # parameters, gradients and what the optimizer remembers
PASSES = {"gradient_descent": 3, "adam": 7}  # reads and writes of such a vector in an update


class Limits:
    """Measures as a contestant among the others, so that it meets the same machine."""

    def __init__(self, job: dict[str, Any]) -> None:
        dtype, side = job["dtype"], job["side"]
        self.A = np.full((side, side), 0.5, dtype)
        self.product = np.empty_like(self.A)
        elements = job["working_set"] // 3 // np.dtype(dtype).itemsize
        self.x, self.y, self.z = (np.ones(elements, dtype) for _ in range(3))

    def warm_up(self) -> dict[str, Any]:
        """Run once."""
        self.run()
        return {"settings": "NumPy as nnctl sets it up"}

    def run(self) -> dict[str, Any]:
        """Return floating-point operations and bytes in a second: the best of a few."""
        product = min(_seconds(lambda: np.dot(self.A, self.A, out=self.product)) for _ in range(5))
        add = min(_seconds(lambda: np.add(self.x, self.y, out=self.z)) for _ in range(20))
        return {"flops": 2 * len(self.A) ** 3 / product, "bandwidth": 3 * self.x.nbytes / add}


def updates(workload: Training) -> int:
    """Return how many updates a workload makes."""
    return workload.epochs * (-(-workload.m // workload.batch_size) if workload.batch_size else 1)


def operations(workload: Training) -> int:
    """Return the floating-point operations in the matrix products of a whole workload, by the shortest exact way.

    Per example each layer has three products (forward, dW, dA of the layer before), the first layer two.
    Gradient descent on wide inputs can do with one, of C (n[1], m) and K (m, m), in the first layer's place,
    after X'X and W1 X and before W1 + C X'.
    """
    dims, m = workload.layer_dims, workload.m
    products = [2 * n * k for k, n in itertools.pairwise(dims)]
    if isinstance(workload, Predicting):
        return sum(products) * workload.rows
    passes = workload.epochs * m
    ordinary = passes * (2 * products[0] + 3 * sum(products[1:]))
    if workload.batch_size or workload.optimizer == "adam":
        return ordinary
    setup = 2 * m * m * dims[0] + 2 * m * products[0]
    return min(ordinary, setup + passes * (2 * dims[1] * m + 3 * sum(products[1:])))


def traffic(workload: Training) -> int:
    """Return the bytes that must pass to and from memory: the rows once an epoch, the optimizer's vectors each update.

    A full batch and what goes with it are small enough here to stay in the cache, and count nothing.
    """
    itemsize = np.dtype(workload.dtype).itemsize
    if isinstance(workload, Predicting):
        return workload.rows * workload.layer_dims[0] * itemsize
    if workload.batch_size is None:
        return 0
    vector = _parameters(workload) * itemsize
    rows = workload.epochs * workload.m * workload.layer_dims[0] * itemsize
    return rows + updates(workload) * PASSES[workload.optimizer] * vector


def working_set(workload: Training) -> int:
    """Return the bytes that an update goes through: how far from the processor they lie decides their speed."""
    itemsize = np.dtype(workload.dtype).itemsize
    if isinstance(workload, Predicting):
        return workload.rows * workload.layer_dims[0] * itemsize
    return _parameters(workload) * itemsize * VECTORS[workload.optimizer]


def _parameters(workload: Training) -> int:
    dims = workload.layer_dims
    return sum(n * k + n for k, n in itertools.pairwise(dims))


def _seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
