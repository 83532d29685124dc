"""Whether intervals hold the true value as often as they say, over a thousand simulated test sets."""

import numpy as np
import pytest
from numpy.random import RandomState

from nnctl.nn.estimates import estimates
from nnctl.nn.samples import Classes, Numbers

SETS, LARGE = 1000, 2_000_000


def two_classes(stream, m):
    """Return answers that are right about as often as they say, to 30 % of one class."""
    truth = (stream.random_sample(m) < 0.3).astype(int)
    p = 1 / (1 + np.exp(-(stream.randn(m) * 1.5 + 2.2 * truth - 1.6)))
    cost = -np.log(np.where(truth == 1, p, 1 - p))
    return Classes.of(truth, p[None], cost)


def three_classes(stream, m):
    """Return answers to classes of 60, 30 and 10 %, sometimes sure and wrong."""
    truth = np.searchsorted([0.6, 0.9], stream.random_sample(m))
    Z = 1.5 * stream.randn(3, m)
    Z[truth, np.arange(m)] += 2
    P = np.exp(Z - Z.max(axis=0))
    P /= P.sum(axis=0)
    return Classes.of(truth, P, -np.log(P[truth, np.arange(m)]))


def numbers(stream, m):
    """Return answers with errors that are larger where the truth is large, in some tails."""
    truth = stream.randn(1, m)
    return Numbers(truth, 0.8 * truth + stream.standard_t(6, (1, m)) * 0.5 * np.sqrt(0.5 + 0.5 * truth**2))


CASES = {
    two_classes: ["accuracy", "balanced_accuracy", "f1", "roc_auc", "average_precision", "log_loss", "brier"],
    three_classes: ["accuracy", "balanced_accuracy", "f1", "roc_auc", "average_precision", "log_loss", "brier"],
    numbers: ["mse", "rmse", "mae", "r2"],
}


def coverage(draw, names, m):
    """Return the share of intervals that hold the value of very many rows, by the score."""
    true = {
        each.score: each.value for each in estimates(draw(RandomState(1), LARGE), names=names) if each.index is None
    }
    held = dict.fromkeys(names, 0)
    for seed in range(SETS):
        for each in estimates(draw(RandomState(1000 + seed), m), names=names):
            if each.index is None:
                low, high = each.interval
                held[each.score] += low <= true[each.score] <= high
    return {name: count / SETS for name, count in held.items()}


@pytest.mark.slow
@pytest.mark.parametrize("m", [200, 1000])
@pytest.mark.parametrize("draw", CASES)
def test_intervals_hold_the_true_value_in_about_95_of_100_test_sets(draw, m):
    found = coverage(draw, CASES[draw], m)
    assert all(0.93 <= share <= 0.97 for share in found.values()), found
