"""Which run is meant: `latest`, a path, a folder's name, or a name that several share, of which it is the newest."""

import contextlib
import os
from pathlib import Path

from nnctl.data.words import printable
from nnctl.errors import DataError, SpecError
from nnctl.registry import listed, suggestion
from nnctl.runs.run import CONFIG, PARAMETERS, Run, name_of
from nnctl.runs.status import STATUS, Status, read_status

LATEST = "latest"
LATEST_COMPARISON = "latest-comparison"
SHOWN = 8  # lines on runs of one kind


def point_latest(run: Run) -> None:
    """Let `latest` beside the run point to it."""
    _point(LATEST, run.folder)


def point_latest_comparison(folder: Path) -> None:
    """Let `latest-comparison` beside a comparison point to it."""
    _point(LATEST_COMPARISON, folder)


def _point(name: str, folder: Path) -> None:
    """Let a link beside a folder point to it; a file system without links goes without."""
    link, new = folder.parent / name, folder.parent / f".{name}-{os.getpid()}"
    with contextlib.suppress(OSError):
        new.symlink_to(folder.name, target_is_directory=True)
        new.replace(link)


def find_run(name: str, runs_dir: Path, command: str = "predict") -> Run:
    """Return the run that an argument of a command names: `latest`, a path, or a folder's or run's name in runs_dir."""
    run = _named(name, runs_dir, command)
    _check_links(run.folder)
    return run


def _named(name: str, runs_dir: Path, command: str) -> Run:
    """Return the run that is named, before its files are looked at."""
    if name == LATEST:
        return _newest_finished(runs_dir)
    for folder in _places(name, runs_dir):
        if os.path.isfile(folder / PARAMETERS):
            return Run(_target(folder) if folder.is_symlink() else folder)
        if os.path.isfile(folder / STATUS):
            raise SpecError(f"{folder}: this run has no {PARAMETERS} ({_in_words(folder)})")
        if held := _held(folder):
            example = f"Name one of them: nnctl {command} {folder / held[0]}"
            raise SpecError(f"{folder}: is no run but holds {listed(held, SHOWN)}.\n{example}")
    known = sorted(entry.name for entry in _folders(runs_dir))
    names = sorted(set(map(name_of, known)))
    if _of_name(name, runs_dir, runs=True):
        return _newest_finished(runs_dir, name)
    hint = suggestion(name, dict.fromkeys([*names, *known]), most=SHOWN) if known else f" ({runs_dir} holds no runs)"
    raise SpecError(f"there is no run {name!r}, neither as a path nor in {runs_dir}{hint}")


def find_begun(name: str, runs_dir: Path) -> Run:
    """Return the run that is to be taken up: one that has begun, whatever became of it; `latest` is the newest."""
    if name == LATEST:
        known, _ = _survey(runs_dir)
        if not known:
            raise SpecError(f"{runs_dir} holds no runs")
        run = known[0][0]
    else:
        begun = (folder for folder in _places(name, runs_dir) if os.path.isfile(folder / CONFIG))
        folder = next(begun, None)
        if folder is None:
            named = _of_name(name, runs_dir, runs=True)
            if not named:
                known_names = sorted(entry.name for entry in _folders(runs_dir))
                hint = suggestion(name, known_names, most=SHOWN) if known_names else f" ({runs_dir} holds no runs)"
                raise SpecError(f"there is no run {name!r} with a {CONFIG}, neither as a path nor in {runs_dir}{hint}")
            folder = named[-1]
        run = Run(_target(folder) if folder.is_symlink() else folder)
    _check_links(run.folder)
    return run


def _target(link: Path) -> Path:
    """Return the folder beside it that one of nnctl's own links points to; raise a SpecError for any other link."""
    target = link.readlink()
    if link.name not in (LATEST, LATEST_COMPARISON) or len(target.parts) != 1 or target.name in ("", ".."):
        place = printable(str(link))
        raise SpecError(f"{place}: is a link, to {printable(str(target))}; name the folder of the run itself")
    return link.parent / target


def _check_links(folder: Path) -> None:
    """Raise a SpecError where something in a run's folder is a link: what is written there would go elsewhere."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        links = sorted(entry.name for entry in entries if entry.is_symlink())
        if links:
            raise SpecError(
                f"{printable(str(folder))}: holds a link, {printable(links[0])}, and the files of a run are none.\n"
                "Put the file itself there, or take the link away."
            )


def remarks(run: Run, runs_dir: Path) -> list[str]:
    """Return what is said where a run is used: which it is, which newer ones are not finished, what is no run."""
    try:
        own = read_status(run.folder)
    except DataError:
        own = None
    lines = [f"using {run.folder} ({_in_words(run.folder)})"]
    if own is not None and not own.complete:
        lines[0] += ", which is not finished"
    if own is None or os.path.realpath(run.folder.parent) != os.path.realpath(runs_dir):
        return lines
    known, strange = _survey(runs_dir)
    lines += _newest([(each, status) for each, status in known if status.when > own.when], "newer, but not used")
    return lines + _shortened([f"passed over: {words}" for words in strange])


def _newest_finished(runs_dir: Path, name: str | None = None) -> Run:
    """Return the finished run that is the newest, or of one name; runs inside a comparison do not count."""
    known, strange = _survey(runs_dir)
    known = [(run, status) for run, status in known if name in (None, name_of(run.folder.name))]
    for run, status in known:
        if status.complete:
            return run
    which = "yet; train one with: nnctl train cat" if name is None else f"named {name}"
    lines = [f"{runs_dir}: there is no finished run {which}"]
    lines += _newest(known, "not finished (name it to use it)")[:2]
    lines += [f"passed over: {words}" for words in strange[:1]]
    lines += [f"and {len(strange) - 1} more that cannot be understood"] if len(strange) > 1 else []
    raise SpecError("\n".join(lines))


def _newest(runs: list[tuple[Run, Status]], what: str) -> list[str]:
    """Return lines on the unfinished runs among those given, the newest first."""
    return _shortened([f"{what}: {run.folder} ({status})" for run, status in runs if not status.complete])


def _shortened(lines: list[str]) -> list[str]:
    more = len(lines) - SHOWN
    return [*lines[:SHOWN], f"and {more} more"] if more > 0 else lines


def _survey(runs_dir: Path) -> tuple[list[tuple[Run, Status]], list[str]]:
    """Return all runs in a folder, the newest first, and why others that have a run.json cannot be understood."""
    known, strange = [], []
    for entry in _folders(runs_dir):
        folder = runs_dir / entry.name
        try:
            os.lstat(folder / STATUS)
            known.append((Run(folder), read_status(folder)))
        except FileNotFoundError:
            continue
        except DataError as error:
            strange.append(printable(str(error)))
        except OSError as error:
            strange.append(printable(f"{folder}: cannot be read: {error.strerror}"))
    known.sort(key=lambda item: (item[1].when, item[0].folder.name), reverse=True)
    return known, sorted(strange)


def _folders(runs_dir: Path) -> list[os.DirEntry[str]]:
    """Return the folders in a folder, links left out."""
    try:
        with os.scandir(runs_dir) as entries:
            return [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise SpecError(f"{runs_dir}: cannot be read: {error.strerror}") from None


def _in_words(folder: Path) -> str:
    """Return how a run stands, or why that is not known."""
    try:
        return str(read_status(folder))
    except DataError as error:
        return str(error) if os.path.lexists(folder / STATUS) else f"it has no {STATUS}"


def is_run(name: str, runs_dir: Path) -> bool:
    """Tell whether a command-line argument names a run."""
    if name == LATEST:
        return True
    places = _places(name, runs_dir)
    return (
        any(os.path.isfile(folder / file) for folder in places for file in (STATUS, PARAMETERS))
        or any(map(_held, places))
        or bool(_of_name(name, runs_dir, runs=True))
    )


def _held(folder: Path) -> list[str]:
    """Return the names of the runs inside a folder, as those of a comparison are."""
    entries = _folders(folder) if os.path.isdir(folder) else []
    return sorted(entry.name for entry in entries if os.path.isfile(Path(entry.path) / PARAMETERS))


def _places(name: str, runs_dir: Path) -> list[Path]:
    path = Path(name)
    if path.name == PARAMETERS and os.path.isfile(path):
        path = path.parent
    return [path, runs_dir / name, *_of_name(name, runs_dir, runs=False)[-1:]]


def _of_name(name: str, runs_dir: Path, runs: bool) -> list[Path]:
    """Return the folders of a name with a time, those of runs or the others, such as comparisons, the newest last."""
    folders = sorted(entry.name for entry in _folders(runs_dir) if name_of(entry.name) == name)
    return [runs_dir / each for each in folders if os.path.isfile(runs_dir / each / STATUS) == runs]
