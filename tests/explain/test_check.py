"""check: planted faults are found and nothing else is said of them; what is healthy is left alone."""

import csv
import json
import math
import shutil
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
import sklearn.datasets

from nnctl.cli import checking
from nnctl.explain import check_columns, check_data, check_training
from nnctl.explain.check import CHECKS, check
from nnctl.explain.check_columns import _alike, _goes_with, _parting
from nnctl.explain.check_data import warnings
from nnctl.explain.verdicts import GRADES, Subject
from nnctl.spec import document, shipped
from nnctl.spec.reading import parse
from nnctl.training.experiment import prepare

M = 300
STREAM = np.random.RandomState(0)


@pytest.fixture(autouse=True)
def enough_time(monkeypatch):
    """Let the trials run to their ends, however busy the machine is."""
    monkeypatch.setattr(check_training, "TRIAL_SECONDS", math.inf)
    monkeypatch.setattr(check_training, "TIMED", math.inf)


class Case:
    """A healthy table of three classes and its spec, to be spoilt."""

    def __init__(self, place):
        self.place = place
        X = STREAM.randn(M, 4)
        kind = np.argmax(X[:, :3] + 0.8 * STREAM.randn(M, 3), axis=1)
        self.columns = {name: X[:, i].tolist() for i, name in enumerate("abcd")}
        self.columns["colour"] = np.array(["red", "green", "blue"])[STREAM.randint(0, 3, M)].tolist()
        self.columns["kind"] = np.array(["ash", "elm", "oak"])[kind].tolist()
        self.arrays = None
        self.data = {"source": "trees.csv", "target": "kind", "scale": "standardize", "validation": 0.1, "test": 0.2}
        self.model = {"layer_dims": ["auto", 16, "auto"], "activations": ["relu", "auto"]}
        self.train = {"learning_rate": 0.01, "epochs": 20, "batch_size": 32, "optimizer": "adam"}

    def write_table(self, file="trees.csv", rows=range(M)):
        with (self.place / file).open("w", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(self.columns)
            writer.writerows([[values[row] for values in self.columns.values()] for row in rows])

    def written(self):
        if not (self.place / "trees.csv").exists():
            self.write_table()
        if self.arrays is not None:
            np.savez(self.place / "arrays.npz", **self.arrays)
        tree = {"data": self.data, "model": self.model, "train": self.train}
        (self.place / "spec.yaml").write_text(document.dump(tree))
        return self

    def numbers(self):
        """Predict a number in place of a class."""
        self.columns["kind"] = (np.array(self.columns["a"]) - np.array(self.columns["b"])).tolist()
        self.columns["kind"] = (np.array(self.columns["kind"]) + 0.1 * STREAM.randn(M)).tolist()

    def of_arrays(self, X=None, y=None, **more):
        X = STREAM.randn(M, 4) if X is None else X
        self.arrays = {"X": X, "y": (X[:, 0] > X[:, 1]).astype(int) if y is None else y, **more}
        self.data = {"source": "arrays.npz", "test": 0.2}


def healthy(case):
    pass


def healthy_numbers(case):
    case.numbers()


def healthy_arrays(case):
    case.of_arrays()


def healthy_labels(case):
    X = STREAM.randn(M, 4)
    case.of_arrays(X, (X[:, :3] > 0).astype(int))


def rows_in_two_parts(case):
    case.write_table("test.csv", [*range(30), *range(40, 90)])
    case.write_table("trees.csv", [*range(30), *range(90, M)])
    case.data["test"] = "test.csv"


def the_same_rows(case):
    case.write_table("test.csv")
    case.data |= {"test": "test.csv", "validation": None}


def constant_column(case):
    case.columns["unit"] = [3.5] * M


def nearly_constant_column(case):
    case.columns["flag"] = [1 if row in (5, 150) else 0 for row in range(M)]


def leak_by_numbers(case):
    values = {"ash": 7, "elm": 1, "oak": 4}
    case.columns["height"] = [values[kind] + 0.2 * STREAM.rand() for kind in case.columns["kind"]]


def leak_by_texts(case):
    names = {"ash": ["Fraxinus"], "elm": ["Ulmus", "Zelkova"], "oak": ["Quercus"]}
    case.columns["genus"] = [names[kind][row % len(names[kind])] for row, kind in enumerate(case.columns["kind"])]


def leak_by_another_unit(case):
    case.numbers()
    case.columns["inches"] = (np.array(case.columns["kind"]) / 2.54 + 7).tolist()


def class_missing_from_the_test(case):
    rows = [row for row, kind in enumerate(case.columns["kind"]) if row >= 240 and kind != "elm"]
    case.write_table("test.csv", rows)
    case.write_table("trees.csv", range(240))
    case.data["test"] = "test.csv"


def class_missing_from_training(case):
    order = np.argsort(case.columns["kind"], kind="stable")
    case.write_table("trees.csv", order)
    case.data |= {"order": "file", "test": 0.4, "validation": None}


def imbalance(case):
    case.columns["kind"] = ["ash" if row % 30 else "elm" for row in range(M)]


def codes(case):
    case.columns["b"] = [-999 if row % 17 == 0 else value for row, value in enumerate(case.columns["b"])]


def codes_below_all_others(case):
    case.columns["b"] = [-99 if row % 17 == 0 else abs(1000 * value) for row, value in enumerate(case.columns["b"])]


def codes_in_arrays(case):
    case.of_arrays()
    case.arrays["X"][::20, 2] = 9999
    case.data["scale"] = "standardize"


def not_finite(case):
    case.of_arrays()
    case.arrays["X"][7, 2] = np.nan


def features_too_large(case):
    case.columns["a"] = (1000 * np.array(case.columns["a"])).tolist()
    case.data["scale"] = "none"


def features_scaled_twice(case):
    case.of_arrays(STREAM.rand(M, 20) / 255)


def targets_too_large(case):
    case.numbers()
    case.columns["kind"] = (3e5 + 2e4 * np.array(case.columns["kind"])).tolist()


def targets_far_off(case):
    case.numbers()
    case.columns["kind"] = (3e5 + np.array(case.columns["kind"])).tolist()


def labels_from_one(case):
    X = STREAM.randn(M, 4)
    case.of_arrays(X, 1 + np.argmax(X[:, :3], axis=1))
    case.model = {"layer_dims": [4, 16, 4], "activations": ["relu", "softmax"]}


def pixels_of_another_unit(case):
    X = STREAM.randint(0, 256, (M, 5, 5)).astype(np.float64)
    case.of_arrays(X, np.arange(M) % 2, X_test=STREAM.rand(60, 5, 5), y_test=np.arange(60) % 2)
    case.data = {"source": "arrays.npz", "scale": 255}


def bytes_and_fractions(case):
    X = STREAM.randint(0, 256, (M, 5, 5)).astype(np.uint8)
    case.of_arrays(X, np.arange(M) % 2, X_test=STREAM.rand(60, 5, 5), y_test=np.arange(60) % 2)
    case.data = {"source": "arrays.npz"}


def symmetric_start(case):
    case.model["init"] = "zeros"


def start_too_large(case):
    case.model["init"] = {"name": "random", "scale": 10}


def rate_too_high(case):
    case.numbers()
    case.train = {"learning_rate": 5, "iterations": 100}


def misspelt_key(case):
    case.train["epoch"] = case.train.pop("epochs")


FAULTS = {  # what is spoilt: the check that says it, and how grave it is
    rows_in_two_parts: ("shared", "warning"),
    the_same_rows: ("data", "error"),
    constant_column: ("columns", "note"),
    nearly_constant_column: ("columns", "note"),
    leak_by_numbers: ("determines", "warning"),
    leak_by_texts: ("determines", "warning"),
    leak_by_another_unit: ("determines", "warning"),
    class_missing_from_the_test: ("classes", "warning"),
    class_missing_from_training: ("classes", "warning"),
    imbalance: ("balance", "warning"),
    codes: ("codes", "warning"),
    codes_below_all_others: ("codes", "warning"),
    codes_in_arrays: ("codes", "warning"),
    not_finite: ("data", "error"),
    features_too_large: ("features", "warning"),
    features_scaled_twice: ("features", "warning"),
    targets_too_large: ("targets", "warning"),
    targets_far_off: ("first_cost", "warning"),
    labels_from_one: ("classes", "warning"),
    pixels_of_another_unit: ("unlike", "warning"),
    bytes_and_fractions: ("data", "error"),
    symmetric_start: ("trial", "warning"),
    start_too_large: ("first_cost", "warning"),
    rate_too_high: ("duration", "error"),
    misspelt_key: ("spec", "error"),
}
ALSO = {  # what follows from the fault, and is said, too
    features_too_large: {"first_cost", "trial", "duration"},
    targets_too_large: {"first_cost", "trial", "duration"},
    targets_far_off: {"trial", "duration"},
    start_too_large: {"duration"},
}


def looked_at(spoil, place):
    """Return the verdicts above ok on a spoilt case, by check."""
    case = Case(place)
    spoil(case)
    case.written()
    checked = check(document.read(place / "spec.yaml"), (place,), place / "runs")
    found = {}
    for name, verdict in checked.verdicts:
        if verdict.grade != "ok":
            found.setdefault(name, []).append(verdict)
    return found


@pytest.mark.parametrize("spoil", [healthy, healthy_numbers, healthy_arrays, healthy_labels], ids=lambda f: f.__name__)
def test_nothing_is_said_of_healthy_data(tmp_path, spoil):
    assert looked_at(spoil, tmp_path) == {}


@pytest.mark.parametrize("spoil", FAULTS, ids=lambda spoil: spoil.__name__)
def test_planted_faults_are_found_and_nothing_else(tmp_path, spoil):
    name, grade = FAULTS[spoil]
    found = looked_at(spoil, tmp_path)
    assert grade in [verdict.grade for verdict in found[name]]
    grave = {other for other, own in found.items() for verdict in own if verdict.grade in GRADES[2:]}
    assert grave <= {name, *ALSO.get(spoil, ())}
    for verdict in found[name]:
        assert verdict.said
        assert verdict.change or name in ("spec", "data")


@pytest.mark.parametrize("config", [name for name in shipped.names() if name != "cat-photos"])
def test_no_shipped_spec_is_warned_of(nnctl, config):
    told = json.loads(nnctl("check", config, "--json").stdout)
    assert (told["warning"], told["error"], told["exit_code"]) == (0, 0, 0)
    assert [verdict["check"] for verdict in told["verdicts"]][1:] == list(CHECKS)


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "digits", "diabetes"])
def test_nor_are_the_tables_of_scikit_learn_through_init(nnctl, tmp_path, name):
    bunch = getattr(sklearn.datasets, f"load_{name}")()
    texts = None if name == "diabetes" else [str(each) for each in bunch.target_names]
    with (tmp_path / f"{name}.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*(str(each).replace(" ", "_") for each in bunch.feature_names), "target"])
        for row, target in zip(bunch.data, bunch.target, strict=True):
            writer.writerow([*map(float, row), target if texts is None else texts[target]])
    assert nnctl("init", f"{name}.csv", "--target", "target").exit_code == 0
    told = json.loads(nnctl("check", f"{name}.yaml", "--json").stdout)
    assert (told["warning"], told["error"]) == (0, 0)


# the command


def test_errors_end_with_3_and_warnings_do_where_they_count(nnctl, tmp_path):
    case = Case(tmp_path)
    codes(case)
    case.written()
    mild = nnctl("check", "spec.yaml")
    assert (mild.exit_code, mild.stderr) == (0, "")
    assert "b is -999 in" in " ".join(mild.stdout.split())
    assert 'change data.missing: ["-999"]' in " ".join(mild.stdout.split())
    strict = nnctl("check", "spec.yaml", "--strict", "--json")
    assert (strict.exit_code, strict.stderr) == (3, "nnctl: 0 errors and 1 warning\n")
    told = json.loads(strict.stdout)
    assert (told["exit_code"], told["warning"]) == (3, 1)
    (found,) = (verdict for verdict in told["verdicts"] if verdict["verdict"] == "warning")
    assert found["evidence"]["column"] == "b"
    assert found["evidence"]["value"] == -999
    assert not (tmp_path / "runs").exists()
    wrong = nnctl("check", "spec.yaml", "-S", "train.learning_rate=-1")
    assert wrong.exit_code == 3
    assert "train.learning_rate must be greater than 0" in " ".join(wrong.stdout.split())
    assert nnctl("check", "nowhere.yaml").exit_code == 2
    assert nnctl("check").exit_code == 2


def test_a_category_that_training_never_saw_is_no_matter_of_units(nnctl, tmp_path):
    rows = [f"{number / 30},{'red' if number % 2 else 'blue'},{number % 3}" for number in range(30)]
    rows += ["0.5,green,1", "0.2,red,0"]
    (tmp_path / "t.csv").write_text("\n".join(["a,colour,y", *rows]) + "\n")
    spec = {
        "data": {"source": "t.csv", "target": "y", "order": "file", "test": 0.0625},
        "model": {"layer_dims": ["auto", 3, "auto"], "activations": ["relu", "auto"]},
        "train": {"learning_rate": 0.1, "iterations": 5},
    }
    (tmp_path / "t.yaml").write_text(json.dumps(spec))
    told = json.loads(nnctl("check", "t.yaml", "--json").stdout)
    (found,) = (verdict for verdict in told["verdicts"] if verdict["check"] == "unlike")
    assert "colour has a value that training never saw" in found["said"]
    assert found["change"] is None


def test_what_data_miss_is_what_the_change_says(nnctl, tmp_path):
    case = Case(tmp_path)
    codes(case)
    case.written()
    told = json.loads(nnctl("check", "spec.yaml", "--json", "-S", 'data.missing=["-999"]').stdout)
    assert (told["warning"], told["error"]) == (0, 0)


def test_memory_and_disk_that_are_too_small(nnctl, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(check_training, "available", lambda: 50_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage(1, 1, 100))
    outcome = nnctl("check", "circles", "--json")
    assert outcome.exit_code == 3
    errors = {v["check"]: v for v in json.loads(outcome.stdout)["verdicts"] if v["verdict"] == "error"}
    assert set(errors) == {"memory", "disk"}
    assert errors["memory"]["change"] == "train.batch_size: 128"


def test_training_says_what_is_grave_unless_a_note_does(nnctl, tmp_path):
    case = Case(tmp_path)
    codes(case)
    case.written()
    outcome = nnctl("train", "spec.yaml", "--no-pictures")
    (line,) = (line for line in outcome.stderr.splitlines() if line.startswith("warning: "))
    assert line.startswith("warning: b is -999 in ")
    assert nnctl("train", "spec.yaml", "--no-pictures", "-q").stderr == ""
    (tmp_path / "trees.csv").unlink()
    case = Case(tmp_path)
    class_missing_from_training(case)
    case.written()
    stderr = nnctl("train", "spec.yaml", "--no-pictures").stderr
    assert "is left for training to learn from" in stderr
    assert "the train part has no row of" not in stderr  # once is enough


def test_what_is_grave_is_found_in_some_rows_of_many(tmp_path, monkeypatch):
    monkeypatch.setattr(check_data, "FEW_VALUES", 200)
    case = Case(tmp_path)
    case.of_arrays()
    case.arrays["X"][::3, 2] = -99
    case.written()
    experiment = prepare(parse(document.read(tmp_path / "spec.yaml"), (tmp_path,)))
    assert len(Subject(experiment, most=200).look.rows) == 50
    assert [line.partition(" in ")[0] for line in warnings(experiment)] == ["feature 2 is -99"]


def test_a_pixel_that_determines_the_class_is_no_leak(nnctl, tmp_path):
    case, y = Case(tmp_path), np.arange(150) % 2
    X = STREAM.randint(0, 200, (150, 8, 8)).astype(np.uint8)
    X[:, 3, 3] = 40 + 100 * y
    case.of_arrays(X, y)
    case.data = {"source": "arrays.npz"}
    case.written()
    told = json.loads(nnctl("check", "spec.yaml", "--json").stdout)
    (verdict,) = [v for v in told["verdicts"] if v["check"] == "determines"]
    assert verdict["verdict"] == "ok"


def test_rows_on_disk_are_looked_at_as_those_in_memory(nnctl, tmp_path):
    case = Case(tmp_path)
    case.of_arrays()
    case.arrays["X"][::20, 2] = 9999
    case.written()
    found = []
    for held in ("memory", "disk"):
        told = json.loads(nnctl("check", "spec.yaml", "--json", "-S", f"data.held_in={held}").stdout)
        found.append([v for v in told["verdicts"] if v["check"] in ("columns", "codes", "determines", "first_cost")])
    assert found[0] == found[1]


# how columns are told


def test_a_column_parts_classes_where_each_is_in_one_piece():
    truth = np.arange(60) % 3
    inside = np.array([5.0, 1.0, 3.0])[truth] + 0.1 * STREAM.rand(60)
    overlapping, ties, gaps = inside.copy(), np.zeros(60), inside.copy()
    overlapping[0] = 1.05
    gaps[::7] = np.nan
    numbers = np.stack([overlapping, inside, ties, gaps, truth.astype(float)], axis=1)
    assert _parting(numbers, truth) == [1, 4]
    assert _parting(numbers[:9], truth[:9]) == []  # too few to tell


def test_texts_go_with_classes_where_they_come_again():
    truth = np.arange(60) % 3
    assert _goes_with(truth * 2 + np.arange(60) // 3 % 2, truth)
    assert not _goes_with(np.arange(60), truth)  # an identifier
    assert not _goes_with(np.zeros(60, int), truth)
    assert not _goes_with(np.r_[truth[:-1], 0], truth)


def test_a_target_in_another_unit():
    y = STREAM.randn(50)
    numbers = np.stack([y + 1e-3 * STREAM.randn(50), -3 * y + 1e4, np.ones(50)], axis=1)
    assert _alike(numbers, y[None, :]) == [1]


def test_the_checks_of_one_command_have_names_of_their_own():
    assert len(CHECKS) == sum(len(each.checks) for each in (check_data, check_columns, check_training))
    assert checking.check.__doc__


@pytest.mark.parametrize("name", CHECKS)
def test_every_check_is_in_the_docs(name):
    text = (Path(__file__).parents[2] / "docs" / "check.md").read_text(encoding="utf-8")
    assert f"| `{name}` |" in text


def test_quiet_leaves_out_what_is_ok(nnctl):
    assert "ok" in nnctl("check", "moons").stdout
    assert nnctl("check", "moons", "-q").stdout == ""
