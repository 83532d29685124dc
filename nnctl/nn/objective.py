"""An objective is the cost of one network at work: it runs the passes and holds the gradients.

It keeps the passes for each number of examples it meets (a full batch, or a batch size and a short last batch) and
one gradient vector for each shard; the first becomes their sum. What an optimizer sees of it are the flat vectors
`p` and `g`, and `weights`, the part of p that is penalized and decays.
"""

import math
from collections.abc import Callable

import numpy as np

from nnctl.nn import Array
from nnctl.nn.criterion import Criterion, Evaluation
from nnctl.nn.dropout import Dropout
from nnctl.nn.network import Network, Pass, TrainingPass
from nnctl.nn.parameters import Parameters
from nnctl.nn.shards import Batch
from nnctl.team import ALONE, Team, slices

Gather = Callable[[slice], None]  # brings a part of a batch's examples into place

WORTH_ADDING = 2**18  # numbers for each of a team


def in_place(where: slice) -> None:
    """Do nothing: the examples are in place."""


class Objective:
    """The cost of a network on batches of examples, and its gradients."""

    def __init__(
        self,
        network: Network,
        criterion: Criterion,
        dropout: Dropout | None = None,
        shards: int = 1,
        team: Team = ALONE,
    ) -> None:
        self.network = network
        self.criterion = criterion
        self.team = team
        self._of_shards = [network.parameters.like() for _ in range(shards)]
        self._gradients = self._of_shards[0]
        self.p, self.g = network.parameters.flat, self._gradients.flat
        self.weights = network.parameters.weights
        self._g_weights = self._gradients.weights
        self._dropout = dropout
        self._dropped = [index for index, share in enumerate(dropout.shares) if share < 1] if dropout else []
        self._scratch = np.empty_like(self.weights) if criterion.l2 or criterion.l1 else None
        self._batches: dict[int, Batch] = {}
        self._evaluation_passes: dict[int, dict[int, Pass]] = {}

    @property
    def parameters(self) -> Parameters:
        """The network's parameters now."""
        return self.network.parameters

    def settle(self) -> None:
        """Bring the network's own parameters up to date, where something else stands for them in `p`."""

    @property
    def gradients(self) -> Parameters:
        """The gradients of the cost by the parameters, as of the last `differentiate`."""
        return self._gradients

    def differentiate(self, X: Array, Y: Array, iteration: int = 0, gather: Gather = in_place) -> None:
        """Run forward and backward over X (n[0], m) and Y (n[L], m); dropout's masks are the iteration's."""
        batch = self._batch(X.shape[1])
        for index, mask in batch.masks.items():
            assert self._dropout is not None
            self._dropout.draw(iteration, index + 1, mask)
        if len(batch.shards) == 1:
            gather(batch.shards[0].where)
            self._weigh(batch.shards[0].run, Y, batch.m)
            self._run(batch.shards[0].run, X, Y)
        else:
            self._run_shards(batch, X, Y, gather)
        if self._scratch is not None:
            self._add_penalty_gradients(self._scratch)

    def cost(self, Y: Array) -> float:
        """Return the cost at the last `differentiate` over as many examples as Y (n[L], m) has."""
        batch = self._batch(Y.shape[1])
        if len(batch.shards) == 1:
            total = self.criterion.sums(batch.shards[0].run, Y)[1]
        else:
            total = sum(shard.cost for shard in batch.shards)
        return total / batch.m + self._penalty()

    def evaluate(self, X: Array, Y: Array) -> Evaluation:
        """Return what the current parameters come to on X (n[0], m) and Y (n[L], m)."""
        return self.criterion.evaluate(self.network, X, Y, self._evaluation_passes, self.team)

    def is_finite(self) -> bool:
        """Tell whether the gradients of b[L] are numbers: they sum all errors, so any nan or inf reaches them."""
        errors = self._gradients.b[-1]
        return math.isfinite(errors[0, 0] if len(errors) == 1 else errors.sum())

    def gradient_norm(self) -> float:
        """Return the length of the gradient by all parameters."""
        return float(np.sqrt(np.dot(self.g, self.g)))

    def _run(self, run: TrainingPass, X: Array, Y: Array) -> None:
        run.forward(X)
        run.backward(X, Y, self.criterion.minimized)

    def _weigh(self, run: TrainingPass, Y: Array, m: int) -> None:
        if self.criterion.class_weights is not None:
            self.criterion.example_weights(Y, out=run.scale)
            np.divide(run.scale, m, out=run.scale)

    def _run_shards(self, batch: Batch, X: Array, Y: Array, gather: Gather) -> None:
        """Run the shards side by side, then add their gradients, each of the team a part of the vector."""
        shards = batch.shards
        rest = [gradients.flat for gradients in self._of_shards[1 : len(shards)]]
        parts = slices(len(self.g), self.team.size, WORTH_ADDING)

        def run(number: int) -> None:
            shard = shards[number]
            gather(shard.where)
            own = Y[:, shard.where]
            self._weigh(shard.run, own, batch.m)
            self._run(shard.run, X[:, shard.where], own)
            shard.cost = self.criterion.sums(shard.run, own)[1]

        def add(number: int) -> None:
            part = parts[number]
            for g in rest:
                np.add(self.g[part], g[part], self.g[part])

        self.team.run(run, len(shards))
        self.team.run(add, len(parts))

    def _batch(self, m: int) -> Batch:
        if m not in self._batches:
            weighted = self.criterion.class_weights is not None
            self._batches[m] = Batch(self.network, m, self._of_shards, self._dropped, weighted)
        return self._batches[m]

    def _add_penalty_gradients(self, scratch: Array) -> None:
        m = self.criterion.m
        if self.criterion.l2:
            np.multiply(self.weights, self.criterion.l2 / m, out=scratch)
            np.add(self._g_weights, scratch, out=self._g_weights)
        if self.criterion.l1:
            np.sign(self.weights, out=scratch)
            np.multiply(scratch, self.criterion.l1 / m, out=scratch)
            np.add(self._g_weights, scratch, out=self._g_weights)

    def _penalty(self) -> float:
        if self._scratch is None:
            return 0.0
        return self.criterion.penalty(*self._sums_of_weights())

    def _sums_of_weights(self) -> tuple[float, float]:
        """Return the sum of squares and that of absolute values of every W."""
        absolutes = float(np.abs(self.weights).sum()) if self.criterion.l1 else 0.0
        return float(np.dot(self.weights, self.weights)), absolutes
