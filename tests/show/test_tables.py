"""Tables hold the numbers they are made of."""

import contextlib
import dataclasses
import io
import re

import numpy as np
import pytest

from nnctl.data.block import BlockPreparation
from nnctl.data.interface import Interface
from nnctl.data.scaling import Scaling
from nnctl.data.table import Table
from nnctl.explain.answers import Beside
from nnctl.explain.compare import Comparison, Scheme
from nnctl.explain.prediction import Prediction
from nnctl.nn.parameters import Parameters
from nnctl.registry import Choice
from nnctl.runs.model import Model
from nnctl.runs.run import Run
from nnctl.show import console, tables
from nnctl.spec import document, shipped
from nnctl.spec.reading import parse
from nnctl.training.experiment import prepare


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")


def printed(what):
    """Return what a pipe gets, line by line, each as a list of words."""
    with contextlib.redirect_stdout(io.StringIO()) as file:
        console.results().print(what)
    assert "\x1b" not in file.getvalue()
    return [line.split() for line in file.getvalue().splitlines() if line.strip()]


def experiment(config, *overrides):
    """Return a shipped config with its data loaded."""
    return prepare(parse(document.read(shipped.find(config), overrides)))


def predicted(outputs, y, classes):
    """Return a prediction with given outputs A[L] (n[L], m) for rows of two features."""
    interface = Interface(BlockPreparation((2,), Scaling()), classes)
    X = np.zeros((outputs.shape[1], 2))
    return Prediction(
        Model(Parameters([2, len(outputs)]), (Choice("sigmoid"),), interface), Table(X, y, classes), outputs
    )


def test_layers_have_their_shapes_and_numbers_of_parameters():
    header, *rows = printed(tables.layers(experiment("circles", "model.activations.1={name: leaky_relu, slope: 0.2}")))
    assert header == ["layer", "W", "b", "activation", "parameters"]
    assert ["1", "(10,", "2)", "(10,", "1)", "relu", "30"] in rows
    assert ["2", "(5,", "10)", "(5,", "1)", "leaky_relu", "(slope", "0.2)", "55"] in rows
    assert ["3", "(1,", "5)", "(1,", "1)", "sigmoid", "6"] in rows
    assert rows[-1] == ["in", "all", "91"]


def test_large_numbers_of_parameters_are_readable():
    rows = printed(tables.layers(experiment("logistic-cat", "data.m=4", "data.m_test=2")))
    assert rows[-1] == ["in", "all", "12,289"]


def test_the_summary_says_what_is_trained_on_what():
    words = " ".join(" ".join(line) for line in printed(tables.summary(experiment("circles", "train.batch_size=32"))))
    for said in (
        "circles",
        "300 train",
        "100 test",
        "2 features",
        "he",
        "binary_cross_entropy",
        "0.01",
        "15,000",
        "32",
    ):
        assert said in words


def test_metrics_stand_in_a_column_for_each_part():
    measured = {
        "train": {"loss": 0.25, "cost": 0.25, "accuracy": 0.9875, "precision": None},
        "test": {"loss": 1.25e-7, "accuracy": 0.5, "precision": 0.75},
    }
    rows = printed(tables.metrics(measured, Interface(BlockPreparation((2,), Scaling()), ("0", "1"))))
    assert rows[0] == ["train", "test"]
    assert ["loss", "0.250000", "1.2500e-07"] in rows
    assert not [row for row in rows if row[0] == "cost"]  # where it is the loss
    assert ["accuracy", "0.987500", "0.500000"] in rows
    assert ["precision", "of", "1", "–", "0.750000"] in rows


def test_predictions_have_class_probability_and_truth_and_wrong_ones_come_first():
    prediction = predicted(np.array([[0.25, 0.9375, 0.75]]), np.array([0, 1, 0]), ("dog", "cat"))
    header, _, *rows = printed(tables.predictions(prediction, Beside(proba=True)))
    assert header == ["row", "prediction", "probability", "p_dog", "p_cat", "truth"]
    assert rows == [
        ["2", "cat", "0.7500", "0.2500", "0.7500", "dog", "wrong"],
        ["0", "dog", "0.7500", "0.7500", "0.2500", "dog"],
        ["1", "cat", "0.9375", "0.0625", "0.9375", "cat"],
    ]
    assert "accuracy 0.666667" in tables.prediction_summary(prediction)
    assert "3 examples" in tables.prediction_summary(prediction)


def test_predictions_of_numbers_have_the_number_and_the_truth():
    prediction = predicted(np.array([[-2.0, 1.5]]), np.array([-2.0, 1.25]), None)
    header, _, *rows = printed(tables.predictions(prediction, Beside()))
    assert header == ["row", "prediction", "truth"]
    assert rows == [["1", "1.5000", "1.2500"], ["0", "-2.0000", "-2.0000"]]
    assert "MSE 0.031250" in tables.prediction_summary(prediction)


def test_a_long_prediction_is_cut_and_says_so():
    prediction = predicted(np.full((1, 250), 0.75), np.ones(250, int), ("dog", "cat"))
    rows = printed(tables.predictions(prediction, Beside()))
    assert rows[-1][0] == "99"
    assert "150 more rows" in tables.prediction_summary(prediction)


@pytest.mark.parametrize("name", ["[bold]x[/bold]", "[/]", "a [b", ":cat:"])
def test_class_names_are_printed_as_they_are(name):
    prediction = predicted(np.array([[0.25, 0.75]]), np.array([1, 1]), (name, "cat"))
    rows = printed(tables.predictions(prediction, Beside(proba=True)))
    assert " ".join(rows[2]).startswith(f"0 {name} 0.7500")


@pytest.mark.parametrize("name", ["[bold]x[/bold]", "[/]", ":cat:"])
def test_names_of_runs_and_folders_are_printed_as_they_are(nnctl, name):
    flags = ("--name", name, "--runs-dir", "[runs]", "-S", "train.iterations=2")
    outcome = nnctl("train", "circles", *flags)
    assert outcome.exit_code == 0
    assert outcome.stderr.startswith(f"{name}: 300 train")
    assert outcome.stdout.startswith("[runs]/")
    assert "[runs]/" in nnctl("predict", "--runs-dir", "[runs]").stderr


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
    rows = printed(tables.comparison(compared, console.results()))
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
        stdout.print(tables.comparison(compared, stdout))
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
    first = printed(tables.comparison(many_schemes(tmp_path, n, ("0", "1")), console.results()))[0]
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
    rows = printed(tables.comparison(compared, console.results()))
    assert any(" ".join(row).startswith(f"{said}, train") for row in rows)


def test_different_values_are_counted_or_told_to_be_many():
    stream = np.random.RandomState(0)
    many, few = stream.randn(tables.COUNTED + 50), stream.randint(0, 7, tables.COUNTED + 50)
    few[-1] = 9  # which the first rows have not
    assert tables._different(many[:500]) == "500"
    assert tables._different(many[: tables.COUNTED]) == f"{tables.COUNTED:,}"
    assert tables._different(many) == f"over {tables.COUNTED:,}"
    assert tables._different(few) == "8"
