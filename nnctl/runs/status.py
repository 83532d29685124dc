"""The status of a run is what its run.json says: how it ended or that it runs, when, and in which process.

The file may be anything, for people and other programs write there too: what cannot be understood is a DataError.
"""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from nnctl.errors import DataError
from nnctl.plain_json import read_json
from nnctl.process import lives

STATUS = "run.json"
COMPLETE = ("finished", "stopped")  # of a run whose training came to its end
STATES = (*COMPLETE, "running", "interrupted", "diverged", "failed")
LARGEST = 1 << 24  # bytes; one of nnctl's has some thousand


@dataclass(frozen=True)
class Status:
    """How a run stands, and when that was last written: at its end, or when it started."""

    state: str
    when: datetime
    iterations: int | None
    process: Mapping[str, Any]

    @property
    def complete(self) -> bool:
        """Whether training came to its end."""
        return self.state in COMPLETE

    def __str__(self) -> str:
        at = f" at iteration {self.iterations:,}" if self.iterations else ""
        if self.state != "running":
            return f"{self.state}{'' if self.complete else at}, {self.when:%Y-%m-%d %H:%M:%S}"
        since = f"since {self.when:%Y-%m-%d %H:%M:%S}"
        if not self.process:
            return f"running {since}, or its process is gone"
        alive = lives(self.process)
        if alive is None:
            return f"running on {self.process.get('host')} {since}, or its process is gone"
        return f"running {since}" if alive else f"its process is gone; it ran {since}"


def read_content(folder: Path) -> dict[str, Any]:
    """Return the object in run.json; raise a DataError where there is none, or no file, or no JSON."""
    path = folder / STATUS
    try:
        info = os.stat(path)
        if not stat.S_ISREG(info.st_mode):
            raise DataError(f"{path}: is not a file")
        if info.st_size > LARGEST:
            raise DataError(f"{path}: is not one of nnctl's ({info.st_size:,} bytes)")
        content = read_json(path.read_bytes(), LARGEST)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise DataError(f"{path}: {error if info.st_size else 'is empty'}") from None
    if not isinstance(content, dict):
        raise DataError(f"{path}: holds no object of JSON")
    return content


def read_status(folder: Path) -> Status:
    """Return the status of the run in a folder; raise a DataError where run.json cannot be understood."""
    content = read_content(folder)
    state, iterations, process = content.get("status"), content.get("iterations"), content.get("process")
    if state not in STATES:
        raise DataError(f"{folder / STATUS}: its status is none of {', '.join(STATES)}")
    dates = [_date(folder, key, content[key]) for key in ("started", "finished") if content.get(key) is not None]
    if not dates or (state in COMPLETE and content.get("finished") is None):
        raise DataError(
            f"{folder / STATUS}: does not say when the run {'finished' if state in COMPLETE else 'started'}"
        )
    return Status(
        state,
        max(dates),
        iterations if isinstance(iterations, int) else None,
        process if isinstance(process, dict) else {},
    )


def _date(folder: Path, key: str, written: Any) -> datetime:
    """Return a date with its time zone, this machine's where none is written."""
    try:
        return datetime.fromisoformat(written).astimezone()
    except (TypeError, ValueError, OverflowError, OSError):
        raise DataError(f"{folder / STATUS}: {key} is no date") from None
