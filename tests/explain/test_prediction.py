"""Predicting, from the command line: which run, which input, and what is said of it.

Most runs here are made by hand, a folder with a parameters.h5 of known weights, so that every number is known.
"""

import csv
import io
import json
import math
import os
import shutil
from pathlib import Path

import h5py
import numpy as np
import PIL.Image
import pytest
from numpy.random import RandomState

from nnctl.data.block import BlockPreparation
from nnctl.data.interface import Interface
from nnctl.data.scaling import Scaling
from nnctl.data.table import Table
from nnctl.explain.prediction import Prediction
from nnctl.nn.parameters import Parameters
from nnctl.registry import Choice
from nnctl.runs import model
from nnctl.runs.bundle import pack, unpack
from nnctl.runs.model import Model

X = np.array([[1.0, 2.0], [-1.0, 0.5], [0.0, 0.0]])
WEIGHTS = [[1.0, -2.0]]  # of one sigmoid unit
SIGMOID = [1 / (1 + math.exp(-(x - 2 * y))) for x, y in X]


def make_run(folder, weights, output, interface, finished=None):
    """Make the folder of a one-layer run; a time makes it one that has finished."""
    folder.mkdir(parents=True)
    W = np.asarray(weights, float)
    parameters = Parameters(W.shape[::-1])
    parameters.W[0][:] = W
    model.save(Model(parameters, (Choice(output),), interface), folder / "parameters.h5")
    if finished is not None:
        (folder / "run.json").write_text(json.dumps({"status": "finished", "finished": finished}))
    return folder


def two_classes(folder, *classes, finished="2026-11-20T14:25:30"):
    return make_run(
        folder, WEIGHTS, "sigmoid", Interface(BlockPreparation((2,), Scaling()), classes or ("0", "1")), finished
    )


def mishap(outcome):
    """Return what a command said behind the line that names the run it uses."""
    first, _, rest = outcome.stderr.partition("\n")
    assert first.startswith("using ")
    return rest


def table_of(text):
    """Return the rows of CSV text."""
    return list(csv.reader(io.StringIO(text)))


def lines_of(text):
    """Return the lines of a printed table: its head, a rule, its rows and what is said below."""
    return [line for line in text.splitlines() if line.strip()]


@pytest.fixture
def hand(tmp_path, nnctl):
    """Return a run of two named classes, in a working folder that also holds its input, data.npz."""
    np.savez(tmp_path / "data.npz", X=X)
    return two_classes(tmp_path / "runs" / "hand", "non-cat", "cat")


@pytest.fixture
def pictures(tmp_path):
    """Return a run on pictures of 2 x 2 pixels: class 1 where they are rather red."""
    weights = np.tile([9.0, -3.0, -3.0], 4)[None]
    interface = Interface(BlockPreparation((2, 2, 3), Scaling(divisor=np.asarray(255.0)), True), ("other", "red"))
    return make_run(tmp_path / "runs" / "red", weights, "sigmoid", interface, "2026-11-20T14:25:31")


# --- the table of an input ---


def test_the_csv_of_an_input(nnctl, hand):
    outcome = nnctl("predict", hand, "data.npz")
    assert outcome.exit_code == 0
    assert outcome.stderr == f"using {hand} (finished, 2026-11-20 14:25:30)\n"
    assert outcome.stdout.splitlines()[0] == "row,prediction,probability"
    assert outcome.stdout.endswith("\n")
    assert "\r" not in outcome.stdout
    rows = table_of(outcome.stdout)[1:]
    assert [row[:2] for row in rows] == [["0", "non-cat"], ["1", "non-cat"], ["2", "non-cat"]]  # 0.5 is not above 0.5
    shares = [float(row[2]) for row in rows]
    np.testing.assert_allclose(shares, [1 - SIGMOID[0], 1 - SIGMOID[1], 0.5], rtol=1e-14)


def test_proba_adds_a_column_for_each_class(nnctl, hand):
    rows = table_of(nnctl("predict", hand, "data.npz", "--proba").stdout)
    assert rows[0] == ["row", "prediction", "probability", "p_non-cat", "p_cat"]
    for row, p in zip(rows[1:], SIGMOID, strict=True):
        assert float(row[4]) == pytest.approx(p, rel=1e-14)
        assert float(row[3]) + float(row[4]) == pytest.approx(1, rel=1e-15)
        assert float(row[2]) == max(float(row[3]), float(row[4]))


def test_softmax_classes(nnctl, tmp_path):
    names = ("a", "b, or c", 'd "quoted"')
    weights = [[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]]
    run = make_run(tmp_path / "run", weights, "softmax", Interface(BlockPreparation((2,), Scaling()), names))
    np.savez(tmp_path / "data.npz", X=X)
    rows = table_of(nnctl("predict", run, "data.npz", "--proba").stdout)
    assert rows[0] == ["row", "prediction", "probability", "p_a", "p_b, or c", 'p_d "quoted"']
    for row, (x, y) in zip(rows[1:], X, strict=True):
        powers = [math.exp(x), math.exp(y), math.exp(-x - y)]
        np.testing.assert_allclose([float(p) for p in row[3:]], np.array(powers) / sum(powers), rtol=1e-14)
        assert row[1] == names[int(np.argmax(powers))]
        assert float(row[2]) == max(map(float, row[3:]))


@pytest.mark.parametrize("proba", [[], ["--proba"]])
def test_numbers_have_no_probability(nnctl, tmp_path, proba):
    run = make_run(tmp_path / "run", [[2.0, 0.5]], "linear", Interface(BlockPreparation((2,), Scaling()), None))
    np.savez(tmp_path / "data.npz", X=X)
    outcome = nnctl("predict", run, "data.npz", *proba)
    assert outcome.stdout == "row,prediction,probability\n0,3.0,\n1,-1.75,\n2,0.0,\n"


def test_several_numbers(nnctl, tmp_path):
    run = make_run(
        tmp_path / "run", [[2.0, 0.5], [0.0, 1.0]], "linear", Interface(BlockPreparation((2,), Scaling()), None)
    )
    np.savez(tmp_path / "data.npz", X=X[:1])
    outcome = nnctl("predict", run, "data.npz")
    assert outcome.stdout == "row,prediction_1,prediction_2,probability\n0,3.0,2.0,\n"


def test_the_preparation_of_training_is_applied(nnctl, tmp_path):
    interface = Interface(BlockPreparation((2,), Scaling(np.array([1.0, 2.0]), np.array([2.0, 4.0]))), None)
    run = make_run(tmp_path / "run", [[1.0, 10.0]], "linear", interface)
    np.savez(tmp_path / "data.npz", X=[[3.0, 2.0], [1.0, 6.0]])
    assert nnctl("predict", run, "data.npz").stdout == "row,prediction,probability\n0,1.0,\n1,10.0,\n"


# --- kinds of input ---


def test_an_array_without_a_name_says_the_same(nnctl, hand, tmp_path):
    np.save(tmp_path / "X.npy", X)
    expected = nnctl("predict", hand, "data.npz").stdout
    assert expected.startswith("row,prediction,probability\n0,")
    assert nnctl("predict", hand, "X.npy").stdout == expected
    outcome = nnctl("predict", hand, "X.npy", "--features", "X")
    assert outcome.exit_code == 3
    assert "X.npy: is one array only and has no names (NPY), so it holds no 'X'.\nLeave the name out." in outcome.stderr


@pytest.mark.parametrize("kind", ["npz", "h5"])
def test_a_name_tells_which_features_are_predicted(nnctl, hand, tmp_path, kind):
    arrays = {"X": X + 9, "measured": X, "g/inside": X} if kind == "h5" else {"X": X + 9, "measured": X}
    if kind == "npz":
        np.savez(tmp_path / "several.npz", **arrays)
    else:
        with h5py.File(tmp_path / "several.h5", "w") as file:
            for name, array in arrays.items():
                file[name] = array
    expected = nnctl("predict", hand, "data.npz", "--proba").stdout
    for name in (name for name in arrays if name != "X"):
        outcome = nnctl("predict", hand, f"several.{kind}", "--features", name, "--proba")
        assert outcome.stdout == expected
        assert f"{name} is predicted; X" in outcome.stderr
    assert nnctl("predict", hand, f"several.{kind}", "--proba").stdout != expected
    outcome = nnctl("predict", hand, f"several.{kind}", "--features", "mesured")
    assert outcome.exit_code == 3
    assert f"several.{kind}: there is no dataset 'mesured'; did you mean \"measured\"?" in outcome.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "--features is about an INPUT, and there is none: nnctl predict RUN INPUT"),
        (["cat.png"], "cat.png: is a picture, in which no dataset is called 'X'; leave --features out"),
    ],
)
def test_a_name_without_a_file_of_arrays(nnctl, hand, tmp_path, arguments, words):
    (tmp_path / "cat.png").touch()
    outcome = nnctl("predict", hand, *arguments, "--features", "X")
    assert outcome.exit_code == 2
    assert words in outcome.stderr


def test_hdf5_and_npz_say_the_same(nnctl, hand, tmp_path):
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["x_test"] = X
    assert nnctl("predict", hand, "data.h5").stdout == nnctl("predict", hand, "data.npz").stdout


def test_an_input_with_labels_is_predicted_all_the_same(nnctl, hand, tmp_path):
    """Labels are for `evaluate`: here they may be missing, unknown or nan."""
    np.savez(tmp_path / "labelled.npz", X=X, y=[7, np.nan, 0])
    assert nnctl("predict", hand, "labelled.npz").stdout == nnctl("predict", hand, "data.npz").stdout


def test_features_of_the_name_used_in_training(nnctl, tmp_path):
    interface = Interface(BlockPreparation((2,), Scaling(), features="measured"), None)
    run = make_run(tmp_path / "run", [[1.0, 0.0]], "linear", interface)
    np.savez(tmp_path / "data.npz", X=X + 5, measured=X)
    assert nnctl("predict", run, "data.npz").stdout == "row,prediction,probability\n0,1.0,\n1,-1.0,\n2,0.0,\n"


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".jpeg", ".PNG"])
@pytest.mark.parametrize(("colour", "said"), [((250, 10, 10), "red"), ((10, 10, 250), "other")])
def test_a_picture(nnctl, tmp_path, pictures, suffix, colour, said):
    PIL.Image.new("RGB", (17, 11), colour).save(tmp_path / f"photo{suffix}")
    rows = table_of(nnctl("predict", pictures, f"photo{suffix}", "--proba").stdout)
    assert rows[0] == ["row", "prediction", "probability", "p_other", "p_red"]
    assert len(rows) == 2
    assert rows[1][:2] == ["0", said]
    assert float(rows[1][2]) > 0.99


def test_a_picture_is_scaled_as_in_training(nnctl, tmp_path, pictures):
    pixels = RandomState(1).randint(0, 256, (2, 2, 3)).astype(np.uint8)
    PIL.Image.fromarray(pixels).save(tmp_path / "photo.png")
    row = table_of(nnctl("predict", pictures, "photo.png", "--proba").stdout)[1]
    z = (pixels / 255 @ [9, -3, -3]).sum()
    assert float(row[4]) == pytest.approx(1 / (1 + math.exp(-z)), rel=1e-12)


# --- where the table goes ---


def test_a_file_for_the_table(nnctl, hand, tmp_path):
    printed = nnctl("predict", hand, "data.npz", "--proba").stdout
    outcome = nnctl("predict", hand, "data.npz", "--proba", "-o", "said.csv")
    assert outcome.exit_code == 0
    assert outcome.stdout == ""
    assert mishap(outcome) == "saved: said.csv\n"
    assert (tmp_path / "said.csv").read_text(encoding="utf-8") == printed


def test_a_file_replaces_what_was_there(nnctl, hand, tmp_path):
    (tmp_path / "said.csv").write_text("old\n" * 100)
    nnctl("predict", hand, "data.npz", "-o", "said.csv")
    assert (tmp_path / "said.csv").read_text(encoding="utf-8").count("\n") == 4


@pytest.mark.parametrize("written", ["data.npz", "./data.npz", "runs/../data.npz", "link.npz"])
def test_the_input_is_not_overwritten(nnctl, hand, tmp_path, written):
    os.symlink("data.npz", tmp_path / "link.npz")
    content = (tmp_path / "data.npz").read_bytes()
    outcome = nnctl("predict", hand, "data.npz", "-o", written)
    assert outcome.exit_code == 2
    assert "is the input itself; choose another file for -o" in outcome.stderr
    assert (tmp_path / "data.npz").read_bytes() == content


def test_a_place_that_cannot_be_written(nnctl, hand):
    outcome = nnctl("predict", hand, "data.npz", "-o", "none/said.csv")
    assert outcome.exit_code == 7
    assert outcome.stderr == "nnctl: none/said.csv: cannot be written: there is no folder none; make it first\n"
    assert outcome.stdout == ""


# --- which run ---


def test_a_run_by_path_and_by_name(nnctl, hand):
    expected = nnctl("predict", hand, "data.npz").stdout
    for name in ("hand", "runs/hand", "./runs/hand/", "runs/hand/parameters.h5"):
        assert nnctl("predict", name, "data.npz").stdout == expected


def test_another_runs_folder(nnctl, hand, tmp_path):
    expected = nnctl("predict", "hand", "data.npz").stdout
    (tmp_path / "runs").rename(tmp_path / "elsewhere")
    assert nnctl("predict", "hand", "data.npz", "--runs-dir", "elsewhere").stdout == expected
    assert nnctl("predict", "data.npz", "--runs-dir", "elsewhere").stdout == expected
    assert nnctl("predict", "hand", "data.npz").exit_code == 2


def test_latest_is_the_newest_finished_run(nnctl, hand, tmp_path):
    runs = tmp_path / "runs"
    two_classes(runs / "newer", "new", "newer", finished="2026-11-21T00:00:00")
    two_classes(runs / "older", "old", "older", finished="2026-11-19T00:00:00")
    two_classes(runs / "comparison" / "he", "in", "comparison", finished="2026-11-22T00:00:00")
    failed = two_classes(runs / "failed", "fail", "failed", finished="2026-11-23T00:00:00")
    (failed / "run.json").write_text('{"status": "failed", "finished": "2026-11-23T00:00:00"}')
    for arguments in (["latest", "data.npz"], ["data.npz"]):
        assert table_of(nnctl("predict", *arguments).stdout)[1][1] == "new"


def test_parameters_alone_are_enough_from_any_folder(nnctl, tmp_path, monkeypatch):
    outcome = nnctl("train", "circles", "-q", "-S", "train.iterations=20", "-S", "data.scale=standardize")
    run = tmp_path / outcome.stdout.strip()
    np.savez(tmp_path / "data.npz", X=X)
    expected = nnctl("predict", run, "data.npz", "--proba").stdout
    assert expected.startswith("row,prediction,probability,p_0,p_1\n")
    alone = tmp_path / "far" / "away"
    alone.mkdir(parents=True)
    shutil.move(run / "parameters.h5", alone / "parameters.h5")
    shutil.rmtree(tmp_path / "runs")
    monkeypatch.chdir(alone)
    for place in (alone, "parameters.h5", "."):
        assert nnctl("predict", place, "../../data.npz", "--proba").stdout == expected


# --- a run's own test set ---


def test_bare_predict_shows_the_newest_runs_test_set(nnctl):
    trained = nnctl("train", "circles", "--json", "-S", "train.iterations=300", "-S", "data.m_test=30")
    accuracy = json.loads(trained.stdout)["metrics"]["test"]["accuracy"]
    outcome = nnctl("predict")
    assert outcome.exit_code == 0
    assert "test set" in outcome.stderr
    assert "training set" not in outcome.stderr
    head, _, *lines = lines_of(outcome.stdout)
    assert head.split() == ["row", "prediction", "probability", "truth"]
    rows = [line.split() for line in lines[:-1]]
    wrong = [row for row in rows if row[1] != row[3]]
    assert 0 < len(wrong) < 30
    assert rows[: len(wrong)] == wrong
    for some in (rows[: len(wrong)], rows[len(wrong) :]):
        assert [int(row[0]) for row in some] == sorted(int(row[0]) for row in some)
    assert sorted(int(row[0]) for row in rows) == list(range(30))
    assert outcome.stderr.endswith("predictions for its test set, wrong ones first\n")
    assert all((row[-1] == "wrong") == (row in wrong) for row in rows)
    assert 1 - len(wrong) / 30 == pytest.approx(accuracy)
    assert lines[-1].startswith(f"accuracy {accuracy:.6f}, ")
    assert lines[-1].endswith(" on 30 examples")


def test_bare_predict_into_a_file_is_the_same_table(nnctl, tmp_path):
    nnctl("train", "circles", "-q", "-S", "train.iterations=20", "-S", "data.m_test=5")
    _, _, *shown = lines_of(nnctl("predict", "--proba").stdout)
    outcome = nnctl("predict", "-o", "said.csv", "--proba")
    assert outcome.stdout == ""
    head, *rows = table_of((tmp_path / "said.csv").read_text())
    assert head == ["row", "prediction", "probability", "p_0", "p_1"]
    written = [row[:2] + [f"{float(p):.4f}" for p in row[2:]] for row in rows]
    assert [row[0] for row in written] == list("01234")  # as they are in the data
    assert written == sorted(line.split()[:5] for line in shown[:5])


def test_a_run_without_test_set_shows_its_training_set_and_says_so(nnctl):
    nnctl("train", "circles", "-q", "-S", "train.iterations=5", "-S", "data.m_test=0", "-S", "data.m=12")
    outcome = nnctl("predict")
    assert outcome.exit_code == 0
    assert "training set (it has no test set)" in outcome.stderr
    assert "on 12 examples" in outcome.stdout


def test_only_the_first_rows_are_shown(nnctl, tmp_path):
    nnctl("train", "circles", "-q", "-S", "train.iterations=5", "-S", "data.m_test=130")
    outcome = nnctl("predict")
    assert "on 130 examples (30 more rows; -o FILE writes all)" in outcome.stdout
    nnctl("predict", "-o", "said.csv")
    assert len((tmp_path / "said.csv").read_text().splitlines()) == 131


def test_bare_predict_of_numbers(nnctl):
    nnctl("train", "regression", "-q", "-S", "train.iterations=50", "-S", "data.m_test=4")
    outcome = nnctl("predict")
    head, _, *lines = lines_of(outcome.stdout)
    assert head.split() == ["row", "prediction", "truth"]
    errors = [float(row.split()[1]) - float(row.split()[2]) for row in lines[:4]]
    assert np.abs(errors).tolist() == sorted(np.abs(errors).tolist(), reverse=True)
    assert "those furthest from the truth first" in outcome.stderr
    said = float(lines[-1].split("MSE ")[1].split(",")[0])
    assert said == pytest.approx(np.square(errors).mean(), abs=1e-3)
    assert lines[-1].endswith("on 4 examples")


def test_json_of_the_own_test_set_holds_what_the_table_does(nnctl):
    nnctl("train", "circles", "-q", "-S", "train.iterations=300", "-S", "data.m_test=30")
    outcome = nnctl("predict", "--json", "--proba", "-q")
    assert outcome.stderr == ""
    told = json.loads(outcome.stdout)
    assert (told["part"], told["input"], told["output"]) == ("test", None, None)
    assert told["run"].startswith("runs/circles-")
    rows = told["predictions"]
    assert [row["row"] for row in rows] == list(range(30))
    assert list(rows[0]) == ["row", "prediction", "probability", "p_0", "p_1", "truth"]
    assert all(row["probability"] == row[f"p_{row['prediction']}"] for row in rows)
    right = sum(row["prediction"] == row["truth"] for row in rows)
    assert told["metrics"]["accuracy"] == pytest.approx(right / 30)


def test_json_of_an_input_is_its_csv(nnctl, hand, tmp_path):
    _, *written = table_of(nnctl("predict", "hand", "data.npz").stdout)
    told = json.loads(nnctl("predict", "hand", "data.npz", "--json").stdout)
    assert (told["part"], told["input"], told["metrics"]) == (None, "data.npz", None)
    assert [list(map(str, row.values())) for row in told["predictions"]] == written
    told = json.loads(nnctl("predict", "hand", "data.npz", "--json", "-o", "said.csv").stdout)
    assert (told["output"], told["predictions"]) == ("said.csv", None)
    assert table_of((tmp_path / "said.csv").read_text())[1:] == written


def test_json_of_numbers(nnctl):
    nnctl("train", "regression", "-q", "-S", "train.iterations=5", "-S", "data.m_test=4")
    told = json.loads(nnctl("predict", "--json").stdout)
    assert list(told["predictions"][0]) == ["row", "prediction", "truth"]
    errors = [row["prediction"] - row["truth"] for row in told["predictions"]]
    assert told["metrics"]["mse"] == pytest.approx(np.square(errors).mean())


def test_json_has_null_for_what_is_no_number(nnctl):
    nnctl("train", "regression", "-q", "-S", "train.iterations=5", "-S", "data.m_test=4")
    run = next(path for path in (Path("runs")).iterdir() if not path.is_symlink())
    arrays, about = unpack((run / "parameters.h5").read_bytes())
    arrays |= {"b3": np.full((1, 1), 1e200), "W3": 0 * arrays["W3"]}  # the square is beyond float64
    (run / "parameters.h5").write_bytes(pack(arrays, about))
    outcome = nnctl("predict", "--json")
    assert outcome.exit_code == 0, outcome.stderr
    told = json.loads(outcome.stdout, parse_constant=pytest.fail)
    assert told["predictions"][0]["prediction"] == 1e200
    assert told["metrics"]["mse"] is None
    assert told["metrics"]["mae"] == pytest.approx(1e200)


def test_quiet_says_nothing_but_results(nnctl, hand):
    outcome = nnctl("predict", "hand", "data.npz", "-q")
    assert outcome.stderr == ""
    assert outcome.stdout == nnctl("predict", "hand", "data.npz").stdout


def test_bare_predict_finds_a_share_of_a_file_from_another_folder(nnctl, tmp_path, monkeypatch):
    rows = RandomState(1).randn(40, 2)
    np.savez(tmp_path / "points.npz", X=rows, y=np.where(rows[:, 0] > 0, "right", "left"))
    spec = (
        "data: {source: points.npz, test: 0.25, scale: standardize}\n"
        "model: {layer_dims: [2, 1], activations: [sigmoid]}\n"
        "train: {learning_rate: 1, iterations: 200}\n"
    )
    (tmp_path / "points.yaml").write_text(spec)
    trained = nnctl("train", "points.yaml", "-q", "--json")
    told = json.loads(trained.stdout)
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    outcome = nnctl("predict", "--runs-dir", "../runs")
    accuracy = told["metrics"]["test"]["accuracy"]
    assert f"accuracy {accuracy:.6f}" in outcome.stdout
    assert outcome.stdout.strip().endswith("on 10 examples")
    assert "right" in outcome.stdout
    assert "left" in outcome.stdout


# --- what is refused ---


@pytest.mark.parametrize("arguments", [["none"], ["none", "data.npz"], ["runs/none", "data.npz"]])
def test_a_run_that_does_not_exist(nnctl, hand, arguments):
    outcome = nnctl("predict", *arguments)
    assert outcome.exit_code == 2
    assert outcome.stdout == ""
    assert outcome.stderr.startswith(f"nnctl: there is no run '{arguments[0]}', neither as a path nor in runs")
    assert "hand" in outcome.stderr


@pytest.mark.parametrize("arguments", [[], ["latest"], ["data.npz"]])
def test_no_run_yet(nnctl, tmp_path, arguments):
    np.savez(tmp_path / "data.npz", X=X)
    outcome = nnctl("predict", *arguments)
    assert outcome.exit_code == 2
    assert "there is no finished run yet" in outcome.stderr


@pytest.mark.parametrize("name", ["none.npz", "none.h5", "none.png"])
def test_an_input_that_does_not_exist(nnctl, pictures, name):
    for arguments in (["red", name], [name]):
        outcome = nnctl("predict", *arguments)
        assert outcome.exit_code == 3
        assert mishap(outcome) == f"nnctl: {name}: there is no such file\n"


def test_an_input_that_does_not_fit(nnctl, hand, tmp_path):
    np.savez(tmp_path / "wide.npz", X=np.zeros((4, 3)))
    outcome = nnctl("predict", hand, "wide.npz", "-o", "said.csv")
    assert outcome.exit_code == 6
    assert mishap(outcome) == "nnctl: wide.npz: an example has 3 features, and the network was trained on 2 features\n"
    assert not (tmp_path / "said.csv").exists()


def test_a_picture_for_a_network_of_points(nnctl, hand, tmp_path):
    PIL.Image.new("RGB", (4, 4)).save(tmp_path / "photo.png")
    outcome = nnctl("predict", hand, "photo.png")
    assert outcome.exit_code == 6
    assert mishap(outcome).startswith("nnctl: photo.png: is a picture, and the network was trained on 2 features")


def test_a_picture_that_is_none(nnctl, pictures, tmp_path):
    (tmp_path / "photo.png").write_text("no picture")
    outcome = nnctl("predict", pictures, "photo.png")
    assert outcome.exit_code == 3
    assert (
        mishap(outcome)
        == "nnctl: photo.png: is not a picture that can be read; it is plain text; text is not read as data\n"
    )


def test_a_row_that_is_not_finite_stops_no_other(nnctl, hand, tmp_path):
    np.savez(tmp_path / "nan.npz", X=[[1.0, 2.0], [np.nan, 1.0]])
    outcome = nnctl("predict", hand, "nan.npz")
    assert outcome.exit_code == 0
    assert outcome.stdout.splitlines()[2] == "1,,"
    assert "no prediction: nan.npz, row 1 (counted from 0): X is nan in column 0" in outcome.stderr


def test_a_kind_of_input_that_cannot_be_read(nnctl, hand, tmp_path):
    (tmp_path / "data.csv").write_text("1,2\n")
    outcome = nnctl("predict", "data.csv")
    assert outcome.exit_code == 6
    assert mishap(outcome).startswith("nnctl: data.csv: is a table with named columns, and the network was trained on")
    (tmp_path / "data.rows").write_text("1,2\n")
    outcome = nnctl("predict", "data.rows")
    assert outcome.exit_code == 3
    assert mishap(outcome).startswith("nnctl: data.rows: is a table in text (CSV), and arrays are expected.\n")


def test_parameters_that_are_none(nnctl, hand):
    (hand / "parameters.h5").write_text("no parameters")
    outcome = nnctl("predict", hand, "data.npz")
    assert outcome.exit_code == 3
    assert "parameters.h5: is not a parameters file of nnctl" in outcome.stderr


def test_bare_predict_without_a_config(nnctl, hand):
    outcome = nnctl("predict", hand)
    assert outcome.exit_code == 2
    assert "has no config.yaml, which says where its own test set is.\nName the INPUT to predict" in outcome.stderr


def test_bare_predict_whose_data_are_gone(nnctl, tmp_path):
    np.savez(tmp_path / "points.npz", X=X, y=[0, 1, 0])
    (tmp_path / "points.yaml").write_text(
        "data: {source: points.npz}\nmodel: {layer_dims: [2, 1], activations: [sigmoid]}\n"
        "train: {learning_rate: 1, iterations: 2}\n"
    )
    assert nnctl("train", "points.yaml", "-q").exit_code == 0
    (tmp_path / "points.npz").unlink()
    outcome = nnctl("predict")
    assert outcome.exit_code == 3
    assert "points.npz" in outcome.stderr


# --- the parts of a prediction ---


def test_predicted_and_true_classes_are_names(tmp_path):
    trained = model.load(two_classes(tmp_path / "run", "no", "yes") / "parameters.h5")
    prediction = Prediction(trained, Table(X, np.array([1, 0, 1])), np.array([[0.9, 0.2, 0.5]]))
    assert prediction.columns()["prediction"] == ["yes", "no", "no"]
    assert prediction.truth() == ["yes", "no", "yes"]
    assert prediction.metrics()["accuracy"] == pytest.approx(2 / 3)
    np.testing.assert_allclose(prediction.probabilities(), [[0.1, 0.9], [0.8, 0.2], [0.5, 0.5]])
    unlabelled = Prediction(trained, Table(X, None), prediction.outputs)
    assert unlabelled.truth() is None
    assert unlabelled.metrics() is None


# --- the data behind a run ---


@pytest.fixture
def own(nnctl, tmp_path):
    """Train on half of the rows of data.npz, and return these rows."""
    stream = np.random.RandomState(1)
    X, y = stream.randn(40, 2), np.repeat([0, 1], 20)
    np.savez(tmp_path / "data.npz", X=X, y=y)
    spec = {
        "data": {"source": "data.npz", "test": 0.5},
        "model": {"layer_dims": [2, 3, 1], "activations": ["relu", "sigmoid"]},
        "train": {"learning_rate": 0.1, "iterations": 20},
    }
    (tmp_path / "own.yaml").write_text(json.dumps(spec))
    assert nnctl("train", "own.yaml", "-q").exit_code == 0
    return X, y


def test_data_as_they_were_are_predicted(nnctl, own):
    assert "on 20 examples" in nnctl("predict").stdout


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda X, y: (np.r_[X, X[:10] + 1], np.r_[y, y[:10]]),
            "train: 20 rows then, 25 now; test: 20 rows",
        ),
        (lambda X, y: (X[::-1], y[::-1]), "rows as then, with other values or classes, or in another order"),
        (lambda X, y: (X, 1 - y), "rows as then, with other values or classes, or in another order"),
        (lambda X, y: (X + 1e-9, y), "rows as then, with other values or classes, or in another order"),
        (lambda X, y: (X.astype(np.float32), y), "rows as then, with other values or classes, or in another order"),
    ],
    ids=["more rows", "another order", "other labels", "other values", "another type"],
)
def test_data_that_changed_since_the_training_are_refused(nnctl, own, tmp_path, change, said):
    X, y = change(*own)
    np.savez(tmp_path / "data.npz", X=X, y=y)
    outcome = nnctl("predict")
    assert outcome.exit_code == 3
    assert outcome.stdout == ""
    assert "its data have changed since the training" in outcome.stderr
    assert said in outcome.stderr
    assert "nnctl predict runs/own-" in outcome.stderr
    run = outcome.stderr.rpartition("nnctl predict ")[2].split()[0]
    assert nnctl("predict", run, "data.npz").exit_code == 0  # which is the way out


def test_a_run_that_does_not_say_what_its_data_were(nnctl, own, tmp_path):
    (status,) = (tmp_path / "runs").glob("own-*/run.json")
    content = json.loads(status.read_text())
    del content["data_sha256"]
    status.write_text(json.dumps(content))
    outcome = nnctl("predict")
    assert outcome.exit_code == 0
    assert "does not say what its data were, so these may be others" in outcome.stderr


# --- rows prepared otherwise than in training ---


@pytest.fixture
def of_bytes(nnctl, tmp_path):
    """Train on pictures of bytes, and return them."""
    stream = np.random.RandomState(1)
    pictures = stream.randint(0, 256, (40, 4, 4)).astype(np.uint8)
    np.savez(tmp_path / "pictures.npz", X=pictures, y=pictures.reshape(40, -1).mean(axis=1) > 127)
    spec = {
        "data": {"source": "pictures.npz"},
        "model": {"layer_dims": [16, 3, 1], "activations": ["relu", "sigmoid"]},
        "train": {"learning_rate": 0.1, "iterations": 20},
    }
    (tmp_path / "pictures.yaml").write_text(json.dumps(spec))
    assert nnctl("train", "pictures.yaml", "-q").exit_code == 0
    return pictures


def test_fractions_for_a_model_of_bytes_are_refused_with_the_way_out(nnctl, of_bytes, tmp_path):
    fractions = of_bytes / 255
    np.savez(tmp_path / "new.npz", X=fractions)
    outcome = nnctl("predict", "new.npz")
    assert outcome.exit_code == 6
    assert outcome.stdout == ""
    assert "Save bytes: np.round(255 * X).astype(np.uint8)" in outcome.stderr
    np.savez(tmp_path / "new.npz", X=np.round(255 * fractions).astype(np.uint8))
    np.savez(tmp_path / "as-trained.npz", X=of_bytes)
    assert nnctl("predict", "new.npz").stdout == nnctl("predict", "as-trained.npz").stdout


def test_a_test_part_of_fractions_is_refused_at_the_start(nnctl, of_bytes, tmp_path):
    np.savez(tmp_path / "test.npz", X=of_bytes[:9] / 255, y=np.arange(9) % 2)
    outcome = nnctl("train", "pictures.yaml", "-S", "data.test=test.npz")
    assert outcome.exit_code == 3
    assert "test.npz: its features are fractions from 0" in outcome.stderr


def test_rows_in_another_unit_are_predicted_with_a_note(nnctl, of_bytes, tmp_path):
    np.savez(tmp_path / "new.npz", X=of_bytes.astype(np.int64) * 257)
    outcome = nnctl("predict", "new.npz")
    assert outcome.exit_code == 0
    assert "note: new.npz: 40 of 40 rows lie far outside what the network was trained on" in outcome.stderr
    assert len(outcome.stdout.splitlines()) == 41


def test_a_picture_of_dark_ink_for_a_model_of_light_ink_looks_inverted(nnctl, tmp_path):
    ink = (np.random.RandomState(1).rand(40, 8, 8) < 0.2) * np.uint8(255)
    np.savez(tmp_path / "pictures.npz", X=ink, y=np.arange(40) % 2)
    spec = {
        "data": {"source": "pictures.npz"},
        "model": {"layer_dims": [64, 3, 1], "activations": ["relu", "sigmoid"]},
        "train": {"learning_rate": 0.1, "iterations": 5},
    }
    (tmp_path / "spec.yaml").write_text(json.dumps(spec))
    assert nnctl("train", "spec.yaml", "-q").exit_code == 0
    for pixels in (ink[0], 255 - ink[0]):
        PIL.Image.fromarray(pixels).save(tmp_path / "drawing.png")
        outcome = nnctl("predict", "drawing.png")
        assert outcome.exit_code == 0
        said = "note: drawing.png: 1 of 1 rows look inverted" in outcome.stderr
        assert said == (pixels.mean() > 128)


def test_columns_are_recognized_and_turned_where_the_model_was_trained_on_columns(nnctl, tmp_path):
    stream = np.random.RandomState(1)
    X = stream.randn(50, 3)
    np.savez(tmp_path / "columns.npz", X=X.T, Y=(X[:, 0] > 0)[None, :])
    np.savez(tmp_path / "rows.npz", X=X, y=X[:, 0] > 0)
    spec = {
        "data": {"source": "columns.npz", "layout": "columns"},
        "model": {"layer_dims": [3, 4, 1], "activations": ["relu", "sigmoid"]},
        "train": {"learning_rate": 0.1, "iterations": 20},
    }
    (tmp_path / "spec.yaml").write_text(json.dumps(spec))
    refused = nnctl("train", "spec.yaml", "-S", "data.layout=rows")
    assert refused.exit_code == 3
    assert "the examples are columns here" in refused.stderr
    flags = ("-S", "data.source=rows.npz", "-S", "data.layout=rows")
    runs = [nnctl("train", "spec.yaml", "-q", *more).stdout.strip() for more in ((), flags)]
    turned, plain = nnctl("predict", runs[0], "columns.npz").stdout, nnctl("predict", runs[1], "rows.npz").stdout
    assert turned == plain
    assert nnctl("predict", runs[0], "rows.npz").stdout == plain  # only rows fit
    refused = nnctl("predict", runs[1], "columns.npz")
    assert refused.exit_code == 6
    assert "The examples seem to be columns; save them as rows" in refused.stderr
    assert nnctl("predict", runs[0]).exit_code == 0
