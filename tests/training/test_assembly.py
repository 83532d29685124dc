"""What a training is put together from: what stands before layer 1, by the columns of a table."""

import csv
import json

import numpy as np
import pytest

from nnctl.runs import model
from nnctl.spec import document
from nnctl.spec.reading import parse
from nnctl.training import experiment

STREAM = np.random.RandomState(4)
M = 60
COLUMNS = {
    "colour": [["red", "green", "blue"][i % 3] for i in range(M)],
    "age": ["" if i % 10 == 3 else f"{x:.3f}" for i, x in enumerate(STREAM.randn(M))],
    "member": [["yes", "no"][i % 2] for i in range(M)],
    "height": [f"{x:.3f}" for x in STREAM.randn(M)],
    "y": [f"{x:.3f}" for x in STREAM.randn(M)],
}
BEFORE = {"embed": {"name": "periodic", "outputs": 2}, "input_scale": {"name": "learned", "speed": 20}}


@pytest.fixture
def write(tmp_path):
    """Write the table and a spec on it, with other keys of `data:` and what is to stand before layer 1."""
    with (tmp_path / "table.csv").open("w", newline="") as file:
        csv.writer(file).writerows([list(COLUMNS), *zip(*COLUMNS.values(), strict=True)])

    def spec(before=BEFORE, **data):
        tree = {
            "data": {"source": "table.csv", "target": "y", "fill": "indicator", "test": 0.2, **data},
            "model": {"layer_dims": ["auto", 5, "auto"], "activations": ["tanh", "auto"], **before},
            "train": {"optimizer": "adam", "learning_rate": 0.01, "epochs": 4, "batch_size": 8, "dtype": "float32"},
        }
        (tmp_path / "spec.yaml").write_text(document.dump(tree), encoding="utf-8")
        return tmp_path / "spec.yaml"

    return spec


def prepared(file):
    return experiment.prepare(parse(document.read(file), (file.parent,)))


def test_the_numbers_of_a_table_are_embedded_and_all_inputs_are_scaled(write):
    front = prepared(write()).model.parameters.front
    assert (front.inputs, front.numbers) == (4 + 2 + 1 + 1, (4, 7))  # colours, age and its sign, member, height
    assert front.width == 8 + 2 * 2
    assert prepared(write({"embed": "periodic"})).model.parameters.front.scale is None
    assert prepared(write({"input_scale": "learned"})).model.parameters.front.width == 8
    assert prepared(write({})).model.parameters.front is None


def test_where_there_are_no_numbers_nothing_is_embedded(write):
    only_names = {"ignore": ["age", "height"]}
    front = prepared(write(**only_names)).model.parameters.front
    assert (front.embedding, front.numbers, front.width) == (None, (), 5)
    assert prepared(write({"embed": "periodic"}, **only_names)).model.parameters.front is None


def test_the_layers_shown_and_the_run_hold_what_stands_before_layer_1(nnctl, write):
    outcome = nnctl("train", write(), "--no-pictures", "--json")
    assert outcome.exit_code == 0, outcome.stderr
    told = json.loads(outcome.stdout)
    loaded = model.load(file := experiment.Path(told["run"]) / "parameters.h5")
    rows = nnctl("predict", file.parent, "--json")
    assert json.loads(rows.stdout)["metrics"]["mae"] == pytest.approx(told["metrics"]["test"]["mae"], rel=1e-4)
    assert loaded.parameters.front.width == 12
    again = nnctl("train", file.parent / "config.yaml", "--no-pictures", "--json")
    other = model.load(experiment.Path(json.loads(again.stdout)["run"]) / "parameters.h5")
    assert other.parameters.flat.tobytes() == loaded.parameters.flat.tobytes()
    shown = nnctl("train", write(), "--no-pictures").stderr
    assert "embed" in shown
    assert "learned (speed 20.0)" in shown
    assert f"{loaded.parameters.flat.size}" in shown
