"""Dropout silences units of a hidden layer at random, so that no unit relies on another (Srivastava et al. 2014).

It is inverted: what stays is divided by the share that is kept, so the expected activation is unchanged and
prediction needs no dropout. A mask is a function of (seed, iteration, layer) alone: nothing has to be saved.
"""

import numpy as np
from numpy.random import RandomState

from nnctl.nn import Array

LEVELS = 2**16  # a unit is kept where a 16-bit random number is below its share of these
CHUNK = 2**14  # random numbers drawn at a time, so that memory does not grow with the batch


class Dropout:
    """The masks of one run: `shares` are the shares of units kept in hidden layers 1..L-1, 1 for all."""

    def __init__(self, shares: tuple[float, ...], seed: int) -> None:
        self.shares = shares
        self._seed = seed
        self._stream = RandomState()

    def draw(self, iteration: int, layer: int, mask: Array) -> None:
        """Write the mask (n[l], m) of a hidden layer, from 1, at an iteration: 0, or 1 over the share kept."""
        kept = max(1, round(self.shares[layer - 1] * LEVELS))
        self._stream.seed([self._seed, iteration, layer])
        flat = mask.reshape(-1)
        for start in range(0, len(flat), CHUNK):
            part = flat[start : start + CHUNK]
            np.less(np.frombuffer(self._stream.bytes(2 * len(part)), "<u2"), kept, out=part, casting="unsafe")
        np.multiply(mask, LEVELS / kept, out=mask)
