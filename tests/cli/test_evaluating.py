"""Evaluating, from the command line: which rows, what is said of them, and the pictures."""

import csv
import json

import numpy as np
import PIL.Image
import pytest
from numpy.random import RandomState
from sklearn import metrics as theirs

from nnctl.runs.bundle import pack, unpack

SPEC = """\
data: {source: flowers.csv, target: kind, ignore: [site, gap], scale: standardize, test: 0.3}
model: {layer_dims: [auto, 6, auto], activations: [tanh, auto]}
train: {optimizer: adam, learning_rate: 0.02, iterations: 60}
"""


@pytest.fixture
def rows(tmp_path):
    """Write a table of three classes, with a column that is no feature, and a spec; return its rows."""
    stream = RandomState(1)
    kinds = stream.randint(0, 3, 150)
    X = stream.randn(150, 3) + np.eye(3)[kinds] * 1.5
    lines = [
        [*(f"{x:.5f}" for x in own), "north" if i % 3 else "south", "" if i % 50 == 7 else "x", "abc"[kind]]
        for i, (own, kind) in enumerate(zip(X, kinds, strict=True))
    ]
    write(tmp_path / "flowers.csv", lines)
    (tmp_path / "flowers.yaml").write_text(SPEC, encoding="utf-8")
    return lines


def write(path, lines, header=("x", "y", "z", "site", "gap", "kind")):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *lines])


def evaluated(nnctl, *arguments):
    """Return the object of --json."""
    outcome = nnctl("evaluate", *arguments, "--json", "-q", "--no-pictures")
    assert outcome.exit_code == 0, outcome.stderr
    return json.loads(outcome.stdout)


def predicted(nnctl, *arguments):
    outcome = nnctl("predict", *arguments, "--json", "-q", "--proba")
    assert outcome.exit_code == 0, outcome.stderr
    return json.loads(outcome.stdout)


def test_the_own_test_set_is_scored_as_its_predictions_by_hand(nnctl, tmp_path, rows):
    run = nnctl("train", "flowers.yaml", "-q", "--no-pictures").stdout.strip()
    found, answers = evaluated(nnctl), predicted(nnctl)
    truth = [row["truth"] for row in answers["predictions"]]
    said = [row["prediction"] for row in answers["predictions"]]
    P = np.array([[row[f"p_{kind}"] for kind in "abc"] for row in answers["predictions"]])
    assert found["part"] == "test"
    assert found["rows"] == len(truth) == 44
    scores = {name: each["value"] for name, each in found["scores"].items()}
    assert scores["accuracy"] == answers["metrics"]["accuracy"]
    assert scores["f1"] == pytest.approx(theirs.f1_score(truth, said, average="macro"), rel=1e-12)
    assert scores["roc_auc"] == pytest.approx(theirs.roc_auc_score(truth, P, multi_class="ovr"), rel=1e-12)
    assert scores["log_loss"] == pytest.approx(theirs.log_loss(truth, P), rel=1e-12)
    status = json.loads((tmp_path / run / "run.json").read_text(encoding="utf-8"))
    assert scores["log_loss"] == pytest.approx(status["metrics"]["test"]["loss"], rel=1e-12)
    assert found["confusion"]["truth_by_prediction"] == theirs.confusion_matrix(truth, said).tolist()
    shares = status["targets"]["shares"]
    train = [row[-1] for row in rows if row[-1] == "a"]
    assert sum(shares) == pytest.approx(1)
    assert shares[0] == pytest.approx(len(train) / 150, abs=0.02)
    commonest = "abc"[int(np.argmax(shares))]
    assert found["scores"]["accuracy"]["baseline"] == truth.count(commonest) / 44
    assert found["verdicts"] == []
    assert set(found["classes"]) == set("abc")


def test_groups_are_by_a_column_that_is_no_feature(nnctl, rows):
    nnctl("train", "flowers.yaml", "-q", "--no-pictures")
    found = evaluated(nnctl, "--by", "site")
    assert found["by"] == "site"
    assert sum(own["rows"] for own in found["groups"].values()) == 44
    means = [own["rows"] * own["scores"]["accuracy"]["value"] for own in found["groups"].values()]
    assert sum(means) / 44 == pytest.approx(found["scores"]["accuracy"]["value"])
    assert list(found["groups"]) == ["north", "south"]
    outcome = nnctl("evaluate", "flowers.csv", "--by", "gap", "-q", "--no-pictures")
    assert "(missing)" in outcome.stdout
    whole, both = evaluated(nnctl, "flowers.csv", "--by", "site"), evaluated(nnctl, "flowers.csv", "flowers.csv")
    assert whole["groups"]["south"]["rows"] == 50
    assert both["rows"] == 300
    assert both["scores"]["accuracy"]["value"] == pytest.approx(whole["scores"]["accuracy"]["value"])


def test_rows_of_a_file_are_told_apart_and_odd_ones_left_out(nnctl, tmp_path, rows):
    nnctl("train", "flowers.yaml", "-q", "--no-pictures")
    rows[2][-1] = ""
    rows[4][0] = "soon"
    write(tmp_path / "new.csv", rows[:20])
    outcome = nnctl("evaluate", "new.csv", "--no-pictures")
    assert outcome.exit_code == 0
    assert "note: new.csv: 1 of 20 rows have no kind, and are left out" in outcome.stderr
    assert 'no prediction: new.csv:6: column x is "soon"' in outcome.stderr
    assert "on 18 rows of new.csv" in outcome.stderr
    rows[5][-1] = "d"
    write(tmp_path / "new.csv", rows[:20])
    outcome = nnctl("evaluate", "new.csv", "--no-pictures")
    assert outcome.exit_code == 3
    assert "the label of line 7 is d, outside the classes a, b, c" in outcome.stderr
    write(tmp_path / "new.csv", [row[:-1] for row in rows], ("x", "y", "z", "site", "gap"))
    outcome = nnctl("evaluate", "new.csv", "--no-pictures")
    assert outcome.exit_code == 6
    assert "there is no column kind" in outcome.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--target", "kind"], 2, "--target is about DATA, and there is none"),
        (["--by", "nothing"], 6, "there is no column nothing"),
        (["--by", "x"], 0, "--by x"),
        (["nowhere.csv"], 3, "there is no such file"),
        (["--picture-size", "9x9"], 2, "--picture-size must be"),
    ],
)
def test_mistakes_are_told(nnctl, rows, arguments, code, words):
    nnctl("train", "flowers.yaml", "-q", "--no-pictures")
    outcome = nnctl("evaluate", *arguments)
    assert outcome.exit_code == code, outcome.stderr
    assert words in outcome.stderr or code == 0


def test_too_many_groups_are_refused(nnctl, rows):
    nnctl("train", "flowers.yaml", "-q", "--no-pictures")
    outcome = nnctl("evaluate", "flowers.csv", "--by", "x")
    assert outcome.exit_code == 3
    assert "--by x: has 150 different values" in outcome.stderr


def test_data_that_have_changed_are_refused(nnctl, tmp_path, rows):
    nnctl("train", "flowers.yaml", "-q", "--no-pictures")
    rows[0][0] = "9"
    write(tmp_path / "flowers.csv", rows)
    outcome = nnctl("evaluate")
    assert outcome.exit_code == 3
    assert "its data have changed since the training" in outcome.stderr
    assert "nnctl evaluate" in outcome.stderr


def test_pictures_take_no_place_that_is_not_theirs(nnctl, tmp_path):
    run = tmp_path / nnctl("train", "circles", "-q", "--no-pictures", "-S", "train.iterations=300").stdout.strip()
    names = ["confusion", "roc", "precision-recall", "calibration"]
    (run / "roc.png").write_bytes(b"mine")
    for _ in range(2):
        outcome = nnctl("evaluate", "--picture-size", "400x300")
        assert "roc-2.png" in outcome.stderr
    assert (run / "roc.png").read_bytes() == b"mine"
    drawn = {path.name for path in run.glob("*.png")}
    assert drawn == {*(f"{name}.png" for name in names), "roc-2.png"}
    with PIL.Image.open(run / "confusion.png") as picture:
        assert picture.size == (400, 300)
    stream = RandomState(2)
    np.savez(tmp_path / "other points.npz", X=stream.randn(40, 2), y=stream.randint(0, 2, 40))
    outcome = nnctl("evaluate", "other points.npz", "--picture-size", "400x300")
    assert "confusion-other-points.png" in outcome.stderr
    assert "guessing" in outcome.stdout
    assert "the commonest answer in training for all" in outcome.stdout


def test_arrays_numbers_and_labels(nnctl, tmp_path):
    stream = RandomState(3)
    X = stream.randn(80, 3)
    Y = np.column_stack([X[:, 0] + 0.1 * stream.randn(80), 1000 * X[:, 1]])
    np.savez(tmp_path / "n.npz", X=X, y=Y)
    spec = "data: {source: n.npz, scale_target: standardize}\n"
    net = "model: {layer_dims: [3, 6, 2], activations: [tanh, OUT]}\n"
    train = "train: {optimizer: adam, learning_rate: 0.02, iterations: 100}\n"
    (tmp_path / "n.yaml").write_text(spec + net.replace("OUT", "linear") + train)
    nnctl("train", "n.yaml", "-q", "--no-pictures")
    found = evaluated(nnctl, "n.npz")
    values = predicted(nnctl, "n.npz")["predictions"]
    said = np.array([[row["prediction_1"], row["prediction_2"]] for row in values])
    assert found["scores"]["r2"]["value"] == pytest.approx(theirs.r2_score(Y, said), rel=1e-12)
    rmse = theirs.root_mean_squared_error(Y[:, 1], said[:, 1])
    assert found["numbers"]["2"]["rmse"]["value"] == pytest.approx(rmse, rel=1e-12)
    assert found["numbers"]["2"]["rmse"]["baseline"] == pytest.approx(Y[:, 1].std())
    outcome = nnctl("evaluate", "--picture-size", "300x300")
    assert "on its training set, 80 rows" in outcome.stderr
    assert "predicted.png, residuals.png" in outcome.stderr
    L = (X @ stream.randn(3, 2) > 0).astype(int)
    np.savez(tmp_path / "n.npz", X=X, y=L)
    (tmp_path / "n.yaml").write_text("data: {source: n.npz}\n" + net.replace("OUT", "sigmoid") + train)
    nnctl("train", "n.yaml", "-q", "--no-pictures")
    found = evaluated(nnctl, "n.npz")
    values = predicted(nnctl, "n.npz")["predictions"]
    said = np.array([[row["prediction_1"], row["prediction_2"]] for row in values])
    assert found["scores"]["exact"]["value"] == theirs.accuracy_score(L, said)
    assert set(found["labels"]) == {"1", "2"}


def test_a_folder_of_pictures(nnctl, tmp_path):
    for folder in ("pets", "more"):
        for kind, shade in (("cat", 60), ("dog", 190)):
            (tmp_path / folder / kind).mkdir(parents=True)
            for number in range(8):
                pixels = np.clip(RandomState(number).randint(-50, 50, (6, 6, 3)) + shade, 0, 255).astype(np.uint8)
                PIL.Image.fromarray(pixels).save(tmp_path / folder / kind / f"{number}.png")
    (tmp_path / "pets.yaml").write_text(
        "data: {source: pets}\nmodel: {layer_dims: [auto, auto], activations: [auto]}\n"
        "train: {learning_rate: 0.05, iterations: 100}\n"
    )
    nnctl("train", "pets.yaml", "-q", "--no-pictures")
    found = evaluated(nnctl, "more")
    assert found["rows"] == 16
    assert found["scores"]["accuracy"]["value"] == 1
    outcome = nnctl("evaluate", "more/cat/1.png", "--no-pictures")
    assert outcome.exit_code == 0
    (tmp_path / "more" / "cat").rename(tmp_path / "more" / "cow")
    outcome = nnctl("evaluate", "more", "--no-pictures")
    assert outcome.exit_code == 6
    assert "none of the classes (cat, dog)" in outcome.stderr


def test_a_run_that_remembers_no_training_rows_has_no_baseline(nnctl, tmp_path):
    run = tmp_path / nnctl("train", "circles", "-q", "--no-pictures", "-S", "train.iterations=100").stdout.strip()
    status = json.loads((run / "run.json").read_text())
    del status["targets"]
    (run / "run.json").write_text(json.dumps(status))
    outcome = nnctl("evaluate", "--no-pictures")
    assert outcome.exit_code == 0
    assert "so there is no baseline" in outcome.stderr
    assert evaluated(nnctl)["scores"]["accuracy"]["baseline"] is None


def test_a_network_that_has_learnt_nothing_is_told(nnctl):
    nnctl("train", "circles", "-q", "--no-pictures", "-S", "model.init=zeros", "-S", "train.iterations=100")
    outcome = nnctl("evaluate", "--no-pictures", "-q")
    assert "not known to be better than the commonest answer in training for all, as far as 100 rows" in outcome.stdout
    assert "accuracy 0.4038 to 0.5962 beside 0.5" in outcome.stdout


def test_an_ensemble_is_scored_by_its_mean(nnctl, tmp_path, rows):
    run = tmp_path / nnctl("train", "flowers.yaml", "-q", "--no-pictures", "-S", "train.ensemble=3").stdout.strip()
    measured = json.loads((run / "run.json").read_text(encoding="utf-8"))["metrics"]["test"]
    scores = evaluated(nnctl)["scores"]
    assert scores["log_loss"]["value"] == pytest.approx(measured["loss"], rel=1e-12)
    assert scores["accuracy"]["value"] == measured["accuracy"]
    answers = predicted(nnctl)["predictions"]
    P = np.array([[row[f"p_{kind}"] for kind in "abc"] for row in answers])
    assert scores["log_loss"]["value"] == pytest.approx(
        theirs.log_loss([row["truth"] for row in answers], P), rel=1e-12
    )


def test_a_surely_wrong_row_has_a_finite_log_loss(nnctl, tmp_path):
    run = tmp_path / nnctl("train", "circles", "-q", "--no-pictures", "-S", "train.iterations=100").stdout.strip()
    arrays, about = unpack((run / "parameters.h5").read_bytes())
    arrays["b3"] = np.full((1, 1), 800.0)  # p is 1 for all, as a float
    (run / "parameters.h5").write_bytes(pack(arrays, about))
    found = evaluated(nnctl)["scores"]
    assert found["accuracy"]["value"] == 0.5
    assert found["log_loss"]["value"] == pytest.approx(400, rel=0.01)


def test_a_folder_of_runs_names_one_to_evaluate(nnctl):
    nnctl("compare-init", "he", "zeros", "-q", "--no-pictures", "-S", "train.iterations=100")
    outcome = nnctl("evaluate", "latest-comparison")
    assert outcome.exit_code == 2
    assert "Name one of them: nnctl evaluate runs/latest-comparison/he" in outcome.stderr


def test_the_standard_input_is_read_once(nnctl, tmp_path, rows, monkeypatch):
    nnctl("train", "flowers.yaml", "-q", "--no-pictures")
    with (tmp_path / "flowers.csv").open(encoding="utf-8") as file:
        monkeypatch.setattr("sys.stdin", file)
        assert evaluated(nnctl, "-")["rows"] == 150
    assert nnctl("evaluate", "-", "-").exit_code == 2
