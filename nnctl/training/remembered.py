"""What the stages of a training remember from one step to the next, in one place: a checkpoint holds it.

Everything else that a step depends on is the parameters, the optimizer's state, and the number of the iteration.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nnctl.nn import Array
from nnctl.nn.objective import Objective
from nnctl.nn.training import Step


class Memory:
    """The parameters of one step, kept: the last good ones, or the best."""

    def __init__(self) -> None:
        self.iteration: int | None = None
        self.p: Array | None = None

    def keep(self, step: Step) -> None:
        """Copy the step's parameters over those kept before."""
        if self.p is None:
            self.p = np.empty_like(step.objective.p)
        np.copyto(self.p, step.objective.p)
        self.iteration = step.iteration

    def restore(self, objective: Objective) -> None:
        """Put what was kept, if anything was, back into the objective."""
        if self.p is not None:
            np.copyto(objective.p, self.p)


@dataclass
class Remembered:
    """The first cost and the last good parameters; the epoch's cost so far; the best parameters and the wait since."""

    first: float = math.nan
    last_good: Memory = field(default_factory=Memory)
    total: float = 0.0
    examples: int = 0
    highest: float = -math.inf
    waited: int = 0
    best: Memory = field(default_factory=Memory)

    def packed(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Return it as arrays, and what is said about them."""
        arrays: dict[str, Array] = {"costs": np.array([self.first, self.total, self.highest])}
        about: dict[str, Any] = {"examples": self.examples, "waited": self.waited}
        for name, memory in self._memories().items():
            if memory.p is not None:
                arrays[name], about[name] = memory.p, memory.iteration
        return arrays, about

    @classmethod
    def unpacked(cls, arrays: Mapping[str, Array], about: Mapping[str, Any]) -> "Remembered":
        """Return what was packed; raise a ValueError, or a KeyError, for anything else."""
        counts = [about.get("examples"), about.get("waited")]
        if arrays["costs"].shape != (3,) or not all(type(count) is int for count in counts):
            raise ValueError("what the stages remember is not there")
        first, total, highest = arrays["costs"].tolist()
        own = cls(first, total=total, examples=about["examples"], highest=highest, waited=about["waited"])
        for name, memory in own._memories().items():
            if name in arrays:
                if type(about.get(name)) is not int:
                    raise ValueError(f"{name} is of no iteration")
                memory.p, memory.iteration = arrays[name].copy(), about[name]
        return own

    def _memories(self) -> dict[str, Memory]:
        return {"last_good": self.last_good, "best": self.best}
