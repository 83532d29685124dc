"""A run's folder: how it is named and found again, and what `nnctl train` leaves in it."""

import hashlib
import json
import shutil

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import nnctl as package
from nnctl.data.sets import datasets
from nnctl.errors import SpecError, StorageError
from nnctl.runs.run import create_folder, create_run
from nnctl.runs.search import find_run, is_run, point_latest

SHORT = ("-q", "-S", "train.iterations=250")
SPEC = {"name": "x", "train": {"learning_rate": 0.1}}


def finished(runs_dir, name, when, status="finished"):
    """Make a run that ended at `when` and return it."""
    run = create_run(runs_dir, name, SPEC, stamp="")
    run.write_status({"status": status, "finished": when})
    return run


def arrays(path):
    """Return the datasets at the top of an HDF5 file."""
    with h5py.File(path) as file:
        return {name: file[name][:] for name in file if isinstance(file[name], h5py.Dataset)}


def logged(folder):
    """Return the rows of costs.csv, the header first."""
    return [line.split(",") for line in (folder / "costs.csv").read_text().splitlines()]


# making folders


def test_taken_names_are_counted_on_and_nothing_is_overwritten(tmp_path):
    folders = [create_run(tmp_path, "cat", SPEC, stamp="20261120-142530").folder for _ in range(3)]
    assert [folder.name for folder in folders] == [f"cat-20261120-142530{end}" for end in ("", "-2", "-3")]
    (tmp_path / "cat-20261120-142530-4").write_text("a file stands in the way")
    assert create_run(tmp_path, "cat", SPEC, stamp="20261120-142530").folder.name == "cat-20261120-142530-5"


def test_a_run_is_named_after_its_second(tmp_path):
    name, day, second = create_run(tmp_path / "new" / "runs", "cat", SPEC).folder.name.split("-")
    assert name == "cat"
    assert len(day) == 8
    assert len(second) == 6
    assert int(day) > 20260101


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("cat", "cat"),
        ("../../cat", "cat"),
        ("a b/c:d", "a-b-c-d"),
        ("v1.2_x+y", "v1.2_x+y"),
        ("Kätzchen", "Kätzchen"),
        (".hidden", "hidden"),
        ("...", "run"),
        ("", "run"),
    ],
)
def test_names_are_made_safe(tmp_path, name, safe):
    assert create_folder(tmp_path / "runs", name) == tmp_path / "runs" / safe


@settings(max_examples=50, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(max_size=40))
def test_any_name_makes_a_new_folder_right_inside(tmp_path, name):
    folder = create_folder(tmp_path, name)
    assert folder.is_dir()
    assert folder.resolve().parent == tmp_path.resolve()
    assert not folder.name.startswith(".")


def test_a_place_where_no_folder_can_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="--runs-dir"):
        create_run(tmp_path / "file", "cat", SPEC)
    with pytest.raises(StorageError):
        create_run(tmp_path / "file" / "below", "cat", SPEC)


# finding them again


def test_latest_is_the_run_that_finished_last(tmp_path):
    finished(tmp_path, "b", "2026-11-20T10:00:00.000+00:00")
    newest = finished(tmp_path, "a", "2026-11-20T12:00:00.000+00:00")
    finished(tmp_path, "z", "2026-11-20T11:00:00.000+00:00")
    finished(tmp_path, "broken-off", "2026-11-20T13:00:00.000+00:00", "interrupted")
    finished(tmp_path, "diverged", "2026-11-20T14:00:00.000+00:00", "diverged")
    create_run(tmp_path, "running", SPEC).write_status({"status": "running"})
    (tmp_path / "unreadable").mkdir()
    (tmp_path / "unreadable" / "run.json").write_text("{")
    assert find_run("latest", tmp_path) == newest


def test_latest_is_the_run_that_finished_last_also_when_the_clock_is_set_back(tmp_path):
    finished(tmp_path, "before", "2026-10-25T02:50:00.000+02:00")
    after = finished(tmp_path, "after", "2026-10-25T02:10:00.000+01:00")
    assert find_run("latest", tmp_path) == after


def test_latest_is_never_a_run_inside_a_comparison(tmp_path):
    alone = finished(tmp_path, "alone", "2026-11-20T10:00:00.000+00:00")
    finished(tmp_path / "compare-init-circles", "he", "2026-11-20T12:00:00.000+00:00")
    assert find_run("latest", tmp_path) == alone


def test_no_run_yet(tmp_path):
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "empty", tmp_path / "missing"):
        with pytest.raises(SpecError, match="no finished run yet"):
            find_run("latest", folder)


def test_a_run_is_found_by_its_path_its_name_or_its_parameters(tmp_path):
    run = finished(tmp_path / "runs", "cat", "2026-11-20T10:00:00.000+00:00")
    run.parameters.touch()
    for name in ("cat", str(run.folder), str(run.parameters)):
        assert is_run(name, tmp_path / "runs")
        assert find_run(name, tmp_path / "runs").folder.resolve() == run.folder.resolve()
    assert not is_run("dog", tmp_path / "runs")
    with pytest.raises(SpecError, match='did you mean "cat"'):
        find_run("cta", tmp_path / "runs")
    with pytest.raises(SpecError, match="holds no runs"):
        find_run("cat", tmp_path / "missing")


def test_a_run_without_parameters_says_how_it_ended(tmp_path):
    finished(tmp_path, "cat", "2026-11-20T10:00:00.000+00:00", "diverged")
    with pytest.raises(SpecError, match=r"no parameters\.h5 \(diverged, 2026-11-20 "):
        find_run("cat", tmp_path)


def test_the_link_latest_points_to_the_newest(tmp_path):
    for name in ("a", "b"):
        point_latest(create_run(tmp_path, name, SPEC, stamp=""))
        assert (tmp_path / "latest").resolve() == (tmp_path / name).resolve()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "latest"]


# what training leaves


def test_stdout_is_the_folder_and_latest_finds_it(nnctl, tmp_path):
    one, two = (nnctl("train", "circles", *SHORT) for _ in range(2))
    assert one.exit_code == two.exit_code == 0
    assert len(one.stdout.splitlines()) == 1
    folder = tmp_path / two.stdout.strip()
    assert folder.parent == tmp_path / "runs"
    assert folder.name.startswith("circles-")
    assert (tmp_path / "runs" / "latest").resolve() == folder.resolve() != (tmp_path / one.stdout.strip()).resolve()
    assert {path.name for path in folder.iterdir()} >= {"config.yaml", "run.json", "costs.csv", "parameters.h5"}


def test_run_json_says_how_it_went(nnctl, tmp_path):
    nnctl("train", "circles", *SHORT, "--runs-dir", "here", "--name", "my circles")
    (folder,) = (path for path in (tmp_path / "here").iterdir() if not path.is_symlink())
    assert folder.name.startswith("my-circles-")
    status = json.loads((folder / "run.json").read_text())
    assert status["name"] == "my circles"
    assert status["status"] == "finished"
    assert status["iterations"] == 250
    assert status["started"] <= status["finished"]
    assert set(status["metrics"]) == {"train", "test"}
    assert set(status["metrics"]["train"]) == {"loss", "cost", "accuracy", "precision", "recall"}
    assert set(status["timings"]) == {"data", "training", "saving", "total"}
    phases = [status["timings"][phase] for phase in ("data", "training", "saving")]
    assert 0 < sum(phases) <= status["timings"]["total"]
    assert status["versions"]["nnctl"] == package.__version__
    assert status["versions"]["numpy"] == np.__version__
    assert status["versions"]["h5py"] == h5py.__version__
    assert {"platform", "machine", "cpus", "python"} <= set(status["host"])
    for name, table in zip(("train", "test"), datasets["circles"](), strict=True):
        content = table.X.tobytes() + table.y.tobytes() + b"0\n1"
        assert status["data_sha256"][name] == hashlib.sha256(content).hexdigest()


def test_metrics_are_those_of_the_final_parameters(nnctl, tmp_path):
    folder = tmp_path / nnctl("train", "circles", *SHORT).stdout.strip()
    parameters = arrays(folder / "parameters.h5")
    for part, table in zip(("train", "test"), datasets["circles"](), strict=True):
        A = table.X.T
        for number in (1, 2, 3):
            Z = parameters[f"W{number}"] @ A + parameters[f"b{number}"]
            A = np.maximum(Z, 0)
        cost = np.mean(np.logaddexp(0, Z) - table.y * Z)
        measured = json.loads((folder / "run.json").read_text())["metrics"][part]
        assert measured["loss"] == pytest.approx(cost, rel=1e-12)
        assert ("cost" in measured) == (part == "train")
        assert measured["accuracy"] == np.mean((Z[0] > 0) == table.y)


def test_costs_csv_has_every_hundredth_row_and_the_last(nnctl, tmp_path):
    folder = tmp_path / nnctl("train", "circles", *SHORT).stdout.strip()
    rows = logged(folder)
    assert rows[0] == ["iteration", "cost"]
    assert [int(row[0]) for row in rows[1:]] == [0, 100, 200, 249]
    assert float(rows[1][1]) == pytest.approx(0.8830537463419761, rel=1e-12)


def test_costs_csv_of_mini_batches_has_a_row_an_epoch(nnctl, tmp_path):
    flags = ("-S", "train.batch_size=64", "-S", "train.iterations=null", "-S", "train.epochs=6")
    outcome = nnctl("train", "circles", "-q", *flags, "-S", "train.log_every=4", "-S", "data.validation=0.1")
    rows = logged(tmp_path / outcome.stdout.strip())
    assert rows[0] == ["iteration", "epoch", "cost", "validation_loss"]
    per_epoch = 5  # 270 training examples
    assert [[int(cell) for cell in row[:2]] for row in rows[1:]] == [
        [epoch * per_epoch + per_epoch - 1, epoch] for epoch in (0, 4, 5)
    ]
    assert all(float(cell) > 0 for row in rows[1:] for cell in row[2:])


@pytest.mark.parametrize(
    "flags",
    [
        (),
        ("-S", "model.init={name: random, scale: 0.5}", "-S", "train.l2=0.3", "-S", "train.learning_rate=1e-1"),
        ("-S", "train.batch_size=50", "-S", "train.shuffle_seed=9", "-S", "train.dtype=float32"),
        ("-S", "model.activations=[{name: leaky_relu, slope: 0.3}, gelu, sigmoid]", "-S", "data.noise=0.1"),
    ],
)
def test_config_yaml_repeats_the_run_bit_for_bit(nnctl, tmp_path, flags):
    first = tmp_path / nnctl("train", "circles", *SHORT, *flags).stdout.strip()
    shutil.copy(first / "config.yaml", tmp_path / "again.yaml")
    second = tmp_path / nnctl("train", "again.yaml", "-q").stdout.strip()
    assert first != second
    assert (second / "costs.csv").read_text() == (first / "costs.csv").read_text()
    assert (second / "config.yaml").read_text() == (first / "config.yaml").read_text()
    before, after = arrays(first / "parameters.h5"), arrays(second / "parameters.h5")
    assert before.keys() == after.keys() >= {"W1", "b1", "W2", "b2", "W3", "b3"}
    for name, values in before.items():
        np.testing.assert_array_equal(after[name], values)


def test_a_run_that_diverges_is_on_record(nnctl, tmp_path):
    outcome = nnctl("train", "regression", "-q", "-S", "train.learning_rate=1e200", "-S", "train.iterations=20")
    assert outcome.exit_code == 4
    assert "iteration" in outcome.stderr
    (folder,) = (tmp_path / "runs").iterdir()
    assert outcome.stdout == f"runs/{folder.name}\n"
    assert json.loads((folder / "run.json").read_text())["status"] == "diverged"
    assert nnctl("predict").exit_code == 2  # there is no finished run


def test_a_run_whose_start_is_not_finite_is_on_record_too(nnctl, tmp_path):
    outcome = nnctl("train", "regression", "-q", "-S", "model.init={name: random, scale: 1e200}")
    assert outcome.exit_code == 4
    assert "diverged: at iteration 0" in outcome.stderr
    assert "Warning" not in outcome.stderr
    (folder,) = (tmp_path / "runs").iterdir()
    status = json.loads((folder / "run.json").read_text())
    assert status["status"] == "diverged"
    assert status["metrics"]["train"]["mse"] is None
    assert status["metrics"]["train"]["cost"] is None


@pytest.mark.parametrize("config", ["circles", "regression"])
def test_the_very_last_update_may_diverge_too(nnctl, tmp_path, config):
    outcome = nnctl("train", config, "-q", "-S", "train.learning_rate=1e300", "-S", "train.iterations=1")
    assert outcome.exit_code == 4
    (folder,) = (tmp_path / "runs").iterdir()
    assert json.loads((folder / "run.json").read_text())["status"] == "diverged"


def test_json_is_one_object_with_the_run_in_it(nnctl, tmp_path):
    outcome = nnctl("train", "circles", *SHORT, "--json", "-S", "train.learning_rate=0.5")
    printed = json.loads(outcome.stdout)
    folder = tmp_path / printed.pop("run")
    assert (printed.pop("remarks"), printed.pop("exit_code")) == ([], 0)
    assert printed == json.loads((folder / "run.json").read_text())
