"""Clipping keeps a single steep step from throwing the parameters far off: gradients are cut before an update."""

import numpy as np

from nnctl.nn.objective import Objective
from nnctl.nn.optimizers import Update


def clipped(update: Update, objective: Objective, value: float | None, norm: float | None) -> Update:
    """Return the update with every gradient cut to [-value, value], then all scaled so that their norm is at most
    `norm` (Pascanu et al. 2013, algorithm 1).
    """
    if value is None and norm is None:
        return update
    g = objective.g

    def clip_and_update(learning_rate: float, t: int) -> None:
        if value is not None:
            np.clip(g, -value, value, out=g)
        if norm is not None:
            length = objective.gradient_norm()
            if length > norm:
                np.multiply(g, norm / length, out=g)
        update(learning_rate, t)

    return clip_and_update
