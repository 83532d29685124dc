"""Boundaries: which class a network gives to every point of the plane of two features, with the examples on it."""

from collections.abc import Sequence
from math import ceil

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure

from nnctl.data.dataset import Examples
from nnctl.nn import Array
from nnctl.nn.metrics import classify
from nnctl.runs.model import Model
from nnctl.show.canvas import SMALL, area, colour, explain, grid, marker, write
from nnctl.show.names import shown

GRID = 250  # points along each side
MOST_NAMED = 40  # classes in a legend
IN_A_LINE = 7  # names in a legend below
WASHED = 0.25  # how much of its colour the region of a class has
LINE = "#212529"


def boundaries(figure: Figure, models: Sequence[tuple[str, Model]], train: Examples, test: Examples | None) -> None:
    """Draw the classes over the plane, a panel for each model and its title: training examples full, test hollow."""
    panels, letters = grid(figure, len(models), shape=1)
    classes = models[0][1].interface.classes
    assert classes is not None
    points = max(5.0 - 0.5 * (len(models) - 1), 3.0)
    for axes, (title, trained) in zip(panels, models, strict=True):
        _regions(axes, trained, train)
        dots: list[Artist] = [*_examples(axes, train, len(classes), points, full=True)]
        if test is not None:
            _examples(axes, test, len(classes), points, full=False)
        across, up = map(shown, train.table.feature_names(("x1", "x2")))
        write(axes, title, across, up, letters)
    named = min(len(classes), MOST_NAMED)
    below = len(models) > 1 and named <= 2 * IN_A_LINE - 2
    more = f" ({named} of {len(classes)})" if named < len(classes) else ""
    kinds = [_dot(panels[0], points, full) for full in ([True, False] if test is not None else [True])]
    explain(
        figure,
        [*dots[:named], *kinds],
        [*map(shown, classes[:named]), "training", "test"][: named + len(kinds)],
        title=None if below else f"class{more}",
        fontsize=SMALL + 1 if named <= 16 else SMALL - 2,
        title_fontsize=SMALL + 1,
        markerscale=1.0 if len(models) == 1 else 6 / points,
        ncols=IN_A_LINE if below else ceil(named / 20),
        loc="outside lower center" if below else "outside right upper",
    )


def _regions(axes: Axes, trained: Model, train: Examples) -> None:
    """Fill the region of each class and draw one line where it ends."""
    points = np.asarray(train.table.X, float)
    low, high = np.nanmin(points, axis=0), np.nanmax(points, axis=0)
    margin = np.where(high > low, 0.12 * (high - low), np.maximum(np.abs(high), 1))  # around a constant feature, too
    x, y = (np.linspace(a, b, GRID) for a, b in zip(low - margin, high + margin, strict=True))
    xx, yy = np.meshgrid(x, y)
    outputs = trained.predict(train.table.like(np.column_stack([xx.ravel(), yy.ravel()])), "grid").astype(float)
    present = np.unique(classify(outputs))
    axes.set(xlim=(x[0], x[-1]), ylim=(y[0], y[-1]))
    if len(present) == 1:
        axes.set_facecolor((colour(int(present[0])), WASHED))
        return
    for label in present.tolist():
        ahead = _ahead(outputs, label).reshape(xx.shape)
        axes.contourf(xx, yy, ahead, levels=[0, 2], colors=[colour(label)], alpha=WASHED)
        if len(outputs) > 1 or label == 1:  # of two classes with one output it is the same line
            axes.contour(xx, yy, ahead, levels=[0], colors=LINE, linewidths=1.5, zorder=4)


def _ahead(outputs: Array, label: int) -> Array:
    """Return by how much a class's probability (m,) is above the highest other one, of outputs (n[L], m)."""
    if len(outputs) == 1:
        return (outputs[0] - 0.5) * (1 if label == 1 else -1)
    others: Array = np.delete(outputs, label, axis=0).max(axis=0)
    return outputs[label] - others


def _examples(axes: Axes, examples: Examples, classes: int, points: float, full: bool) -> list[PathCollection]:
    """Draw the examples of each class; hollow ones are those that the network did not learn from."""
    X, labels = np.asarray(examples.table.X, float), classify(examples.Y)
    dots = []
    for label in range(classes):
        own = X[labels == label]
        dots.append(
            axes.scatter(
                own[:, 0],
                own[:, 1],
                s=area(label, points),
                marker=marker(label),
                zorder=3,
                facecolors=colour(label) if full else "white",
                edgecolors="white" if full else colour(label),
                linewidths=0.08 * points if full else 0.24 * points,
            )
        )
    return dots


def _dot(axes: Axes, points: float, full: bool) -> Artist:
    """Return an example of any class for the legend."""
    return axes.scatter([], [], s=area(0, points), facecolors="#495057" if full else "white", edgecolors="#495057")
