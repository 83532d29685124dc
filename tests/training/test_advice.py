"""Advice after divergence: each cause is named by a training that has it, and by none that has another."""

import numpy as np
import pytest

from nnctl.errors import DivergedError
from nnctl.spec import document
from nnctl.spec.reading import parse
from nnctl.training import experiment, stages
from nnctl.training.advice import advice
from nnctl.training.remembered import Remembered

STREAM = np.random.RandomState(1)
X = STREAM.randn(60, 3)
Y = X @ [1.0, -2.0, 0.5] + 0.1 * STREAM.randn(60)
CAUSES = {
    "targets": "The targets reach",
    "features": "The features are large",
    "outlier": "Although scaled, feature",
    "start": "The initial parameters are large",
    "l2": "train.l2 takes more than all of every W",
    "weight_decay": "train.optimizer.weight_decay takes more than all of every W",
    "learning rate": "Most often the learning rate is too high",
    "far too high": "The learning rate is too high: try one that is usual with",
}
OUTLIER = np.r_[1e9, np.zeros(9999)]


@pytest.fixture
def prepared(tmp_path):
    """Return a regression on these arrays with these settings, ready to train."""

    def prepared(x=X, y=Y, scale="none", init="he", hidden=(4,), **train):
        np.savez(tmp_path / "data.npz", X=x, y=y)
        tree = {
            "data": {"source": str(tmp_path / "data.npz"), "scale": scale},
            "model": {
                "layer_dims": (x.shape[1], *hidden, 1),
                "activations": (*("relu" for _ in hidden), "linear"),
                "init": init,
            },
            "train": {"learning_rate": 0.5, "iterations": 10, **train},
        }
        (tmp_path / "spec.yaml").write_text(document.dump(tree), encoding="utf-8")
        return experiment.prepare(parse(document.read(tmp_path / "spec.yaml")))

    return prepared


@pytest.fixture
def advised(prepared):
    """Return the advice for a regression on these arrays with these settings."""

    def advised(**settings):
        ready = prepared(**settings)
        return advice(ready.spec, ready.dataset)

    return advised


@pytest.fixture
def diverges(prepared):
    """Tell whether a regression on these arrays with these settings diverges."""

    def diverges(**settings):
        ready = prepared(**{"iterations": 200, **settings})
        steps = experiment.steps(ready, experiment.objective_of(ready))
        try:
            with np.errstate(all="ignore"):
                list(stages.finite(steps, lambda iteration: iteration % 10 == 0, Remembered()))
        except DivergedError:
            return True
        return False

    return diverges


@pytest.mark.parametrize(
    ("cause", "settings"),
    [
        ("targets", {"y": 300_000 + 20_000 * Y}),
        ("targets", {"y": 300_000 + Y, "scale": "standardize", "x": 255 * X}),
        ("features", {"x": 1000 * X}),
        ("features", {"x": 1000 * X, "scale": 2}),
        ("outlier", {"x": np.c_[OUTLIER, STREAM.randn(10_000)], "y": STREAM.randn(10_000), "scale": "standardize"}),
        ("start", {"init": {"name": "random", "scale": 50}}),
        ("l2", {"l2": 1000}),
        ("weight_decay", {"optimizer": {"name": "momentum", "weight_decay": 5}}),
        ("learning rate", {"learning_rate": 1}),
        ("learning rate", {"learning_rate": 1, "x": 1000 * X, "scale": "standardize"}),
        ("learning rate", {"y": 50 * Y, "hidden": ()}),  # without a hidden layer the targets change nothing
        ("learning rate", {"y": 50 * Y, "loss": "mean_absolute_error"}),
        ("learning rate", {"y": 50 * Y, "clip_norm": 1}),
        ("learning rate", {"y": 50 * Y, "optimizer": "adam", "learning_rate": 0.1}),
        ("far too high", {"learning_rate": 50}),
        ("far too high", {"learning_rate": 1e200, "y": 50 * Y, "x": 1000 * X}),
    ],
)
def test_the_cause_that_is_there_is_named_and_no_other(advised, cause, settings):
    said = advised(**settings)
    assert said.startswith(CAUSES[cause])
    assert not any(words in said for other, words in CAUSES.items() if other != cause)


def test_what_is_done_is_not_advised(advised):
    for settings in ({"x": 1000 * X}, {"y": 1e6 * Y}, {"learning_rate": 1e3}):
        assert "standardize" not in advised(scale="standardize", **settings).partition("data.scale_target")[0]


def test_a_smaller_learning_rate_is_given_in_numbers(advised):
    assert advised(learning_rate=1).endswith("train.learning_rate: 0.1.")
    assert advised(learning_rate=1e200).endswith("train.learning_rate: 0.01.")
    assert advised(learning_rate=0.01, optimizer="adam").endswith("train.learning_rate: 0.001.")
    assert advised(learning_rate=1e200, optimizer="adam").endswith("train.learning_rate: 0.001.")


def test_what_is_advised_ends_the_divergence(advised, diverges):
    standardized = (Y - Y.mean()) / Y.std()
    for cause, settings, cure in (
        ("targets", {"y": 30 * standardized, "learning_rate": 0.1, "hidden": (32,)}, {"y": standardized}),
        ("targets", {"y": 100 + standardized, "learning_rate": 0.1}, {"y": standardized}),
        (
            "targets",
            {"y": 300 * standardized, "learning_rate": 0.1, "optimizer": "momentum", "hidden": (32,)},
            {"y": standardized},
        ),
        ("learning rate", {"learning_rate": 1}, {"learning_rate": 0.1}),
        ("far too high", {"learning_rate": 1e200}, {"learning_rate": 0.01}),
        ("far too high", {"learning_rate": 1e200, "optimizer": "adam"}, {"learning_rate": 0.001}),
    ):
        assert diverges(**settings)
        assert advised(**settings).startswith(CAUSES[cause])
        assert not diverges(**{**settings, **cure})


@pytest.mark.parametrize(
    "settings", [{"hidden": ()}, {"loss": "mean_absolute_error"}, {"optimizer": "adam"}, {"clip_norm": 1}], ids=str
)
def test_the_targets_are_not_blamed_where_their_size_does_not_make_training_diverge(advised, diverges, settings):
    large = {"y": 1000 * Y, "learning_rate": 0.1, **settings}
    assert not diverges(**large)
    assert not advised(**large).startswith(CAUSES["targets"])


def test_a_diverged_run_is_told_with_its_cause(nnctl, tmp_path):
    np.savez(tmp_path / "houses.npz", X=X, y=300_000 + 20_000 * Y)
    flags = ("-S", "data={source: houses.npz}", "-S", "model.layer_dims=[3, 4, 1]")
    outcome = nnctl("train", "regression", *flags, "-S", "model.activations=[relu, linear]")
    assert outcome.exit_code == 4
    assert "diverged: at iteration" in outcome.stderr
    assert "\nThe targets reach " in outcome.stderr
    assert "learning rate" not in outcome.stderr
    assert "\nThe run is in runs/" in outcome.stderr


def test_targets_come_before_features_and_features_before_the_start(advised):
    large = {"y": 300_000 + Y, "x": 1000 * X, "init": {"name": "random", "scale": 50}, "l2": 1000}
    for cause, key in (("targets", "y"), ("features", "x"), ("start", "init"), ("l2", "l2")):
        assert advised(**large).startswith(CAUSES[cause])
        del large[key]
    assert advised(**large).startswith(CAUSES["learning rate"])


@pytest.mark.parametrize(
    "settings", [{"l2": 30}, {"init": {"name": "random", "scale": 1.5}}, {"y": 20 + Y}, {"x": 5 * X}], ids=str
)
def test_what_is_within_reason_is_not_blamed(advised, settings):
    assert advised(**settings).startswith(CAUSES["learning rate"])
