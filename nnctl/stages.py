"""A stage wraps the iterator of steps: it watches, records or ends training, and hands each step on.

Stages are generators, Iterator[Step] -> Iterator[Step]; to stop is to return. A stage that keeps anything
of a step copies it, for the arrays are live.
"""

import contextlib
import math
import signal
from collections.abc import Callable, Iterator
from types import FrameType

from nnctl.errors import DivergedError
from nnctl.nn.training import Step
from nnctl.runs import CostLog

Steps = Iterator[Step]
Stage = Callable[[Steps], Steps]


def finite(steps: Steps) -> Steps:
    """End training with a DivergedError when the gradients leave the finite numbers.

    The last bias's gradient is the sum of all errors at the output, so a nan anywhere reaches it.
    """
    for step in steps:
        if not math.isfinite(step.gradients.flat[-1]):
            raise diverged(step)
        yield step


def diverged(step: Step) -> DivergedError:
    """Return the error that says where training left the finite numbers."""
    return DivergedError(
        f"training diverged: at iteration {step.iteration} the cost is {step.cost}.\n"
        "Most often the learning rate is too high: try a tenth of it, or standardize the features"
        " (data.scale: standardize)."
    )


def recorded(steps: Steps, log: CostLog, every: int, iterations: int, validate: Callable[[], float] | None) -> Steps:
    """Log the cost every `every` iterations and at the last one, with that on the validation set if there is one."""
    for step in steps:
        if step.iteration % every == 0 or step.iteration == iterations - 1:
            if not math.isfinite(step.cost):
                raise diverged(step)
            log.row([step.iteration, step.cost, *([validate()] if validate else [])])
        yield step


def recorded_by_epoch(
    steps: Steps,
    log: CostLog,
    every: int,
    per_epoch: int,
    iterations: int,
    validate: Callable[[], float] | None,
) -> Steps:
    """Log an epoch's cost, the example-weighted mean over its batches, every `every` epochs and for the last."""
    last_epoch = (iterations - 1) // per_epoch
    total, examples = 0.0, 0
    for step in steps:
        epoch = step.iteration // per_epoch
        due = epoch % every == 0 or epoch == last_epoch
        if due:
            if step.iteration % per_epoch == 0:
                total, examples = 0.0, 0
            total += step.cost * step.examples
            examples += step.examples
            if not math.isfinite(total):
                raise diverged(step)
            if step.iteration % per_epoch == per_epoch - 1 or step.iteration == iterations - 1:
                log.row([step.iteration, epoch, total / examples, *([validate()] if validate else [])])
        yield step


@contextlib.contextmanager
def caught_signals() -> Iterator[list[int]]:
    """Collect SIGINT and SIGTERM in a list, so that training ends between two steps with everything saved."""
    received: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        received.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def interruptible(steps: Steps, received: list[int]) -> Steps:
    """End training when a signal has come."""
    for step in steps:
        if received:
            return
        yield step
