"""Stages one by one, on made-up steps."""

import math
from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from nnctl.errors import DivergedError
from nnctl.runs.run import CostLog
from nnctl.training import stages
from nnctl.training.remembered import Memory, Remembered


@dataclass
class FakeStep:
    """A step with one parameter, which is the iteration, and its gradient."""

    iteration: int
    cost: float = 0.5
    gradient: float = 0.0
    examples: int = 1
    validation: dict | None = None
    told_cost: float | None = None
    objective: SimpleNamespace = field(init=False)

    def __post_init__(self):
        self.objective = SimpleNamespace(
            p=np.array([float(self.iteration)]), is_finite=lambda: math.isfinite(self.gradient)
        )


def with_costs(costs):
    return [FakeStep(iteration, cost) for iteration, cost in enumerate(costs)]


def passed(stage, steps):
    """Return the iterations that come out of a stage."""
    return [step.iteration for step in stage(iter(steps))]


def logged(stage, steps):
    """Return the rows that a recording stage writes."""
    rows = []
    log = CostLog(SimpleNamespace(add=rows.append), pytest.fail)
    assert passed(partial(stage, log=log), steps) == [step.iteration for step in steps]
    return [row.rstrip("\n") for row in rows]


# when a row is due


@pytest.mark.parametrize(
    ("every", "iterations", "expected"),
    [(100, 250, [0, 100, 200, 249]), (100, 201, [0, 100, 200]), (1, 3, [0, 1, 2]), (100, 1, [0]), (7, 5, [0, 4])],
)
def test_rows_are_due_at_every_so_many_iterations_and_the_last(every, iterations, expected):
    due = stages.every_iterations(every, iterations)
    assert [i for i in range(iterations) if due(i)] == expected


@pytest.mark.parametrize(
    ("every", "per_epoch", "iterations", "expected"),
    [(1, 5, 15, [4, 9, 14]), (2, 5, 20, [4, 14, 19]), (1, 5, 12, [4, 9, 11]), (3, 1, 5, [0, 3, 4]), (10, 5, 3, [2])],
)
def test_rows_of_epochs_are_due_at_their_last_iteration(every, per_epoch, iterations, expected):
    due = stages.every_epochs(every, per_epoch, iterations)
    assert [i for i in range(iterations) if due(i)] == expected


# recorded


def test_recorded_writes_a_row_where_one_is_due():
    steps = with_costs([0.75, 0.5, 0.1 + 0.2, 0.25])
    assert logged(partial(stages.recorded, due=lambda i: i % 2 == 0), steps) == ["0,0.75", "2,0.30000000000000004"]


def test_recorded_adds_the_cost_on_the_validation_examples():
    steps = [FakeStep(0, 0.5, validation={"loss": 0.625}), FakeStep(1, 0.25, validation={"loss": None})]
    assert logged(partial(stages.recorded, due=lambda _: True), steps) == ["0,0.5,0.625", "1,0.25,"]


def test_an_epoch_has_the_mean_cost_of_its_batches_weighted_by_their_examples():
    steps = [
        FakeStep(iteration, cost, examples=examples)
        for iteration, (cost, examples) in enumerate([(1.0, 4), (2.0, 4), (6.0, 1)] * 2 + [(8.0, 4), (3.0, 4)])
    ]
    record = partial(stages.recorded_by_epoch, per_epoch=3, memory=Remembered())
    mean = str((1.0 * 4 + 2.0 * 4 + 6.0) / 9)
    all_epochs = partial(record, due=stages.every_epochs(1, 3, 8), wanted=lambda epoch: True)
    assert logged(all_epochs, steps) == [f"2,0,{mean}", f"5,1,{mean}", "7,2,5.5"]
    some_epochs = partial(record, due=stages.every_epochs(5, 3, 8), wanted=lambda epoch: epoch in (0, 2))
    assert logged(some_epochs, steps) == [f"2,0,{mean}", "7,2,5.5"]


# finite


@pytest.mark.parametrize("gradient", [math.nan, math.inf, -math.inf])
def test_a_gradient_that_is_not_finite_ends_training_within_the_step(gradient):
    memory, seen = Remembered(), []
    steps = [FakeStep(0), FakeStep(1), FakeStep(2, math.nan, gradient), FakeStep(3)]
    stage = stages.finite(iter(steps), due=lambda i: False, memory=memory)
    with pytest.raises(DivergedError, match="at iteration 2 the cost is nan") as raised:
        seen.extend(step.iteration for step in stage)
    assert "diverged: at iteration 2" in str(raised.value)
    assert memory.last_good.iteration == 0


@pytest.mark.parametrize("cost", [math.nan, math.inf, 3e6])
def test_a_cost_that_is_not_finite_or_explodes_ends_training_where_a_row_is_due(cost):
    memory = Remembered()
    steps = with_costs([0.5, cost, 0.5, 0.4, cost])
    stage = partial(stages.finite, due=lambda i: i in (0, 2, 4), memory=memory)
    with pytest.raises(DivergedError, match=r"at iteration 4 .* The parameters of iteration 2 are kept"):
        passed(stage, steps)
    objective = SimpleNamespace(p=np.zeros(1))
    memory.last_good.restore(objective)
    assert objective.p == 2


def test_finite_passes_on_what_is_fine_and_a_large_start_too():
    steps = with_costs([1773.0, 900.0, 5000.0, 0.3])
    assert passed(partial(stages.finite, due=lambda i: True, memory=Remembered()), steps) == [0, 1, 2, 3]


# memory and early stopping


def test_memory_is_a_copy():
    memory, step, objective = Memory(), FakeStep(7), SimpleNamespace(p=np.array([1.0]))
    memory.restore(objective)
    assert objective.p == 1  # there is nothing to restore yet
    memory.keep(step)
    step.objective.p[0] = -5
    memory.restore(objective)
    assert (objective.p, memory.iteration) == (7, 7)


def validated(metric, values):
    """Return steps, of which every second one is evaluated."""
    return [FakeStep(i, validation={metric: values[i // 2]} if i % 2 == 0 else None) for i in range(2 * len(values))]


@pytest.mark.parametrize(
    ("metric", "values", "settings", "last", "best"),
    [
        ("loss", [0.9, 0.7, 0.8, 0.75, 0.1], {"patience": 2}, 5, 2),  # the last of them is never seen
        ("loss", [0.9, 0.7, 0.8, 0.6, 0.65], {"patience": 2}, 9, 6),
        ("accuracy", [0.5, 0.7, 0.6, 0.7, 0.9], {"patience": 2}, 5, 2),  # no better is no improvement
        ("loss", [0.9, 0.85, 0.8, 0.75], {"patience": 2, "min_delta": 0.075}, 7, 4),
        ("loss", [0.9, 0.85, 0.83, 0.75], {"patience": 2, "min_delta": 0.075}, 3, 0),
        ("precision", [None, 0.2, None, None, 0.9], {"patience": 2}, 5, 2),
        ("r2", [-5.0, -3.0, -4.0], {"patience": 1}, 3, 2),
        ("mae", [5.0, 3.0, 4.0], {"patience": 1}, 3, 2),
    ],
)
def test_early_stopping_keeps_the_best_and_waits_for_a_better(metric, values, settings, last, best):
    memory = Remembered()
    stage = partial(stages.until_plateau, metric=metric, **{"min_delta": 0.0, **settings}, memory=memory)
    assert passed(stage, validated(metric, values)) == list(range(last + 1))
    assert memory.best.iteration == best


def test_evaluated_measures_only_where_a_row_is_due():
    steps, measured = with_costs([0.5] * 5), []

    def validate(objective):
        measured.append(objective)
        return {"loss": float(objective.p[0])}

    assert passed(partial(stages.evaluated, due=lambda i: i in (0, 3), validate=validate), steps) == [0, 1, 2, 3, 4]
    assert [step.validation for step in steps] == [{"loss": 0}, None, None, {"loss": 3}, None]
    assert len(measured) == 2


# reported


def test_reported_tells_the_first_step_and_the_last_and_little_between(monkeypatch):
    clock, told = iter(np.arange(0, 100, 0.04)), []
    monkeypatch.setattr("nnctl.training.stages.time.monotonic", lambda: next(clock))
    stage = partial(stages.reported, report=lambda *what: told.append(what), iterations=11)
    assert passed(stage, with_costs([0.5 + i for i in range(11)])) == list(range(11))
    assert told == [(1, 11, 0.5), (4, 11, 3.5), (7, 11, 6.5), (10, 11, 9.5), (11, 11, 10.5)]


def test_the_last_step_is_reported_where_training_ends_before_all_are_done(monkeypatch):
    monkeypatch.setattr(stages.time, "monotonic", lambda: 0.0)
    told = []
    stage = partial(stages.reported, report=lambda *what: told.append(what), iterations=100)
    passed(stage, with_costs([0.5, 0.25, 0.125]))
    assert told == [(1, 100, 0.5), (3, 100, 0.5)]  # with the last cost that was told
    steps = with_costs([0.5, 0.25, 0.125])
    steps[1].told_cost = 0.25  # as a log asks for it
    passed(stage, steps)
    assert told[2:] == [(1, 100, 0.5), (3, 100, 0.25)]


def test_the_cost_is_only_worked_out_where_it_is_reported():
    class Counted(FakeStep):
        asked = 0

        @property
        def cost(self):
            Counted.asked += 1
            return 0.5

        @cost.setter
        def cost(self, value):
            pass

    steps = [Counted(i) for i in range(2000)]
    stage = partial(stages.reported, report=lambda done, of, cost: None, iterations=2000)
    assert passed(stage, steps) == list(range(2000))
    assert 2 <= Counted.asked < 1000
