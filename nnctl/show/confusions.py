"""Confusions: which class is said of the rows of which, as a grid, or of many classes the worst of it."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nnctl.explain.evaluation import Evaluation
from nnctl.explain.shares import percent
from nnctl.nn import Array
from nnctl.nn.samples import Classes
from nnctl.show.canvas import LARGE, SMALL, colour
from nnctl.show.names import shown

WRITTEN, DRAWN = 7, 20  # classes up to which shares are written, and a grid is drawn
WORST = 12  # confusions, and classes, of those that make no grid
NAMED = 14  # signs of a class's name
SHADES = LinearSegmentedColormap.from_list("shares", ["#ffffff", "#a5c8ec", "#1f5fa8", "#0b2545"])
DARK = 0.45  # the share from which letters are white


def confusions(figure: Figure, evaluation: Evaluation) -> None:
    """Draw how many rows of each class are said to be of each, and the share of the class that they are."""
    sample = evaluation.sample
    assert isinstance(sample, Classes)
    if sample.count > DRAWN:
        _worst(figure, evaluation, sample.confusion)
        return
    counts = sample.confusion
    k = len(counts)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes = figure.subplots()
    image = axes.imshow(shares, cmap=SHADES, vmin=0, vmax=1, aspect="auto" if k > WRITTEN else "equal")
    letters = LARGE + 1 if k <= 3 else SMALL + 1 if k <= WRITTEN else SMALL if k <= 14 else SMALL - 2
    for row in range(k):
        for column in range(k):
            if k > WRITTEN and not counts[row, column]:
                continue
            text = f"{counts[row, column]:,}"
            if k <= WRITTEN and counts[row].any():
                text += f"\n{percent(shares[row, column])}"
            shade = "white" if shares[row, column] > DARK else "black"
            axes.text(column, row, text, ha="center", va="center", color=shade, fontsize=letters)
    _name(axes, evaluation, k, letters)
    axes.set_title(f"{_right(counts)}; shades and % are shares of a true class", fontsize=LARGE)
    figure.colorbar(image, ax=axes, format=lambda share, _: f"{share:.0%}").ax.tick_params(labelsize=SMALL)


def _name(axes: Axes, evaluation: Evaluation, k: int, letters: int) -> None:
    """Write the classes beside a grid."""
    names = [shown(name, NAMED) for name in evaluation.names]
    axes.set_xticks(range(k), names, rotation=0 if k <= WRITTEN and max(map(len, names)) * k < 60 else 90)
    axes.set_yticks(range(k), names)
    for text in [*axes.get_xticklabels(), *axes.get_yticklabels()]:
        text.set_parse_math(False)
        text.set_fontsize(max(letters - 1, SMALL - 2) if k > WRITTEN else SMALL + 1)
    axes.set_xlabel("said", fontsize=LARGE)
    axes.set_ylabel("true", fontsize=LARGE)
    axes.set_xticks(np.arange(k + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(k + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="#ced4da", linewidth=0.5)
    axes.tick_params(which="minor", length=0)


def _worst(figure: Figure, evaluation: Evaluation, counts: Array) -> None:
    """Draw the commonest confusions and the classes that are right most seldom."""
    left, right = figure.subplots(1, 2)
    names, rows = [shown(name, NAMED) for name in evaluation.names], counts.sum(axis=1)
    wrong = counts - np.diag(np.diag(counts))
    pairs = np.argsort(-wrong, axis=None, kind="stable")[:WORST]
    pairs = pairs[wrong.ravel()[pairs] > 0]
    said = [f"{names[pair // len(counts)]} as {names[pair % len(counts)]}" for pair in pairs.tolist()]
    many = wrong.ravel()[pairs]
    shares = many / rows[pairs // len(counts)]
    told = [f"{count:,} ({percent(share)})" for count, share in zip(many.tolist(), shares.tolist(), strict=True)]
    _bars(
        left,
        said,
        many,
        told,
        colour(1),
        f"the commonest confusions of {len(counts):,} classes",
        "rows (share of the true class)",
    )
    left.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    occurring = np.flatnonzero(rows)
    recalls = np.diag(counts)[occurring] / rows[occurring]
    lowest = np.argsort(recalls, kind="stable")[:WORST]
    told = [f"{percent(recalls[own])} of {rows[occurring[own]]:,}" for own in lowest.tolist()]
    classes = [names[occurring[own]] for own in lowest.tolist()]
    _bars(right, classes, recalls[lowest], told, colour(0), "the classes with the lowest recall", "recall")
    right.set_xlim(0, 1.35)
    right.set_xticks([0, 0.25, 0.5, 0.75, 1])
    figure.suptitle(_right(counts), fontsize=LARGE)


def _bars(axes: Axes, names: list[str], values: Array, told: list[str], shade: str, title: str, x: str) -> None:
    """Draw bars, the first at the top, with what is told behind each."""
    places = range(len(names))
    axes.barh(places, values, color=shade, height=0.7)
    axes.set_yticks(places, names, fontsize=SMALL)
    for text in axes.get_yticklabels():
        text.set_parse_math(False)
    for place, value, words in zip(places, values.tolist(), told, strict=True):
        axes.annotate(words, (value, place), (3, 0), textcoords="offset points", va="center", fontsize=SMALL - 1)
    axes.invert_yaxis()
    axes.margins(x=0.45)
    axes.set_title(title, fontsize=SMALL + 1)
    axes.set_xlabel(x, fontsize=SMALL + 1)
    axes.tick_params(axis="x", labelsize=SMALL)
    axes.spines[["top", "right"]].set_visible(False)


def _right(counts: Array) -> str:
    right, m = int(np.diag(counts).sum()), int(counts.sum())
    return f"{right:,} of {m:,} rows are right ({percent(right / m, 1)})"
