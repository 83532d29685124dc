"""A lock on a run is held by the one process that trains it, and vanishes with that process, however it ends.

It is the system's own lock (flock) on the run's folder, which readers never look at. A system without such locks goes
without.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from nnctl.errors import DataError, StorageError
from nnctl.runs.status import read_content


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a run; raise a StorageError that says who holds it where another process does."""
    try:
        import fcntl
    except ImportError:  # on Windows
        yield
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise StorageError(f"{folder}: cannot be opened: {error.strerror}") from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            said = f"{folder}: is being trained by {_holder(folder)}; only one at a time writes there"
            raise StorageError(said) from None
        except OSError:  # a file system without locks
            pass
        yield
    finally:
        os.close(descriptor)


def _holder(folder: Path) -> str:
    """Return in words which process trains a run, as its run.json says."""
    try:
        holder = read_content(folder)["process"]
        return f"process {int(holder['pid'])} on {str(holder['host'])!r}"
    except (DataError, ValueError, TypeError, KeyError):
        return "another process"
