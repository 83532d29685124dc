"""A process, as run.json records that of a run: its number, its host, and when it began, for numbers are used again.

So a run that says "running" can be told from one whose process was killed, or whose machine went down, and a file that
is being written from one that never will be.
"""

import os
import platform
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1  # of prctl(2)


def this_process() -> dict[str, Any]:
    """Return what run.json says of the process that trains."""
    return {"pid": os.getpid(), "host": platform.node(), "began": _began(os.getpid())}


def lives(process: Mapping[str, Any]) -> bool | None:
    """Tell whether a recorded process of this host still runs; None where that cannot be known."""
    pid, began = process.get("pid"), process.get("began")
    if process.get("host") != platform.node() or sys.platform == "win32":  # where a signal 0 would end the process
        return None
    if not isinstance(pid, int) or not 0 < pid < 2**31:
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is another user's
        pass
    now = _began(pid)
    return now is None or began is None or now == began


def end_with_parent() -> None:
    """Let this process be killed when the one that started it ends, however that does (Linux; elsewhere nothing)."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _began(pid: int) -> int | None:
    """Return when a process began, in ticks since the machine did (Linux); 0 for one that has ended but is not gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()  # a name may hold anything
    except OSError:
        return None
    return 0 if fields[0] in (b"Z", b"X") else int(fields[19])
