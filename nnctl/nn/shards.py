"""A shard is a fixed part of every batch, with a pass and gradients of its own; the gradients are added in order.

Sums of floating-point numbers depend on their order, so how many shards there are is said by the spec and never by the
machine: whether they run side by side or one after the other, the numbers are the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nnctl.nn import Array
from nnctl.nn.network import Network, TrainingPass
from nnctl.nn.parameters import Parameters

# Two are worth their hand-overs from so many examples and so much work on, further ones where each still has enough
# examples for matrix products at full speed (measured on two cores). Counts are powers of two, so that no core waits.
FEWEST, WORK = 128, 5e7  # examples of a batch, and floating-point operations of an update
EXAMPLES = 128  # of each of more than two
MOST = 8


@dataclass
class Shard:
    """A part of a batch, its pass, and what the examples last cost in sum (where there is more than one shard)."""

    where: slice
    run: TrainingPass
    cost: float = 0.0


class Batch:
    """What it takes to differentiate over m examples: the shards, and what they have parts of."""

    def __init__(
        self, network: Network, m: int, gradients: Sequence[Parameters], dropped: Sequence[int], weighted: bool
    ) -> None:
        dtype = network.parameters.flat.dtype
        self.m = m
        self.scale: Array = np.full(m if weighted else (), 1 / m, dtype)  # of each example's share in the mean
        self.masks = {index: np.empty((network.layer_dims[index + 1], m), dtype) for index in dropped}
        count = min(len(gradients), m)
        ends = [m * number // count for number in range(count + 1)]
        self.shards = [
            Shard(where, TrainingPass(network, where.stop - where.start, own, self._scale(where), self._masks(where)))
            for where, own in zip(map(slice, ends, ends[1:]), gradients, strict=False)
        ]

    def _scale(self, where: slice) -> Array:
        return self.scale[where] if self.scale.ndim else self.scale

    def _masks(self, where: slice) -> Mapping[int, Array]:
        return {index: mask[:, where] for index, mask in self.masks.items()}


def fitting(layer_dims: Sequence[int], m: int) -> int:
    """Return how many shards a batch of m examples is best cut into."""
    work = 6 * m * sum(n * k for n, k in zip(layer_dims[1:], layer_dims, strict=False))
    if m < FEWEST or work < WORK:
        return 1
    return min(MOST, max(2, 2 ** (m // EXAMPLES).bit_length() // 2))
