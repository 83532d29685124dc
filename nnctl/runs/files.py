"""Files as they reach the disk: whole or not at all, to last through a power cut where that is said, and one that
grows, by whole pieces or not at all.
"""

import contextlib
import errno
import itertools
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Thread
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


def write_durably(path: Path, content: bytes, with_it: Sequence[Path] = ()) -> None:
    """Write a file, whole or not at all, so that it is there after a power cut, and so are the files `with_it`.

    It is on the disk under another name before it takes its own, and its folder's entry is on the disk at the end. A
    disk that says that it could not do so is not asked again: what it has lost it would not lose twice.
    """
    check_place(path)
    unfinished = path.with_name(f".{os.getpid()}-{next(_numbers)}{UNFINISHED}")
    try:
        with signals.last_words(lambda number: unfinished.unlink(missing_ok=True)):
            try:
                with unfinished.open("xb", buffering=0) as file:
                    _write_all(file, content)
                    _sync([unfinished, *with_it])
                unfinished.replace(path)
                _sync([path.parent])
            finally:
                with contextlib.suppress(OSError):
                    unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise refused(path, error, len(content)) from None


def _write_all(file: IO[bytes], content: bytes) -> None:
    """Write bytes to an unbuffered file; what does not fit as a whole is written in part, and the next try says why."""
    left = memoryview(content)
    while left:
        left = left[file.write(left) :]


def _sync(paths: Sequence[Path]) -> None:
    """Return when files and folders are on the disk as they are now: side by side, for a disk does many as fast as one.

    Raise the OSError of the first that could not be.
    """
    failed = list[OSError]()

    def sync(path: Path) -> None:
        try:
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            failed.append(error)

    others = [Thread(target=sync, args=(path,)) for path in paths[1:]]
    for thread in others:
        thread.start()
    sync(paths[0])
    for thread in others:
        thread.join()
    if failed:
        raise failed[0]


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
        self.path = path
        self._file: IO[bytes] | None = None

    def add(self, line: str) -> None:
        """Add a line, or raise a StorageError."""
        content = f"{line}\n".encode()
        try:
            if self._file is None:
                self._file = self.path.open("ab", buffering=0)
            _write_all(self._file, content)
        except OSError as error:
            self._take_back()
            raise refused(self.path, error, len(content)) from None

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()

    def _take_back(self) -> None:
        """Cut off what stands behind the last whole line."""
        with contextlib.suppress(OSError):
            whole = self.path.read_bytes().rpartition(b"\n")
            os.truncate(self.path, len(whole[0]) + len(whole[1]))
