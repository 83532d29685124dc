"""A text is what a spec's file holds, before any of it is understood: whatever cannot be text is refused here."""

import codecs
from pathlib import Path

from nnctl.errors import SpecError

_LONGEST = 256 << 10  # bytes: a longer file is something else


def text_of(file: Path, source: str) -> str:
    """Return the text of a file, which messages call `source`."""
    try:
        with file.open("rb") as stream:
            content = stream.read(_LONGEST + 1)
    except FileNotFoundError:
        raise SpecError(f"{source}: there is no such file") from None
    except IsADirectoryError:
        raise SpecError(f"{source}: is a folder; a spec is a YAML file") from None
    except OSError as error:
        raise SpecError(f"{source}: cannot be read: {error.strerror}") from None
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0\0" in (content[:4:2], content[1:4:2]):
        raise SpecError(
            f"{source}: is not text in UTF-8 but, it seems, in UTF-16, which Notepad calls Unicode; save it as UTF-8"
        )
    if len(content) > _LONGEST:
        raise SpecError(f"{source}: is longer than {_LONGEST >> 10} KiB; a spec is a short YAML file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SpecError(
            f"{source}: is not text in UTF-8 (byte 0x{content[error.start]:02X} on line {line});"
            " a spec is a YAML file, saved as UTF-8"
        ) from None


def short(file: Path) -> str:
    """Return the path as short as it can be written from here."""
    try:
        return str(file.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(file)
