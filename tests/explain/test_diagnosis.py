"""Each sentence is said of a training that has exactly that illness, and not of one that has not."""

import json
import re

import numpy as np
import pytest

from nnctl.explain.findings import still_falling, swings, units_alike
from nnctl.nn.parameters import Parameters

STREAM = np.random.RandomState(1)
X = STREAM.randn(90, 4)
Y = (X[:, 0] > 0.6).astype(int)


def write(
    folder,
    x=X,
    y=Y,
    dims=(4, 5, 1),
    names=("relu", "sigmoid"),
    rate=0.5,
    iterations=300,
    scale="none",
    validation=None,
    **more,
):
    """Write these arrays and a spec that trains on them; return the spec's path."""
    np.savez(folder / "data.npz", X=x, y=y)
    spec = {
        "data": {"source": "data.npz", "scale": scale, "validation": validation},
        "model": {"layer_dims": dims, "activations": names},
        "train": {"learning_rate": rate, "iterations": iterations, "log_every": 10, **more},
    }
    (folder / "spec.yaml").write_text(json.dumps(spec), encoding="utf-8")
    return folder / "spec.yaml"


@pytest.fixture
def said(nnctl, tmp_path):
    """Return what compare-init says of one start on these arrays."""

    def said(scheme="he", **given):
        outcome = nnctl("compare-init", scheme, "--config", write(tmp_path, **given), "-q", "--no-pictures")
        assert outcome.exit_code in (0, 4), outcome.stderr
        (found,) = re.findall(rf"^{scheme.split(':')[0]}.*?: (.*\.)$", outcome.stdout, re.MULTILINE | re.DOTALL)
        return " ".join(found.split())

    return said


@pytest.fixture
def remarks(nnctl, tmp_path):
    """Return what a training of these arrays ends with."""

    def remarks(init="he", **given):
        outcome = nnctl(
            "train", write(tmp_path, **given), "-S", f"model.init={json.dumps(init)}", "--json", "--no-pictures"
        )
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
    assert f"and that is right for {(Y == 0).sum()} of 90" in base
    assert dead.startswith("layer 1 is dead: each of its 5 units gives 0 for every training example")


def test_shuffled_labels_of_three_classes_and_a_tiny_rate(remarks):
    (base,) = remarks(y=np.repeat([0, 1, 2], 30), dims=(4, 3, 3), names=("tanh", "softmax"), rate=1e-6, init="xavier")
    assert base.startswith("the network does no better")


def test_a_regression_that_says_the_mean(remarks):
    (said,) = remarks(y=STREAM.randn(90) + 5, dims=(4, 2, 1), names=("tanh", "linear"), rate=0.001, iterations=2)
    assert said.startswith("the network does worse on the training examples than to say their mean for all (R² -2")


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


# what compare-init says: (the words, a training of which they are true, one like it of which they are not)

NUMBERS = {"y": X @ [1.0, -2, 0, 1], "names": ("tanh", "linear"), "rate": 0.05}
FAR = {**NUMBERS, "y": NUMBERS["y"] + 900}
LOGISTIC = {"dims": (4, 1), "names": ("sigmoid",)}
DEEP = {"dims": (4, 8, 8, 8, 1), "names": ("tanh", "tanh", "tanh", "sigmoid")}
TWO = {"dims": (4, 5, 5, 1), "names": ("relu", "relu", "sigmoid")}
NOISY = {"y": (X[:, 0] + 2 * STREAM.randn(90) > 0).astype(int), "names": ("tanh", "sigmoid")}
RARE = (X[:, 0] > 1.5).astype(int)
# where the feature is 0, 42 of 80 are of class 0; where it is 1, 7 of 10 are of class 1
WEAK = {"x": np.repeat([[0.0], [1.0]], [80, 10], axis=0), "y": np.repeat([0, 1, 0, 1], [42, 38, 3, 7]), "dims": (1, 1)}

SENTENCES = {
    "nothing moves": ("no W ever moved, for every gradient but", {"scheme": "zeros"}, {"scheme": "he"}),
    "tiny updates": ("every update was too small", {"rate": 1e-30}, {"rate": 1e-6}),
    "kept from the start": (
        "the parameters of the start did best on the validation examples, and they are kept; the cost",
        {"validation": 0.3, "early_stopping": {"patience": 5, "min_delta": 10}},
        {"validation": 0.3, "early_stopping": {"patience": 5}},
    ),
    "alike": ("the same weights at the end", {"scheme": "constant:0.3"}, {"scheme": "random:1e-13", "iterations": 20}),
    "alike, long": (
        "the same weights at the end, for they started alike",
        {"scheme": "constant:0.5", "iterations": 15000, "dims": (4, 7, 5, 1), "names": ("relu", "relu", "sigmoid")},
        {"scheme": "zeros", "l2": 10, **DEEP},  # where nothing moves
    ),
    "shrunk": ("at the start the outputs spread", {"rate": 0.09, "l2": 1000}, {"scheme": "constant"}),
    "saturated": ("of the outputs start saturated", {"scheme": "random:10"}, {"scheme": "random:10", **NUMBERS}),
    "surely right": ("signals pass", {"y": (X[:, 0] > -9).astype(int) * (X[:, 1] > 0)}, {"scheme": "random:10"}),
    "fades": ("the signal fades", {"scheme": "random:0.01", **DEEP}, {"scheme": "xavier", "rate": 1e-9, **DEEP}),
    "fades and is learned": ("signals pass", {"scheme": "random:0.01", "rate": 3}, {"scheme": "random:0.01", **DEEP}),
    "flat features do not fade": (
        "W1 gets gradients",
        {"x": X * 1e-6, "scheme": "xavier", **DEEP},
        {"scheme": "random:0.01", **DEEP},
    ),
    "one answer first": ("gets the same answer, and W1 gets", {"scheme": "zeros", **LOGISTIC}, {**LOGISTIC}),
    "learns from there": (
        "so it learns from there",
        {"scheme": "zeros", **LOGISTIC},
        {"scheme": "zeros", **LOGISTIC, "rate": 1e-9},
    ),
    "both directions": ("signals pass in both directions", {}, {"rate": 1e-4}),
    "both directions, numbers": ("signals pass in both directions", {**NUMBERS}, {**NUMBERS, "rate": 1e-5}),
    "base rate": ('it ends at the base rate: accuracy 73.3 %, recall of "1" 0 %', {"scheme": "zeros"}, {}),
    "no class alone": ('no better than "0" for all', {"y": RARE, "rate": 1e-4}, {"y": RARE}),
    "mean": ("at the mean of the targets: R² ", {**NUMBERS, "scheme": "zeros"}, {**NUMBERS}),
    "worse": (
        "worse than the mean of the targets for all: R² -",
        {**NUMBERS, "y": NUMBERS["y"] + 900, "rate": 1e-6},
        NUMBERS,
    ),
    "little": (
        "it ends little above the base rate: accuracy ",
        {**WEAK, "names": ("sigmoid",), "iterations": 2000},
        {},
    ),
    "no R²": ("R² is undefined at its end", {**NUMBERS, "y": np.ones(90)}, NUMBERS),
    "R²": ("it ends with R² 0.", {**NUMBERS}, {}),
    "dead": ("layer 1 is dead: each of its 5 units gives 0", {"scheme": "constant:-1", "x": np.abs(X)}, {}),
    "dead later": ("layer 2 is dead: each of its 5 units gives 0", {"rate": 10, **TWO}, {"rate": 3, **TWO}),
    "swings": (
        "does not settle: between the logged iterations of the second half it rose",
        {**NOISY, "rate": 15, "batch_size": 10, "log_every": 1},
        {**NOISY, "rate": 0.1},
    ),
    "falls": ("was still falling when the training ended", {"rate": 1e-3}, {"iterations": 3000}),
    "diverged": ("training diverged: at iteration ", {**NUMBERS, "rate": 1e3}, {**NUMBERS}),
}


@pytest.mark.parametrize("name", SENTENCES)
def test_a_sentence_is_said_of_the_ill_and_not_of_the_healthy(said, name):
    words, ill, healthy = SENTENCES[name]
    assert words in said(**ill)
    assert words not in said(**healthy)


def test_units_that_differ_by_rounding_are_alike_and_others_are_not():
    parameters = Parameters([3, 4, 1])
    parameters.W[0][:] = [0.1, -2.0, 0.3]
    assert units_alike(parameters, but_for_rounding=False)
    parameters.W[0][2] *= 1 + 2**-52
    assert not units_alike(parameters, but_for_rounding=False)
    assert units_alike(parameters, but_for_rounding=True)
    parameters.W[0][2] *= 1 + 1e-11
    assert not units_alike(parameters, but_for_rounding=True)


@pytest.mark.parametrize(
    ("costs", "swinging", "falling"),
    [
        (1 / np.arange(1, 40), False, False),
        (np.linspace(1, 0.5, 30), False, True),
        (np.exp(-np.arange(30) / 20.0), False, True),
        (np.exp(-np.arange(30) / 3.0), False, False),
        (np.where(np.arange(40) % 2, 0.5, 0.6), True, False),
        (0.5 + 0.02 * STREAM.randn(200), False, False),
        (np.full(30, np.log(2)), False, False),
        (np.linspace(1, 0.5, 9), False, False),  # too few to say
        (np.linspace(0.5, 1, 30), False, False),
        (np.r_[np.where(np.arange(20) % 2, 3, 1), np.full(20, 0.3)], False, False),
    ],
)
def test_how_costs_go(costs, swinging, falling):
    assert (swings(costs) is not None) == swinging
    assert still_falling(costs) == falling
