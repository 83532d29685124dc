"""A score says how good answers are beside the truth, with all that its interval takes; each is one class here.

Scores are for the end of a training and for `evaluate`; what is looked at while training are the few of `metrics`.
A score of each class, label or output has a mean over them, "macro". Values are those of scikit-learn; where one is
undefined it is nan here and does not count in the mean, but a class that occurs and is never predicted counts 0.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from nnctl.nn import Array
from nnctl.nn.ranking import Ranking
from nnctl.nn.rounding import constant, moments
from nnctl.nn.samples import CLASSES, LABELS, NUMBERS, Classes, Labels, Sample
from nnctl.nn.score import OfSums, Ranked, Score, divided
from nnctl.registry import Registry

ABSENT = "none of the rows is of it"
ALL = "all rows are of it"
CHOICES = "the outputs of a row are no probabilities of one choice: they need not add up to 1"
STILL = "the target does not vary"


scores: Registry[type[Score]] = Registry("score")


@scores
class accuracy(OfSums):
    """The share of rows, or of the answers to a label, that are right."""

    title, tasks, proportion = "accuracy", (CLASSES, LABELS), True

    @classmethod
    def indices(cls, sample: Classes | Labels) -> Sequence[int]:
        return (0,) if isinstance(sample, Classes) else range(sample.count)

    @classmethod
    def terms(cls, sample: Classes | Labels, index: int) -> tuple[Array, ...]:
        right = sample.truth == sample.predicted
        return right if isinstance(sample, Classes) else right[index], np.ones(sample.m)


@scores
class balanced_accuracy(OfSums):
    """The mean over the classes that occur of the share of their rows that is right."""

    title, tasks, each_shown = "balanced accuracy", (CLASSES,), False

    @classmethod
    def terms(cls, sample: Classes, index: int) -> tuple[Array, ...]:
        truth, said, _ = sample.asked(index)
        return truth & said, truth


@scores
class exact(OfSums):
    """The share of rows of which all labels are right."""

    title, tasks, proportion = "all labels right", (LABELS,), True

    @classmethod
    def indices(cls, sample: Labels) -> Sequence[int]:
        return (0,)

    @classmethod
    def terms(cls, sample: Labels, index: int) -> tuple[Array, ...]:
        return (sample.truth == sample.predicted).all(axis=0), np.ones(sample.m)


class _OfClass(OfSums):
    """A share of the rows of a class, or of those said to be of it; 0 in the mean where there is no whole.

    A class that neither occurs nor is said has no part in the mean; every label has.
    """

    tasks = (CLASSES, LABELS)

    @classmethod
    def of_sums(cls, *sums: Array) -> Array:
        right, whole, counts = sums
        return np.where((whole == 0) & (counts != 0), 0, divided(right, whole))

    @classmethod
    def undefined(cls, sample: Classes | Labels, index: int) -> str | None:
        truth, said, _ = sample.asked(index)
        return None if truth.any() or said.any() else f"{ABSENT}, nor said to be"


@scores
class precision(_OfClass):
    """Of the rows said to be of a class the share that are; 0 where none is and some should have been."""

    title, proportion = "precision", True

    @classmethod
    def terms(cls, sample: Classes | Labels, index: int) -> tuple[Array, ...]:
        truth, said, _ = sample.asked(index)
        return truth & said, said, np.ones(sample.m) if isinstance(sample, Labels) else truth


@scores
class recall(_OfClass):
    """Of the rows of a class the share that are said to be."""

    title, proportion = "recall", True

    @classmethod
    def terms(cls, sample: Classes | Labels, index: int) -> tuple[Array, ...]:
        truth, said, _ = sample.asked(index)
        return truth & said, truth, np.ones(sample.m) if isinstance(sample, Labels) else said

    @classmethod
    def undefined(cls, sample: Classes | Labels, index: int) -> str | None:
        return None if sample.asked(index)[0].any() else ABSENT


@scores
class f1(_OfClass):
    """The harmonic mean of precision and recall, 2 right / (rows of the class + rows said to be)."""

    title = "F1"

    @classmethod
    def terms(cls, sample: Classes | Labels, index: int) -> tuple[Array, ...]:
        truth, said, _ = sample.asked(index)
        counts = np.ones(sample.m) if isinstance(sample, Labels) else truth | said
        return 2.0 * (truth & said), truth.astype(float) + said, counts


@scores
class roc_auc(Ranked):
    """The chance that a row of a class has a higher probability of it than one of another class."""

    title = "ROC AUC"

    @staticmethod
    def area(ranking: Ranking, weights: Array) -> Array:
        return ranking.roc_area(weights)

    @staticmethod
    def slopes(ranking: Ranking) -> Array:
        return ranking.roc_slopes()

    @staticmethod
    def guessed(share: float) -> float:
        return 0.5 if 0 < share < 1 else np.nan

    @classmethod
    def undefined(cls, sample: Classes | Labels, index: int) -> str | None:
        truth = sample.asked(index)[0]
        return ABSENT if not truth.any() else ALL if truth.all() else None


@scores
class average_precision(Ranked):
    """The mean over the rows of a class of the precision among all that have as high a probability of it."""

    title = "average precision"

    @staticmethod
    def area(ranking: Ranking, weights: Array) -> Array:
        return ranking.precision_area(weights)

    @staticmethod
    def slopes(ranking: Ranking) -> Array:
        return ranking.precision_slopes()

    @staticmethod
    def guessed(share: float) -> float:
        return share or np.nan

    @classmethod
    def undefined(cls, sample: Classes | Labels, index: int) -> str | None:
        return None if sample.asked(index)[0].any() else ABSENT


class _OfProbabilities(OfSums):
    """The mean over rows of what the probabilities cost."""

    tasks, higher = (CLASSES, LABELS), False

    @classmethod
    def indices(cls, sample: Classes | Labels) -> Sequence[int]:
        return (0,) if isinstance(sample, Classes) else range(sample.count)

    @classmethod
    def undefined(cls, sample: Classes | Labels, index: int) -> str | None:
        return CHOICES if sample.costs is None else None


@scores
class log_loss(_OfProbabilities):
    """The mean of -log p of what is true."""

    title, bounds = "log loss", (0.0, np.inf)

    @classmethod
    def terms(cls, sample: Classes | Labels, index: int) -> tuple[Array, ...]:
        costs = np.full(sample.m, np.nan) if sample.costs is None else sample.costs
        return costs if costs.ndim == 1 else costs[index], np.ones(sample.m)


@scores
class brier(_OfProbabilities):
    """The mean of (p - y)^2, of more than two classes summed over them."""

    title, bounds = "Brier score", (0.0, 2.0)

    @classmethod
    def terms(cls, sample: Classes | Labels, index: int) -> tuple[Array, ...]:
        p, truth = sample.probabilities, sample.truth
        if isinstance(sample, Labels):
            return np.square(p[index] - truth[index]), np.ones(sample.m)
        if sample.count == 2:
            return np.square(p[sample.positive] - (truth == sample.positive)), np.ones(sample.m)
        own = np.take_along_axis(p, truth[None], axis=0)[0]
        return np.einsum("km,km->m", p, p) - 2 * own + 1, np.ones(sample.m)


class _OfErrors(OfSums):
    """The mean over rows of what the errors cost, in the target's own unit."""

    tasks, higher, bounds, skewed = (NUMBERS,), False, (0.0, np.inf), True

    @staticmethod
    def errors(sample: Any, index: int) -> Array:
        """Return the errors of an output (m,)."""
        return np.subtract(sample.predicted[index], sample.truth[index], dtype=np.float64)


@scores
class mse(_OfErrors):
    """The mean of the squared errors."""

    title = "MSE"

    @classmethod
    def terms(cls, sample: Any, index: int) -> tuple[Array, ...]:
        return np.square(cls.errors(sample, index)), np.ones(sample.m)


@scores
class rmse(mse):
    """The root of the mean of the squared errors."""

    title = "RMSE"

    @classmethod
    def of_sums(cls, *sums: Array) -> Array:
        return np.sqrt(divided(sums[0], sums[1]))


@scores
class mae(_OfErrors):
    """The mean of the absolute errors."""

    title = "MAE"

    @classmethod
    def terms(cls, sample: Any, index: int) -> tuple[Array, ...]:
        return np.abs(cls.errors(sample, index)), np.ones(sample.m)


@scores
class r2(_OfErrors):
    """1 - SSE / SST; of a target that does not vary it is 1 in the mean where all are met exactly, else 0."""

    title, bounds, higher = "R²", (-np.inf, 1.0), True

    @classmethod
    def terms(cls, sample: Any, index: int) -> tuple[Array, ...]:
        mean, deviation = moments([sample.truth[index][:, None]])
        unit = float(deviation[0]) if cls.undefined(sample, index) is None else 0.0
        away = np.zeros(sample.m) if unit == 0 else (sample.truth[index] - mean[0]) / unit
        return np.square(cls.errors(sample, index) / (unit or 1.0)), np.square(away), away, np.ones(sample.m)

    @classmethod
    def of_sums(cls, *sums: Array) -> Array:
        squares, spread, away, m = sums
        around = spread - away**2 / m  # the mean of the rows that were drawn is another one
        return np.where(spread == 0, squares == 0, 1 - divided(squares, around))

    @classmethod
    def undefined(cls, sample: Any, index: int) -> str | None:
        own = sample.truth[index][:, None]
        return STILL if constant(own, *moments([own]), sample.dtype).all() else None


def of(sample: Sample, names: Sequence[str] | None = None) -> list[type[Score]]:
    """Return the scores that a sample has, all or those of some names, in the order of the registry."""
    return [score for name, score in scores.items() if sample.task in score.tasks and name in (names or scores)]
