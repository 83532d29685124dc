"""`fit` is the training loop: a generator that pauses between the gradient and the update.

Whatever watches, records or ends training wraps this iterator; the loop itself knows none of it.
"""

from collections.abc import Callable, Iterator

from nnctl.nn import Array
from nnctl.nn.metrics import Metrics
from nnctl.nn.objective import Gather, Objective
from nnctl.nn.optimizers import Update
from nnctl.nn.parameters import Parameters
from nnctl.nn.schedules import Rate

# iteration -> X (n[0], m), Y (n[L], m), and what brings a part of their examples into place
Batches = Callable[[int], tuple[Array, Array, Gather]]


class Step:
    """One iteration, before its update: a window on live arrays, so whoever keeps one copies it.

    Cost, parameters and gradients belong together. The cost is worked out when it is first asked for.
    """

    __slots__ = ("_Y", "_cost", "iteration", "objective", "validation")

    def __init__(self, iteration: int, objective: Objective, Y: Array) -> None:
        self.iteration = iteration
        self.objective = objective
        self._Y = Y
        self._cost: float | None = None
        self.validation: Metrics | None = None  # set by a stage, where an evaluation is due

    @property
    def cost(self) -> float:
        """The cost of this step's examples at this step's parameters."""
        if self._cost is None:
            self._cost = self.objective.cost(self._Y)
        return self._cost

    @property
    def told_cost(self) -> float | None:
        """The cost, if somebody has asked for it, or None."""
        return self._cost

    @property
    def examples(self) -> int:
        """How many examples the cost is a mean over."""
        return self._Y.shape[1]

    @property
    def parameters(self) -> Parameters:
        """The parameters before the update."""
        return self.objective.parameters

    @property
    def gradients(self) -> Parameters:
        """The gradients of the cost at these parameters."""
        return self.objective.gradients


def fit(
    objective: Objective, batches: Batches, update: Update, rate: Rate, iterations: int, start: int = 0
) -> Iterator[Step]:
    """Yield a Step for each iteration from `start`, then update the parameters when asked for the next."""
    for iteration in range(start, iterations):
        X, Y, gather = batches(iteration)
        objective.differentiate(X, Y, iteration, gather)
        yield Step(iteration, objective, Y)
        update(rate(iteration), iteration + 1)
