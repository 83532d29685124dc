"""Which run is used and what is said of the others; whatever lies in a runs folder, nothing there is a traceback."""

import json
import os
import platform
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from nnctl.data.block import BlockPreparation
from nnctl.data.interface import Interface
from nnctl.data.scaling import Scaling
from nnctl.errors import DataError, SpecError
from nnctl.nn.parameters import Parameters
from nnctl.process import lives, this_process
from nnctl.registry import Choice
from nnctl.runs import model
from nnctl.runs.model import Model
from nnctl.runs.run import Run
from nnctl.runs.search import find_run, remarks
from nnctl.runs.status import read_status

NOON = datetime.fromisoformat("2026-11-20T12:00:00+00:00")


def at(hours):
    return (NOON + timedelta(hours=hours)).isoformat()


def make(runs_dir, name, status, started=None, finished=None, **more):
    """Make a run's folder with parameters; hours are those after noon."""
    folder = runs_dir / name
    folder.mkdir(parents=True)
    dates = {key: at(hours) for key, hours in (("started", started), ("finished", finished)) if hours is not None}
    (folder / "run.json").write_text(json.dumps({"status": status, **dates, **more}))
    interface = Interface(BlockPreparation((2,), Scaling()), ("a", "b"))
    model.save(Model(Parameters([2, 1]), (Choice("sigmoid"),), interface), folder / "parameters.h5")
    return folder


@pytest.fixture
def runs(tmp_path):
    """Return a runs folder with one finished run, and an input beside it."""
    make(tmp_path / "runs", "good", "finished", 0, 1)
    np.savez(tmp_path / "new.npz", X=np.zeros((1, 2)))
    return tmp_path / "runs"


# which run is used, and which newer ones are not


@pytest.mark.parametrize(
    ("status", "dates", "more", "said"),
    [
        ("interrupted", (0, 2), {"iterations": 250}, "interrupted at iteration 250, 2026-11-20 "),
        ("diverged", (0, 2), {"iterations": 7}, "diverged at iteration 7, "),
        ("failed", (0, 2), {}, "failed, "),
        ("running", (2, None), {"process": this_process()}, "running since 2026-11-20 "),
        ("running", (2, None), {"process": {**this_process(), "began": 1}}, "its process is gone; it ran since "),
        ("running", (2, None), {"process": {**this_process(), "host": "elsewhere"}}, "running on elsewhere since "),
        ("running", (2, None), {}, "running since "),
        ("interrupted", (2, None), {}, "interrupted, "),
        ("interrupted", (3, 2), {}, "interrupted, "),
    ],
)
@pytest.mark.parametrize("named", [["latest"], [], ["good"], ["runs/good"]])
def test_a_newer_run_that_is_not_finished_is_said(nnctl, runs, status, dates, more, said, named):
    make(runs, "newer", status, *dates, **more)
    outcome = nnctl("predict", *named, "new.npz")
    assert outcome.exit_code == 0
    first, second = outcome.stderr.splitlines()
    assert first.startswith("using runs/good (finished, 2026-11-20 ")
    assert second.startswith(f"newer, but not used: runs/newer ({said}")


@pytest.mark.parametrize(
    ("status", "dates"), [("interrupted", (-3, 0.5)), ("running", (0.5, None)), ("stopped", (0, 0.9))]
)
def test_older_runs_and_finished_ones_are_not_said(nnctl, runs, status, dates):
    make(runs, "older", status, *dates)
    assert len(nnctl("predict", "latest", "new.npz").stderr.splitlines()) == 1


def test_a_named_run_that_is_not_finished_is_said(nnctl, runs):
    make(runs, "half", "interrupted", 2, 3, iterations=250)
    for name in ("half", "runs/half", "runs/half/parameters.h5"):
        outcome = nnctl("predict", name, "new.npz")
        assert outcome.exit_code == 0
        assert outcome.stderr.startswith("using runs/half (interrupted at iteration 250, ")
        assert outcome.stderr.endswith("), which is not finished\n")


def test_a_run_of_another_place_is_compared_with_none_here(nnctl, runs, tmp_path):
    make(tmp_path / "there", "old", "finished", -9, -8)
    make(runs, "newer", "interrupted", 2, 3)
    assert len(nnctl("predict", "there/old", "new.npz").stderr.splitlines()) == 1


def test_parameters_without_a_status(nnctl, runs):
    (runs / "good" / "run.json").unlink()
    assert nnctl("predict", "good", "new.npz").stderr == "using runs/good (it has no run.json)\n"


def test_where_none_is_finished_the_unfinished_are_said(runs):
    (runs / "good" / "run.json").write_text('{"status": "interrupted", "started": "2026-11-20T12:00:00"}')
    (runs / "bad").mkdir()
    (runs / "bad" / "run.json").write_text("[]")
    with pytest.raises(SpecError) as caught:
        find_run("latest", runs)
    lines = str(caught.value).splitlines()
    assert "there is no finished run yet" in lines[0]
    assert lines[1].startswith(f"not finished (name it to use it): {runs}/good (interrupted")
    assert lines[2] == f"passed over: {runs}/bad/run.json: holds no object of JSON"


def test_the_link_latest_is_shown_as_what_it_leads_to(runs):
    (runs / "latest").symlink_to("good")
    assert find_run(str(runs / "latest"), runs).folder == runs / "good"


def test_many_runs_are_not_all_listed(runs):
    for number in range(30):
        make(runs, f"run{number}", "diverged", 2, 3)
        (runs / f"bad{number}").mkdir()
        (runs / f"bad{number}" / "run.json").write_text("")
    lines = remarks(Run(runs / "good"), runs)
    assert len(lines) == 1 + 9 + 9
    assert lines.count("and 22 more") == 2
    with pytest.raises(SpecError) as caught:
        find_run("qqqqqq", runs)
    assert str(caught.value).count(",") <= 13


# folders that cannot be understood


def directory(path):
    path.mkdir()


def text(content):
    return lambda path: path.write_bytes(content if isinstance(content, bytes) else content.encode())


def status(**content):
    return text(json.dumps({"status": "finished", "started": at(5), "finished": at(6), **content}))


STRANGE = {
    "a list": text("[]"),
    "null": text("null"),
    "a number": text("3"),
    "not a number": text("NaN"),
    "a text": text('"finished"'),
    "broken": text('{"status": "finis'),
    "empty": text(""),
    "not UTF-8": text(b'{"status": "\xff"}'),
    "UTF-16": text('{"status": "finished"}'.encode("utf-16")),
    "brackets": text("[" * 100_000),
    "a long number": text('{"iterations": ' + "9" * 5000 + "}"),
    "a folder": directory,
    "a pipe": os.mkfifo,
    "a link to nowhere": lambda path: path.symlink_to("gone"),
    "a link to itself": lambda path: path.symlink_to("run.json"),
    "no status": text("{}"),
    "status a list": status(status=["finished"]),
    "status an object": status(status={"finished": True}),
    "status null": status(status=None),
    "status unknown": status(status="done"),
    "no dates": text('{"status": "finished"}'),
    "finished never": status(finished=None),
    "a date of a number": status(finished=1763640000),
    "a date of a list": status(finished=[2026]),
    "a date of an object": status(finished={}),
    "a date of true": status(finished=True),
    "a strange date": status(finished="yesterday"),
    "a strange start": status(started="20:61"),
    "the first date": status(finished="0001-01-01T00:00:00+23:59"),
    "the last date": status(finished="9999-12-31T23:59:59-23:59"),
    "running without a date": text('{"status": "running", "started": null}'),
}


@pytest.mark.parametrize("name", STRANGE)
def test_a_folder_that_cannot_be_understood_is_passed_over(nnctl, runs, name):
    (runs / "strange").mkdir()
    STRANGE[name](runs / "strange" / "run.json")
    outcome = nnctl("predict", "latest", "new.npz")
    assert outcome.exit_code == 0
    first, second = outcome.stderr.splitlines()
    assert first.startswith("using runs/good (finished, ")
    assert second.startswith("passed over: runs/strange/run.json: ")
    assert nnctl("predict", "strange").exit_code == 2
    with pytest.raises(DataError):
        read_status(runs / "strange")
    assert Run(runs / "strange").status().get("status") != "x"


@pytest.mark.parametrize(
    "more",
    [
        {"iterations": "many", "process": 3, "metrics": [[[]]]},
        {"process": {"pid": -1, "host": platform.node()}},
        {"process": {"pid": "x", "host": ["a"]}},
        {"process": {"pid": 10**30, "host": platform.node(), "began": {}}},
        {"process": {"pid": True, "host": platform.node()}},
    ],
)
def test_strange_content_elsewhere_is_no_matter(nnctl, runs, more):
    make(runs, "newer", "running", 2, None, **more)
    outcome = nnctl("predict", "latest", "new.npz")
    assert outcome.exit_code == 0
    assert "newer, but not used: runs/newer (running" in outcome.stderr


def test_dates_with_and_without_a_zone_are_ordered(runs):
    folder = make(runs, "naive", "finished")
    (folder / "run.json").write_text('{"status": "finished", "finished": "2026-11-25T12:00:00"}')
    assert find_run("latest", runs).folder == folder


def test_other_things_in_a_runs_folder_are_no_matter(nnctl, runs):
    (runs / "notes.txt").write_text("")
    (runs / "empty").mkdir()
    (runs / "loop").symlink_to(".")
    assert len(nnctl("predict", "latest", "new.npz").stderr.splitlines()) == 1


@pytest.mark.parametrize("name", ["x" * 300, "a\0b", "", "\udcff"])
def test_names_that_no_file_has(nnctl, runs, name):
    outcome = nnctl("predict", name, "new.npz")
    assert outcome.exit_code == 2
    assert "Traceback" not in outcome.stderr


@pytest.mark.parametrize("file", ["config.yaml", "costs.csv", "parameters.h5"])
@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\0\1", b"a: [", b"{}", b"iteration,cost\n1,x\n"])
def test_files_of_a_run_that_are_something_else(nnctl, runs, file, content):
    path = runs / "good" / file
    path.unlink(missing_ok=True)
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    if file == "costs.csv":
        if content not in (b"", b"a: [", b"{}"):  # which are a log without rows
            with pytest.raises(DataError, match=r"costs\.csv: "):
                Run(runs / "good").costs()
        return
    outcome = nnctl("predict", "runs/good", *(["new.npz"] if file == "parameters.h5" else []))
    assert outcome.exit_code in (2, 3)
    assert file in outcome.stderr
    assert 1 <= len(outcome.stderr.splitlines()) <= 6


# whether a process lives


def test_this_process_lives():
    assert lives(this_process())


@pytest.mark.skipif(sys.platform != "linux", reason="a process's start is only known on Linux")
def test_the_same_number_may_be_another_process():
    assert lives({**this_process(), "began": this_process()["began"] + 1}) is False


def test_a_process_that_ended():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        process = {"pid": child.pid, "host": platform.node()}
        assert lives(process)
        began = json.loads(json.dumps(this_process()["began"]))
        child.kill()
        deadline = time.monotonic() + 10
        while lives({**process, "began": began + 0}) and time.monotonic() < deadline:  # not yet waited for: a zombie
            time.sleep(0.01)
    assert lives(process) is False
    assert lives({"pid": child.pid, "host": "elsewhere"}) is None


def test_a_training_that_was_killed_is_said_to_be_gone(nnctl, runs, tmp_path):
    command = [sys.executable, "-m", "nnctl", "train", "circles", "-q", "-S", "train.iterations=1000000000"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not list(runs.glob("circles-*/costs.csv")):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert "newer, but not used: runs/circles-" in (said := nnctl("predict", "latest", "new.npz").stderr)
        assert "(running since " in said
        process.send_signal(signal.SIGKILL)
        while "its process is gone; it ran since " not in nnctl("predict", "latest", "new.npz").stderr:
            assert time.monotonic() < deadline
    finally:
        process.kill()
        process.wait()
    (folder,) = runs.glob("circles-*")
    assert "this run has no parameters.h5 (its process is gone" in nnctl("predict", folder.name, "new.npz").stderr


# a name that several runs share


@pytest.fixture
def named(runs):
    """Return a runs folder with runs of two names; of one of them the newest is not finished."""
    for name, status, hour in (
        ("cat-20261120-130000", "finished", 1),
        ("cat-20261120-150000", "finished", 3),
        ("cat-20261120-150000-2", "finished", 4),
        ("cat-20261120-160000", "interrupted", 5),
        ("cat-photos-20261120-170000", "finished", 6),
        ("my-run-20261120-180000", "diverged", 7),
    ):
        make(runs, name, status, hour, hour)
    return runs


def test_a_name_is_the_newest_finished_run_of_it(nnctl, named):
    used, newer = nnctl("predict", "cat", "new.npz").stderr.splitlines()[:2]
    assert used.startswith("using runs/cat-20261120-150000-2 (finished, ")
    assert newer == "newer, but not used: runs/my-run-20261120-180000 (diverged, 2026-11-20 19:00:00)"
    assert nnctl("predict", "cat-photos", "new.npz").stderr.startswith("using runs/cat-photos-20261120-170000 ")
    assert nnctl("predict", "cat-20261120-130000", "new.npz").stderr.startswith("using runs/cat-20261120-130000 ")


def test_a_name_without_a_finished_run(nnctl, named):
    outcome = nnctl("predict", "my-run")
    assert outcome.exit_code == 2
    first, second = outcome.stderr.splitlines()
    assert first == "nnctl: runs: there is no finished run named my-run"
    assert second.startswith("not finished (name it to use it): runs/my-run-20261120-180000 (diverged, ")


@pytest.mark.parametrize(("name", "meant"), [("cat-photo", "cat-photos"), ("my run", "my-run")])
def test_a_name_that_is_misspelt(nnctl, named, name, meant):
    outcome = nnctl("predict", name, "new.npz")
    assert outcome.exit_code == 2
    told = f'there is no run {name!r}, neither as a path nor in runs; did you mean "{meant}"?'
    assert outcome.stderr == f"nnctl: {told}\n"


def test_a_folder_beside_comes_before_a_name(nnctl, named, tmp_path):
    make(tmp_path, "cat", "finished", 0, 1)
    assert nnctl("predict", "cat", "new.npz").stderr.startswith("using cat (")


def test_the_name_of_a_comparison_is_its_newest(nnctl, runs):
    for stamp in ("20261120-130000", "20261120-140000"):
        make(runs / f"compare-init-x-{stamp}", "he", "finished", 0, 1)
    assert nnctl("predict", "compare-init-x").stderr == (
        "nnctl: runs/compare-init-x-20261120-140000: is no run but holds he.\n"
        "Name one of them: nnctl predict runs/compare-init-x-20261120-140000/he\n"
    )


# comparisons


@pytest.mark.parametrize("named", ["compare-init-x-0.1", "runs/compare-init-x-0.1", "latest-comparison"])
def test_a_comparison_says_which_runs_it_holds(nnctl, runs, named):
    for name in ("zeros", "he"):
        make(runs / "compare-init-x-0.1", name, "finished", 0, 1)
    (runs / "compare-init-x-0.1" / "compare.json").write_text("{}")
    (runs / "latest-comparison").symlink_to("compare-init-x-0.1")
    outcome = nnctl("predict", named)
    assert outcome.exit_code == 2
    folder = "runs/latest-comparison" if named.startswith("latest") else "runs/compare-init-x-0.1"
    assert outcome.stderr == (
        f"nnctl: {folder}: is no run but holds he, zeros.\nName one of them: nnctl predict {folder}/he\n"
    )
    assert nnctl("predict", f"{folder}/he", "new.npz").exit_code == 0


@pytest.mark.parametrize("name", ["x" * 400, "\x00", "."])
def test_what_is_no_folder_holds_no_runs(nnctl, runs, name):
    assert nnctl("predict", name).exit_code in (2, 3)


def test_the_link_latest_comparison_points_to_the_newest(nnctl, tmp_path):
    short = ("-q", "--no-pictures", "-S", "train.iterations=2")
    for number in range(2):
        assert nnctl("compare-init", "he", *short, "-S", f"name=number-{number}").exit_code == 0
        link = tmp_path / "runs" / "latest-comparison"
        assert link.is_symlink()
        assert link.readlink().name.startswith(f"compare-init-number-{number}-")
    assert nnctl("predict").exit_code == 2  # it is no run
    assert nnctl("predict", "latest-comparison/he").exit_code == 0


@pytest.mark.parametrize("name", ["link", "runs/link", "runs/latest", "latest-comparison"])
def test_a_run_behind_a_link_of_someone_else_is_refused(nnctl, runs, tmp_path, name):
    make(tmp_path, "elsewhere", "finished", 0, 1)
    (runs / Path(name).name).symlink_to(tmp_path / "elsewhere")
    outcome = nnctl("predict", name, "new.npz")
    assert outcome.exit_code == 2
    assert "is a link, to " in outcome.stderr
    assert outcome.stderr.endswith("; name the folder of the run itself\n")


@pytest.mark.parametrize("file", ["config.yaml", "confusion.png", "costs.csv"])
def test_a_run_with_a_link_in_it_is_refused_before_anything_is_read_or_written(nnctl, runs, tmp_path, file):
    (tmp_path / "secret").write_text("key: &secret 1234")
    (runs / "good" / file).symlink_to(tmp_path / "secret")
    for arguments in (("predict", "good"), ("evaluate", "latest"), ("predict", "runs/good", "new.npz")):
        outcome = nnctl(*arguments)
        assert outcome.exit_code == 2
        assert f"good: holds a link, {file}, and the files of a run are none" in outcome.stderr
        assert "1234" not in outcome.stderr
    assert (tmp_path / "secret").read_text() == "key: &secret 1234"
