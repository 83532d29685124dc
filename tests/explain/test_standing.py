"""The standing of a training: how sure its metrics are on rows that were held back, as `evaluate` has them."""

import json

import pytest

from nnctl.explain.standing import standing
from nnctl.nn.intervals import wilson
from nnctl.spec import document, shipped
from nnctl.spec.reading import parse
from nnctl.training.experiment import prepare
from nnctl.training.measures import measure


def of(config, *overrides):
    experiment = prepare(parse(document.read(shipped.find(config), overrides)))
    measured = measure(experiment.model, experiment.criterion, experiment.dataset)
    return measured, standing(experiment, measured)


@pytest.mark.parametrize(
    ("config", "overrides", "part"),
    [
        ("circles", (), "test"),
        ("spirals", (), "test"),
        ("regression", (), "test"),
        ("moons", ("data.validation=0.2", "data.test=null"), "validation"),
    ],
)
def test_the_values_are_those_of_run_json(config, overrides, part):
    measured, found = of(config, *overrides)
    assert found.part == part
    assert set(found.estimates) == set(measured[part]) - {"loss"}
    for name, each in found.estimates.items():
        assert each.value == pytest.approx(measured[part][name], rel=1e-12)
        assert each.baseline is not None


def test_a_training_without_rows_held_back_has_none():
    assert of("flower")[1] is None


def test_proportions_have_the_interval_of_wilson_and_numbers_one_that_is_drawn():
    measured, found = of("circles")
    assert found.estimates["accuracy"].interval == wilson(round(100 * measured["test"]["accuracy"]), 100)
    assert found.estimates["accuracy"].baseline == 0.5
    assert of("spirals")[1].estimates["recall"].interval is None  # the mean of three: evaluate has it
    assert {each.method for each in of("regression")[1].estimates.values()} == {"studentized bootstrap"}


@pytest.mark.parametrize("config", ["circles", "regression"])
def test_evaluate_has_the_same_intervals(nnctl, config):
    outcome = nnctl("train", config, "--no-pictures", "-S", "train.iterations=400")
    found = json.loads(nnctl("evaluate", "--json", "-q", "--no-pictures").stdout)["scores"]
    name = "accuracy" if config == "circles" else "r2"
    low, high = found[name]["interval"]
    assert "95 % of test" in outcome.stderr
    assert f"{low:.3f} to {high:.3f}" in outcome.stderr
