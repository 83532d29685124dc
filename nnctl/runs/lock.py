"""A lock on a run is held by the one process that trains it, and vanishes with that process, however it ends.

It is the system's own lock (flock) on a file in the run's folder, which readers never look at. A system without such
locks goes without.
"""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from nnctl.errors import StorageError
from nnctl.plain_json import read_json
from nnctl.process import this_process

LOCK = ".lock"
LARGEST = 4096  # bytes of what the holder writes into it


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a run; raise a StorageError that says who holds it where another process does."""
    try:
        import fcntl
    except ImportError:  # on Windows
        yield
        return
    path = folder / LOCK
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0), 0o644)
    except OSError as error:
        raise StorageError(f"{path}: cannot be opened: {error.strerror}") from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StorageError(
                f"{folder}: is being trained by {_holder(descriptor)}; one at a time writes there"
            ) from None
        except OSError:  # a file system without locks
            yield
            return
        with contextlib.suppress(OSError):  # who holds it is only said
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(this_process()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _holder(descriptor: int) -> str:
    """Return in words which process holds a lock."""
    try:
        holder = read_json(os.pread(descriptor, LARGEST, 0), LARGEST)
        return f"process {int(holder['pid'])} on {str(holder['host'])!r}"
    except (OSError, ValueError, TypeError, KeyError):
        return "another process"
