"""Signals at every phase of a command: what can be saved is, what is said of it is true, and so is the exit code."""

import contextlib
import json
import os
import pty
import random
import select
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from nnctl import signals
from nnctl.runs.model import load
from nnctl.signals import ENDING

LONG = ("-S", "train.iterations=1000000000", "-S", "train.log_every=1000")
SHORT = ("-S", "train.iterations=300")
COMMAND = [sys.executable, "-m", "nnctl"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
SEVERAL = {"schemes": ("compare-init", "zeros", "he"), "folds": ("cross-validate", "circles", "--folds", "2")}
COMMANDS = [("train", "circles"), *SEVERAL.values()]
NUMBERS = [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]

STRUCK = """
import importlib, os, sys, time
import nnctl.__main__
owner = importlib.import_module({module!r})
made = getattr(owner, {name!r})
def struck(*arguments):
    for turn in range({times}):
        time.sleep(0.25 * turn)
        (os.killpg if {group} else os.kill)(os.getpgid(0) if {group} else os.getpid(), {number})
    return made(*arguments)
setattr(owner, {name!r}, struck)
sys.argv[0] = "nnctl"
nnctl.__main__.main()
"""
BEFORE = [("nnctl.spec.reading", "parse"), ("nnctl.training.experiment", "prepare")]
DURING = [("nnctl.training.experiment", "objective_of"), ("nnctl.training.experiment", "steps")]
AFTER = [
    ("nnctl.runs.model", "save"),
    ("nnctl.training.experiment", "measure"),
    ("nnctl.show.tables", "metrics"),
    ("nnctl.show.gallery", "draw_run"),
]


def struck(folder, place, number, times, group, *arguments):
    """Return what a command leaves to which signals come at the start of one of its functions."""
    module, name = place
    code = STRUCK.format(module=module, name=name, number=int(number), times=times, group=group)
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        start_new_session=True,
        timeout=60,
        check=False,
    )


def left(folder):
    """Return the status of each run and whether its parameters can be read; nothing half-written may lie about."""
    assert not [path for path in folder.rglob("*") if "unfinished" in path.name]
    found = {}
    for path in folder.rglob("run.json"):
        parameters = path.parent / "parameters.h5"
        status = json.loads(path.read_text())["status"]
        found[path.parent] = status, parameters.is_file() and bool(np.isfinite(load(parameters).parameters.flat).all())
    return found


@pytest.mark.parametrize(("times", "group"), [(1, True), (2, False)])
@pytest.mark.parametrize("place", BEFORE + DURING + AFTER, ids=lambda place: place[1])
def test_a_signal_at_every_phase_of_a_training(tmp_path, place, times, group):
    number, exit_code = NUMBERS[(times + group + len(place[1])) % 3]
    done = struck(tmp_path, place, number, times, group, "train", "circles", "--json", *SHORT)
    assert done.returncode == exit_code
    assert "Traceback" not in done.stderr
    assert "interrupted" in done.stderr
    found = left(tmp_path)
    if place in BEFORE:
        assert not found
        assert done.stdout == ""
        return
    ((run, (status, saved)),) = found.items()
    told = json.loads(done.stdout)
    assert told["exit_code"] == exit_code
    assert told["run"] == str(run.relative_to(tmp_path))
    assert told["status"] == status == ("interrupted" if place in DURING else "finished")
    assert saved == (times == 1 or place not in [*DURING, AFTER[0]])
    assert told["run"] in done.stderr
    assert ("not the parameters" in done.stderr) == (not saved)


@pytest.mark.parametrize(("times", "group"), [(1, True), (2, True), (1, False)])
@pytest.mark.parametrize("place", [DURING[0], *AFTER[:2]], ids=lambda place: place[1])
@pytest.mark.parametrize("members", SEVERAL)
def test_a_signal_at_every_phase_of_several_trainings(tmp_path, members, place, times, group):
    number, exit_code = NUMBERS[times]
    done = struck(tmp_path, place, number, times, group, *SEVERAL[members], "--json", *SHORT)
    assert "Traceback" not in done.stderr
    found = left(tmp_path)
    assert {status for status, _ in found.values()} <= {"interrupted", "finished"}
    if not group:  # a training's own process leaves signals to the parent
        assert done.returncode == 0
        assert all(saved for _, saved in found.values())
        return
    assert done.returncode == exit_code
    assert "interrupted" in done.stderr
    if times == 1:
        assert all(saved for _, saved in found.values())
        told = json.loads(done.stdout)
        assert (told["status"], told["exit_code"]) == ("interrupted", exit_code)
    else:
        told = json.loads(done.stdout)
        assert told["exit_code"] == exit_code
        statuses = [member["status"] for member in told[members].values()]
        assert sorted(statuses) == sorted(status for status, _ in found.values()) + ["not begun"] * (2 - len(found))


def test_what_a_second_signal_leaves_of_an_ensemble_is_said_truly(tmp_path):
    place = "nnctl.training.several", "side_by_side"
    outcome = struck(tmp_path, place, signal.SIGINT, 2, False, "train", "circles", *LONG, "-S", "train.ensemble=2")
    assert outcome.returncode == 130
    (folder,) = (tmp_path / "runs").glob("circles-*")
    assert f"interrupted; 0 of 2 trainings are saved in runs/{folder.name}/members\n" in outcome.stderr


@pytest.mark.parametrize("times", [1, 2])
def test_a_signal_while_a_comparison_is_drawn(tmp_path, times):
    place, (number, exit_code) = ("nnctl.show.gallery", "draw_comparison"), NUMBERS[times]
    done = struck(tmp_path, place, number, times, False, "compare-init", "zeros", "he", "--json", *SHORT)
    assert done.returncode == exit_code
    told = json.loads(done.stdout)
    assert told["exit_code"] == exit_code
    assert {scheme["status"] for scheme in told["schemes"].values()} == {"finished"}
    (folder,) = {str(run.parent.relative_to(tmp_path)) for run in left(tmp_path)}
    assert folder in done.stderr.splitlines()[-1]
    assert ("2 of 2 trainings are saved" in done.stderr) == (times == 2)


@pytest.mark.slow
@pytest.mark.parametrize("group", [False, True], ids=["process", "group"])
@pytest.mark.parametrize("arguments", [("train", "circles"), ("compare-init", "zeros", "he", "random")], ids=len)
@pytest.mark.parametrize("turn", range(20))
def test_signals_at_any_moment(tmp_path, arguments, group, turn):
    chance = random.Random(turn)
    process = subprocess.Popen(
        [*COMMAND, *arguments, *SHORT],
        cwd=tmp_path,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    time.sleep(chance.uniform(0.1, 2))
    number, exit_code = chance.choice(NUMBERS)
    twice = chance.random() < 0.5
    for _ in range(1 + twice):
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if group else os.kill)(process.pid, number)
        time.sleep(0.25)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode in (0, exit_code)
    assert "Traceback" not in stderr
    found = left(tmp_path)
    assert "running" not in {status for status, _ in found.values()}
    assert twice or all(saved for _, saved in found.values())
    assert all(saved for status, saved in found.values() if status == "finished")


def wait_for_costs(folder, look=lambda: None):
    """Wait until every run below a folder has logged some costs."""
    deadline = time.monotonic() + 60
    while not any(len(path.read_text().splitlines()) > 3 for path in folder.rglob("costs.csv")):
        assert time.monotonic() < deadline
        look()
        time.sleep(0.02)


def statuses(folder):
    return {status for status, _ in left(folder).values()}


@contextlib.contextmanager
def started(folder, *arguments, ignored=()):
    """Start nnctl in processes of its own, give it when the first costs are logged, and leave none of them behind."""
    process = subprocess.Popen(
        [*COMMAND, *arguments, *LONG],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
        start_new_session=True,
        preexec_fn=lambda: [signal.signal(each, signal.SIG_IGN) for each in ignored],
    )
    try:
        wait_for_costs(folder)
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.mark.parametrize(("number", "exit_code"), NUMBERS)
def test_a_signal_ends_training_with_everything_saved(nnctl, tmp_path, number, exit_code):
    with started(tmp_path, "train", "circles") as process:
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == exit_code
    assert stdout.startswith("runs/circles-")
    assert "interrupted at iteration" in stderr
    assert "Traceback" not in stderr

    (run,) = (path for path in (tmp_path / "runs").iterdir() if not path.is_symlink())
    assert {path.name for path in run.iterdir()} >= {"costs.png", "boundary.png"}
    status = json.loads((run / "run.json").read_text())
    assert status["status"] == "interrupted"
    assert 0 < status["metrics"]["test"]["loss"] < 1
    assert status["timings"]["saving"] > 0
    iterations = [int(line.split(",")[0]) for line in (run / "costs.csv").read_text().splitlines()[1:]]
    assert iterations == list(range(0, len(iterations) * 1000, 1000))
    assert iterations[-1] <= status["iterations"] <= iterations[-1] + 1000
    assert load(run / "parameters.h5").parameters.layer_dims == (2, 10, 5, 1)
    assert not (tmp_path / "runs" / "latest").exists()
    assert nnctl("predict", run).exit_code == 0
    assert nnctl("predict").exit_code == 2  # it is not a finished run


@pytest.mark.parametrize(("number", "exit_code"), NUMBERS)
@pytest.mark.parametrize("group", [False, True], ids=["process", "group"])
def test_a_signal_ends_all_trainings_of_a_comparison(tmp_path, number, exit_code, group):
    with started(tmp_path, "compare-init", "zeros", "he") as process:
        (os.killpg if group else os.kill)(process.pid, number)
        stdout, stderr = process.communicate(timeout=30)  # which also waits for every process that could write there
    assert process.returncode == exit_code
    assert "interrupted at iteration" in stdout
    assert "interrupted" in stderr
    assert "Traceback" not in stderr
    assert list(left(tmp_path).values()) in ([("interrupted", True)], [("interrupted", True)] * 2)


def test_a_signal_leaves_each_fold_a_run_that_can_be_used(nnctl, tmp_path):
    with started(tmp_path, *SEVERAL["folds"], "--json") as process:
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "interrupted; what was trained so far is saved in runs/cross-validate-circles-" in stderr
    told = json.loads(stdout)
    assert (told["status"], told["exit_code"], told["metrics"]) == ("interrupted", 130, {})
    assert (tmp_path / told["folder"] / "cross-validate.json").is_file()
    begun = [fold for fold in told["folds"].values() if fold["status"] != "not begun"]
    assert begun
    for fold in begun:
        assert fold["status"] == "interrupted"
        assert nnctl("predict", fold["run"]).exit_code == 0
        config = tmp_path / fold["run"] / "config.yaml"
        assert nnctl("train", config, "-q", "--no-pictures", *SHORT).exit_code == 0


@pytest.mark.parametrize("arguments", SEVERAL.values(), ids=SEVERAL)
def test_a_process_whose_parent_was_killed_saves_what_it_has(tmp_path, arguments):
    with started(tmp_path, *arguments) as process:
        process.kill()
        deadline = time.monotonic() + 30
        while {json.loads(path.read_text())["status"] for path in tmp_path.rglob("run.json")} != {"interrupted"}:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    assert all(saved for _, saved in left(tmp_path).values())


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: arguments[0])
@pytest.mark.parametrize(
    "ignored", [(signal.SIGHUP,), (signal.SIGTERM, signal.SIGHUP), (signal.SIGINT, signal.SIGTERM)]
)
def test_a_signal_that_was_ignored_at_the_start_stays_ignored(tmp_path, arguments, ignored):
    number = next(number for number in ENDING if number not in ignored)
    with started(tmp_path, *arguments, ignored=ignored) as process:
        for each in ignored:
            os.killpg(process.pid, each)
        time.sleep(0.5)
        assert process.poll() is None
        assert statuses(tmp_path) == {"running"}
        process.send_signal(number)
        process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert statuses(tmp_path) == {"interrupted"}


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: arguments[0])
def test_a_terminal_that_is_closed_ends_training_with_everything_saved(tmp_path, arguments):
    ours, theirs = pty.openpty()
    code = f"import os, fcntl, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv({sys.executable!r}, {[*COMMAND, *arguments, *LONG]!r})"  # noqa: E501
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, env=ENVIRONMENT, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)

    def look():
        if select.select([ours], [], [], 0)[0]:
            os.read(ours, 100_000)

    try:
        wait_for_costs(tmp_path, look)
        os.close(ours)
        assert process.wait(30) == 128 + signal.SIGHUP
        assert statuses(tmp_path) == {"interrupted"}
        assert list(tmp_path.rglob("parameters.h5"))
    finally:
        process.kill()
        process.wait()


def test_a_second_signal_gives_the_terminal_its_cursor_back(tmp_path):
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "train", "circles", *LONG],
        cwd=tmp_path,
        env={**ENVIRONMENT, "TERM": "xterm"},
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    seen = b""

    def look():
        nonlocal seen
        while select.select([ours], [], [], 0)[0]:
            try:
                seen += os.read(ours, 100_000)
            except OSError:  # the terminal's other end is closed
                break

    try:
        wait_for_costs(tmp_path, look)
        process.send_signal(signal.SIGSTOP)  # so that both are there when it goes on
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGCONT)
        stdout, _ = process.communicate(timeout=30)
        look()
    finally:
        process.kill()
        os.close(ours)
    assert process.returncode in (130, 143)
    assert stdout.startswith(b"runs/circles-")
    assert seen.rindex(b"\x1b[?25h") > seen.rindex(b"\x1b[?25l")
    assert b"the cost log, but not the parameters, is saved in" in seen


def test_the_first_signal_is_noted_while_something_is_held(owned_signals):
    with signals.held() as received:
        assert signals.seconds_since() == 0
        for _ in range(3):  # within a moment the same one is the same
            signal.raise_signal(signal.SIGTERM)
        assert received == [signal.SIGTERM]
        assert 0 < signals.seconds_since() < 60


def test_a_new_process_leaves_signals_to_its_parent(owned_signals):
    with signals.held():
        signal.raise_signal(signal.SIGTERM)
    signals.leave_to_parent()
    assert owned_signals == []
    for number in ENDING:
        signal.raise_signal(number)
    assert owned_signals == []
