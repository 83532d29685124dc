"""Curves: how the cost went over iterations or epochs, and the number that is predicted over a single feature."""

from collections.abc import Mapping, Sequence
from statistics import median_low

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nnctl.data.dataset import Examples
from nnctl.nn import Array
from nnctl.runs.model import Model
from nnctl.show.canvas import DASHES, LARGE, SMALL, area, colour, explain, grid, marker, write
from nnctl.show.names import LONGEST, shown

HUGE = 1e100  # numbers that a picture leaves out: matplotlib's own arithmetic overflows
TOO_HIGH = 3.0  # times the highest point of the middle curve: what goes beyond would flatten the others
DECADES = 50.0  # the highest cost by the lowest, from which on a logarithmic scale shows more
FEW = 4  # curves whose legend has room among them
IN_A_LINE = 100  # letters of a legend
MARKED = 8  # markers on a curve


def costs(figure: Figure, curves: Mapping[str, Mapping[int, float]], title: str, x: str) -> None:
    """Draw the cost over iterations or epochs, a line for each curve.

    Where there are several, one that shoots up is cut off, which its name in the legend says.
    """
    axes = figure.subplots()
    drawn = [{at: cost for at, cost in points.items() if abs(cost) < HUGE} for points in curves.values()]  # nor nan
    highest = [max(points.values()) for points in drawn if points]
    top = TOO_HIGH * median_low(highest) if len(highest) > 1 else np.inf
    lines: list[Artist] = []
    names: list[str] = []
    for index, (name, points) in enumerate(zip(curves, drawn, strict=True)):
        lines += axes.plot(
            list(points),
            list(points.values()),
            color=colour(index),
            linestyle=DASHES[index % len(DASHES)],
            linewidth=2,
            marker=marker(index) if len(curves) > 2 or len(points) == 1 else None,
            markersize=6,
            markevery=(index * len(points) // (MARKED * len(curves)), max(1, len(points) // MARKED)),
        )
        cut = max(curves[name].values(), default=0.0) if points else 0.0
        more = f" (cut off, up to {cut:,.4g})" if cut > top > 0 else "" if points else " (no finite cost)"
        names.append(shown(name) + more)
    values = [cost for points in drawn for cost in points.values() if cost <= top]
    logarithmic = bool(values) and min(values) > 0 and DECADES * min(values) < max(values)
    if logarithmic:
        axes.set_yscale("log")
    if values and max(highest) > top:
        low, high, margin = min(values), max(values), 0.05 * (max(values) - min(values))
        axes.set_ylim((low / 1.2, high * 1.2) if logarithmic else (low - margin, high + margin))
    write(axes, shown(title, 3 * LONGEST), x, "cost", LARGE)
    axes.grid(alpha=0.25)
    if len(curves) > 1:
        many = len(curves) > FEW
        place = {"loc": "outside lower center", "ncols": max(2, IN_A_LINE // max(map(len, names)))} if many else {}
        explain(figure if many else axes, lines, names, fontsize=SMALL + 1 if many else LARGE - 1, **place)


def fitted(figure: Figure, models: Sequence[tuple[str, Model]], train: Examples, test: Examples | None) -> None:
    """Draw the predicted number over the single feature, with the examples, a panel for each model and its title."""
    panels, letters = grid(figure, len(models), shape=1.4)
    for axes, (title, trained) in zip(panels, models, strict=True):
        artists = _fitted(axes, trained, train, test)
        name = shown(train.table.feature_names(("x",))[0])
        write(axes, title, name, shown((train.table.targets or ("y",))[0]), letters)
    names = ["prediction", "training examples", "test examples"][: len(artists)]
    explain(figure, artists, names, fontsize=max(letters, SMALL + 1), loc="outside lower center", ncols=len(names))


def _fitted(axes: Axes, trained: Model, train: Examples, test: Examples | None) -> list[Artist]:
    x, y = np.asarray(train.table.X, float)[:, 0], _numbers(train)
    line = np.linspace(float(np.nanmin(x)), float(np.nanmax(x)), 400)[:, None]
    predicted = trained.predict(train.table.like(line), "grid")[0].astype(float)
    predicted[~(np.abs(predicted) < HUGE)] = np.nan
    artists: list[Artist] = [*axes.plot(line[:, 0], predicted, color=colour(1), linewidth=2.5, zorder=3)]
    artists.append(axes.scatter(x, y, s=area(0, 3.5), color=colour(0), alpha=0.6, linewidths=0))
    if test is not None:
        own = np.asarray(test.table.X, float)[:, 0]
        hollow = axes.scatter(own, _numbers(test), s=area(0, 4.5), facecolors="none", edgecolors="black", zorder=2)
        artists.append(hollow)
    span = float(y.max() - y.min()) or 1.0
    axes.set_ylim(float(y.min()) - 0.3 * span, float(y.max()) + 0.3 * span)  # whatever the network predicts
    axes.grid(alpha=0.25)
    return artists


def _numbers(examples: Examples) -> Array:
    """Return the numbers (m,) that are to be predicted, in their own unit."""
    return np.asarray(examples.table.y, float).reshape(examples.m)
