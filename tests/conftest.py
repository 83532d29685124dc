"""What all tests share: the command line, run in this process and in an empty folder.

A mistake of the user ends in an exit code; an exception that escapes is a bug of nnctl's and fails the test.
"""

import signal
import sys
from dataclasses import dataclass

import pytest

from nnctl import signals
from nnctl.cli import run as main


@dataclass(frozen=True)
class Outcome:
    """What a command left: its exit code and both of its streams."""

    exit_code: int
    stdout: str
    stderr: str


@pytest.fixture
def owned_signals():
    """Heed the signals as a command does, and put the handlers of the tests back."""
    before = {number: signal.getsignal(number) for number in signals.ENDING}
    signals.own()
    yield signals.received
    for number, handler in before.items():
        signal.signal(number, handler)
    signals.forget()


@pytest.fixture
def nnctl(tmp_path, monkeypatch, capsys):
    """Return the command line as a function, `nnctl("train", "circles", "-q")`; the working folder is tmp_path."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")  # the width of tables does not depend on the terminal of the tests
    monkeypatch.delenv("FORCE_COLOR", raising=False)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["nnctl", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return Outcome(ended.value.code or 0, *capsys.readouterr())

    return run
