"""What the data tell of a network: its inputs, its outputs and their activation."""

import numpy as np
import pytest
import yaml

from nnctl.data.dataset import load
from nnctl.spec import document
from nnctl.spec.reading import parse

SPEC = """data: {source: d.npz}
model: {layer_dims: [auto, 4, auto], activations: [tanh, auto]}
train: {learning_rate: 0.1, iterations: 3}
"""


def write(folder, y, text=SPEC):
    np.savez(folder / "d.npz", X=np.random.RandomState(0).randn(len(y), 3), y=np.asarray(y))
    (folder / "s.yaml").write_text(text)
    return parse(document.read(folder / "s.yaml"), (folder,))


@pytest.mark.parametrize(
    ("y", "dims", "output", "loss"),
    [
        ([0, 1] * 5, (3, 4, 1), "sigmoid", "binary_cross_entropy"),
        ([3, 7] * 5, (3, 4, 1), "sigmoid", "binary_cross_entropy"),
        (["a", "b"] * 5, (3, 4, 1), "sigmoid", "binary_cross_entropy"),
        ([False, True] * 5, (3, 4, 1), "sigmoid", "binary_cross_entropy"),
        ([1, 2, 3] * 4, (3, 4, 3), "softmax", "categorical_cross_entropy"),
        (["a", "b", "c"] * 4, (3, 4, 3), "softmax", "categorical_cross_entropy"),
        (np.eye(4)[[0, 1, 2, 3] * 3], (3, 4, 4), "softmax", "categorical_cross_entropy"),
        ([0.5, 1.5, 2.5] * 4, (3, 4, 1), "linear", "mean_squared_error"),
        ([10, 20, 31] * 4, (3, 4, 1), "linear", "mean_squared_error"),
        (list(range(21)), (3, 4, 1), "linear", "mean_squared_error"),
        (np.arange(24.0).reshape(12, 2), (3, 4, 2), "linear", "mean_squared_error"),
    ],
)
def test_the_ends_of_the_network_are_told_by_the_data(tmp_path, y, dims, output, loss):
    spec = load(write(tmp_path, y)).spec
    assert spec.model.layer_dims == dims
    assert spec.output == output
    assert spec.train.loss.name == loss


@pytest.mark.parametrize("given", ["[3, 4, auto]", "[auto, 4, 3]", "[3, 4, 3]"])
@pytest.mark.parametrize("output", ["auto", "softmax"])
def test_what_is_given_stays(tmp_path, given, output):
    text = SPEC.replace("[auto, 4, auto]", given).replace("auto]}", f"{output}]}}")
    spec = load(write(tmp_path, [0, 1, 2] * 4, text)).spec
    assert spec.model.layer_dims == (3, 4, 3)
    assert spec.output == "softmax"
    assert spec.train.loss.name == "categorical_cross_entropy"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("[auto, auto, auto]", "auto is for the first and the last layer"),
        ("[auto, 4, 5]", "must end with 3"),
        ("[2, 4, auto]", "must start with 3"),
    ],
)
def test_auto_has_its_places(nnctl, tmp_path, change, said):
    np.savez(tmp_path / "d.npz", X=np.ones((6, 3)), y=["a", "b", "c"] * 2)
    (tmp_path / "s.yaml").write_text(SPEC.replace("[auto, 4, auto]", change))
    found = nnctl("train", "s.yaml")
    assert found.exit_code == 2
    assert said in found.stderr


def test_a_loss_that_does_not_go_with_the_output_is_told_once_it_is_known(nnctl, tmp_path):
    write(tmp_path, [0.5, 1.5, 3.5] * 4)
    found = nnctl("train", "s.yaml", "-S", "train.loss=binary_cross_entropy", "-S", "train.shards=1")
    assert found.exit_code == 2
    assert "train.loss binary_cross_entropy goes with the output activation" in found.stderr


@pytest.mark.parametrize("command", ["train", "compare-init"])
def test_the_config_of_a_run_has_the_numbers_and_repeats_it(nnctl, tmp_path, command):
    write(tmp_path, ["a", "b", "c"] * 4)
    if command == "train":
        run = tmp_path / nnctl("train", "s.yaml", "--no-pictures").stdout.strip()
    else:
        run = tmp_path / "runs" / "latest-comparison" / "he"
        assert nnctl("compare-init", "he", "--config", "s.yaml", "--no-pictures").exit_code == 0
    config = yaml.safe_load((run / "config.yaml").read_text())
    assert config["model"]["layer_dims"] == [3, 4, 3]
    assert config["model"]["activations"] == ["tanh", "softmax"]
    again = tmp_path / nnctl("train", run / "config.yaml", "--no-pictures").stdout.strip()
    assert (again / "costs.csv").read_text() == (run / "costs.csv").read_text()


@pytest.mark.parametrize("label", ["p", "0"])
@pytest.mark.parametrize("output", ["auto", "sigmoid", "softmax"])
def test_one_class_is_said_whatever_the_output_is(nnctl, tmp_path, label, output):
    (tmp_path / "t.csv").write_text(f"a,y\n1,{label}\n2,{label}\n3,{label}\n")
    (tmp_path / "s.yaml").write_text(
        f"data: {{source: t.csv, target: y}}\nmodel: {{layer_dims: [auto, auto], activations: [{output}]}}\n"
        "train: {learning_rate: 0.1, iterations: 2}\n"
    )
    outcome = nnctl("train", "s.yaml", "--no-pictures")
    assert outcome.exit_code == 3
    assert f"t.csv: there is one class only ({label}); expected two or more" in outcome.stderr
