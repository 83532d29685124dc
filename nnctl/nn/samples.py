"""A sample is what a network answered beside what is true of the same rows: classes, labels or numbers.

Scores are measured of samples; the answers of whoever knows only how often each class or label occurs in training, or
the mean of each number, are a sample too, the baseline.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np

from nnctl.nn import Array
from nnctl.nn.metrics import classify

CLASSES, LABELS, NUMBERS = "classes", "labels", "numbers"  # what a task asks for


@dataclass(frozen=True, eq=False, repr=False)  # which arrays do not have, and take time to make
class Classes:
    """One class of K for each of m rows."""

    task: ClassVar[str] = CLASSES
    truth: Array  # (m,) indices
    probabilities: Array  # (K, m)
    predicted: Array  # (m,) indices
    costs: Array | None  # (m,) -log p of the true class; None: the probabilities of a row are of no one choice
    positive: int = 1  # of two classes

    @classmethod
    def of(cls, truth: Array, outputs: Array, costs: Array | None, positive: int = 1) -> "Classes":
        """Return the sample of outputs A[L] (n[L], m); several sigmoid units have no `costs`."""
        probabilities = np.stack([1 - outputs[0], outputs[0]]) if len(outputs) == 1 else outputs
        return cls(truth, probabilities, classify(outputs), costs, positive)

    def baseline(self, shares: Array) -> "Classes":
        """Return the answers of whoever knows the share (K,) of each class alone: the commonest one, always."""
        with np.errstate(divide="ignore"):
            costs = -np.log(shares)[self.truth]
        probabilities = np.broadcast_to(shares[:, None], (len(shares), self.m))
        return replace(self, probabilities=probabilities, predicted=np.full(self.m, shares.argmax()), costs=costs)

    @property
    def m(self) -> int:
        """The number of rows."""
        return len(self.truth)

    @property
    def count(self) -> int:
        """The number of classes."""
        return len(self.probabilities)

    def rows(self, index: Array) -> "Classes":
        """Return the sample of some rows."""
        costs = None if self.costs is None else self.costs[index]
        own = self.truth[index], self.probabilities[:, index], self.predicted[index], costs
        return Classes(*own, self.positive)

    @property
    def strata(self) -> Array:
        """What each row (m,) is, by which rows are drawn where something would else be missing."""
        return self.truth

    def asked(self, index: int) -> tuple[Array, Array, Array]:
        """Return for a class which rows (m,) are of it, which are said to be, and its probability."""
        return self.truth == index, self.predicted == index, self.probabilities[index]

    @cached_property
    def confusion(self) -> Array:
        """How many rows of each class are said to be of each: (K, K), [truth, predicted]."""
        counts = np.bincount(self.truth * self.count + self.predicted, minlength=self.count**2)
        return counts.reshape(self.count, self.count)


@dataclass(frozen=True, eq=False, repr=False)
class Labels:
    """Yes or no of each of L labels for each of m rows."""

    task: ClassVar[str] = LABELS
    truth: Array  # (L, m) yes or no
    probabilities: Array  # (L, m)
    predicted: Array  # (L, m) yes or no
    costs: Array | None  # (L, m) -log p of the true answer

    @classmethod
    def of(cls, truth: Array, outputs: Array, costs: Array | None) -> "Labels":
        """Return the sample of outputs A[L] (L, m)."""
        return cls(truth, outputs, outputs > 0.5, costs)

    def baseline(self, shares: Array) -> "Labels":
        """Return the answers of whoever knows the share (L,) of rows that each label is right for."""
        probabilities = np.broadcast_to(shares[:, None], self.truth.shape)
        with np.errstate(divide="ignore"):
            costs = -np.log(np.where(self.truth, probabilities, 1 - probabilities))
        return replace(self, probabilities=probabilities, predicted=probabilities > 0.5, costs=costs)

    @property
    def m(self) -> int:
        """The number of rows."""
        return self.truth.shape[1]

    @property
    def count(self) -> int:
        """The number of labels."""
        return len(self.truth)

    def rows(self, index: Array) -> "Labels":
        """Return the sample of some rows."""
        costs = None if self.costs is None else self.costs[:, index]
        return Labels(self.truth[:, index], self.probabilities[:, index], self.predicted[:, index], costs)

    @property
    def strata(self) -> None:
        """Rows are not of one label each."""
        return None

    def asked(self, index: int) -> tuple[Array, Array, Array]:
        """Return for a label which rows (m,) have it, which are said to, and its probability."""
        return self.truth[index], self.predicted[index], self.probabilities[index]


@dataclass(frozen=True, eq=False, repr=False)
class Numbers:
    """A number, or several, for each of m rows, in the targets' own units."""

    task: ClassVar[str] = NUMBERS
    truth: Array  # (n, m)
    predicted: Array  # (n, m)
    dtype: str | None = None  # what the truth was rounded to, if that is another type

    def baseline(self, means: Array) -> "Numbers":
        """Return the answers of whoever knows the mean (n,) of each number alone."""
        return replace(self, predicted=np.broadcast_to(means[:, None], self.truth.shape))

    @property
    def m(self) -> int:
        """The number of rows."""
        return self.truth.shape[1]

    @property
    def count(self) -> int:
        """The number of outputs."""
        return len(self.truth)

    def rows(self, index: Array) -> "Numbers":
        """Return the sample of some rows."""
        return replace(self, truth=self.truth[:, index], predicted=self.predicted[:, index])

    @property
    def strata(self) -> None:
        """Rows are of no classes."""
        return None


Sample = Classes | Labels | Numbers
