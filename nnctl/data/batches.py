"""Batches are functions of the iteration alone, so that training can start from any of them.

The permutation of epoch e is RandomState(shuffle_seed + e).permutation(m), and the last batch of an epoch
may be short. Rows are gathered into one buffer: X as rows of memory is a contiguous read per example. Whoever works on
a part of the batch gathers that part: a batch is X, Y and how to do so. Rows on disk are read by one for all, and
prepared by each.
"""

from typing import Any

import numpy as np
from numpy.random import RandomState

from nnctl.nn import Array
from nnctl.nn.objective import Gather, in_place
from nnctl.nn.training import Batches


def full_batch(X: Array, Y: Array) -> Batches:
    """Return all examples, X (n[0], m) and Y (n[L], m), at every iteration."""
    return lambda iteration: (X, Y, in_place)


def batches_per_epoch(m: int, batch_size: int | None) -> int:
    """Return how many updates one pass over m examples takes."""
    return -(-m // batch_size) if batch_size else 1


def mini_batches(X: Any, Y: Array, batch_size: int, shuffle_seed: int) -> Batches:
    """Return the shuffled batch of an iteration, as live arrays that the next batch overwrites."""
    X_rows, Y_rows = X.T, np.ascontiguousarray(Y.T)
    on_disk = not isinstance(X_rows, np.ndarray)
    m = len(X_rows)
    per_epoch = batches_per_epoch(m, batch_size)
    X_batch = np.empty((batch_size, X_rows.shape[1]), X.dtype)
    Y_batch = np.empty((batch_size, Y_rows.shape[1]), Y.dtype)
    order: tuple[int, Array] = (-1, np.empty(0, np.int64))

    def batch(iteration: int) -> tuple[Array, Array, Gather]:
        nonlocal order
        epoch, number = divmod(iteration, per_epoch)
        if order[0] != epoch:
            order = (epoch, RandomState((shuffle_seed + epoch) % 2**32).permutation(m))
        rows = order[1][number * batch_size : (number + 1) * batch_size]
        X_part, Y_part = X_batch[: len(rows)], Y_batch[: len(rows)]

        found = X_rows.found(rows) if on_disk else None

        def gather(where: slice) -> None:
            if found is None:
                np.take(X_rows, rows[where], axis=0, out=X_part[where], mode="clip")  # "raise" would buffer a copy
            else:
                X_rows.prepare(found[where], X_part[where])
            np.take(Y_rows, rows[where], axis=0, out=Y_part[where], mode="clip")

        return X_part.T, Y_part.T, gather

    return batch
