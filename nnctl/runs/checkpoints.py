"""A checkpoint is one file with all that a training needs to go on from an iteration as if it had never ended.

The two newest stay: where the last one is damaged, the one before it is taken. A new one is on the disk before an older
one goes.
"""

import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nnctl.errors import DataError, StorageError
from nnctl.nn import Array
from nnctl.runs.bundle import Damaged, image_of_file, pack, unpack
from nnctl.runs.files import write_durably

NAME = re.compile(r"checkpoint-(\d{1,18})\.h5")
KEPT = 2


@dataclass(frozen=True)
class Checkpoint:
    """What there is to go on with before the update of an iteration."""

    iteration: int
    arrays: Mapping[str, Array]
    about: Mapping[str, Any]
    path: Path


def save(
    folder: Path, iteration: int, arrays: Mapping[str, Array], about: Mapping[str, Any], with_it: Sequence[Path] = ()
) -> Path:
    """Write the checkpoint of an iteration, durably and after the files `with_it` are on the disk as they are now."""
    path = folder / f"checkpoint-{iteration:09d}.h5"
    write_durably(path, pack(arrays, {**about, "iteration": iteration}), with_it)
    for old in _paths(folder)[KEPT:]:
        with contextlib.suppress(OSError):
            old.unlink()
    return path


def newest(folder: Path, notes: list[str]) -> Checkpoint | None:
    """Return the newest checkpoint of a run that is whole, or None; what is damaged is named in the notes."""
    for path in _paths(folder):
        try:
            return read(path)
        except DataError as error:
            notes.append(f"{error}; an older one is looked for")
    return None


def read(path: Path) -> Checkpoint:
    """Return the checkpoint in a file; raise a DataError where it is none, or damaged."""
    try:
        arrays, about = unpack(image_of_file(path))
        iteration = about["iteration"]
        if type(iteration) is not int or iteration < 0 or f"checkpoint-{iteration:09d}.h5" != path.name:
            raise Damaged("is of another iteration than its name says")
    except MemoryError:
        raise StorageError(f"{path}: does not fit into memory") from None
    except KeyError:
        raise DataError(f"{path}: is no checkpoint") from None
    except Damaged as reason:
        raise DataError(f"{path}: {reason}") from None
    return Checkpoint(iteration, arrays, about, path)


def remove(folder: Path) -> bool:
    """Remove the checkpoints of a run whose training is over; tell whether there were any."""
    paths = _paths(folder)
    for path in paths:
        path.unlink(missing_ok=True)
    return bool(paths)


def latest_iteration(folder: Path) -> int | None:
    """Return the iteration that the name of the newest checkpoint says, or None where there is none."""
    return next((_iteration(path) for path in _paths(folder)), None)


def _paths(folder: Path) -> list[Path]:
    """Return the checkpoints of a folder, the newest first."""
    return sorted((path for path in folder.glob("checkpoint-*.h5") if NAME.fullmatch(path.name)), key=_iteration)[::-1]


def _iteration(path: Path) -> int:
    found = NAME.fullmatch(path.name)
    assert found is not None
    return int(found[1])
