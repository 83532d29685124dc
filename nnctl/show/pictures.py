"""Pictures of a run: how the cost fell, where the decision boundary lies, which pictures it gets wrong.

Figures are made without pyplot, which would keep state and cost a fifth of a second more. Names in them are drawn as
they are written: a dollar begins no formula, an underscore hides nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import ceil
from typing import TYPE_CHECKING, Any
from unicodedata import category, east_asian_width

import numpy as np
from matplotlib import colormaps
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, to_hex
from matplotlib.figure import Figure

from nnctl.data.dataset import Examples
from nnctl.data.interface import in_words
from nnctl.data.picture_layout import PictureLayout
from nnctl.errors import DataError, NnctlError
from nnctl.explain.shares import percent
from nnctl.nn import Array
from nnctl.nn.metrics import classify
from nnctl.runs.model import Model, load
from nnctl.runs.run import Run
from nnctl.training.experiment import Experiment

if TYPE_CHECKING:  # what stands behind these is imported by the command that has them
    from nnctl.explain.compare import Comparison, Scheme

COLOURS = ("#2b6cb0", "#d9480f", "#2f9e44", "#7048e8", "#c2255c", "#0c8599", "#a17c00", "#495057")
GRID = 250  # points along each side of a decision boundary
IN_A_ROW = 6  # panels
MOST_WRONG = 24
MOST_NAMED = 40  # classes in a legend
LONGEST = 30  # signs of a name
HUGE = 1e100  # numbers that a picture leaves out: matplotlib's own arithmetic overflows


def of_run(experiment: Experiment, run: Run) -> dict[str, Callable[[], Figure]]:
    """Return the pictures that fit the run's data, by the names of their files, to be drawn when called."""
    trained, train, test = experiment.model, experiment.dataset.parts["train"], experiment.part("test")
    classes, shape = trained.interface.classes, trained.interface.example_shape
    chosen = {"costs.png": lambda: costs({"cost": run.costs()}, experiment.spec.name)}
    if shape == (2,) and classes:
        chosen["boundary.png"] = partial(boundary, trained, train)
    if shape == (1,) and classes is None:
        chosen["curve.png"] = partial(curve, trained, train)
    if test is not None and len(shape) > 1 and classes:
        chosen["wrong.png"] = partial(wrong_pictures, trained, test)
    return chosen


def of_comparison(compared: "Comparison", say: Callable[[str], object]) -> dict[str, Callable[[], Figure]]:
    """Return all cost curves in one picture and, for two features, all boundaries in another, to be drawn when called.

    A scheme whose model cannot be read is told of, and has no boundary.
    """
    curves = {scheme.label: scheme.costs for scheme in compared.schemes}
    chosen: dict[str, Callable[[], Figure]] = {"costs.png": partial(costs, curves, "cost by initialization")}
    if compared.train.table.X.shape[1:] == (2,):
        models: list[tuple[Scheme, Model]] = []
        for scheme in compared.schemes:
            try:
                models.append((scheme, load(scheme.run.parameters)))
            except NnctlError as error:
                say(f"{compared.folder / 'boundaries.png'}: is drawn without {scheme.label}: {error}")
        if models and models[0][1].interface.classes:
            chosen["boundaries.png"] = partial(boundaries, models, compared.train)
    return chosen


def costs(curves: Mapping[str, Mapping[int, float]], title: str) -> Figure:
    """Return the cost over iterations, a line for each curve."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    lines: list[Artist] = []
    values: list[float] = []
    for colour, points in zip(_colours(len(curves)), curves.values(), strict=True):
        shown = {iteration: cost for iteration, cost in points.items() if abs(cost) < HUGE}  # neither is nan
        marker = "o" if len(shown) == 1 else ""
        lines += axes.plot(list(shown), list(shown.values()), color=colour, linewidth=1.6, marker=marker)
        values += shown.values()
    if values and min(values) > 0 and 50 * min(values) < max(values):
        axes.set_yscale("log")
    axes.set(xlabel="iteration", ylabel="cost")
    axes.set_title(_named(title, 2 * LONGEST), parse_math=False)
    axes.grid(alpha=0.25)
    if len(curves) > 1:
        _legend(axes, lines, list(curves))
    return figure


def boundary(trained: Model, train: Examples) -> Figure:
    """Return the classes over the plane of two features, with the training examples on it."""
    figure = Figure(figsize=(5.4 + _beside(trained), 5), layout="constrained")
    axes = figure.subplots()
    _boundary(axes, trained, train)
    axes.set_title("decision boundary and training examples")
    return figure


def boundaries(models: Sequence[tuple["Scheme", Model]], train: Examples) -> Figure:
    """Return the boundaries of several schemes side by side."""
    columns, lines = min(IN_A_ROW, len(models)), ceil(len(models) / IN_A_ROW)
    figure = Figure(figsize=((4 + _beside(models[0][1])) * columns, 4 * lines), layout="constrained")
    panels = np.ravel(figure.subplots(lines, columns, squeeze=False))
    for axes in panels[len(models) :]:
        axes.set_axis_off()
    for axes, (scheme, trained) in zip(panels, models, strict=False):
        _boundary(axes, trained, train)
        accuracy = scheme.metrics.get("train", {}).get("accuracy")
        result = "diverged" if accuracy is None else f"training accuracy {percent(accuracy, 1)}"
        axes.set_title(f"{_named(scheme.label)}: {result}", parse_math=False)
    return figure


def curve(trained: Model, train: Examples) -> Figure:
    """Return the predicted number over the single feature, with the training examples."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    x, y = train.table.X[:, 0].astype(float), train.Y[0]
    low, high = float(x.min()), float(x.max())
    grid = np.linspace(low, high, 400)[:, None]
    predicted = trained.predict(grid, "grid")[0].astype(float)
    predicted[~(np.abs(predicted) < HUGE)] = np.nan
    axes.scatter(x, y, s=12, color=COLOURS[0], alpha=0.6, label="training examples")
    axes.plot(grid[:, 0], predicted, color=COLOURS[1], linewidth=2, label="prediction")
    axes.set(xlabel="x", ylabel="y", title="prediction over the feature")
    axes.grid(alpha=0.25)
    axes.legend()
    return figure


def wrong_pictures(trained: Model, test: Examples) -> Figure:
    """Return the test pictures that are classified wrongly, with what was said and what is true."""
    classes, shape = trained.interface.classes, trained.interface.example_shape
    assert classes is not None
    layout = PictureLayout.of(shape)
    if layout is None:
        raise DataError(f"an example has {in_words(shape)}, and is no picture of 1, 3 or 4 channels")
    outputs = trained.predict(test.table.X, test.table.origin)
    truth, said = classify(test.Y), classify(outputs)
    wrong = np.flatnonzero(truth != said)
    shown = wrong[:MOST_WRONG]
    names = [_named(name) for name in classes]
    titles = []
    for row in shown:
        share = outputs[0, row] if len(outputs) == 1 else outputs[said[row], row]
        share = 1 - share if len(outputs) == 1 and said[row] == 0 else share
        titles.append(f"row {row}: {names[said[row]]} ({percent(share)})\nis {names[truth[row]]}")
    columns = max(1, min(IN_A_ROW, len(shown)))
    lines = max(1, ceil(len(shown) / columns))
    width = max([1.9, *(0.07 * len(line) for title in titles for line in title.splitlines())])
    figure = Figure(figsize=(max(4.5, width * columns), 2.15 * lines + 0.6), layout="constrained")
    figure.suptitle(f"{len(wrong)} of {test.m} test pictures are classified wrongly")
    panels = np.ravel(figure.subplots(lines, columns, squeeze=False))
    for axes in panels:
        axes.set_axis_off()
    for axes, row, title in zip(panels, shown, titles, strict=False):
        pixels = _shown(layout.channels_last(test.table.X[row]))
        axes.imshow(pixels, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        axes.set_title(title, fontsize=8, parse_math=False)
    return figure


def _boundary(axes: Axes, trained: Model, train: Examples) -> None:
    classes = trained.interface.classes
    assert classes is not None
    points = np.asarray(train.table.X, float)
    low, high = points.min(axis=0), points.max(axis=0)
    margin = np.where(high > low, 0.12 * (high - low), np.maximum(np.abs(high), 1))  # around a constant feature, too
    x, y = (np.linspace(a, b, GRID) for a, b in zip(low - margin, high + margin, strict=True))
    xx, yy = np.meshgrid(x, y)
    outputs = trained.predict(np.column_stack([xx.ravel(), yy.ravel()]), "grid")
    regions = classify(outputs).reshape(xx.shape)
    colours = _colours(len(classes))
    levels = np.arange(len(classes) + 1) - 0.5
    axes.contourf(xx, yy, regions, levels=levels, cmap=ListedColormap(colours), alpha=0.25)
    labels = classify(train.Y)
    dots: list[Artist] = []
    for number, colour in enumerate(colours):
        own = points[labels == number]
        dots.append(axes.scatter(own[:, 0], own[:, 1], s=14, color=colour, edgecolors="white", linewidths=0.4))
    axes.set(xlabel="x1", ylabel="x2")
    beside = _beside(trained) > 0
    place = {"loc": "upper left", "bbox_to_anchor": (1, 1), "ncols": 2} if beside else {"loc": "upper right"}
    more = f" ({MOST_NAMED} of {len(classes)})" if len(classes) > MOST_NAMED else ""
    _legend(axes, dots[:MOST_NAMED], classes[:MOST_NAMED], fontsize=8, title=f"class{more}", title_fontsize=8, **place)


def _beside(trained: Model) -> float:
    """Return how wide (inches) a legend of the classes is beside the axes; 0 for one inside them, for few classes."""
    names = [_named(name) for name in trained.interface.classes or ()]
    return 0.0 if len(names) <= len(COLOURS) else 1 + 2 * 0.07 * max(map(len, names))


def _legend(axes: Axes, lines: Sequence[Artist], names: Sequence[str], **settings: Any) -> None:
    """Explain the lines by names; they are written afterwards, for matplotlib hides those that begin with _."""
    legend = axes.legend(lines, [" "] * len(lines), **settings)
    for text, name in zip(legend.get_texts(), names, strict=True):
        text.set_parse_math(False)
        text.set_text(_named(name))


def _named(name: str, longest: int = LONGEST) -> str:
    """Return a name on one line, without what cannot be drawn, and without its middle where it is very long."""
    line = "".join(" " if sign.isspace() else "?" if category(sign) in ("Cc", "Cs") else sign for sign in name)
    if any(east_asian_width(sign) in "WF" for sign in line):  # signs of twice the width
        longest //= 2
    return line if len(line) <= longest else f"{line[: longest // 2]}…{line[-longest // 2 + 1 :]}"


def _shown(pixels: Array) -> Array:
    """Return a picture (h, w, channels) as matplotlib shows it: gray without channels, numbers from 0 to 1."""
    pixels = pixels[..., 0] if pixels.shape[-1] == 1 else pixels
    if pixels.dtype == np.uint8:
        return pixels / 255
    pixels = pixels.astype(float) / max(float(np.abs(pixels.astype(float)).max()), np.finfo(float).tiny)  # no overflow
    low, high = float(pixels.min()), float(pixels.max())
    return (pixels - low) / (high - low) if high > low else np.zeros(pixels.shape)


def _colours(n: int) -> tuple[str, ...]:
    """Return n colours: ours, or where they are too few as many steps through a rainbow."""
    return COLOURS[:n] if n <= len(COLOURS) else tuple(map(to_hex, colormaps["turbo"](np.linspace(0, 1, n))))
