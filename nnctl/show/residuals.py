"""Residuals: what a network predicts beside the truth, and how far off it is, over what it predicts."""

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nnctl.explain.evaluation import Evaluation
from nnctl.nn import Array
from nnctl.nn.samples import Numbers
from nnctl.show.canvas import LARGE, SMALL, colour, grid, write
from nnctl.show.names import shown

MOST = 6  # outputs
DOTS = 5_000  # rows that are drawn
BANDS = 12  # parts of the rows of which the middle of the residuals is drawn
FEWEST = 60  # rows without which it is not


def predicted(figure: Figure, evaluation: Evaluation) -> None:
    """Draw the predicted number over the true one."""

    def draw(axes: Axes, truth: Array, said: Array, letters: float, name: str) -> None:
        ends = [min(truth.min(), said.min()), max(truth.max(), said.max())]
        axes.plot(ends, ends, color=colour(1), linewidth=1.5, linestyle="--", zorder=3)
        axes.scatter(truth, said, s=14, color=colour(0), alpha=_alpha(len(truth)), linewidths=0)
        axes.grid(alpha=0.25)
        write(axes, name, "true", "predicted", letters)

    _panels(figure, evaluation, draw, "predicted beside true; on the line they are equal")


def residuals(figure: Figure, evaluation: Evaluation) -> None:
    """Draw the predicted number less the true one over the predicted one."""

    def draw(axes: Axes, truth: Array, said: Array, letters: float, name: str) -> None:
        errors = said - truth
        axes.axhline(0, color=colour(1), linewidth=1.5, linestyle="--", zorder=3)
        axes.scatter(said, errors, s=14, color=colour(0), alpha=_alpha(len(truth)), linewidths=0)
        if len(said) >= FEWEST:
            pieces = np.array_split(np.argsort(said, kind="stable"), BANDS)
            middle = [float(np.median(said[own])) for own in pieces]
            for share, style in ((0.1, ":"), (0.5, "-"), (0.9, ":")):
                heights = [float(np.quantile(errors[own], share)) for own in pieces]
                axes.plot(middle, heights, color="black", linewidth=1.6, linestyle=style, zorder=4)
        axes.grid(alpha=0.25)
        write(axes, name, "predicted", "predicted less true", letters)

    many = evaluation.sample.m >= FEWEST
    _panels(figure, evaluation, draw, "residuals" + ("; black: their median, and 10 and 90 %" if many else ""))


def _panels(
    figure: Figure, evaluation: Evaluation, draw: Callable[[Axes, Array, Array, float, str], None], title: str
) -> None:
    """Draw a panel for each output, of many for the first."""
    sample = evaluation.sample
    assert isinstance(sample, Numbers)
    n = min(sample.count, MOST)
    panels, letters = grid(figure, n, shape=1 if n > 1 else 1.4, shared=False)
    rows = np.unique(np.linspace(0, sample.m - 1, DOTS).astype(int)) if sample.m > DOTS else np.arange(sample.m)
    for index, axes in enumerate(panels):
        truth, said = (np.asarray(part[index], np.float64)[rows] for part in (sample.truth, sample.predicted))
        name = shown(evaluation.names[index]) if evaluation.interface.names or sample.count > 1 else ""
        draw(axes, truth, said, letters, name)
    some = f" ({len(rows):,} of {sample.m:,} rows)" if len(rows) < sample.m else ""
    first = f"; the first {n} of {sample.count:,} outputs" if n < sample.count else ""
    figure.suptitle(f"{title}{some}{first}", fontsize=LARGE if n == 1 else SMALL + 2)


def _alpha(m: int) -> float:
    return 0.7 if m <= 500 else 0.4 if m <= 2000 else 0.2
