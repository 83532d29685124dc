"""Which run is meant: `latest`, a path, or the name of a folder; and which of several is the newest."""

import contextlib
import os
from datetime import datetime
from pathlib import Path

from nnctl.errors import SpecError
from nnctl.registry import suggestion
from nnctl.runs.run import PARAMETERS, STATUS, Run

LATEST = "latest"
COMPLETE = ("finished", "stopped")  # the statuses of a run whose training came to its end


def point_latest(run: Run) -> None:
    """Let `latest` beside the run point to it; a file system without links goes without."""
    link, new = run.folder.parent / LATEST, run.folder.parent / f".{LATEST}-{os.getpid()}"
    with contextlib.suppress(OSError):
        new.symlink_to(run.folder.name, target_is_directory=True)
        new.replace(link)


def complete_runs(runs_dir: Path) -> list[Run]:
    """Return the finished runs in a folder, the newest first; runs inside a comparison do not count."""
    if not runs_dir.is_dir():
        return []
    found = [
        (datetime.fromisoformat(status["finished"]), folder.name, Run(folder))
        for folder in runs_dir.iterdir()
        if not folder.is_symlink()
        and (folder / STATUS).is_file()
        and (status := Run(folder).status()).get("status") in COMPLETE
    ]
    return [run for _, _, run in sorted(found, key=lambda item: item[:2], reverse=True)]


def is_run(name: str, runs_dir: Path) -> bool:
    """Tell whether a command-line argument names a run."""
    if name == LATEST:
        return True
    return any((folder / STATUS).is_file() or (folder / PARAMETERS).is_file() for folder in _places(name, runs_dir))


def find_run(name: str, runs_dir: Path) -> Run:
    """Return the run that an argument names: `latest`, a path, or a folder's name in runs_dir."""
    if name == LATEST:
        runs = complete_runs(runs_dir)
        if not runs:
            raise SpecError(f"{runs_dir}: there is no finished run yet; train one with: nnctl train cat")
        return runs[0]
    for folder in _places(name, runs_dir):
        if (folder / PARAMETERS).is_file():
            return Run(folder)
        if (folder / STATUS).is_file():
            status = Run(folder).status().get("status", "unknown")
            raise SpecError(f"{folder}: this run has no {PARAMETERS} (its status is {status})")
    known = sorted(folder.name for folder in runs_dir.iterdir() if folder.is_dir()) if runs_dir.is_dir() else []
    hint = suggestion(name, known) if known else f" ({runs_dir} holds no runs)"
    raise SpecError(f"there is no run {name!r}, neither as a path nor in {runs_dir}{hint}")


def _places(name: str, runs_dir: Path) -> list[Path]:
    path = Path(name)
    if path.name == PARAMETERS and path.is_file():
        path = path.parent
    return [path, runs_dir / name]
