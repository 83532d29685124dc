"""Signals from outside: those ignored from the start stay ignored, and a terminal that is gone hides nothing."""

import contextlib
import json
import os
import pty
import select
import signal
import subprocess
import sys
import time

import pytest

from nnctl.training.signals import ENDING, caught_signals, end

LONG = ("-S", "train.iterations=1000000000", "-S", "train.log_every=1000")
COMMAND = [sys.executable, "-m", "nnctl"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
COMMANDS = [("train", "circles"), ("compare-init", "zeros", "he")]


def wait_for_costs(folder, look=lambda: None):
    """Wait until every run below a folder has logged some costs."""
    deadline = time.monotonic() + 60
    while not any(len(path.read_text().splitlines()) > 3 for path in folder.rglob("costs.csv")):
        assert time.monotonic() < deadline
        look()
        time.sleep(0.02)


def statuses(folder):
    return {json.loads(path.read_text())["status"] for path in folder.rglob("run.json")}


@pytest.mark.parametrize("arguments", COMMANDS, ids=["train", "compare-init"])
@pytest.mark.parametrize(
    "ignored", [(signal.SIGHUP,), (signal.SIGTERM, signal.SIGHUP), (signal.SIGINT, signal.SIGTERM)]
)
def test_a_signal_that_was_ignored_at_the_start_stays_ignored(tmp_path, arguments, ignored):
    number = next(number for number in ENDING if number not in ignored)
    process = subprocess.Popen(
        [*COMMAND, *arguments, *LONG],
        cwd=tmp_path,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=lambda: [signal.signal(each, signal.SIG_IGN) for each in ignored],
    )
    try:
        wait_for_costs(tmp_path)
        for each in ignored:
            os.killpg(process.pid, each)
        time.sleep(0.5)
        assert process.poll() is None
        assert statuses(tmp_path) == {"running"}
        process.send_signal(number)
        process.communicate(timeout=30)
        assert process.returncode == 128 + number
        assert statuses(tmp_path) == {"interrupted"}
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.mark.parametrize("arguments", COMMANDS, ids=["train", "compare-init"])
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


def test_a_process_is_ended_by_a_signal_that_it_heeds():
    with caught_signals() as received:
        end(os.getpid())
        end(os.getpid(), signal.SIGINT)
    assert received == [signal.SIGTERM, signal.SIGINT]
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with caught_signals() as received:
            signal.raise_signal(signal.SIGTERM)
            end(os.getpid())
        assert received == [signal.SIGINT]
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_process_that_is_gone_needs_no_end():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    end(process.pid)
