"""The signals that end a command, SIGINT, SIGTERM and SIGHUP: one place owns them from its first line to its last.

Where nothing is to be saved, a signal ends the process at once. While something is `held`, the first is only noted, for
whoever holds looks at it between two steps; the second ends the process, and the last words say truly what is saved.
One that was ignored when nnctl started (by nohup, or in a shell's background) stays ignored.
"""

import contextlib
import os
import signal
import stat
import time
from collections.abc import Callable, Iterator
from types import FrameType

ENDING = [signal.SIGTERM, signal.SIGINT, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]  # not on Windows
SAME_SECONDS = 0.2  # `timeout` and others send one to the process and to its group, which is the same one twice

Words = Callable[[int], object]  # the signal's number -> what to say, where it is text

received: list[int] = []  # while something is held
_times: list[float] = []  # when the signals came
_holders: list[None] = []
_last_words: list[Words] = []


def own() -> None:
    """Heed the signals from here on."""
    for number in _heeded():
        signal.signal(number, _heed)


def ignore() -> None:
    """Heed no signals from here on: all is saved and said, or the parent, which they reach too, tells of them."""
    for number in _heeded():
        signal.signal(number, signal.SIG_IGN)


@contextlib.contextmanager
def held() -> Iterator[list[int]]:
    """Only note the first signal while this lasts, in the list that it gives; a second ends the process still."""
    _holders.append(None)
    try:
        yield received
    finally:
        _holders.pop()


@contextlib.contextmanager
def last_words(words: Words) -> Iterator[None]:
    """Call this where a signal ends the process at once while this lasts, to clean up and to say what is saved."""
    _last_words.append(words)
    try:
        yield
    finally:
        _last_words.remove(words)


def seconds_since() -> float:
    """Return how long ago the first signal came, 0 where none has."""
    return time.monotonic() - _times[0] if _times else 0.0


def leave_to_parent() -> None:
    """Ignore all signals in a new process, and forget what was its parent's."""
    ignore()
    forget()


def forget() -> None:
    """Be as if no signal had come, nothing were held and nobody had last words."""
    for noted in (received, _times, _holders, _last_words):
        noted.clear()


def _heed(number: int, frame: FrameType | None) -> None:
    now = time.monotonic()
    if received and received[-1] == number and now - _times[-1] < SAME_SECONDS:
        return
    received.append(number)
    _times.append(now)
    _let_go_of_lost_terminal()
    if not _holders or len(received) > 1:
        _leave(number)


def _leave(number: int) -> None:
    """End the process. Unwinding by an exception would not do: one that is raised in a destructor is lost."""
    ignore()
    said: list[object] = ["nnctl: interrupted"]
    for words in reversed(_last_words):
        with contextlib.suppress(Exception):
            said.append(words(number))
    with contextlib.suppress(OSError):
        os.write(2, ("; ".join(text for text in said if isinstance(text, str)) + "\n").encode("utf-8", "replace"))
    os._exit(128 + number)


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
