"""A gallery is the pictures of a run or a comparison, drawn into its folder once the training is over.

Drawing never ends a training: what fails there is one line for the messages, and the other pictures are drawn all the
same. They look alike everywhere: matplotlib's defaults hold, whatever the user's own settings of it say.
"""

import contextlib
import io
import logging
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from nnctl import __version__, signals
from nnctl.errors import SpecError, StorageError
from nnctl.registry import FEW, listed
from nnctl.runs.files import write_bytes
from nnctl.runs.run import Run
from nnctl.training.experiment import Experiment

if TYPE_CHECKING:  # what stands behind these takes long to import, and is not always wanted
    from nnctl.explain.compare import Comparison
    from nnctl.explain.evaluation import Evaluation
    from nnctl.show.pictures import Draw

PATIENCE = 2.0  # seconds that pictures may take after a signal to end
SMALLEST, LARGEST = 200, 10_000  # pixels of either side
SOFTWARE = f"nnctl {__version__}"  # what a picture says of who drew it
OURS = b"Software\0nnctl "  # how that stands in its file
LONGEST = 40  # signs of an input's name in that of a picture

Size = tuple[int, int]  # width and height in pixels


def size(text: str | None) -> Size | None:
    """Read a size such as 1600x1000, or None where no pictures are wanted; raise a SpecError where it is no size."""
    if text is None:
        return None
    width, cross, height = text.lower().partition("x")
    numbers = [int(side) for side in (width, height) if side.isascii() and side.isdigit()]
    if not cross or len(numbers) < 2 or not all(SMALLEST <= number <= LARGEST for number in numbers):
        raise SpecError(
            f"--picture-size must be WIDTHxHEIGHT in pixels, each from {SMALLEST} to {LARGEST:,}, such as 1600x1000;"
            f" got {text!r}"
        )
    return numbers[0], numbers[1]


def draw_run(experiment: Experiment, run: Run, messages: Console, size: Size | None) -> list[Path]:
    """Draw all pictures that fit the run's data into its folder and return the paths of those that were drawn."""

    def wanted() -> Mapping[str, "Draw"]:
        from nnctl.show import pictures  # here, for matplotlib itself may be what fails

        return pictures.of_run(experiment, run)

    return _drawn(wanted, run.folder, messages, size)


def draw_comparison(compared: "Comparison", messages: Console, size: Size | None) -> list[Path]:
    """Draw all pictures of a comparison into its folder and return the paths of those that were drawn."""

    def wanted() -> Mapping[str, "Draw"]:
        from nnctl.show import pictures

        return pictures.of_comparison(compared, messages.print)

    return _drawn(wanted, compared.folder, messages, size)


def draw_evaluation(
    evaluation: "Evaluation", run: Run, inputs: Sequence[str], messages: Console, size: Size | None
) -> list[Path]:
    """Draw all pictures of an evaluation into the run's folder and return the paths of those that were drawn.

    Those of an input have its name in theirs. A file of such a name that no evaluation has drawn is left alone.
    """

    def wanted() -> Mapping[str, "Draw"]:
        from nnctl.show import pictures

        drawn = pictures.of_evaluation(evaluation)
        of = f"-{_plain(inputs)}" if inputs else ""
        return {_free(run.folder, f"{name}{of}"): draw for name, draw in drawn.items()}

    return _drawn(wanted, run.folder, messages, size)


def _plain(inputs: Sequence[str]) -> str:
    """Return what pictures of inputs are called after: the first, with signs that any folder can have."""
    stem = "".join(c if c.isalnum() or c in "-_" else "-" for c in Path(inputs[0]).stem)[:LONGEST].strip("-")
    return (stem or "data") + (f"-and-{len(inputs) - 1}-more" if len(inputs) > 1 else "")


def _free(folder: Path, stem: str) -> str:
    """Return the name of a picture that is not there yet, or was drawn by an evaluation before."""
    for number in range(1, 1000):
        name = f"{stem}.png" if number == 1 else f"{stem}-{number}.png"
        path = folder / name
        if not os.path.lexists(path):
            return name
        with contextlib.suppress(OSError), path.open("rb") as file:
            if OURS in file.read(2000):
                return name
    raise StorageError(f"{folder / stem}.png: is there, and so are a thousand pictures of that name")


def _drawn(
    wanted: Callable[[], Mapping[str, "Draw"]], folder: Path, messages: Console, size: Size | None
) -> list[Path]:
    if size is None:
        return []
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
                if signals.seconds_since() > PATIENCE:
                    messages.print(f"{folder / name}: is not drawn, for a signal asks to end")
                    continue
                try:
                    boxes |= _save(draw, folder / name, size)
                    drawn.append(folder / name)
                except StorageError as error:
                    messages.print(str(error))
                except Exception as error:
                    messages.print(f"{folder / name}: is not drawn: {_reason(error)}")
    if boxes:
        messages.print(f"no installed font has the signs {listed(sorted(boxes), FEW)}: they are drawn as boxes")
    return drawn


def _save(draw: "Draw", path: Path, size: Size) -> set[str]:
    """Write a picture, whole or not at all; return the signs in it that no installed font has."""
    from nnctl.show import fonts
    from nnctl.show.canvas import canvas

    figure = canvas(size)
    draw(figure)
    boxes = fonts.lend(figure)
    content = io.BytesIO()
    settings = {"compress_level": 1}  # a third larger, in half of the time
    figure.savefig(content, format="png", metadata={"Software": SOFTWARE}, pil_kwargs=settings)
    write_bytes(path, content.getvalue())
    return boxes


def _reason(error: Exception) -> str:
    """Return what went wrong on one line."""
    text = getattr(error, "strerror", None) or str(error)
    return text.strip().splitlines()[0] if text.strip() else type(error).__name__
