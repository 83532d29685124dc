"""A run is a folder of its own, made exclusively and never overwritten: config, costs, status, parameters.

runs/cat-20261120-142530/   config.yaml  run.json  rows.json  costs.csv  parameters.h5  checkpoints  and pictures
"""

import contextlib
import csv
import json
import math
import os
import platform
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from nnctl.errors import DataError, StorageError
from nnctl.runs.files import Growing, overwrite, remove_unfinished, write_durably, write_text
from nnctl.runs.status import STATUS, read_content
from nnctl.spec.document import dump

CONFIG = "config.yaml"
COSTS = "costs.csv"
PARAMETERS = "parameters.h5"
ROWS = "rows.json"
BRIEF = ("name", "status", "started", "finished", "iterations")  # of a status, where a full disk has room for no more


@dataclass(frozen=True)
class Run:
    """The folder of one run."""

    folder: Path

    @property
    def parameters(self) -> Path:
        """Where its parameters are."""
        return self.folder / PARAMETERS

    @property
    def config(self) -> Path:
        """Where its resolved spec is."""
        return self.folder / CONFIG

    @property
    def cost_file(self) -> Path:
        """Where its costs are logged."""
        return self.folder / COSTS

    def status(self) -> dict[str, Any]:
        """Return the content of run.json, or nothing where it cannot be read."""
        try:
            return read_content(self.folder)
        except DataError:
            return {}

    def write_status(self, status: Mapping[str, Any]) -> None:
        """Write run.json, whole or not at all; on a full disk what tells how the run stands, over what was there."""
        path = self.folder / STATUS
        try:
            write_text(path, _as_json(status))
        except StorageError:
            with contextlib.suppress(OSError):
                overwrite(path, _as_json({key: status[key] for key in BRIEF if key in status}).encode("utf-8"))
            raise

    def write_config(self, config: Mapping[str, Any]) -> None:
        """Write config.yaml, durably in place of another one."""
        text = dump(config)
        if not self.config.exists():
            write_text(self.config, text)
        elif self.config.read_text(encoding="utf-8") != text:
            write_durably(self.config, text.encode())

    def write_rows(self, rows: Mapping[str, Sequence[int]]) -> None:
        """Write rows.json: the numbers of the training rows that each share took."""
        write_text(self.folder / ROWS, json.dumps(rows) + "\n")

    def close_after_kill(self) -> None:
        """Let a run whose process was killed say that it was interrupted, and remove what is half-written in it."""
        remove_unfinished(self.folder)
        content = self.status()
        if content.get("status") == "running":
            with contextlib.suppress(StorageError):
                self.write_status({**content, "status": "interrupted", "finished": now()})

    def costs(self, column: str = "cost") -> dict[int, float]:
        """Return a column of costs.csv by iteration, nan where it is empty; raise a DataError where that cannot be."""
        path = self.cost_file
        try:
            with path.open(encoding="utf-8", newline="") as file:
                rows = csv.DictReader(file)
                return {int(row["iteration"]): math.nan if row[column] == "" else float(row[column]) for row in rows}
        except OSError as error:
            raise DataError(f"{path}: cannot be read: {error.strerror}") from None
        except (KeyError, TypeError, ValueError, csv.Error):
            raise DataError(f"{path}: is no log of costs of nnctl's, or is cut off in a row") from None

    @contextlib.contextmanager
    def cost_log(
        self,
        columns: Sequence[str],
        say: Callable[[str], object],
        kept: tuple[int, Callable[[int], bool]] | None = None,
    ) -> Iterator["CostLog"]:
        """Open costs.csv for adding rows: anew, or behind those before an iteration that a training would log, too."""
        file = Growing(self.cost_file)
        log = CostLog(file, say)
        try:
            if kept is None:
                log.row(columns)
            else:
                log.problem = self._cut_costs(columns, *kept)
                if log.problem is not None:
                    say(f"note: {log.problem}")
            yield log
        finally:
            file.close()

    def _cut_costs(self, columns: Sequence[str], start: int, due: Callable[[int], bool]) -> str | None:
        """Keep of costs.csv the header and the rows before an iteration that are due; a torn last row goes.

        Where some are missing, such as those of a disk that was full, return that the log has ended.
        """
        header = ",".join(columns)
        try:
            lines = self.cost_file.read_text(encoding="utf-8").split("\n")[:-1]  # what has no end is torn
        except FileNotFoundError:
            lines = []
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"{self.cost_file}: cannot be read: {error}") from None
        if lines and lines[0] != header:
            raise DataError(f"{self.cost_file}: begins with {lines[0][:80]!r}, and not with {header!r}")
        try:
            rows = [line for line in lines[1:] if (at := int(line.partition(",")[0])) < start and due(at)]
        except ValueError:
            raise DataError(f"{self.cost_file}: is no log of costs of nnctl's") from None
        write_durably(self.cost_file, ("\n".join([header, *rows]) + "\n").encode())
        if missing := sum(map(due, range(start))) - len(rows):
            return f"{self.cost_file}: {missing} rows before iteration {start} are missing; it ends there"
        return None

    def saved_files(self) -> list[Path]:
        """Return the files without which a checkpoint is of no use, and the folder in which the run's folder is."""
        files = (self.config, self.folder / STATUS, self.folder / ROWS, self.cost_file)
        return [*(path for path in files if path.is_file()), self.folder.parent]


class CostLog:
    """Rows of costs.csv; a float is written with all the digits that tell it apart.

    A row that cannot be written ends the log, and not the training: `problem` holds why, and it is said at once.
    """

    def __init__(self, file: Growing, say: Callable[[str], object]) -> None:
        self._file, self._say = file, say
        self.problem: str | None = None

    def row(self, values: Sequence[Any]) -> None:
        """Add one row; None is an empty field."""
        if self.problem is not None:
            return
        try:
            self._file.add(",".join("" if value is None else str(value) for value in values))
        except StorageError as error:
            self.problem = f"{error}; it ends there, and the training goes on"
            self._say(f"note: {self.problem}")


def _as_json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def create_run(parent: Path, name: str, config: Mapping[str, Any], stamp: str | None = None) -> Run:
    """Make the folder parent/name-stamp (-2, -3, ... if it is taken) with config.yaml in it."""
    folder = create_folder(parent, name if stamp == "" else f"{name}-{stamp or timestamp()}")
    run = Run(folder)
    run.write_config(config)
    return run


def create_folder(parent: Path, name: str) -> Path:
    """Make a folder that was not there before and return its path."""
    encoding = sys.getfilesystemencoding()
    name = name.encode(encoding, "replace").decode(encoding)  # signs that no file here can have in its name
    safe = "".join(c if c.isalnum() or c in "-_.+" else "-" for c in name).strip(".-") or "run"
    try:
        parent.mkdir(parents=True, exist_ok=True)
        for number in range(1, 10_000):
            folder = parent / (safe if number == 1 else f"{safe}-{number}")
            with contextlib.suppress(FileExistsError):
                folder.mkdir()
                return folder
    except OSError as error:
        raise StorageError(
            f"{parent}: a run's folder cannot be made there: {error.strerror}.\n"
            "Choose another place with --runs-dir FOLDER."
        ) from None
    raise StorageError(f"{parent / safe}: ten thousand runs of this name and second exist already")


def name_of(folder: str) -> str:
    """Return the name that the runs of one spec share, of the name of a folder of one of them."""
    return re.sub(r"-\d{8}-\d{6}(-\d+)?$", "", folder)


def timestamp() -> str:
    """Return now as 20261120-142530."""
    return datetime.now().strftime("%Y%m%d-%H%M%S")


def now() -> str:
    """Return now with its time zone, for run.json."""
    return datetime.now().astimezone().isoformat(timespec="milliseconds")


def host_facts() -> dict[str, Any]:
    """Return what about this machine may change a number or a time."""
    return {
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cpus": os.cpu_count(),
        "python": sys.version.split()[0],
    }
