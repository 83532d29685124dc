"""Files as they reach the disk: whole or not at all, and one that grows, by whole pieces or not at all."""

import contextlib
import errno
import itertools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from nnctl import signals
from nnctl.errors import StorageError

UNFINISHED = ".unfinished"  # the end of the name of a file that is being written
FULL = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))

_numbers = itertools.count()


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8, whole or not at all."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all; what a link points to is written, and what is no file (a pipe) directly."""
    try:
        with replacing(path) as unfinished:
            unfinished.write_bytes(content)
    except OSError as error:
        raise refused(path, error, len(content)) from None


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield the place of a file that takes the place of `path` when all of it is written, and is gone otherwise.

    Of a link it is what the link points to; what is no file, such as a pipe, is its own place.
    """
    check_place(path)
    target = path.resolve() if path.is_symlink() else path
    if target.exists() and not target.is_file():
        yield target
        return
    unfinished = target.with_name(f".{os.getpid()}-{next(_numbers)}{UNFINISHED}")
    with signals.last_words(lambda number: unfinished.unlink(missing_ok=True)):
        try:
            yield unfinished
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)


def write_new(path: Path, text: str) -> None:
    """Write a text file in UTF-8 that is not there yet, whole or not at all."""
    content = text.encode("utf-8")
    check_place(path)
    try:
        with path.open("xb") as file, signals.last_words(lambda number: path.unlink(missing_ok=True)):
            try:
                file.write(content)
                file.flush()
            except OSError:
                path.unlink()
                raise
    except OSError as error:
        raise refused(path, error, len(content)) from None


def overwrite(path: Path, content: bytes) -> None:
    """Write over a file that is as long or longer: a full disk has room for that."""
    with path.open("r+b", buffering=0) as file:
        if os.fstat(file.fileno()).st_size < len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        file.write(content)
        file.truncate()


def check_place(path: Path) -> None:
    """Raise a StorageError where no file of this name can be written, as far as that is known before."""
    if not path.name or os.path.isdir(path):
        raise StorageError(f"{path}: is a folder; name a file")
    if not os.path.isdir(path.parent):
        raise StorageError(f"{path}: cannot be written: there is no folder {path.parent}; make it first")
    if not os.access(path if os.path.exists(path) else path.parent, os.W_OK):
        raise StorageError(f"{path}: cannot be written: {os.strerror(errno.EACCES)}")


def refused(path: Path, error: OSError, size: int | None = None) -> StorageError:
    """Return the error that says why so many bytes could not be written, and how much room there is."""
    room = ""
    if error.errno in FULL:
        with contextlib.suppress(OSError):
            free = f"{shutil.disk_usage(path.parent).free:,}"
            room = f"; {free} bytes are free" if size is None else f"; it needs {size:,} bytes, and {free} are free"
    return StorageError(f"{path}: cannot be written: {error.strerror}{room}")


def remove_unfinished(folder: Path) -> None:
    """Remove what a process that was killed has left half-written in a folder."""
    for path in folder.glob(f".*{UNFINISHED}"):
        path.unlink(missing_ok=True)


class Growing:
    """A file to which whole lines are added, each in one write; a line that does not fit is taken back."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def add(self, line: str) -> None:
        """Add a line, or raise a StorageError."""
        content = f"{line}\n".encode()
        try:
            if self._file is None:
                self._file = self._path.open("ab", buffering=0)
            left = memoryview(content)
            while left:  # what does not fit as a whole is written in part, and the next try says why
                left = left[self._file.write(left) :]
        except OSError as error:
            self._take_back()
            raise refused(self._path, error, len(content)) from None

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()

    def _take_back(self) -> None:
        """Cut off what stands behind the last whole line."""
        with contextlib.suppress(OSError):
            whole = self._path.read_bytes().rpartition(b"\n")
            os.truncate(self._path, len(whole[0]) + len(whole[1]))
