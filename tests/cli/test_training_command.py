"""What `nnctl train` says of what happened: why it stopped, of which class its numbers are, and without pictures."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
WATCHED = ("-S", "data.validation=0.3", "-S", "train.log_every=10", "--no-pictures")


def churn(folder, **data):
    """Write who stays and who leaves, and a spec on it."""
    stream = np.random.RandomState(1)
    X = stream.randn(60, 2)
    y = np.where(X[:, 0] + stream.randn(60) > 1, "churn", "stay")
    np.savez(folder / "churn.npz", X=X, y=y, x_test=X[::2] + 0.1, y_test=y[::2])
    spec = {
        "data": {"source": "churn.npz", **data},
        "model": {"layer_dims": [2, 1], "activations": ["sigmoid"]},
        "train": {"learning_rate": 0.5, "iterations": 200},
    }
    (folder / "churn.yaml").write_text(json.dumps(spec), encoding="utf-8")
    return y, X


def test_early_stopping_says_where_it_stopped_and_what_is_kept(nnctl, tmp_path):
    outcome = nnctl("train", "circles", *WATCHED, "-S", "train.early_stopping={patience: 5, min_delta: 0.5}")
    (line,) = re.findall(r"^stopped at .*", outcome.stderr, re.MULTILINE)
    status = json.loads((tmp_path / outcome.stdout.strip() / "run.json").read_text())
    assert status["status"] == "stopped"
    assert line == (
        f"stopped at iteration {status['iterations']:,}, no better for 5 evaluations; the parameters of iteration"
        f" {status['best_iteration']:,} are kept"
    )
    assert (status["iterations"], status["best_iteration"]) == (50, 0)
    assert "iteration 50 of 15,000" not in outcome.stderr  # a pipe gets no line for every report


def test_early_stopping_that_does_not_stop_says_what_is_kept(nnctl):
    flags = ("-S", "train.early_stopping={patience: 500}", "-S", "train.iterations=101")
    said = nnctl("train", "circles", *WATCHED, *flags).stderr
    assert "came to its last iteration; the parameters of iteration 100 are kept, the best on the validation" in said
    assert "came to its last" not in nnctl("train", "circles", *WATCHED, "-S", "train.iterations=11").stderr


def test_a_training_that_diverged_is_not_said_to_have_come_to_its_end(nnctl):
    flags = ("-S", "train.early_stopping={patience: 500}", "-S", "train.learning_rate=1e200")
    outcome = nnctl("train", "circles", *WATCHED, *flags)
    assert outcome.exit_code == 4
    assert "are kept, the best" not in outcome.stderr


def test_a_comparison_says_it_too(nnctl):
    flags = (*WATCHED, "-S", "train.early_stopping={patience: 1, min_delta: 9}")
    said = " ".join(nnctl("compare-init", "he", *flags).stdout.split())
    assert "; stopped at iteration 10, no better for 1 evaluation; the parameters of iteration 0 are kept; it" in said


@pytest.mark.parametrize("positive", [None, "churn", "stay"])
def test_precision_and_recall_are_of_the_class_that_is_named(nnctl, tmp_path, positive):
    y, X = churn(tmp_path, positive=positive)
    outcome = nnctl("train", "churn.yaml", "--no-pictures")
    name = positive or "stay"
    for metric in ("precision", "recall"):
        assert f" {metric} of {name} " in outcome.stderr
    folder = tmp_path / outcome.stdout.strip()
    with h5py.File(folder / "parameters.h5") as file:
        said = np.where(X @ file["W1"][:].T + file["b1"][:].T > 0, "stay", "churn")[:, 0]
    metrics = json.loads((folder / "run.json").read_text())["metrics"]["train"]
    assert metrics["recall"] == (said[y == name] == name).mean()
    assert metrics["precision"] == (y[said == name] == name).mean()
    assert f"recall of {name} " in nnctl("predict").stdout  # which only parameters.h5 can tell it


def test_which_class_is_positive_changes_no_parameter(nnctl, tmp_path):
    found = []
    for positive in ("churn", "stay"):
        churn(tmp_path, positive=positive)
        with h5py.File(tmp_path / nnctl("train", "churn.yaml", "-q").stdout.strip() / "parameters.h5") as file:
            found.append(file["W1"][:])
    np.testing.assert_array_equal(*found)


def test_early_stopping_on_the_recall_watches_the_class_that_is_named(nnctl, tmp_path):
    best = []
    for positive in ("churn", "stay"):
        churn(tmp_path, positive=positive)
        flags = (*WATCHED, "-S", "train.early_stopping={patience: 3, metric: recall}", "--json")
        best.append(json.loads(nnctl("train", "churn.yaml", *flags).stdout)["metrics"]["validation"]["recall"])
    assert best[0] != best[1]


@pytest.mark.parametrize("command", [("train", "circles"), ("train", "cat"), ("compare-init", "he", "zeros")])
def test_without_pictures_matplotlib_is_not_even_loaded(tmp_path, command):
    program = "import sys, nnctl.cli\ntry: nnctl.cli.run()\nfinally: print(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", program, *command, "--no-pictures", "-S", "train.iterations=1", "--json"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
    )
    assert json.loads(done.stdout)
    assert "numpy" in done.stderr.split()
    assert not [name for name in done.stderr.split() if name.startswith(("matplotlib", "PIL"))]
    assert not list(tmp_path.glob("runs/**/*.png"))
