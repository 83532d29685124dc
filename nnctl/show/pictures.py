"""Pictures of a run: how the cost fell, where the decision boundary lies, which pictures it gets wrong.

Figures are made without pyplot, which would keep state and cost a fifth of a second more.
"""

from collections.abc import Mapping
from math import ceil
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from nnctl.data.dataset import Examples
from nnctl.errors import StorageError
from nnctl.explain.compare import Comparison
from nnctl.nn import Array
from nnctl.nn.metrics import classify
from nnctl.runs.model import Model, load
from nnctl.runs.run import Run
from nnctl.training.experiment import Experiment

COLOURS = ("#2b6cb0", "#d9480f", "#2f9e44", "#7048e8", "#c2255c", "#0c8599", "#a17c00", "#495057")
GRID = 250  # points along each side of a decision boundary
MOST_WRONG = 24
HUGE = 1e100  # costs that a picture leaves out: matplotlib's own arithmetic overflows


def draw_run(experiment: Experiment, run: Run) -> list[Path]:
    """Draw all pictures that fit the run's data into its folder and return their paths."""
    dataset, trained = experiment.dataset, experiment.model
    drawn = [_saved(costs({"cost": run.costs()}, experiment.spec.name), run.folder / "costs.png")]
    train = dataset.parts["train"]
    if train.table.X.shape[1:] == (2,) and trained.interface.classes:
        drawn.append(_saved(boundary(trained, train), run.folder / "boundary.png"))
    if train.table.X.shape[1:] == (1,) and trained.interface.classes is None:
        drawn.append(_saved(curve(trained, train), run.folder / "curve.png"))
    test = experiment.part("test")
    if test is not None and len(trained.interface.example_shape) > 1 and trained.interface.classes:
        drawn.append(_saved(wrong_pictures(trained, test), run.folder / "wrong.png"))
    return drawn


def draw_comparison(compared: Comparison) -> list[Path]:
    """Draw all cost curves into one picture and, for two features, all boundaries into another."""
    curves = {scheme.label: scheme.costs for scheme in compared.schemes}
    drawn = [_saved(costs(curves, "cost by initialization"), compared.folder / "costs.png")]
    train, models = compared.train, [load(scheme.run.parameters) for scheme in compared.schemes]
    if train.table.X.shape[1:] == (2,) and models[0].interface.classes:
        figure = Figure(figsize=(4 * len(models), 4), layout="constrained")
        panels = np.ravel(figure.subplots(1, len(models), squeeze=False))
        for axes, scheme, trained in zip(panels, compared.schemes, models, strict=True):
            _boundary(axes, trained, train)
            accuracy = scheme.metrics.get("train", {}).get("accuracy")
            axes.set_title(f"{scheme.label}: {'diverged' if accuracy is None else f'accuracy {accuracy:.1%}'}")
        drawn.append(_saved(figure, compared.folder / "boundaries.png"))
    return drawn


def costs(curves: Mapping[str, Mapping[int, float]], title: str) -> Figure:
    """Return the cost over iterations, a line for each curve."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for colour, (label, points) in zip(_cycle(len(curves)), curves.items(), strict=True):
        axes.plot(list(points), list(points.values()), color=colour, label=label, linewidth=1.6)
    values = [cost for points in curves.values() for cost in points.values()]
    if values and min(values) > 0 and 50 * min(values) < max(values) < HUGE:
        axes.set_yscale("log")
    axes.set(xlabel="iteration", ylabel="cost", title=title)
    axes.grid(alpha=0.25)
    if len(curves) > 1:
        axes.legend()
    return figure


def boundary(trained: Model, train: Examples) -> Figure:
    """Return the classes over the plane of two features, with the training examples on it."""
    figure = Figure(figsize=(5.4, 5), layout="constrained")
    axes = figure.subplots()
    _boundary(axes, trained, train)
    axes.set_title("decision boundary and training examples")
    return figure


def curve(trained: Model, train: Examples) -> Figure:
    """Return the predicted number over the single feature, with the training examples."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    x, y = train.table.X[:, 0], train.Y[0]
    low, high = float(x.min()), float(x.max())
    grid = np.linspace(low, high, 400)[:, None]
    axes.scatter(x, y, s=12, color=COLOURS[0], alpha=0.6, label="training examples")
    axes.plot(grid[:, 0], trained.predict(grid, "grid")[0], color=COLOURS[1], linewidth=2, label="prediction")
    axes.set(xlabel="x", ylabel="y", title="prediction over the feature")
    axes.grid(alpha=0.25)
    axes.legend()
    return figure


def wrong_pictures(trained: Model, test: Examples) -> Figure:
    """Return the test pictures that are classified wrongly, with what was said and what is true."""
    classes = trained.interface.classes
    assert classes is not None
    outputs = trained.predict(test.table.X, test.table.origin)
    truth, said = classify(test.Y), classify(outputs)
    wrong = np.flatnonzero(truth != said)
    shown = wrong[:MOST_WRONG]
    columns = max(1, min(6, len(shown)))
    lines = max(1, ceil(len(shown) / columns))
    figure = Figure(figsize=(max(4.5, 1.9 * columns), 2.15 * lines + 0.6), layout="constrained")
    figure.suptitle(f"{len(wrong)} of {test.m} test pictures are classified wrongly")
    panels = np.ravel(figure.subplots(lines, columns, squeeze=False))
    for axes in panels:
        axes.set_axis_off()
    for axes, row in zip(panels, shown, strict=False):
        share = outputs[0, row] if len(outputs) == 1 else outputs[said[row], row]
        share = 1 - share if len(outputs) == 1 and said[row] == 0 else share
        axes.imshow(_shown(test.table.X[row]), cmap="gray", interpolation="nearest")
        axes.set_title(f"row {row}: {classes[said[row]]} ({share:.0%})\nis {classes[truth[row]]}", fontsize=8)
    return figure


def _boundary(axes: Axes, trained: Model, train: Examples) -> None:
    classes = trained.interface.classes
    assert classes is not None
    points = np.asarray(train.table.X, float)
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.12 * np.maximum(high - low, 1e-9)
    x, y = (np.linspace(a, b, GRID) for a, b in zip(low - margin, high + margin, strict=True))
    xx, yy = np.meshgrid(x, y)
    outputs = trained.predict(np.column_stack([xx.ravel(), yy.ravel()]), "grid")
    regions = classify(outputs).reshape(xx.shape)
    colours = list(_cycle(len(classes)))
    levels = np.arange(len(classes) + 1) - 0.5
    axes.contourf(xx, yy, regions, levels=levels, cmap=ListedColormap(colours), alpha=0.25)
    labels = classify(train.Y)
    for number, name in enumerate(classes):
        own = points[labels == number]
        axes.scatter(own[:, 0], own[:, 1], s=14, color=colours[number], edgecolors="white", linewidths=0.4, label=name)
    axes.set(xlabel="x1", ylabel="x2")
    axes.legend(loc="upper right", fontsize=8, title="class", title_fontsize=8)


def _shown(pixels: Array) -> Array:
    """Return a picture as matplotlib shows it: channels of one dropped, floats brought to 0..1."""
    pixels = pixels[..., 0] if pixels.ndim == 3 and pixels.shape[-1] == 1 else pixels
    if pixels.dtype == np.uint8:
        return pixels
    low, high = float(pixels.min()), float(pixels.max())
    return (pixels - low) / (high - low) if high > low else np.zeros(pixels.shape)


def _cycle(n: int) -> tuple[str, ...]:
    return tuple(COLOURS[index % len(COLOURS)] for index in range(n))


def _saved(figure: Figure, path: Path) -> Path:
    try:
        figure.savefig(path, dpi=110)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written: {error.strerror}") from None
    return path
