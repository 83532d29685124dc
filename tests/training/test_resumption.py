"""A run that was ended anywhere and goes on leaves the files, bit for bit, of one that was never ended."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from nnctl.errors import DataError, GateError, SpecError, StorageError
from nnctl.nn.optimizers import optimizers
from nnctl.nn.schedules import schedules
from nnctl.runs import checkpoints
from nnctl.runs.lock import locked
from nnctl.runs.run import create_run
from nnctl.spec import document
from nnctl.spec.reading import parse
from nnctl.training import experiment, remembered
from nnctl.training.keeping import NEVER, Every
from nnctl.training.resumption import Terms, resume

OFTEN, USUAL = Every(iterations=7), Terms()
FILES = ("costs.csv", "parameters.h5", "config.yaml")


class Killed(BaseException):
    """What a killed process leaves undone."""


class Folder:
    """A folder with examples, in which one spec is trained, ended and taken up."""

    def __init__(self, folder):
        stream = np.random.RandomState(0)
        self.folder = folder
        X = stream.randn(50, 80)
        np.savez(folder / "examples.npz", X=X, y=(X[:, 0] + stream.randn(50) > 0).astype(np.uint8))

    def spec(self, optimizer="gradient_descent", **train):
        tree = {
            "data": {"source": "examples.npz", "validation": 0.2},
            "model": {"layer_dims": [80, 5, 1], "activations": ["tanh", "sigmoid"]},
            "train": {"learning_rate": 0.05, "optimizer": optimizer, "iterations": 40, "log_every": 3, **train},
        }
        if "epochs" in train:
            del tree["train"]["iterations"]
        (self.folder / "spec.yaml").write_text(document.dump(tree), encoding="utf-8")
        return parse(document.read(self.folder / "spec.yaml"), (self.folder,))

    def train(self, spec, run=None, end=None, before=None, terms=USUAL, every=OFTEN):
        """Train in a run, a new one or one that goes on; be killed before the update of an iteration, `end`."""
        ready, resumed = experiment.prepare(spec), None
        if run is None:
            run = create_run(self.folder / "runs", "run", ready.spec.resolved())
        else:
            ready, resumed = resume(run, ready, before or spec, terms)

        def killer(steps):
            for step in steps:
                if step.iteration == end:
                    raise Killed
                yield step

        try:
            experiment.train(ready, run, [killer], every=every, resumed=resumed)
        except Killed:  # a process that is killed writes no last word either
            run.write_status({**run.status(), "status": "running"})
        return run


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


def files(run):
    return {name: (run.folder / name).read_bytes() for name in FILES}


def check_same(run, whole):
    assert files(run) == files(whole)
    assert run.status()["metrics"] == whole.status()["metrics"]
    assert run.status()["status"] == whole.status()["status"]


KINDS = {
    **{f"{name}, {path}": {"optimizer": name, "fast_path": path} for name in optimizers for path in ("auto", "off")},
    **{f"{name}, float32": {"optimizer": name, "dtype": "float32", "batch_size": 16} for name in optimizers},
    **{f"schedule {name}": {"schedule": name} for name in schedules if name not in ("step",)},
    "dropout": {"dropout": 0.3},
    "dropout in batches": {"dropout": 0.3, "batch_size": 16, "epochs": 12},
    "epochs": {"batch_size": 16, "epochs": 14, "log_every": 2},
    "early stopping": {"early_stopping": {"patience": 3}, "iterations": 90, "optimizer": "adam"},
    "early stopping in epochs": {"early_stopping": {"patience": 9}, "batch_size": 16, "epochs": 20},
    "penalties": {"l2": 0.5, "l1": 0.1, "optimizer": "momentum"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_that_goes_on_is_as_one_that_never_ended(folder, kind):
    spec = folder.spec(**KINDS[kind])
    whole = folder.train(spec, every=NEVER)
    ends = [3, 13, 33]
    run = folder.train(spec, end=ends[0])
    for end in [*ends[1:], None]:
        if run.status()["status"] == "running":
            run = folder.train(spec, run, end)
    check_same(run, whole)
    assert len(run.status()["resumed"]) >= 1
    assert all(own["exact"] for own in run.status()["resumed"])


@pytest.mark.parametrize("lost", ["first", "last_good", "total", "best", "waited", "highest", "examples"])
def test_each_thing_that_is_remembered_is_needed(folder, monkeypatch, lost):
    real = remembered.Remembered.unpacked

    def without(arrays, about):
        own = real(arrays, about)
        setattr(own, lost, getattr(remembered.Remembered(), lost))
        return own

    stopping = {"patience": 2, "min_delta": 0.02}
    spec = folder.spec(batch_size=16, epochs=40, log_every=1, early_stopping=stopping)
    run = folder.train(spec, end=23, every=Every(iterations=4))
    taken = checkpoints.newest(run.folder, [])
    monkeypatch.setattr(remembered.Remembered, "unpacked", without)
    own, whole = without(taken.arrays, taken.about), real(taken.arrays, taken.about)

    def told(memory):
        arrays, about = memory.packed()
        return {name: array.tobytes() for name, array in arrays.items()}, about

    assert told(whole) == told(real(*whole.packed()))
    assert told(own) != told(whole)


@pytest.mark.parametrize("missing", ["p", "state"])
def test_a_checkpoint_without_a_part_of_it_is_refused(folder, missing):
    spec = folder.spec("adam")
    run = folder.train(spec, end=20)
    taken = checkpoints.newest(run.folder, [])
    checkpoints.remove(run.folder)
    arrays = {name: array for name, array in taken.arrays.items() if name != missing}
    checkpoints.save(run.folder, taken.iteration, arrays, taken.about)
    with pytest.raises(DataError, match=f"another network or optimizer \\({missing} is not there"):
        folder.train(spec, run)


def test_a_damaged_checkpoint_is_named_and_the_one_before_it_taken(folder):
    spec = folder.spec("adam")
    whole = folder.train(spec)
    run = folder.train(spec, end=20)
    newest = run.folder / "checkpoint-000000014.h5"
    content = bytearray(newest.read_bytes())
    content[-9] ^= 4
    newest.write_bytes(content)
    run = folder.train(spec, run)
    check_same(run, whole)
    (said,) = run.status()["resumed"]
    assert said["iteration"] == 7
    assert "checkpoint-000000014.h5: is damaged" in said["notes"][0]


def test_without_a_checkpoint_it_begins_again_and_a_torn_row_goes(folder):
    spec = folder.spec()
    whole, run = folder.train(spec), folder.train(spec, end=20, every=NEVER)
    with run.cost_file.open("ab") as file:
        file.write(b"21,0.5")
    check_same(folder.train(spec, run), whole)


@pytest.mark.parametrize(("key", "less", "more"), [("iterations", 25, 61), ("epochs", 3, 8)])
def test_a_finished_run_that_is_made_longer_is_as_one_that_was_as_long_at_once(folder, key, less, more):
    train = {"batch_size": 16} if key == "epochs" else {}
    short, long = (folder.spec("adam", **train, **{key: number}) for number in (less, more))
    whole, run = folder.train(long), folder.train(short)
    run = folder.train(long, run, before=short)
    assert files(run)["costs.csv"] == files(whole)["costs.csv"]
    assert files(run)["parameters.h5"] == files(whole)["parameters.h5"]
    assert run.status()["resumed"][0]["exact"]


def test_a_schedule_that_depends_on_the_length_is_said_to(folder):
    short, long = (folder.spec(schedule="cosine", iterations=number) for number in (20, 40))
    run = folder.train(short)
    (said,) = folder.train(long, run, before=short).status()["resumed"]
    assert not said["exact"]
    assert "the schedule depends on the length" in said["differences"][0]


def test_what_has_changed_is_refused_or_recorded(folder):
    spec, other = folder.spec(), folder.spec(learning_rate=0.01)
    run = folder.train(spec, end=20)
    with pytest.raises(SpecError, match=r"something else of train\.learning_rate"):
        folder.train(other, run, before=spec)
    (said,) = folder.train(other, run, before=spec, terms=Terms(allow_change=True)).status()["resumed"]
    assert said["differences"] == ["train.learning_rate was changed"]


def test_other_data_are_refused(folder):
    spec = folder.spec()
    run = folder.train(spec, end=20)
    np.savez(folder.folder / "examples.npz", X=np.ones((50, 80)), y=np.arange(50) % 2)
    with pytest.raises(DataError, match=r"the data have changed since it began \(train, validation\)"):
        folder.train(spec, run)


def test_another_machine_is_said_or_refused_by_strict_terms(folder):
    spec = folder.spec()
    run = folder.train(spec, end=20)
    content = run.status()
    run.write_status({**content, "facts": {**content["facts"], "NumPy": "1.0"}})
    with pytest.raises(GateError, match=r"NumPy was 1\.0, and is"):
        folder.train(spec, run, terms=Terms(strict=True))
    (said,) = folder.train(spec, run).status()["resumed"]
    assert not said["exact"]
    assert said["differences"] == [f"NumPy was 1.0, and is {np.__version__}"]


def test_a_run_that_is_over_or_diverged_is_not_taken_up(folder):
    run = folder.train(folder.spec())
    with pytest.raises(SpecError, match=r"is over, after 40 iterations \(finished\)\.\n.* -S train\.iterations=80"):
        folder.train(folder.spec(), run)
    with pytest.raises(SpecError, match=r"is over, after 40 iterations \(finished\)\.\n.* -S train\.iterations=80"):
        folder.train(folder.spec(iterations=10), run, before=folder.spec())
    spec = folder.spec(learning_rate=1e9, l2=5.0)
    run = folder.train(spec)
    assert run.status()["status"] == "diverged"
    with pytest.raises(SpecError, match="this run diverged, and would again"):
        folder.train(spec, run)


def test_an_ensemble_does_not_go_on_as_one(folder):
    spec = folder.spec(ensemble=2)
    run = create_run(folder.folder / "runs", "run", spec.resolved())
    with pytest.raises(SpecError, match="is an ensemble, which does not go on as one"):
        resume(run, experiment.prepare(spec), spec, USUAL)


@pytest.mark.skipif(sys.platform == "win32", reason="has no flock")
def test_one_process_at_a_time_writes_in_a_run(folder):
    run = folder.train(folder.spec())
    for said in (f"process {os.getpid()} on", "another process;"):
        with locked(run.folder), pytest.raises(StorageError, match=f"is being trained by {said}"), locked(run.folder):
            pass
        with locked(run.folder):
            (run.folder / "run.json").unlink(missing_ok=True)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_command_goes_on_where_a_signal_ended_it(nnctl, tmp_path, number):
    arguments = ("circles", "-q", "--no-pictures", "--checkpoint-every", "300")
    whole = tmp_path / nnctl("train", *arguments).stdout.strip()
    before = set(tmp_path.glob("runs/circles-*"))
    command = [sys.executable, "-m", "nnctl", "train", *arguments]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 60
        while not [path for path in tmp_path.glob("runs/circles-*/checkpoint-*.h5") if path.parent not in before]:
            assert time.monotonic() < deadline
            time.sleep(0.002)
        process.send_signal(number)
        said = process.communicate()[1].decode()
    (run,) = set(tmp_path.glob("runs/circles-*")) - before
    if number != signal.SIGKILL:
        assert process.returncode == 128 + number
        assert f"Go on with: nnctl train --resume runs/{run.name}" in said
    status = json.loads((run / "run.json").read_text())["status"]
    assert status == ("running" if number == signal.SIGKILL else "interrupted")
    assert nnctl("train", "--resume", run.name, "-q", "--no-pictures").exit_code == 0
    for name in ("costs.csv", "parameters.h5", "config.yaml"):
        assert (run / name).read_bytes() == (whole / name).read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("circles", "--resume", "latest"), "leave out circles"),
        (("--resume", "latest"), "runs holds no runs"),
        (("--resume", "nothing"), "there is no run 'nothing'"),
        (("circles", "--strict"), "--strict is for --resume RUN"),
        (("circles", "--checkpoint-every", "soon"), "such as 500, of seconds, 60s, or off: 'soon'"),
    ],
)
def test_mistakes_of_the_command_are_told(nnctl, arguments, said):
    outcome = nnctl("train", *arguments)
    assert outcome.exit_code == 2
    assert said in outcome.stderr


def test_a_run_is_not_made_shorter_than_it_is(folder):
    spec, shorter = folder.spec(), folder.spec(iterations=10)
    run = folder.train(spec, end=20)
    with pytest.raises(SpecError, match="is at iteration 14 already, and was asked for 10 in all"):
        folder.train(shorter, run, before=spec)


@pytest.mark.parametrize(
    ("arrays", "about"),
    [
        ({"costs": np.zeros(2)}, {}),
        ({"last_good": np.zeros(3)}, {}),
        ({}, {"waited": "long"}),
        ({}, {"last_good": None}),
    ],
)
def test_a_checkpoint_of_a_strange_hand_is_refused(folder, arrays, about):
    spec = folder.spec()
    run = folder.train(spec, end=20)
    taken = checkpoints.newest(run.folder, [])
    checkpoints.remove(run.folder)
    checkpoints.save(run.folder, taken.iteration, {**taken.arrays, **arrays}, {**taken.about, **about})
    with pytest.raises(DataError, match=r"is no checkpoint of a training|is of another network or optimizer"):
        folder.train(spec, run)


def test_a_pipe_in_place_of_a_checkpoint_is_passed_over(folder):
    spec = folder.spec()
    whole, run = folder.train(spec), folder.train(spec, end=20)
    os.mkfifo(run.folder / "checkpoint-000000015.h5")
    run = folder.train(spec, run)
    check_same(run, whole)
    assert "is not a file" in run.status()["resumed"][0]["notes"][0]


def test_rows_that_are_missing_before_the_checkpoint_are_said(folder):
    spec = folder.spec()
    run = folder.train(spec, end=20)
    rows = run.cost_file.read_text().splitlines(keepends=True)
    run.cost_file.write_text("".join(rows[:2] + rows[3:]))
    run = folder.train(spec, run)
    assert "costs.csv: 1 rows before iteration 14 are missing; it ends there" in run.status()["notes"][0]


def test_parameters_that_are_no_numbers_are_never_kept(folder):
    spec = folder.spec()
    ready = experiment.prepare(spec)
    run = create_run(folder.folder / "runs", "run", ready.spec.resolved())

    def spoiler(steps):
        for step in steps:
            if step.iteration == 39:
                step.objective.p[:] = np.nan
            yield step

    result = experiment.train(ready, run, [spoiler], every=OFTEN)
    assert result.status == "diverged"
    assert [checkpoint.name for checkpoint in sorted(run.folder.glob("checkpoint-*"))] == [
        "checkpoint-000000028.h5",
        "checkpoint-000000035.h5",
    ]
