"""1,000 updates against PyTorch's: every optimizer under every schedule, and every penalty, from the YAML on.

What PyTorch came to is read from trajectories/recorded.npz; where torch is installed, it also runs beside nnctl.
Which definitions differ, and how the oracle bridges them, is the table in trajectories/record.py.
"""

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from trajectories.cases import CASES, COSTS_AT, PARAMETERS_AFTER, SEED, TASKS

from nnctl.nn.optimizers import optimizers
from nnctl.nn.schedules import schedules
from nnctl.spec import document
from nnctl.spec.reading import parse
from nnctl.training import experiment

TOLERANCE = 1e-10


@pytest.fixture(scope="module")
def recording():
    """Return the arrays that record.py wrote."""
    with np.load(Path(__file__).parent / "trajectories" / "recorded.npz") as file:
        return dict(file)


@pytest.fixture(params=["recorded", "live"])
def pytorch(request, recording):
    """Return a function of a case's name: PyTorch's parameters and costs."""
    if request.param == "recorded":
        return lambda name: (recording[f"{name}/parameters"], recording[f"{name}/costs"])
    pytest.importorskip("torch", reason="torch is not installed")
    from trajectories.record import trajectory

    def run(name):
        task, train = CASES[name]
        return trajectory(TASKS[task], train, PARAMETERS_AFTER, COSTS_AT, SEED)

    return run


def trained_by_nnctl(name, folder):
    """Return nnctl's parameters after PARAMETERS_AFTER updates, and its costs before those of COSTS_AT."""
    task, train = TASKS[CASES[name][0]], CASES[name][1]
    X, y = task.examples()
    np.savez(folder / "data.npz", X=X, y=y)
    spec = {
        "seed": SEED,
        "data": {"source": "data.npz"},
        "model": {"layer_dims": task.layer_dims, "activations": task.activations, "init": task.init},
        "train": train,
    }
    (folder / "spec.yaml").write_text(document.dump(spec), encoding="utf-8")
    prepared = experiment.prepare(parse(document.read(folder / "spec.yaml"), (folder,)))
    parameters, costs = [], []
    for step in experiment.steps(prepared, experiment.objective_of(prepared)):
        if step.iteration in PARAMETERS_AFTER:
            parameters.append(step.parameters.flat.copy())
        if step.iteration in COSTS_AT:
            costs.append(step.cost)
    return np.array([*parameters, prepared.model.parameters.flat]), np.array(costs)


@pytest.mark.parametrize("name", CASES)
def test_parameters_and_costs_are_those_of_pytorch(name, pytorch, tmp_path):
    parameters, costs = trained_by_nnctl(name, tmp_path)
    expected_parameters, expected_costs = pytorch(name)
    assert parameters.shape == expected_parameters.shape
    assert costs.shape == expected_costs.shape
    apart = dict(zip(PARAMETERS_AFTER, np.abs(parameters - expected_parameters).max(axis=1).tolist(), strict=True))
    assert max(apart.values()) < TOLERANCE, f"largest difference of a parameter after so many updates: {apart}"
    apart = dict(zip(COSTS_AT, np.abs(costs - expected_costs).tolist(), strict=True))
    assert max(apart.values()) < TOLERANCE, f"difference of the cost at iteration: {apart}"


@pytest.mark.parametrize("schedule", schedules)
@pytest.mark.parametrize("optimizer", optimizers)
def test_every_optimizer_has_a_case_under_every_schedule(optimizer, schedule):
    _, train = CASES[f"{optimizer}-{schedule}"]
    assert train["optimizer"] == optimizer
    assert train["schedule"]["name"] == schedule


def test_the_recording_is_of_these_cases(recording):
    recorded = json.loads(str(recording["cases"]))
    assert recorded == json.loads(json.dumps(CASES)), "record them again: python tests/trajectories/record.py"


@pytest.mark.parametrize("task", TASKS)
def test_what_a_case_asks_for_shows_in_where_it_ends(task, recording):
    ends = {name: recording[f"{name}/parameters"][-1] for name, (its_task, _) in CASES.items() if its_task == task}
    alike = [(a, b) for a, b in combinations(ends, 2) if np.abs(ends[a] - ends[b]).max() < 1e-5]
    assert alike == []
