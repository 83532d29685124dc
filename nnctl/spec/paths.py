"""A path in a spec names a file as a person writes it: beside the spec, or in the working folder."""

import contextlib
import os
import re
from pathlib import Path

from nnctl.spec.mark import shown

ESCAPE = r"in double quotes \ begins an escape, such as \n; a path with \ in it wants single quotes"
_ADVICE = (  # what a path that is not found may hold, and what there is to know about it
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


def missing(written: str, folders: tuple[Path, ...] = (), behind: str = "") -> str:
    """Return `FILE, not in FOLDER`, and advice where the path, or what stands behind it, does not work so."""
    places = list(dict.fromkeys(str(folder.resolve()) for folder in folders))
    sought = "" if Path(written).is_absolute() or written.startswith("~") or not places else f", {_neither(places)}"
    name = written if written and written.isprintable() else shown(written)
    return f"{name}{sought}{advice(written, folders, behind)}"


def advice(written: str, folders: tuple[Path, ...] = (), behind: str = "") -> str:
    """Return what there is to know about a path that was not found, as the end of a message.

    `behind` is the comment in its line, which may have been meant as a part of it.
    """
    from nnctl.spec import placeholders  # only a mistake needs words

    known = (words for pattern, words in _ADVICE if re.search(pattern, written))
    words = placeholders.advice(written) or next(known, "")
    if cut := re.match(r"\s+#.*?(?=\s+#|$)", behind):
        whole = written + cut[0]
        if (re.match(r"\s+#\S", cut[0]) and not Path(written).suffix) or find_file(whole, folders) is not None:
            words = f'" #" begins a comment; a path that has it wants quotes, "{whole}"'
    return f"; {words}" if words else ""


def _neither(places: list[str]) -> str:
    return f"not in {places[0]}" if len(places) == 1 else f"neither in {' nor in '.join(places)}"
