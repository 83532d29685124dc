"""A ranking is the rows by their probability of one class, the highest first; equal ones stand together.

Its areas take weights of the rows, such as how often each is drawn, for one sorting serves all of them.
"""

import numpy as np

from nnctl.nn import Array


class Ranking:
    """The order of scores (m,), with which rows (m,) are of the class."""

    def __init__(self, scores: Array, positive: Array) -> None:
        self.order = np.argsort(-scores)
        ordered = scores[self.order]
        new = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1  # where a value begins
        first, last = np.append(0, new), np.append(new, len(ordered))
        group = np.zeros(len(ordered), np.int64)
        group[new] = 1
        np.cumsum(group, out=group)
        self.first, self.behind = first[group], last[group]  # of each place: where its equals begin, and are over
        self.positive = positive[self.order].astype(np.float64)
        self.found = np.flatnonzero(self.positive)

    @property
    def share(self) -> float:
        """The share of rows that are of the class."""
        return len(self.found) / len(self.order)

    def roc_area(self, weights: Array) -> Array:
        """Return the area under the ROC curve for each row of weights (b, m): (b,), nan where one kind has none.

        It is the chance that a row of the class is above one that is not, a tie counting one half (Hanley & McNeil
        1982).
        """
        own = weights.take(self.order, axis=1)
        others = _sums(own * (1 - self.positive))
        above = others.take(self.first[self.found], axis=1) + others.take(self.behind[self.found], axis=1)
        hits = own.take(self.found, axis=1)
        pairs = hits.sum(axis=1) * others[:, -1]
        with np.errstate(invalid="ignore"):
            return 1 - np.einsum("bi,bi->b", hits, above) / 2 / pairs

    def roc_slopes(self) -> Array:
        """Return how the area under the ROC curve changes with the weight of each row (m,), all being 1 now.

        These are the placements of DeLong, DeLong & Clarke-Pearson 1988, less their mean.
        """
        hits, others = _sums(self.positive[None])[0], _sums(1 - self.positive[None])[0]
        area = self.roc_area(np.ones((1, len(self.order))))[0]
        below = 1 - (others[self.first] + others[self.behind]) / 2 / others[-1]
        above = (hits[self.first] + hits[self.behind]) / 2 / hits[-1]
        slopes = np.where(self.positive > 0, (below - area) / hits[-1], (above - area) / others[-1])
        return self._back(slopes)

    def precision_area(self, weights: Array) -> Array:
        """Return the average precision for each row of weights (b, m): (b,), nan where no row is of the class.

        It is the mean over the rows of the class of the precision among those ranked as high, a sum of steps and not
        of trapezia (Davis & Goadrich 2006).
        """
        own = weights.take(self.order, axis=1)
        behind, hits = self.behind[self.found], own.take(self.found, axis=1)
        right = _sums(own * self.positive).take(behind, axis=1)
        said = _sums(own).take(behind, axis=1)
        with np.errstate(invalid="ignore"):
            precision = np.divide(right, said, out=np.zeros_like(right), where=said > 0)
            return np.einsum("bi,bi->b", hits, precision) / hits.sum(axis=1)

    def precision_slopes(self) -> Array:
        """Return how the average precision changes with the weight of each row (m,), all being 1 now."""
        hits = _sums(self.positive[None])[0]
        said = self.behind
        precision = hits[self.behind] / said
        area = float(precision @ self.positive) / hits[-1]
        more = _from(self.positive / said)[self.first]  # of all that stand as high or lower, for one more that is right
        less = _from(self.positive * precision / said)[self.first]
        slopes = (self.positive * (precision - area) + self.positive * more - less) / hits[-1]
        return self._back(slopes)

    def _back(self, ordered: Array) -> Array:
        """Return what belongs to the places of the ranking, by rows."""
        rows = np.empty_like(ordered)
        rows[self.order] = ordered
        return rows


def _sums(rows: Array) -> Array:
    """Return the sums of the first 0, 1, ..., m numbers of each row (b, m): (b, m + 1)."""
    sums = np.zeros((len(rows), rows.shape[1] + 1))
    np.cumsum(rows, axis=1, out=sums[:, 1:])
    return sums


def _from(numbers: Array) -> Array:
    """Return for each place (m,) the sum of what stands there and behind."""
    sums: Array = np.cumsum(numbers[::-1])[::-1]
    return sums
