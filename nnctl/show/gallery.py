"""A gallery is the pictures of a run or a comparison, drawn into its folder once the training is over.

Drawing never ends a training: what fails there is one line for the messages, and the other pictures are drawn all the
same. They look alike everywhere: matplotlib's defaults hold, whatever the user's own settings of it say.
"""

import contextlib
import logging
import os
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from nnctl.data.interface import shortlist
from nnctl.errors import SpecError
from nnctl.explain.compare import Comparison
from nnctl.runs.run import Run
from nnctl.training.experiment import Experiment

if TYPE_CHECKING:
    from nnctl.show.pictures import Draw

Size = tuple[int, int]  # width and height in pixels
SMALLEST, LARGEST = 200, 10_000  # of either


def size(text: str) -> Size:
    """Read a size such as 1600x1000; raise a SpecError where it is none."""
    width, cross, height = text.lower().partition("x")
    numbers = [int(side) for side in (width, height) if side.isascii() and side.isdigit()]
    if not cross or len(numbers) < 2 or not all(SMALLEST <= number <= LARGEST for number in numbers):
        raise SpecError(
            f"--picture-size must be WIDTHxHEIGHT in pixels, each from {SMALLEST} to {LARGEST:,}, such as 1600x1000;"
            f" got {text!r}"
        )
    return numbers[0], numbers[1]


def draw_run(experiment: Experiment, run: Run, messages: Console, size: Size) -> list[Path]:
    """Draw all pictures that fit the run's data into its folder and return the paths of those that were drawn."""

    def wanted() -> Mapping[str, "Draw"]:
        from nnctl.show import pictures  # here, for matplotlib itself may be what fails

        return pictures.of_run(experiment, run)

    return _drawn(wanted, run.folder, messages, size)


def draw_comparison(compared: Comparison, messages: Console, size: Size) -> list[Path]:
    """Draw all pictures of a comparison into its folder and return the paths of those that were drawn."""

    def wanted() -> Mapping[str, "Draw"]:
        from nnctl.show import pictures

        return pictures.of_comparison(compared, messages.print)

    return _drawn(wanted, compared.folder, messages, size)


def _drawn(wanted: Callable[[], Mapping[str, "Draw"]], folder: Path, messages: Console, size: Size) -> list[Path]:
    os.environ |= {"MPLBACKEND": "agg", "MATPLOTLIBRC": os.devnull}  # the user's own may be such as ends the import
    logging.getLogger("matplotlib").setLevel(logging.CRITICAL)  # it tells of its caches and of settings in its files
    drawn: list[Path] = []
    boxes: set[str] = set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with contextlib.chdir(Path(__file__).parent):  # it would read a matplotlibrc from the working folder first
                import matplotlib
            chosen = wanted()
        except Exception as error:
            messages.print(f"{folder}: no pictures are drawn: {_reason(error)}")
            return []
        defaults = {key: value for key, value in matplotlib.rcParamsDefault.items() if not key.startswith("backend")}
        with matplotlib.rc_context(defaults):  # whoever has set others before
            for name, draw in chosen.items():
                try:
                    boxes |= _save(draw, folder / name, size)
                    drawn.append(folder / name)
                except Exception as error:
                    messages.print(f"{folder / name}: is not drawn: {_reason(error)}")
    if boxes:
        messages.print(f"no installed font has the signs {shortlist(sorted(boxes))}: they are drawn as boxes")
    return drawn


def _save(draw: "Draw", path: Path, size: Size) -> set[str]:
    """Write a picture, whole or not at all; return the signs in it that no installed font has."""
    from nnctl.show import fonts
    from nnctl.show.canvas import canvas

    unfinished = path.with_name(f".{path.name}.unfinished")
    figure = canvas(size)
    draw(figure)
    boxes = fonts.lend(figure)
    try:
        figure.savefig(unfinished, format="png")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return boxes


def _reason(error: Exception) -> str:
    """Return what went wrong on one line."""
    text = getattr(error, "strerror", None) or str(error)
    return text.strip().splitlines()[0] if text.strip() else type(error).__name__
