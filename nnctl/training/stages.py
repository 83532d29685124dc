"""A stage wraps the iterator of steps: it watches, records or ends training, and hands each step on.

Stages are generators, Iterator[Step] -> Iterator[Step]; to stop is to return. A stage that keeps anything
of a step copies it, for the arrays are live.
"""

import math
import time
from collections.abc import Callable, Iterator

from nnctl.errors import DivergedError
from nnctl.nn.metrics import Metrics
from nnctl.nn.objective import Objective
from nnctl.nn.training import Step
from nnctl.runs.run import CostLog
from nnctl.training.remembered import Memory, Remembered

Steps = Iterator[Step]
Stage = Callable[[Steps], Steps]
Due = Callable[[int], bool]  # iteration -> whether a row of the cost log, or an evaluation, falls on it

REPORT_SECONDS = 0.1
EXPLODED = 1e6  # times the first cost: no training comes back from there


def every_iterations(every: int, iterations: int) -> Due:
    """Return the iterations 0, every, 2 every, ... and the last."""
    return lambda iteration: iteration % every == 0 or iteration == iterations - 1


def every_epochs(every: int, per_epoch: int, iterations: int) -> Due:
    """Return the last iteration of the epochs 0, every, 2 every, ... and the last of all."""

    def due(iteration: int) -> bool:
        epoch, batch = divmod(iteration, per_epoch)
        return iteration == iterations - 1 or (batch == per_epoch - 1 and epoch % every == 0)

    return due


def finite(steps: Steps, due: Due, memory: Remembered) -> Steps:
    """End training with a DivergedError when the gradients leave the finite numbers or the cost explodes.

    Where a row is due, the cost is looked at too and good parameters are kept.
    """
    for step in steps:
        if not step.objective.is_finite():
            raise diverged(step.iteration, step.cost, memory.last_good)
        if step.iteration == 0 or due(step.iteration):
            memory.first = step.cost if math.isnan(memory.first) else memory.first
            if not math.isfinite(step.cost) or step.cost > EXPLODED * (1 + memory.first):
                raise diverged(step.iteration, step.cost, memory.last_good)
            memory.last_good.keep(step)
        yield step


def diverged(iteration: int, cost: float, last_good: Memory) -> DivergedError:
    """Return the error that says where training left the finite numbers, and what is kept."""
    what = f"training diverged: at iteration {iteration} the cost is {cost:g}"
    if iteration == 0:
        return DivergedError(f"{what}, and nothing has been updated yet.")
    kept = "" if last_good.iteration is None else f" The parameters of iteration {last_good.iteration} are kept."
    return DivergedError(f"{what}.{kept}")


def evaluated(steps: Steps, due: Due, validate: Callable[[Objective], Metrics]) -> Steps:
    """Give each step on which a row is due the metrics of the validation examples at its parameters."""
    for step in steps:
        if due(step.iteration):
            step.validation = validate(step.objective)
        yield step


def recorded(steps: Steps, log: CostLog, due: Due) -> Steps:
    """Log the cost where a row is due, with the loss of the validation examples if there are any."""
    for step in steps:
        if due(step.iteration):
            log.row([step.iteration, step.cost, *([step.validation["loss"]] if step.validation else [])])
        yield step


def recorded_by_epoch(
    steps: Steps, log: CostLog, due: Due, per_epoch: int, wanted: Callable[[int], bool], memory: Remembered
) -> Steps:
    """Log the cost of each wanted epoch: the mean over its batches, weighted by their examples."""
    for step in steps:
        epoch, batch = divmod(step.iteration, per_epoch)
        if batch == 0:
            memory.total, memory.examples = 0.0, 0
        if wanted(epoch):
            memory.total += step.cost * step.examples
            memory.examples += step.examples
            if due(step.iteration):
                validation = [step.validation["loss"]] if step.validation else []
                log.row([step.iteration, epoch, memory.total / memory.examples, *validation])
        yield step


def until_plateau(steps: Steps, metric: str, patience: int, min_delta: float, memory: Remembered) -> Steps:
    """Keep the parameters that were best on the validation examples; end training after `patience` evaluations
    without an improvement of more than min_delta. An undefined metric is no improvement.
    """
    sign = -1 if metric in ("loss", "mse", "mae") else 1  # of what is better
    for step in steps:
        if step.validation is not None:
            value = step.validation[metric]
            if value is not None and sign * value > memory.highest + min_delta:
                memory.highest, memory.waited = sign * value, 0
                memory.best.keep(step)
            else:
                memory.waited += 1
                if memory.waited >= patience:
                    return
        yield step


def reported(steps: Steps, report: Callable[[int, int, float], None], iterations: int) -> Steps:
    """Report the updates done, of how many, and the cost: ten times a second, at the first step and at the last.

    The last is whichever comes last, for training may end before all iterations are done; what its cost was can no
    longer be asked for then, so it is told with the last that was, as one that is logged.
    """
    last, told, done, cost = -math.inf, 0, 0, math.nan
    for step in steps:
        now, done = time.monotonic(), step.iteration + 1
        if now - last >= REPORT_SECONDS or done == iterations:
            last, told, cost = now, done, step.cost
            report(done, iterations, cost)
        yield step
        cost = cost if step.told_cost is None else step.told_cost
    if told < done:
        report(done, iterations, cost)
