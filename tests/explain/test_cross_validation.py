"""cross-validate: every row is tested once, each fold is a run that train repeats to the bit, and the numbers are those
of scikit-learn and SciPy on what the runs predict.
"""

import json
from itertools import chain

import h5py
import numpy as np
import PIL.Image
import pytest
import scipy.stats
import sklearn.metrics

from nnctl.explain.cross_validation import Fold, _measured
from nnctl.nn.metrics import Metrics
from nnctl.runs.model import load
from nnctl.runs.run import Run
from nnctl.spec import document
from nnctl.spec.spec import FoldSpec

M, K = 45, 3
STREAM = np.random.RandomState(0)
X = STREAM.randn(M, 4)
CLASSES = (X[:, 0] + 0.3 * STREAM.randn(M) > 0.2).astype(int) + (X[:, 1] > 0.5)
NUMBERS = X[:, :2] @ [[1.0, 0.5], [-2.0, 0.1]] + 0.1 * STREAM.randn(M, 2)
LABELS = (X[:, :3] > 0.3).astype(int)
GROUPS = np.arange(M) // 4
COLOURS = np.array(["red", "green", "blue"])[STREAM.randint(0, 3, M)]
COLOURS[7] = "mauve"  # whose input some folds have and others have not


def table(file, separator=",", as_json=False):
    names = ["a", "b", "c", "d", "colour", "family", "kind", "price"]
    kinds = np.array(["ash", "elm", "oak"])[CLASSES]
    rows = [[*x, colour, f"f{g}", kind, p] for x, colour, g, kind, p in zip(X, COLOURS, GROUPS, kinds, NUMBERS[:, 0])]  # noqa: B905
    if as_json:
        file.write_text("".join(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in rows))
    else:
        file.write_text("\n".join(separator.join(map(str, row)) for row in [names, *rows]) + "\n")


def parquet(file):
    import pyarrow
    import pyarrow.parquet

    columns = {"a": X[:, 0], "b": X[:, 1], "colour": COLOURS, "kind": np.array(["ash", "elm", "oak"])[CLASSES]}
    pyarrow.parquet.write_table(pyarrow.table(columns), file)


@pytest.fixture
def place(tmp_path):
    """Write all files that the data sections below name."""
    table(tmp_path / "trees.csv")
    table(tmp_path / "trees.jsonl", as_json=True)
    parquet(tmp_path / "trees.parquet")
    np.savez(tmp_path / "classes.npz", X=X, y=CLASSES, patient=GROUPS)
    np.savez(tmp_path / "numbers.npz", X=X, y=NUMBERS, X_test=X[:5] + 1, y_test=NUMBERS[:5])
    np.savez(tmp_path / "labels.npz", X=X, y=LABELS)
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "y.npy", CLASSES)
    with h5py.File(tmp_path / "two.h5", "w") as file:
        file["X"], file["y"] = X.astype(np.float32), CLASSES > 0
    for row, of_class in enumerate(CLASSES > 0):
        folder = tmp_path / "pets" / ("cat" if of_class else "dog")
        folder.mkdir(parents=True, exist_ok=True)
        pixels = STREAM.randint(0, 128, (5, 4, 3)) + 100 * int(of_class)
        PIL.Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{row:02}.png")
    return tmp_path


DATA = {
    "csv": {"source": "trees.csv", "target": "kind", "ignore": ["price", "family"], "scale": "standardize"},
    "groups": {"source": "trees.csv", "target": "kind", "ignore": "price", "group": "family", "validation": 0.2},
    "price": {"source": "trees.csv", "target": "price", "ignore": ["kind", "family"], "scale_target": "standardize"},
    "jsonl": {"source": "trees.jsonl", "target": "kind", "ignore": ["price", "family"], "validation": 0.2},
    "parquet": {"source": "trees.parquet", "target": "kind"},
    "npz": {"source": "classes.npz", "group": "patient", "seed": 5},
    "npy": {"source": {"features": "X.npy", "target": "y.npy"}},
    "disk": {"source": "classes.npz", "held_in": "disk", "scale": "standardize"},
    "csv on disk": {"source": "trees.csv", "target": "kind", "ignore": ["price", "family"], "held_in": "disk"},
    "two classes": {"source": "two.h5", "test": 0.2},
    "numbers": {"source": "numbers.npz"},
    "labels": {"source": "labels.npz"},
    "pictures": {"source": "pets/"},
    "built in": {"source": "circles", "m": M, "noise": 0.1},
}


def written(place, data, **train):
    tree = {
        "data": data,
        "model": {"layer_dims": ["auto", 5, "auto"], "activations": ["tanh", "auto"]},
        "train": {"learning_rate": 0.1, "epochs": 20, "batch_size": 10, **train},
    }
    (place / "spec.yaml").write_text(document.dump(tree))


def measured_by_scikit_learn(rows, regression):
    """Return the metrics of rows of `predict --json`, as nnctl calls them."""
    names = [name for name in rows[0] if name.startswith("prediction")]
    if len(names) == 1 and not regression:
        truth, predicted = [row["truth"] for row in rows], [row["prediction"] for row in rows]
        classes = sorted(set(truth) | set(predicted))
        way = {"average": "macro"} if len(classes) > 2 else {"pos_label": classes[-1]}
        metrics = {"accuracy": sklearn.metrics.accuracy_score(truth, predicted)}
        for name in ("precision", "recall"):
            score = getattr(sklearn.metrics, f"{name}_score")
            metrics[name] = score(truth, predicted, zero_division=0, **way)
        return metrics
    predicted = np.array([[row[name] for name in names] for row in rows], float)
    truth = np.array([row["truth"] for row in rows], float).reshape(len(rows), -1)
    if regression:
        return {
            "mse": sklearn.metrics.mean_squared_error(truth, predicted),
            "mae": sklearn.metrics.mean_absolute_error(truth, predicted),
            "r2": sklearn.metrics.r2_score(truth, predicted),
        }
    return {
        "accuracy": (truth == predicted).mean(),
        "exact": sklearn.metrics.accuracy_score(truth, predicted),
        "precision": sklearn.metrics.precision_score(truth, predicted, average="macro", zero_division=0),
        "recall": sklearn.metrics.recall_score(truth, predicted, average="macro", zero_division=0),
    }


@pytest.mark.parametrize("name", DATA)
def test_scores_are_those_of_the_fold_runs_trained_and_scored_by_hand(nnctl, place, name):
    written(place, DATA[name])
    outcome = nnctl("cross-validate", "spec.yaml", "--folds", K, "--json", "-q")
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    told = json.loads(outcome.stdout)
    tested, by_hand = [], []
    for number, (label, fold) in enumerate(told["folds"].items(), start=1):
        run = place / fold["run"]
        assert label == run.name == f"fold-{number}"
        again = place / nnctl("train", run / "config.yaml", "--no-pictures", "-q").stdout.strip()
        assert (again / "config.yaml").read_bytes() == (run / "config.yaml").read_bytes()
        assert (again / "rows.json").read_bytes() == (run / "rows.json").read_bytes()
        assert (
            load(again / "parameters.h5").parameters.flat.tobytes()
            == load(run / "parameters.h5").parameters.flat.tobytes()
        )
        records = [json.loads((folder / "run.json").read_text()) for folder in (again, run)]
        assert records[0]["metrics"] == records[1]["metrics"]
        assert fold["test"] == records[1]["metrics"]["test"]
        assert list(records[1]["data_parts"]) == [p for p in ("validation", "test") if p in fold["rows"]]
        assert records[1]["data_rows"] == fold["rows"]
        predicted = json.loads(nnctl("predict", run, "--json").stdout)
        assert predicted["part"] == "test"
        by_hand.append(measured_by_scikit_learn(predicted["predictions"], "mse" in fold["test"]))
        for metric, value in by_hand[-1].items():
            assert fold["test"][metric] == pytest.approx(value, abs=1e-12)
        tested.append(json.loads((run / "rows.json").read_text())["test"])
        assert len(tested[-1]) == fold["rows"]["test"] == len(predicted["predictions"])
    rows = sorted(chain(*tested))
    assert rows == list(range(rows[0], rows[0] + M))
    for metric in by_hand[0]:
        values = [own[metric] for own in by_hand]
        found = told["metrics"][metric]
        assert found["folds"] == pytest.approx(values, abs=1e-12)
        assert found["mean"] == pytest.approx(np.mean(values), abs=1e-12)
        assert found["spread"] == pytest.approx(np.std(values, ddof=1), abs=1e-12)
        half = scipy.stats.t.ppf(0.975, K - 1) * scipy.stats.sem(values)
        least, most = (0, np.inf) if metric in ("mse", "mae") else (-np.inf, 1) if metric.startswith("r2") else (0, 1)
        ends = np.clip([np.mean(values) - half, np.mean(values) + half], least, most)
        assert found["interval"] == pytest.approx(ends, abs=1e-9)
    row_mean = "mse" if "mse" in by_hand[0] else "accuracy"
    sizes = [len(own) for own in tested]
    pooled = np.average([own[row_mean] for own in by_hand], weights=sizes)
    assert told["metrics"][row_mean]["pooled"] == pytest.approx(pooled, abs=1e-12)
    assert json.loads((place / told["folder"] / "cross-validate.json").read_text()) == told


def test_a_fold_of_an_ensemble_is_one(nnctl, place):
    written(place, DATA["two classes"], ensemble=3, epochs=3)
    told = json.loads(nnctl("cross-validate", "spec.yaml", "--folds", "2", "--json", "-q").stdout)
    run = place / told["folds"]["fold-2"]["run"]
    assert len(load(run / "parameters.h5").networks) == 3
    again = place / nnctl("train", run / "config.yaml", "--no-pictures", "-q").stdout.strip()
    assert json.loads((again / "run.json").read_text())["metrics"]["test"] == told["folds"]["fold-2"]["test"]
    assert nnctl("predict", run, "--spread").exit_code == 0


def test_repeats_are_drawn_anew_and_their_interval_is_that_of_nadeau_and_bengio(nnctl, place):
    written(place, DATA["two classes"])
    told = json.loads(nnctl("cross-validate", "spec.yaml", "--folds", K, "--repeats", "4", "--json", "-q").stdout)
    assert list(told["folds"]) == [f"repeat-{r}-fold-{k}" for r in range(1, 5) for k in range(1, K + 1)]
    tested = [json.loads((place / fold["run"] / "rows.json").read_text())["test"] for fold in told["folds"].values()]
    for repeat in range(4):
        assert sorted(chain(*tested[K * repeat : K * repeat + K])) == list(range(M))
    assert len(set(map(tuple, tested))) == 4 * K
    values = [fold["test"]["accuracy"] for fold in told["folds"].values()]
    deviation = np.sqrt((1 / (4 * K) + 1 / (K - 1)) * np.var(values, ddof=1))
    ends = scipy.stats.t.interval(0.95, 4 * K - 1, np.mean(values), deviation)
    assert told["metrics"]["accuracy"]["interval"] == pytest.approx(np.clip(ends, 0, 1), abs=1e-9)


def test_groups_stay_whole(nnctl, place):
    written(place, DATA["groups"])
    told = json.loads(nnctl("cross-validate", "spec.yaml", "--folds", K, "--json", "-q").stdout)
    tested = [json.loads((place / fold["run"] / "rows.json").read_text()) for fold in told["folds"].values()]
    held = [{GROUPS[line - 2] for line in rows["test"]} for rows in tested]
    assert sum(map(len, held)) == len(set(GROUPS))
    for rows, own in zip(tested, held, strict=True):
        assert not own & {GROUPS[line - 2] for line in rows["validation"]}


# what is shown, and what is said


def test_the_tables_and_what_stays_out_of_the_folds(nnctl, place):
    written(place, {"source": "trees.csv", "target": "kind", "ignore": ["price", "family"], "test": 0.2})
    outcome = nnctl("cross-validate", "spec.yaml", "--folds", K)
    lines = [line.split() for line in outcome.stdout.splitlines() if line.strip()]
    assert [line[0] for line in lines if line[0].startswith("fold-")] == [f"fold-{k}" for k in range(1, K + 1)]
    (folder,) = (place / "runs").iterdir()  # and no `latest`
    found = json.loads((folder / "cross-validate.json").read_text())["metrics"]["accuracy"]
    low, high = (f"{end:.6f}" for end in found["interval"])
    row = ["accuracy", f"{found['mean']:.6f}", f"{found['spread']:.6f}", low, "to", high, f"{found['pooled']:.6f}"]
    assert row in lines
    assert f"spec: {M} rows in {K} folds: {K} trainings, each tested on a fold that it has not seen" in outcome.stderr
    assert "note: the folds take the place of the share for the test (data.test: 0.2)" in outcome.stderr
    assert f"saved in {folder.relative_to(place)}: cross-validate.json" in outcome.stderr
    quiet = nnctl("cross-validate", "spec.yaml", "--folds", K, "-q")
    assert (quiet.stdout, quiet.stderr) == (outcome.stdout, "")


def test_a_test_file_is_not_read_and_a_test_part_of_the_source_not_taken(nnctl, place):
    (place / "broken.npz").write_text("no archive")
    written(place, {"source": "classes.npz", "test": "broken.npz"})
    outcome = nnctl("cross-validate", "spec.yaml", "--folds", K)
    assert outcome.exit_code == 0
    assert "note: data.test is left out: its rows are in no fold and are not read" in outcome.stderr
    written(place, DATA["numbers"])
    assert "also holds X_test, y_test: not used" in nnctl("cross-validate", "spec.yaml", "--folds", K).stderr
    outcome = nnctl("cross-validate", "circles", "--folds", K, "-S", "train.iterations=5")
    assert outcome.stderr.count("note: circles (test): its 100 rows are in no fold\n") == 1


def test_a_validation_file_stays_as_it_is(nnctl, place):
    np.savez(place / "more.npz", X=X[:10] + 5, y=CLASSES[:10])
    written(place, {"source": "classes.npz", "validation": "more.npz"})
    told = json.loads(nnctl("cross-validate", "spec.yaml", "--folds", K, "--json", "-q").stdout)
    assert {fold["rows"]["validation"] for fold in told["folds"].values()} == {10}
    assert nnctl("predict", told["folds"]["fold-2"]["run"]).exit_code == 0


def test_a_note_is_told_once_where_all_folds_have_it_and_by_its_fold_otherwise(nnctl, place):
    np.savez(place / "twins.npz", X=np.r_[X, X[:1]] * 1e4, y=np.r_[CLASSES, CLASSES[:1]])
    written(place, {"source": "twins.npz"})
    notes = json.loads(nnctl("cross-validate", "spec.yaml", "--folds", K, "--json", "-q").stdout)["notes"]
    twins = [note.partition(": ") for note in notes if "have the same features" in note]
    assert len({note for _, _, note in twins}) == len(twins)
    labels = list(chain(*(where.split(", ") for where, _, _ in twins)))
    assert 0 < len(labels) == len(set(labels)) < K  # not where both twins are in one part
    assert set(labels) <= {f"fold-{k}" for k in range(1, K + 1)}
    written(place, {"source": "twins.npz", "held_in": "disk"})
    notes = json.loads(nnctl("cross-validate", "spec.yaml", "--folds", K, "--json", "-q").stdout)["notes"]
    assert len([note for note in notes if "unpacked" in note]) == 1


def test_a_metric_that_is_undefined_in_some_folds_is_said(nnctl, place):
    np.savez(place / "few.npz", X=X[:9], y=[1] + [0] * 8)
    written(place, {"source": "few.npz"}, batch_size=None, epochs=1, learning_rate=1e-9)
    told = json.loads(nnctl("cross-validate", "spec.yaml", "--folds", K, "--json", "-q").stdout)
    found = told["metrics"]["recall"]
    known = [value for value in found["folds"] if value is not None]
    assert (len(known), found["mean"], found["spread"], found["interval"]) == (1, known[0], None, None)
    (note,) = (note for note in told["notes"] if note.startswith("recall is undefined in fold-"))
    assert note.endswith(": it is the mean of the other folds")


def test_rows_that_have_changed_are_no_longer_those_of_a_fold(nnctl, place):
    written(place, DATA["csv"])
    told = json.loads(nnctl("cross-validate", "spec.yaml", "--folds", K, "--json", "-q").stdout)
    text = (place / "trees.csv").read_text()
    (place / "trees.csv").write_text(text.replace("red", "green", 1))
    outcome = nnctl("predict", told["folds"]["fold-2"]["run"])
    assert outcome.exit_code == 3
    assert "its data have changed since the training" in outcome.stderr


def test_no_run_of_a_cross_validation_is_the_latest(nnctl, place):
    written(place, DATA["npy"])
    nnctl("cross-validate", "spec.yaml", "--folds", K, "-q")
    assert nnctl("predict").exit_code == 2
    outcome = nnctl("predict", "cross-validate-spec")
    assert (outcome.exit_code, "is no run but holds fold-1, fold-2, fold-3" in outcome.stderr) == (2, True)


def test_a_fold_that_diverges_is_said_and_the_others_are_shown(nnctl, place):
    far = NUMBERS[:, 0].copy()
    far[0] = 1e120  # of training rows it makes the cost infinite after a few updates
    np.savez(place / "far.npz", X=X, y=far)
    written(place, {"source": "far.npz"}, batch_size=None)
    arguments = ("cross-validate", "spec.yaml", "--folds", K, "-S", "model.activations=[linear, auto]")
    outcome = nnctl(*arguments, "--json")
    assert outcome.exit_code == 4
    told = json.loads(outcome.stdout)
    assert (told["status"], told["exit_code"]) == ("diverged", 4)
    statuses = [fold["status"] for fold in told["folds"].values()]
    assert sorted(statuses) == ["diverged", "diverged", "finished"]
    assert f"2 of {K} trainings diverged; {told['folder']} holds their runs" in outcome.stderr
    assert [value is None for value in told["metrics"]["mse"]["folds"]] == [each == "diverged" for each in statuses]
    assert told["metrics"]["mse"]["pooled"] is told["metrics"]["mse"]["spread"] is None
    shown = nnctl(*arguments).stdout
    assert sum("diverged" in line for line in shown.splitlines()) == 2


def test_metrics_of_a_training_that_was_cut_short_do_not_count():
    fold = Fold("fold-1", FoldSpec(2, 1), Run(None), metrics={"test": Metrics(accuracy=1.0)})
    assert _measured(fold) == {"accuracy": 1.0}
    fold.mishap = KeyError()
    assert _measured(fold) == {}


# what cannot be


@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        ((), 2, "which spec? nnctl cross-validate CONFIG"),
        (("spec.yaml", "--folds", "1"), 2, "--folds"),
        (("spec.yaml", "--repeats", "0"), 2, "--repeats"),
        (("spec.yaml", "--folds", "46"), 3, "has 45 rows, too few for 46 folds; take at most 45"),
        (("spec.yaml", "-S", "data.group=patient", "--folds", "13"), 3, "patient has 12 groups, too few for 13 folds"),
        (("spec.yaml", "-S", "data.order=file"), 2, "-S data.order=file: data.order says that rows follow each other"),
        (("spec.yaml", "-S", "data=3"), 2, "data must hold keys"),
        (("spec.yaml", "-S", "train.batch_size=37"), 2, "train.batch_size must be at most 36, the training examples"),
    ],
)
def test_what_cannot_be_is_told_before_anything_is_written(nnctl, place, arguments, exit_code, said):
    written(place, {"source": "classes.npz"})
    outcome = nnctl("cross-validate", *arguments)
    assert (outcome.exit_code, outcome.stdout) == (exit_code, "")
    assert said in outcome.stderr
    assert not (place / "runs").exists()


def test_a_spec_of_a_fold_can_be_cross_validated_itself(nnctl, place):
    written(place, {"source": "classes.npz", "fold": {"of": 9, "number": 4, "repeat": 2}})
    told = json.loads(nnctl("cross-validate", "spec.yaml", "--folds", K, "--json", "-q").stdout)
    assert sum(fold["rows"]["test"] for fold in told["folds"].values()) == M
