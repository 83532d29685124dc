"""What is said at the end of a training that learned nothing, and that nothing is said of one that learned."""

import json

import numpy as np
import pytest

STREAM = np.random.RandomState(1)
X = STREAM.randn(90, 4)
Y = (X[:, 0] > 0.6).astype(int)


@pytest.fixture
def remarks(nnctl, tmp_path):
    """Return what a training of these arrays ends with."""

    def remarks(x=X, y=Y, dims=(4, 5, 1), names=("relu", "sigmoid"), init="he", rate=0.5, iterations=300):
        np.savez(tmp_path / "data.npz", X=x, y=y)
        spec = {
            "data": {"source": "data.npz"},
            "model": {"layer_dims": dims, "activations": names, "init": init},
            "train": {"learning_rate": rate, "iterations": iterations},
        }
        (tmp_path / "spec.yaml").write_text(json.dumps(spec), encoding="utf-8")
        outcome = nnctl("train", "spec.yaml", "--json")
        assert outcome.exit_code == 0, outcome.stderr
        found = json.loads(outcome.stdout)["remarks"]
        assert all(f"note: {remark}\n" in outcome.stderr for remark in found)
        return found

    return remarks


def test_a_network_that_learns_is_nothing_to_speak_of(remarks):
    assert remarks() == []
    assert remarks(y=X @ [1.0, -2, 0, 1], names=("tanh", "linear"), rate=0.05) == []
    assert remarks(y=np.digitize(X[:, 0], [-0.5, 0.5]), dims=(4, 5, 3), names=("relu", "softmax")) == []


def test_zeros_are_at_the_base_rate_and_dead(remarks):
    base, dead = remarks(init="zeros")
    assert base.startswith(
        'the network does no better on the training examples than to say "0" for all of them: accuracy'
    )
    assert f"and {(Y == 0).sum()} of 90 are of that class" in base
    assert dead.startswith("layer 1 is dead: each of its 5 units gives 0 for every training example")


def test_shuffled_labels_of_three_classes_and_a_tiny_rate(remarks):
    (base,) = remarks(y=np.repeat([0, 1, 2], 30), dims=(4, 3, 3), names=("tanh", "softmax"), rate=1e-6, init="xavier")
    assert base.startswith("the network does no better")


def test_a_regression_that_says_the_mean(remarks):
    (said,) = remarks(y=STREAM.randn(90) + 5, dims=(4, 2, 1), names=("tanh", "linear"), rate=0.001, iterations=2)
    assert said.startswith("the network does no better on the training examples than to say their mean for all (R² ")


def test_a_saturated_layer_is_dead_too(remarks):
    (*_, dead) = remarks(x=1e6 * np.abs(X) + 1e6, names=("sigmoid", "sigmoid"), init={"name": "constant", "value": 1})
    assert dead.startswith("layer 1 is dead: each of its 5 units gives the same for every training example")


def test_one_class_in_all_labels(remarks):
    base, *_ = remarks(y=np.zeros(90, int))
    assert 'to say "0" for all of them' in base


def test_a_layer_that_only_the_last_examples_reach_is_not_dead(remarks):
    x = np.r_[np.full(3000, -5.0), np.linspace(0.1, 1, 900)][:, None]
    assert remarks(x=x, y=np.maximum(x[:, 0], 0), dims=(1, 1, 1), names=("relu", "linear"), rate=0.5) == []


@pytest.mark.parametrize(
    ("y", "names", "words"),
    [
        (300_000 + 1000 * X[:, 0], ("tanh", "linear"), "; the targets reach 30"),
        (-2 - np.abs(X[:, 0]), ("tanh", "relu"), "; a relu output gives 0 to inf, and the targets go from -"),
        (3 + X[:, 0], ("tanh", "tanh"), "; a tanh output gives -1 to 1, and the targets go from "),
    ],
)
def test_targets_out_of_reach_are_named(remarks, y, names, words):
    (said, *_) = remarks(y=y, names=names, rate=1e-6, iterations=20)
    assert words in said
