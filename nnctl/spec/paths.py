"""A path in a spec names a file as a person writes it: beside the spec, or in the working folder."""

import contextlib
import os
import re
from pathlib import Path

from nnctl.spec.mark import shown

ESCAPE = r"in double quotes \ begins an escape, such as \n; a path with \ in it wants single quotes"
_ADVICE = (  # what a path that is not found may hold, and what there is to know about it
    (
        r"\$\w|\$\{|%\w+%",
        "environment variables are not expanded in a spec; write the path out, or give it with -S, where the shell"
        " expands it",
    ),
    (r"^[A-Za-z][\w+.-]+://", "addresses are not opened; download the file, and give its path"),
    (r"[*?]", "patterns such as * are not expanded; name one file"),
    (r"[\x00-\x1f]", ESCAPE),
    *(() if os.sep == "\\" else ((r"\\", "folders are separated by / here, not by \\"),)),
)


def find_file(written: str, folders: tuple[Path, ...]) -> Path | None:
    """Return the absolute path of a data file in the first folder that has it, or None."""
    for folder in folders or (Path(),):
        with contextlib.suppress(OSError, RuntimeError, ValueError):  # a name too long, of no user, or with a null
            path = folder / Path(written).expanduser()
            if written and path.exists():
                return path.resolve()
    return None


def missing(written: str, folders: tuple[Path, ...] = ()) -> str:
    """Return `FILE, not in FOLDER`, and advice where the path holds something that does not work in one."""
    places = list(dict.fromkeys(str(folder.resolve()) for folder in folders))
    sought = "" if Path(written).is_absolute() or written.startswith("~") or not places else f", {_neither(places)}"
    return f"{written if written and written.isprintable() else shown(written)}{sought}{advice(written)}"


def advice(written: str) -> str:
    """Return what there is to know about a path that was not found, as the end of a message."""
    return next((f"; {words}" for pattern, words in _ADVICE if re.search(pattern, written)), "")


def _neither(places: list[str]) -> str:
    return f"not in {places[0]}" if len(places) == 1 else f"neither in {' nor in '.join(places)}"
