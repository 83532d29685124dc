"""What the outputs mean: numbers in a unit of their own, labels that exclude nothing, and what they are called."""

import csv
import json
from pathlib import Path

import h5py
import numpy as np
import pytest
import yaml
from sklearn.metrics import accuracy_score, mean_absolute_error, precision_score, r2_score, recall_score

from nnctl.data import dataset
from nnctl.data.block import BlockPreparation
from nnctl.data.interface import Interface
from nnctl.data.scaling import Scaling
from nnctl.errors import DataError, SpecError
from nnctl.spec import document
from nnctl.spec.reading import parse

RNG = np.random.RandomState(5)
X = RNG.randn(80, 3)
NUMBERS = np.c_[200_000 + 30_000 * X[:, 0], 3e-4 * X[:, 1]]
LABELS = np.c_[X[:, 0] > 0, X[:, 1] > 0.5, X[:, 0] + X[:, 2] > 0].astype(int)


def table(path, columns):
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


@pytest.fixture(autouse=True)
def files(tmp_path):
    """Write the same rows with numbers and with labels as their targets, as tables and as arrays."""
    features = {name: X[:, place] for place, name in enumerate("abc")}
    table(tmp_path / "numbers.csv", {**features, "price": NUMBERS[:, 0], "share": NUMBERS[:, 1]})
    table(tmp_path / "labels.csv", {**features, **{name: LABELS[:, i] for i, name in enumerate(["red", "big", "old"])}})
    np.savez(tmp_path / "numbers.npz", X=X, y=NUMBERS)
    np.savez(tmp_path / "labels.npz", X=X, y=LABELS)


def spec(folder, data, dims=("auto", 5, "auto"), output="auto", **train):
    tree = {
        "data": data,
        "model": {"layer_dims": list(dims), "activations": ["tanh", output]},
        "train": {"learning_rate": 0.1, "iterations": 60, **train},
    }
    (folder / "s.yaml").write_text(yaml.safe_dump(tree), encoding="utf-8")
    return folder / "s.yaml"


def loaded(folder, *given, **more):
    return dataset.load(parse(document.read(spec(folder, *given, **more)), (folder,)))


def trained(nnctl, folder, *given, **more):
    """Train, and return what `train --json` said and the run's folder."""
    outcome = nnctl("train", spec(folder, *given, **more), "--json", "--no-pictures")
    assert outcome.exit_code == 0, outcome.stderr
    told = json.loads(outcome.stdout)
    return told, told["run"]


def predicted(nnctl, *arguments):
    outcome = nnctl("predict", *arguments)
    assert outcome.exit_code == 0, outcome.stderr
    return list(csv.DictReader(outcome.stdout.splitlines()))


TWO = {"source": "numbers.csv", "target": ["price", "share"], "test": 0.25, "scale_target": "standardize"}
THREE = {"source": "labels.csv", "target": ["red", "big", "old"], "test": 0.25}


def test_standardized_targets_are_learnt_as_if_they_were_so_in_the_file(tmp_path):
    ours = loaded(tmp_path, TWO)
    train = ours.parts["train"]
    rows = train.table.y
    standard = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    np.testing.assert_allclose(train.Y.T, standard, rtol=1e-12, atol=1e-12)
    mean, deviation = rows.mean(axis=0), rows.std(axis=0)
    np.testing.assert_allclose(
        ours.parts["test"].Y.T, (ours.parts["test"].table.y - mean) / deviation, rtol=1e-12, atol=1e-12
    )


def test_predictions_and_metrics_are_in_the_unit_of_the_targets(nnctl, tmp_path):
    told, run = trained(nnctl, tmp_path, TWO)
    rows = predicted(nnctl, run, str(tmp_path / "numbers.csv"))
    assert list(rows[0]) == ["row", "prediction_price", "prediction_share", "probability"]
    given = np.array([[float(row["prediction_price"]), float(row["prediction_share"])] for row in rows])
    assert r2_score(NUMBERS, given) > 0.8
    own = json.loads(nnctl("predict", run, "--json").stdout)
    for each in own["predictions"]:
        row = next(i for i in range(80) if NUMBERS[i].tolist() == each["truth"])
        assert each["prediction_price"] == pytest.approx(given[row, 0], rel=1e-12)
    truth = np.array([each["truth"] for each in own["predictions"]])
    answers = np.array([[each["prediction_price"], each["prediction_share"]] for each in own["predictions"]])
    for metrics in (own["metrics"], told["metrics"]["test"]):
        assert metrics["mae"] == pytest.approx(mean_absolute_error(truth, answers), rel=1e-9)
        assert metrics["r2"] == pytest.approx(r2_score(truth, answers), rel=1e-9)
        assert metrics["r2_2"] == pytest.approx(r2_score(truth[:, 1], answers[:, 1]), rel=1e-9)
    with h5py.File(f"{run}/parameters.h5") as file:
        assert json.loads(file["about"][()].tobytes())["about"]["target_names"] == ["price", "share"]


def test_a_spread_far_from_1_is_told_and_not_changed(nnctl, tmp_path):
    data = {**TWO, "target": "price", "ignore": "share"}
    asked = nnctl("train", spec(tmp_path, {**data, "scale_target": None}, optimizer="adam"), "--no-pictures")
    assert "the targets have a spread (standard deviation) of" in asked.stderr
    assert "data.scale_target: standardize" in asked.stderr
    assert "the targets have a spread" not in nnctl("train", spec(tmp_path, data), "--no-pictures").stderr


def test_a_scaled_target_wants_numbers(tmp_path):
    with pytest.raises(SpecError, match=r"data.scale_target is for numbers, and a sigmoid output has none"):
        loaded(tmp_path, {**THREE, "scale_target": "standardize"})


@pytest.mark.parametrize("key", [{"scale_target": "standardize"}, {"clip_outputs": True}])
def test_names_are_no_numbers_to_scale_or_clip(tmp_path, key):
    table(tmp_path / "names.csv", {"a": X[:, 0], "kind": ["x", "y"] * 40})
    with pytest.raises(DataError, match='the targets are names such as "x", and a linear output predicts numbers'):
        loaded(tmp_path, {"source": "names.csv", "target": "kind", **key}, dims=("auto", 5, 1), output="linear")


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("scaled", [{}, {"scale_target": "standardize"}])
def test_clipped_outputs_stay_within_the_range_of_the_training_targets(nnctl, tmp_path, dtype, scaled):
    data = {"source": "numbers.csv", "target": ["price", "share"], "test": 0.25, **scaled, "order": "file"}
    numbers = np.c_[3 * X[:, 0], X[:, 1]]
    table(tmp_path / "numbers.csv", {"a": X[:, 0], "b": X[:, 1], "price": numbers[:, 0], "share": numbers[:, 1]})
    more = {"dtype": dtype, "optimizer": "adam", "learning_rate": 3.0, "iterations": 3}  # far too fast
    told, runs = {}, {}
    for clip in (False, True):
        told[clip], runs[clip] = trained(nnctl, tmp_path, {**data, "clip_outputs": clip}, **more)
    low, high = numbers[:60].min(axis=0), numbers[:60].max(axis=0)
    given = {
        clip: np.array(
            [
                [float(row["prediction_price"]), float(row["prediction_share"])]
                for row in predicted(nnctl, runs[clip], str(tmp_path / "numbers.csv"))
            ]
        )
        for clip in runs
    }
    outside = (given[False] < low) | (given[False] > high)
    assert outside.any()
    assert not outside.all()
    np.testing.assert_allclose(given[True], np.clip(given[False], low, high), rtol=1e-12)
    assert ((given[True] >= low) & (given[True] <= high)).all()
    for part, rows in (("train", slice(60)), ("test", slice(60, None))):
        metrics = told[True]["metrics"][part]
        assert metrics["loss"] == told[False]["metrics"][part]["loss"]
        assert metrics["mae"] == pytest.approx(mean_absolute_error(numbers[rows], given[True][rows]), rel=1e-5)
        assert metrics["r2"] == pytest.approx(r2_score(numbers[rows], given[True][rows]), rel=1e-5)


def test_what_is_not_finite_is_not_clipped():
    interface = Interface(BlockPreparation((1,), Scaling()), None, limits=(np.array([0.0]), np.array([1.0])))
    found = interface.in_units(np.array([[-np.inf, -1, 0.5, 7, np.nan, np.inf]]))
    np.testing.assert_array_equal(found, [[-np.inf, 0, 0.5, 1, np.nan, np.inf]])


def test_clipped_outputs_want_numbers(tmp_path):
    with pytest.raises(SpecError, match=r"data.clip_outputs is for numbers, and a sigmoid output has none"):
        loaded(tmp_path, {**THREE, "clip_outputs": True})


@pytest.mark.parametrize("source", ["labels.csv", "labels.npz"])
def test_each_label_has_an_output_of_its_own(nnctl, tmp_path, source):
    data = THREE if source.endswith(".csv") else {"source": source, "test": 0.25}
    names = ["red", "big", "old"] if source.endswith(".csv") else ["1", "2", "3"]
    told, run = trained(nnctl, tmp_path, {**data, "scale": "standardize"}, iterations=400, learning_rate=1)
    assert yaml.safe_load(Path(run, "config.yaml").read_text())["model"]["activations"][-1] == "sigmoid"
    rows = predicted(nnctl, run, str(tmp_path / source), "--proba")
    answers = [f"prediction_{name}" for name in names]
    assert list(rows[0]) == ["row", *answers, "probability", *(f"p_{name}" for name in names)]
    given = np.array([[int(row[name]) for name in answers] for row in rows])
    shares = np.array([[float(row[f"p_{name}"]) for name in names] for row in rows])
    np.testing.assert_array_equal(given, shares > 0.5)
    assert (given == LABELS).mean() > 0.9
    own = json.loads(nnctl("predict", run, "--json").stdout)
    truth = np.array([each["truth"] for each in own["predictions"]])
    mine = np.array([[each[name] for name in answers] for each in own["predictions"]])
    expected = {
        "accuracy": (truth == mine).mean(),
        "exact": accuracy_score(truth, mine),
        "precision": precision_score(truth, mine, average="macro", zero_division=0),
        "recall": recall_score(truth, mine, average="macro", zero_division=0),
    }
    for metrics in (own["metrics"], told["metrics"]["test"]):
        assert {name: metrics[name] for name in expected} == pytest.approx(expected, abs=1e-12)


def test_yes_and_no_are_labels_too(tmp_path):
    words = {name: np.where(LABELS[:, i] == 1, "Yes", "no").astype(object) for i, name in enumerate(["red", "big"])}
    features = {name: X[:, place] for place, name in enumerate("abc")}
    table(tmp_path / "words.csv", {**features, **words, "old": LABELS[:, 2]})
    found = loaded(tmp_path, {**THREE, "source": "words.csv"})
    assert found.interface.labels
    np.testing.assert_array_equal(found.parts["train"].Y, loaded(tmp_path, THREE).parts["train"].Y)
    words["big"][7] = "maybe"
    table(tmp_path / "words.csv", {**features, **words, "old": LABELS[:, 2]})
    with pytest.raises(DataError, match='the target big holds texts such as "maybe"'):
        loaded(tmp_path, {**THREE, "source": "words.csv"})


def test_labels_of_arrays_are_told_to_be_labels(tmp_path):
    found = loaded(tmp_path, {"source": "labels.npz"})
    assert any("each output says yes or no of its own" in note for note in found.notes)
    assert not any("yes or no" in note for note in loaded(tmp_path, THREE).notes)
    assert found.interface.labels
    assert found.interface.classes is None


def test_labels_are_told_by_all_rows_and_not_by_those_that_are_left(nnctl, tmp_path):
    y = np.eye(3, dtype=int)[np.arange(len(X)) % 3]
    y[-1] = [1, 1, 0]
    np.savez(tmp_path / "late.npz", X=X, y=y)
    data = {"source": "late.npz", "test": 0.2, "order": "file"}
    found = loaded(tmp_path, data)
    assert (found.interface.labels, found.spec.output, found.spec.model.layer_dims[-1]) == (True, "sigmoid", 3)
    assert any("of which rows have 1 to 2" in note for note in found.notes)
    _, run = trained(nnctl, tmp_path, data)
    assert nnctl("predict", run, "--json").exit_code == 0
    assert nnctl("init", "late.npz").exit_code == 0


def test_a_class_that_only_the_test_has_is_a_class(nnctl, tmp_path):
    columns = {name: X[:, place] for place, name in enumerate("abc")}
    table(tmp_path / "late.csv", {**columns, "y": ["p", "q"] * 38 + ["r"] * 4})
    data = {"source": "late.csv", "target": "y", "test": 0.1, "order": "file"}
    found = loaded(tmp_path, data)
    assert found.interface.classes == ("p", "q", "r")
    assert any("no row labelled r is left for training to learn from" in note for note in found.notes)
    _, run = trained(nnctl, tmp_path, data, class_weights="balanced")
    assert nnctl("predict", run, "--json").exit_code == 0


def test_two_columns_that_exclude_each_other_are_two_classes_with_one_output(nnctl, tmp_path):
    columns = {name: X[:, place] for place, name in enumerate("abc")}
    up = (X[:, 0] > 0).astype(int)
    table(tmp_path / "two.csv", {**columns, "down": 1 - up, "up": up})
    data = {"source": "two.csv", "target": ["down", "up"], "test": 0.2}
    _, run = trained(nnctl, tmp_path, data, iterations=500, learning_rate=1)
    own = json.loads(nnctl("predict", run, "--json").stdout)
    assert own["metrics"]["accuracy"] > 0.9
    assert {each["prediction"] for each in own["predictions"]} == {"down", "up"}
    rows = predicted(nnctl, run, str(tmp_path / "two.csv"))
    assert np.mean([row["prediction"] == ("up" if one else "down") for row, one in zip(rows, up, strict=True)]) > 0.9
    found = loaded(tmp_path, data, dims=(3, 5, 2), output="sigmoid")
    assert found.interface.labels


def test_columns_that_exclude_each_other_are_classes_with_their_names(nnctl, tmp_path):
    kind = np.argmax(X, axis=1)
    columns = {name: X[:, place] for place, name in enumerate("abc")}
    table(tmp_path / "one.csv", {**columns, **{n: (kind == i).astype(int) for i, n in enumerate(["x", "y", "z"])}})
    data = {"source": "one.csv", "target": ["x", "y", "z"], "test": 0.2}
    _, run = trained(nnctl, tmp_path, data, iterations=500, learning_rate=1)
    assert yaml.safe_load(Path(run, "config.yaml").read_text())["model"]["activations"][-1] == "softmax"
    rows = predicted(nnctl, run, str(tmp_path / "one.csv"))
    assert np.mean([row["prediction"] == "xyz"[own] for row, own in zip(rows, kind, strict=True)]) > 0.9
    assert loaded(tmp_path, data, output="sigmoid").interface.labels


def test_a_label_of_another_part_that_is_neither_0_nor_1_is_named(tmp_path):
    columns = {name: X[:4, place] for place, name in enumerate("abc")}
    table(tmp_path / "test.csv", {**columns, "red": [0, 1, 0, 1], "big": [0, 1, 2, 1], "old": [1, 1, 0, 0]})
    with pytest.raises(DataError, match=r"test.csv: big of line 4 is 2.0; a label is 0 or 1"):
        loaded(tmp_path, {**THREE, "test": "test.csv"}, output="sigmoid")


def test_as_many_outputs_as_labels(tmp_path):
    with pytest.raises(SpecError, match=r"model.layer_dims must end with 3, an output for each label, got 2"):
        loaded(tmp_path, THREE, dims=(3, 5, 2), output="sigmoid")


def test_class_weights_are_not_for_labels(nnctl, tmp_path):
    outcome = nnctl("train", spec(tmp_path, THREE, class_weights="balanced"), "--no-pictures")
    assert outcome.exit_code != 0
    assert "train.class_weights wants classes, and the targets are labels" in outcome.stderr


def test_what_labels_come_to_is_said_beside_the_commoner_answers(nnctl, tmp_path):
    said = nnctl("train", spec(tmp_path, THREE, iterations=1, learning_rate=1e-9), "--no-pictures").stderr
    assert "to say the commoner answer of each label for all of them" in said


def test_scales_of_columns_by_name(tmp_path):
    data = {**TWO, "test": None, "scale": {"a": "robust", "b": 2, "others": "minmax"}}
    found = loaded(tmp_path, data).parts["train"].X.T
    np.testing.assert_array_equal(found[:, 1], X[:, 1] / 2)
    np.testing.assert_allclose((found[:, 2].min(), found[:, 2].max()), (0, 1))
    assert np.abs(np.median(found[:, 0])) < 1e-12
    assert np.abs(found[:, 0]).max() < 3
    unnamed = loaded(tmp_path, {**data, "scale": {"b": 2}}).parts["train"].X.T
    np.testing.assert_array_equal(unnamed[:, [0, 2]], X[:, [0, 2]])


@pytest.mark.parametrize(
    ("scale", "said"),
    [
        ({"d": "robust"}, "data.scale names 'd'"),
        ({"a": "robus"}, "data.scale.a: there is no scaling 'robus'; did you mean \"robust\"?"),
        ("max-min", "data.scale: there is no scaling 'max-min'"),
        ({"a": 0}, "data.scale.a must be greater than 0, got 0"),
    ],
)
def test_a_scale_that_is_none(tmp_path, scale, said):
    with pytest.raises((DataError, SpecError)) as caught:
        loaded(tmp_path, {**TWO, "scale": scale})
    assert said in str(caught.value)


def test_scales_by_name_want_columns(tmp_path):
    with pytest.raises(SpecError, match=r"data.scale names columns, and .*numbers.npz has arrays, not columns"):
        loaded(tmp_path, {"source": "numbers.npz", "scale": {"a": "robust"}})


def test_targets_too_large_to_scale_are_not_called_features(tmp_path):
    X = np.random.RandomState(0).randn(20, 2)
    np.savez(tmp_path / "large.npz", X=X, y=X[:, 0] * 1e200)
    with pytest.raises(DataError, match=r"the values of column 0 \(counted from 0\) of the targets are too large"):
        loaded(tmp_path, {"source": "large.npz", "scale_target": "standardize"})
