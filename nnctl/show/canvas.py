"""A canvas is a figure of so many pixels, and what all pictures on it share: colours, markers, a grid, a legend.

It is always eight inches wide, so that letters and lines keep their proportion to it whatever its pixels are. Figures
are made without pyplot, which would keep state and cost a fifth of a second more.
"""

from collections.abc import Sequence
from math import ceil
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

# of very different brightness, and neighbours among the markers too, so that gray tells them apart
COLOURS = ("#1f5fa8", "#e8590c", "#2f9e44", "#7048e8", "#f2a900", "#0b7285", "#c2255c", "#343a40", "#74b816", "#4dabf7",
           "#862e9c", "#e599a8")  # fmt: skip
MARKERS = ("o", "s", "^", "D", "*", "v", "X", "P", "<", ">", "d", "p")
STRONGER = {"*": 2.2, "X": 1.3, "P": 1.3, "d": 1.2, "D": 0.8}  # of markers that would look smaller or larger
DASHES = ("-", "--", "-.", ":")
INCHES = 8.0  # of the width
STRETCHED = 1.25  # how far a panel may be from its shape, to fill its place
SMALL, LARGE = 8, 11  # points of letters on one of many panels, and elsewhere


def canvas(size: tuple[int, int]) -> Figure:
    """Return an empty figure of so many pixels, width and height."""
    width, height = size
    return Figure(figsize=(INCHES, INCHES * height / width), dpi=width / INCHES, layout="constrained")


def colour(index: int) -> str:
    """Return the colour of a class or a curve."""
    return COLOURS[index % len(COLOURS)]


def marker(index: int) -> str:
    """Return the marker of a class or a curve; with its colour it is one's own, up to 144 of them."""
    return MARKERS[(index + index // len(COLOURS)) % len(MARKERS)]


def area(index: int, points: float) -> float:
    """Return the area of a marker, as matplotlib wants it, that looks so many points wide."""
    return STRONGER.get(marker(index), 1) * points**2


def grid(figure: Figure, n: int, shape: float, shared: bool = True) -> tuple[list[Axes], int]:
    """Return n panels, about `shape` times as wide as high, in as many columns as make them largest.

    The second value is the size of letters on them.
    """
    width, height = figure.get_size_inches()

    def side(columns: int) -> float:
        return float(min(width / columns / shape, height / ceil(n / columns)))

    columns = max(range(1, n + 1), key=side)
    panels = figure.subplots(ceil(n / columns), columns, squeeze=False, sharex=shared, sharey=shared)
    for axes in panels.flat[n:]:
        axes.set_axis_off()
    if n > 1:
        room = (height / ceil(n / columns) - 0.65) / (width / columns - 0.35) * shape  # without letters, in inches
        for axes in panels.flat[:n]:
            axes.set_box_aspect(min(max(room, 1 / STRETCHED), STRETCHED) / shape)
    for axes in panels.flat[max(0, n - columns) : n]:  # those that have none below them
        axes.tick_params(labelbottom=True)
    return list(panels.flat[:n]), LARGE if n == 1 else SMALL


def write(axes: Axes, title: str, x: str, y: str, letters: float) -> None:
    """Write what a panel shows and what its axes are."""
    axes.set_title(title, fontsize=letters, parse_math=False)
    lines = axes.get_subplotspec()
    if lines is None or lines.is_first_col():
        axes.set_ylabel(y, fontsize=letters)
    if axes.xaxis.get_tick_params().get("labelbottom", True):
        axes.set_xlabel(x, fontsize=letters)
    axes.tick_params(labelsize=letters - 1)


def explain(place: Axes | Figure | SubFigure, artists: Sequence[Artist], names: Sequence[str], **settings: Any) -> None:
    """Explain artists by names; they are written afterwards, for matplotlib hides those that begin with _."""
    legend = place.legend(artists, [" "] * len(artists), **settings)
    for text, name in zip(legend.get_texts(), names, strict=True):
        text.set_parse_math(False)
        text.set_text(name)
