"""Thresholds: what a network's probabilities are worth, as ROC and precision-recall curves and as calibration."""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nnctl.explain.evaluation import Evaluation
from nnctl.nn import Array
from nnctl.nn.intervals import wilson
from nnctl.nn.ranking import Ranking
from nnctl.nn.samples import Classes, Labels
from nnctl.show.canvas import DASHES, LARGE, SMALL, colour, explain
from nnctl.show.names import shown

ALONE = 10  # curves that are each drawn
LOWEST = 5  # curves that are drawn of more
POINTS = 201  # of a band, and the most of a curve: more are less than a pixel apart
BINS = 10  # of a calibration, each with as many rows
CHANCE = "#868e96"
NAMED = 18
IN_A_LINE, HANDLE = 125, 8  # letters of a legend, and what the line before a name takes of them
FEW = 4  # curves whose legend has room among them

Curve = tuple[Array, Array]


def roc(figure: Figure, evaluation: Evaluation) -> None:
    """Draw the share of a class that is found over the share of the others that is taken for it."""
    axes = _square(figure)
    axes.plot([0, 1], [0, 1], color=CHANCE, linestyle=":", linewidth=1.5, label="guessing")
    _curves(axes, evaluation, "roc_auc", _roc_curve)
    axes.set_xlabel("false positives, the share of the others taken for it", fontsize=LARGE - 1)
    axes.set_ylabel("true positives, recall", fontsize=LARGE - 1)
    _finish(figure, axes, "ROC" + _of_what(evaluation))


def precision_recall(figure: Figure, evaluation: Evaluation) -> None:
    """Draw the share of what is said to be of a class that is right over the share of the class that is found."""
    axes = _square(figure)
    ranked = _asked(evaluation)
    if len(ranked) == 1:
        share = float(_sample(evaluation).asked(ranked[0])[0].mean())
        axes.axhline(share, color=CHANCE, linestyle=":", linewidth=1.5, label="guessing")
    _curves(axes, evaluation, "average_precision", _precision_curve)
    axes.set_xlabel("recall", fontsize=LARGE - 1)
    axes.set_ylabel("precision", fontsize=LARGE - 1)
    _finish(figure, axes, "precision and recall" + _of_what(evaluation))


def calibration(figure: Figure, evaluation: Evaluation) -> None:
    """Draw how often what is said with some probability is so, and how often it is said with it."""
    sample = _sample(evaluation)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    if isinstance(sample, Classes) and sample.count > 2:
        said = sample.probabilities.max(axis=0)
        so, what = sample.predicted == sample.truth, "the class that is said"
    elif isinstance(sample, Classes):
        so, _, said = sample.asked(sample.positive)
        what = shown(evaluation.names[sample.positive], NAMED)
    else:
        said, so, what = sample.probabilities.ravel(), sample.truth.ravel(), "a label"
    above.plot([0, 1], [0, 1], color=CHANCE, linestyle=":", linewidth=1.5, label="calibrated")
    order = np.argsort(said, kind="stable")
    pieces = [own for own in np.array_split(order, min(BINS, max(1, len(said) // 5))) if len(own)]
    middle, share = (np.array([values[own].mean() for own in pieces]) for values in (said, so.astype(float)))
    ends = np.array([wilson(float(so[own].sum()), len(own)) for own in pieces]).T
    above.errorbar(
        middle, share, np.abs(ends - share), color=colour(0), marker="o", linewidth=2, capsize=3, elinewidth=1.2
    )
    above.set_ylabel("how often it is so", fontsize=LARGE - 1)
    above.set_ylim(-0.02, 1.02)
    above.set_xlim(-0.02, 1.02)
    above.set_title(f"calibration of {what}: as many rows in each point, with its 95 % interval", fontsize=LARGE,
                    parse_math=False)  # fmt: skip
    below.hist(said, bins=np.linspace(0, 1, 41).tolist(), color=colour(0))
    below.set_xlabel(f"probability of {what}", fontsize=LARGE - 1, parse_math=False)
    below.set_ylabel("rows", fontsize=LARGE - 1)
    for axes in (above, below):
        axes.grid(alpha=0.25)
        axes.tick_params(labelsize=SMALL + 1)
    above.legend(fontsize=SMALL + 1, loc="upper left")


def _square(figure: Figure) -> Axes:
    axes = figure.subplots()
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))
    axes.grid(alpha=0.25)
    axes.tick_params(labelsize=SMALL + 1)
    return axes


def _sample(evaluation: Evaluation) -> Classes | Labels:
    assert isinstance(evaluation.sample, Classes | Labels)
    return evaluation.sample


def _asked(evaluation: Evaluation) -> list[int]:
    """Return the classes or labels that have a curve: of two classes the positive one."""
    sample = _sample(evaluation)
    two = isinstance(sample, Classes) and sample.count == 2
    indices = [evaluation.interface.positive] if two else range(sample.count)
    return [index for index in indices if 0 < sample.asked(index)[0].sum() < sample.m]


def _curves(axes: Axes, evaluation: Evaluation, score: str, curve: Callable[[Ranking], Curve]) -> None:
    """Draw a curve for each class or label, or of many their middle, where most of them are, and the lowest."""
    sample, indices = _sample(evaluation), _asked(evaluation)
    area = {index: _area(evaluation, score, index, alone=len(indices) == 1) for index in indices}
    drawn: Sequence[int] = indices

    def of(index: int) -> Curve:
        truth, _, probability = sample.asked(index)
        return curve(Ranking(probability, truth))

    if len(indices) > ALONE:
        at = np.linspace(0, 1, POINTS)
        heights = np.array([_over(at, *of(index)) for index in indices])
        low, middle, high = np.quantile(heights, [0.1, 0.5, 0.9], axis=0)
        label = f"the middle 80 % of {len(indices):,} classes"
        axes.fill_between(at, low, high, color=colour(0), alpha=0.2, linewidth=0, label=label)
        axes.plot(at, middle, color=colour(0), linewidth=2.5, label="their median")
        drawn = sorted(indices, key=lambda index: area[index][0])[:LOWEST]
    for place, index in enumerate(drawn):
        x, y = of(index)
        own = place + (1 if len(indices) > ALONE else 0)
        axes.plot(x, y, color=colour(own), linestyle=DASHES[own % len(DASHES)], linewidth=2,
                  label=f"{shown(evaluation.names[index], NAMED)}: {area[index][1]}")  # fmt: skip


def _area(evaluation: Evaluation, score: str, index: int, alone: bool) -> tuple[float, str]:
    """Return the area below a curve, and in words."""
    found = evaluation.of(score, None if alone else index)
    assert found is not None
    assert found.value is not None
    if found.interval is None:
        return found.value, f"area {found.value:.3f}"
    low, high = found.interval
    return found.value, f"area {found.value:.3f} ({low:.3f} to {high:.3f})"


def _roc_curve(ranking: Ranking) -> Curve:
    ends = np.unique(ranking.behind)
    hits = np.concatenate([[0.0], np.cumsum(ranking.positive)])[ends]
    others = ends - hits
    return _thinned(np.append(0, others / others[-1]), np.append(0, hits / hits[-1]))


def _precision_curve(ranking: Ranking) -> Curve:
    """Return precision over recall: each threshold's own precision holds for the recall that it adds, a step."""
    ends = np.unique(ranking.behind[ranking.found])  # where recall grows
    hits = np.concatenate([[0.0], np.cumsum(ranking.positive)])[ends]
    recall, precision = _thinned(hits / hits[-1], hits / ends)
    return np.repeat(np.append(0, recall), 2)[1:-1], np.repeat(precision, 2)


def _thinned(x: Array, y: Array) -> Curve:
    """Return a curve with no more points than can be seen apart."""
    if len(x) <= 10 * POINTS:
        return x, y
    places = np.unique(np.linspace(0, len(x) - 1, 10 * POINTS).astype(int))
    return x[places], y[places]


def _over(at: Array, x: Array, y: Array) -> Array:
    """Return the height of a curve at places."""
    heights: Array = np.interp(at, x, y)
    return heights


def _of_what(evaluation: Evaluation) -> str:
    indices = _asked(evaluation)
    if len(indices) == 1:
        return f" of {shown(evaluation.names[indices[0]], NAMED)}"
    return " of each class against the others" if isinstance(evaluation.sample, Classes) else " of each label"


def _finish(figure: Figure, axes: Axes, title: str) -> None:
    axes.set_title(title, fontsize=LARGE, parse_math=False)
    handles, labels = axes.get_legend_handles_labels()
    if len(labels) <= FEW:
        place = "lower left" if title.startswith("precision") else "lower right"
        explain(axes, handles, labels, fontsize=SMALL + 1, loc=place)
    else:  # among many curves there is no room for it
        columns = max(1, min(3, IN_A_LINE // (max(map(len, labels)) + HANDLE)))
        explain(figure, handles, labels, fontsize=SMALL, loc="outside lower center", ncols=columns)
