"""Files as they reach the disk: whole or not at all."""

import os
from pathlib import Path

from nnctl.errors import StorageError


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8, whole or not at all."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all; what a link points to is written, and what is no file (a pipe) directly."""
    try:
        if not path.name or path.is_dir():
            raise StorageError(f"{path}: is a folder; name a file")
        target = path.resolve() if path.is_symlink() else path
        if target.exists() and not target.is_file():
            target.write_bytes(content)
            return
        unfinished = target.with_name(f".{os.getpid()}.unfinished")
        try:
            unfinished.write_bytes(content)
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written: {error.strerror}") from None
