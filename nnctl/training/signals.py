"""The signals that end training between two steps, with everything saved: SIGINT, SIGTERM and SIGHUP.

One that was ignored when nnctl started (by nohup, or in a shell's background) stays ignored.
"""

import contextlib
import os
import signal
import stat
from collections.abc import Iterator
from types import FrameType

ENDING = [signal.SIGTERM, signal.SIGINT, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]  # not on Windows


@contextlib.contextmanager
def caught_signals() -> Iterator[list[int]]:
    """Collect the signals that come in a list, so that training ends between two steps with everything saved."""
    received: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        received.append(number)
        _let_go_of_lost_terminal()

    before = {number: signal.signal(number, note) for number in _heeded()}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def put_back_defaults() -> None:
    """Let signals do in a new process what they do by default; the parent's ways are not the child's."""
    for number in _heeded():
        signal.signal(number, signal.SIG_DFL)


def end(pid: int, number: int | None = None) -> None:
    """Tell this process or a child to end: by this signal, by one that they do not ignore, or where they ignore all."""
    if number is None:
        number = next(iter(_heeded()), None) or signal.SIGKILL
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _let_go_of_lost_terminal() -> None:
    """Write to nowhere in place of a terminal that is gone: to say how training ended would end in an error."""
    for descriptor in (1, 2):
        with contextlib.suppress(OSError):
            if stat.S_ISCHR(os.fstat(descriptor).st_mode) and not os.isatty(descriptor):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, descriptor)
                os.close(nowhere)


def _heeded() -> list[int]:
    """Return the signals that are neither ignored nor handled by something that is not Python (None)."""
    return [number for number in ENDING if signal.getsignal(number) not in (signal.SIG_IGN, None)]
