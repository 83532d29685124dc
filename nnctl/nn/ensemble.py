"""An ensemble is several networks with the same layers, whose outputs are averaged: each of them errs in its own way
(deep ensembles, Lakshminarayanan, Pritzel & Blundell 2017).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nnctl.nn import Array
from nnctl.nn.losses import Loss
from nnctl.nn.network import Forward, Network, Pass


@dataclass(frozen=True)
class Ensemble(Forward["EnsemblePass"]):
    """The mean of the outputs of its members."""

    members: Sequence[Network]

    @property
    def outputs(self) -> int:
        """n[L]."""
        return self.members[0].outputs

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of its numbers."""
        return self.members[0].dtype

    @property
    def together(self) -> int:
        """How many examples are run forward at a time."""
        return self.members[0].together

    def over(self, m: int) -> "EnsemblePass":
        """Return a pass over m examples."""
        return EnsemblePass([member.over(m) for member in self.members])

    def magnitudes(self) -> tuple[float, float]:
        """Return the sums of squares and of absolute values of every W, in the mean over the members."""
        squares, absolutes = zip(*(member.magnitudes() for member in self.members), strict=True)
        return sum(squares) / len(self.members), sum(absolutes) / len(self.members)


class EnsemblePass:
    """A forward pass of all members over m examples; the last of `A` is the mean of theirs."""

    def __init__(self, members: Sequence[Pass]) -> None:
        self.members = members
        self.A = [np.empty_like(members[0].A[-1])]

    def forward(self, X: Array) -> None:
        """Work out the outputs for X (n[0], m)."""
        for member in self.members:
            member.forward(X)
        mean([member.A[-1] for member in self.members], self.A[-1])

    def logits(self, loss: Loss) -> Array:
        """Return the Z[L] (n[L], m) whose outputs are the mean of the members'."""
        return loss.logits_of_mean(np.stack([member.Z[-1] for member in self.members]))


def mean(members: Sequence[Array], out: Array) -> Array:
    """Write the mean of some arrays into `out`: number by number, so that a row has one answer in any block."""
    np.copyto(out, members[0])
    for member in members[1:]:
        np.add(out, member, out=out)
    return np.divide(out, len(members), out=out)
