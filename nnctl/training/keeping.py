"""Keeping a training is writing checkpoints of it as it goes on, and taking it up again from one.

A checkpoint is of the moment before a step: what has been logged, measured and remembered belongs to the steps before.
"""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from nnctl.data.portions import all_finite
from nnctl.errors import SpecError, StorageError
from nnctl.nn import Array
from nnctl.nn.objective import Objective
from nnctl.nn.training import Step
from nnctl.runs import checkpoints
from nnctl.runs.checkpoints import Checkpoint
from nnctl.runs.run import Run
from nnctl.training.remembered import Remembered


@dataclass(frozen=True)
class Every:
    """How often a checkpoint is written: after so many iterations, or so many seconds; never where both are None."""

    iterations: int | None = None
    seconds: float | None = None

    @classmethod
    def parse(cls, text: str) -> "Every":
        """Return what a person wrote: 500 (iterations), 30s or off; raise a SpecError for anything else."""
        if text == "off":
            return NEVER
        found = re.fullmatch(r"([1-9]\d{0,11})(s?)", text)
        if found is None:
            raise SpecError(
                f"--checkpoint-every is a number of iterations, such as 500, of seconds, 60s, or off: {text!r}"
            )
        return cls(seconds=float(found[1])) if found[2] else cls(iterations=int(found[1]))


NEVER, SELDOM = Every(), Every(seconds=60.0)


@dataclass
class Keeper:
    """What is kept of a training: all arrays that a step changes, and what the stages remember."""

    run: Run
    every: Every
    objective: Objective
    state: Array  # of the optimizer (slots, n)
    remembered: Remembered
    fast_path: bool  # whether p is not the network's own parameters
    say: Callable[[str], object]
    problem: str | None = None
    saved: int | None = None  # the iteration of the newest checkpoint
    _last: float = field(default_factory=time.monotonic)

    def is_due(self, iteration: int) -> bool:
        """Tell whether a checkpoint is to be written before this step."""
        if self.every.iterations is not None:
            return iteration % self.every.iterations == 0
        return self.every.seconds is not None and time.monotonic() - self._last >= self.every.seconds

    def save(self, iteration: int) -> None:
        """Write the checkpoint of an iteration; where that cannot be, say so once, and go on with the one before.

        Parameters that are no numbers any more are never kept.
        """
        if not all_finite(self.objective.p):
            return
        arrays, about = self.remembered.packed()
        arrays |= {"p": self.objective.p, "state": self.state}
        try:
            about["fast_path"] = self.fast_path
            checkpoints.save(self.run.folder, iteration, arrays, about, self.run.saved_files())
            self.saved = iteration
        except StorageError as error:
            problem = f"{error}; the training goes on, and would be resumed from an older checkpoint or its start"
            if self.problem is None:
                self.say(f"note: {problem}")
            self.problem = problem
        self._last = time.monotonic()

    def restore(self, checkpoint: Checkpoint) -> None:
        """Take the training up from a checkpoint of the same network."""
        np.copyto(self.objective.p, checkpoint.arrays["p"])
        np.copyto(self.state, checkpoint.arrays["state"])
        self.saved = checkpoint.iteration


def kept(steps: Iterator[Step], keeper: Keeper, start: int, received: Sequence[int]) -> Iterator[Step]:
    """Write checkpoints where they are due, and one where a signal has come, which ends training before the step."""
    for step in steps:
        at = step.iteration
        due = (received or keeper.is_due(at)) and at not in (start, keeper.saved)
        if due and step.objective.is_finite():
            keeper.save(at)
        if received:
            return
        yield step
