"""Files of a run as they reach the disk: whole or not at all."""

from pathlib import Path

from nnctl.errors import StorageError


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise StorageError(f"{path}: cannot be written: {error.strerror}") from None
