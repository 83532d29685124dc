"""Tables hold the numbers they are made of."""

import numpy as np
import pytest
from lines import experiment, printed

from nnctl.data.block import BlockPreparation
from nnctl.data.interface import Interface
from nnctl.data.scaling import Scaling
from nnctl.data.table import Table
from nnctl.explain.answers import Beside
from nnctl.explain.prediction import Prediction
from nnctl.nn.parameters import Parameters
from nnctl.registry import Choice
from nnctl.runs.model import Model
from nnctl.show import tables


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")


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


def test_different_values_are_counted_or_told_to_be_many():
    stream = np.random.RandomState(0)
    many, few = stream.randn(tables.COUNTED + 50), stream.randint(0, 7, tables.COUNTED + 50)
    few[-1] = 9  # which the first rows have not
    assert tables._different(many[:500]) == "500"
    assert tables._different(many[: tables.COUNTED]) == f"{tables.COUNTED:,}"
    assert tables._different(many) == f"over {tables.COUNTED:,}"
    assert tables._different(few) == "8"
