"""Tables of several trainings hold the numbers they are made of, and fit the terminal."""

import contextlib
import dataclasses
import io
import re

import numpy as np
import pytest
from lines import experiment, printed

from nnctl.data.block import BlockPreparation
from nnctl.data.interface import Interface
from nnctl.data.scaling import Scaling
from nnctl.explain.compare import Comparison, Scheme
from nnctl.registry import Choice
from nnctl.runs.run import Run
from nnctl.show import comparisons, console, tables


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")


def test_a_comparison_has_costs_and_metrics_of_every_scheme(tmp_path):
    def scheme(label, costs, metrics):
        return Scheme(label, label, Choice("he"), Run(tmp_path), metrics, costs)

    compared = Comparison(
        tmp_path,
        experiment("circles", "train.iterations=300"),
        [
            scheme("he", {0: 0.875, 100: 0.5, 299: 0.25}, {"train": {"loss": 0.125, "cost": 0.5, "accuracy": 1.0}}),
            scheme("random (x10)", {0: 1773.5, 100: 3.5}, {}),
        ],
    )
    rows = printed(comparisons.comparison(compared, console.results()))
    assert rows[0] == ["iteration", "he", "random", "(x10)"]
    assert ["0", "0.875000", "1773.500000"] in rows
    assert ["100", "0.500000", "3.500000"] in rows
    assert ["299", "0.250000", "–"] in rows
    assert ["final", "loss,", "train", "0.125000", "–"] in rows
    assert ["final", "cost,", "train", "0.500000", "–"] in rows
    assert ["accuracy,", "train", "1.000000", "–"] in rows


# comparisons of any number of schemes on consoles of any width


LABELS = ("zeros", "random (x10)", "he", "constant (value 0.123456)", "xavier", "lecun", "random (x0.01)", "x" * 40)
NUMBER = re.compile(r"(?<![\w(.])-?\d[\d,]*\.\d{4,}(?:e[+-]\d+)?")


def many_schemes(tmp_path, n, classes):
    """Return a comparison of n schemes with costs of every size, and all the numbers that its table may hold."""
    ready = experiment("circles")
    interface = dataclasses.replace(ready.dataset.interface, classes=classes)
    ready = dataclasses.replace(ready, dataset=dataclasses.replace(ready.dataset, interface=interface))
    stream = np.random.RandomState(n)
    schemes = []
    for k in range(n):
        costs = {i: float(10 ** stream.uniform(-6, 12)) for i in [*range(0, 15000, 1000), 14999]}
        names = ("loss", "cost", "accuracy", "precision", "recall")
        metrics = {part: {name: float(stream.rand()) for name in names} for part in ("train", "test")}
        schemes.append(Scheme(f"s{k}", f"{LABELS[k % 8]}{k // 8 or ''}", Choice("he"), Run(tmp_path), metrics, costs))
    return Comparison(tmp_path, ready, schemes)


@pytest.mark.parametrize("width", [60, 79, 80, 100, 120, 200])
@pytest.mark.parametrize("n", range(1, 13))
def test_no_number_of_a_comparison_breaks_and_no_line_is_too_long(tmp_path, monkeypatch, n, width):
    monkeypatch.setenv("COLUMNS", str(width))
    compared = many_schemes(tmp_path, n, ("stay", "has left the company for good, alas"))
    file = io.StringIO()
    with contextlib.redirect_stdout(file):
        stdout = console.results()
        stdout.print(comparisons.comparison(compared, stdout))
    lines = file.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    legal = {tables.number(cost) for scheme in compared.schemes for cost in scheme.costs.values()}
    parts = [part for scheme in compared.schemes for part in scheme.metrics.values()]
    metrics = [tables.number(value) for part in parts for value in part.values()]
    found = [number for line in lines for number in NUMBER.findall(line.replace("0.123456)", ""))]
    assert set(found) <= legal | set(metrics)
    assert set(metrics) <= set(found)  # all of them, whole
    finals = {tables.number(scheme.costs[14999]) for scheme in compared.schemes}
    assert finals <= set(found)
    assert not [line for line in lines if "…" in line and re.search(r"\d…", line)]


@pytest.mark.parametrize(("n", "by_iteration"), [(3, True), (12, False)])
def test_schemes_stand_side_by_side_where_they_fit(tmp_path, monkeypatch, n, by_iteration):
    monkeypatch.setenv("COLUMNS", "80")
    first = printed(comparisons.comparison(many_schemes(tmp_path, n, ("0", "1")), console.results()))[0]
    assert (first[0] == "iteration") == by_iteration


# which class precision and recall are of


@pytest.mark.parametrize(
    ("classes", "positive", "said"),
    [
        (("stay", "churn"), 1, "precision of churn"),
        (("stay", "churn"), 0, "precision of stay"),
        (("a", "b", "c"), 1, "precision, macro"),
    ],
)
def test_precision_says_what_it_is_of(tmp_path, classes, positive, said):
    interface = Interface(BlockPreparation((2,), Scaling()), classes, positive)
    rows = printed(tables.metrics({"train": {"loss": 0.5, "precision": 0.75}}, interface))
    assert [*said.split(), "0.750000"] in rows
    compared = many_schemes(tmp_path, 2, classes)
    ready = compared.experiment
    compared.experiment = dataclasses.replace(ready, dataset=dataclasses.replace(ready.dataset, interface=interface))
    rows = printed(comparisons.comparison(compared, console.results()))
    assert any(" ".join(row).startswith(f"{said}, train") for row in rows)
