"""A guard looks through a strange file in a process of its own, before this one does.

A damaged HDF5 file can keep the library in a loop that no signal of Python's ends, or crash it. What such a file holds
is of no account here: only whether the library comes to an end with it. A file that has passed is not looked at again.
"""

import contextlib
import os
import signal
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

from nnctl.data.arrays import Unusable
from nnctl.data.limits import OPENING, OPENING_MEMORY
from nnctl.data.words import AGAIN

_passed: set[tuple[str, int, int, int]] = set()


def check(path: Path, look: Callable[[], object]) -> None:
    """Call `look` in a child process; raise Unusable where that has no end, or crashes."""
    if sys.platform != "linux":  # elsewhere a process cannot be forked safely
        return
    state = os.stat(path)
    known = (os.path.realpath(path), state.st_ino, state.st_size, state.st_mtime_ns)
    if known in _passed:
        return
    ended = _status(look)
    if os.WIFSIGNALED(ended):
        late = os.WTERMSIG(ended) in (signal.SIGALRM, signal.SIGXCPU)
        what = f"does not come to an end in {OPENING:g} s" if late else "crashes"
        raise Unusable(f"is damaged: the HDF5 library {what} with it.\n{AGAIN}")
    _passed.add(known)


def _status(look: Callable[[], object]) -> int:
    """Return how a child process that looks ends: with a signal where it does not come to an end by itself."""
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # of threads, which the child has none of and waits for none
        child = os.fork()
    if child == 0:
        _look(look)
    try:
        return os.waitpid(child, 0)[1]
    except BaseException:
        with contextlib.suppress(OSError):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        raise


def _look(look: Callable[[], object]) -> None:
    """Look, and leave without a trace; the time is the kernel's to end."""
    import resource

    try:
        for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, OPENING)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        taken = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        most = taken + OPENING_MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
        look()
    except BaseException:  # which this process will meet too, and tell
        pass
    finally:
        os._exit(0)
