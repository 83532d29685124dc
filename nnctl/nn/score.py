"""What a score is, and the two ways there are to work one out for many weights of the same rows at once.

With a row's weight for how often it is drawn, that gives the values of all resamples; with the slope of the value by
each weight, its deviation where there are many rows.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from nnctl.nn import Array
from nnctl.nn.intervals import Ends
from nnctl.nn.ranking import Ranking
from nnctl.nn.samples import CLASSES, LABELS, Classes, Labels


class Score(ABC):
    """What a score says of itself. `index` counts classes, labels or outputs."""

    title: ClassVar[str]
    tasks: ClassVar[tuple[str, ...]]
    bounds: ClassVar[Ends] = (0.0, 1.0)
    higher: ClassVar[bool] = True  # is better
    proportion: ClassVar[bool] = False  # the share of some rows, each right or wrong: it has Wilson's interval
    each_shown: ClassVar[bool] = True
    skewed: ClassVar[bool] = False  # a few rows may decide it: its interval is the studentized one

    @classmethod
    def indices(cls, sample: Any) -> Sequence[int]:
        """Return of which classes, labels or outputs there is a value; of one alone it is that of all."""
        return range(sample.count)

    @classmethod
    def undefined(cls, sample: Any, index: int) -> str | None:
        """Say why there is no value to show, or None."""
        return None


class OfSums(Score):
    """A score that is a function of sums over the rows, such as a share or a mean."""

    @classmethod
    @abstractmethod
    def terms(cls, sample: Any, index: int) -> tuple[Array, ...]:
        """Return what is summed (m,), each."""

    @classmethod
    def of_sums(cls, *sums: Array) -> Array:
        """Return the score of the sums, of each a number for each resample."""
        return divided(sums[0], sums[1])


class Ranked(Score):
    """A score of the order in which the probabilities put the rows."""

    tasks = (CLASSES, LABELS)

    @classmethod
    def indices(cls, sample: Classes | Labels) -> Sequence[int]:
        """Of two classes the positive one alone."""
        return (sample.positive,) if isinstance(sample, Classes) and sample.count == 2 else range(sample.count)

    @classmethod
    def ranking(cls, sample: Classes | Labels, index: int) -> Ranking:
        """Return the rows by the probability of a class or label."""
        truth, _, probability = sample.asked(index)
        return Ranking(probability, truth)

    @staticmethod
    @abstractmethod
    def area(ranking: Ranking, weights: Array) -> Array:
        """Return the score for each row of weights (b, m), nan where it is undefined."""

    @staticmethod
    @abstractmethod
    def slopes(ranking: Ranking) -> Array:
        """Return how it changes with the weight of each row (m,)."""

    @staticmethod
    @abstractmethod
    def guessed(share: float) -> float:
        """Return what it is where all rows have one probability, and a share of them is of the class."""


def divided(part: Array, whole: Array) -> Array:
    """Return part / whole, nan where there is no whole."""
    quotient: Array = np.divide(part, whole, out=np.full_like(part, np.nan), where=whole != 0)
    return quotient
