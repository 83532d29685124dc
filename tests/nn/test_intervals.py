"""Intervals against SciPy's, and against what is known of the resamples."""

import numpy as np
import pytest
from numpy.random import RandomState
from scipy import stats

from nnctl.nn import intervals


@pytest.mark.parametrize(("right", "n"), [(0, 1), (1, 1), (0, 20), (3, 20), (20, 20), (49, 50), (512, 1000)])
def test_wilson_is_that_of_scipy(right, n):
    expected = stats.binomtest(right, n).proportion_ci(0.95, "wilson")
    assert intervals.wilson(right, n) == pytest.approx((expected.low, expected.high), abs=1e-14)


def test_resamples_draw_each_row_as_often_as_another():
    drawn = np.concatenate(list(intervals.resamples(50, None, 1)))
    assert drawn.shape == (intervals.RESAMPLES, 50)
    assert (drawn.sum(axis=1) == 50).all()
    assert np.abs(drawn.mean(axis=0) - 1).max() < 0.15  # a deviation of 0.03
    assert drawn.var() == pytest.approx(1 - 1 / 50, abs=0.03)


def test_resamples_are_those_of_their_seed_however_many_are_drawn_at_a_time(monkeypatch):
    some, others = (np.concatenate(list(intervals.resamples(7, None, seed))) for seed in (1, 2))
    assert (some != others).any()
    monkeypatch.setattr(intervals, "TOGETHER", 70)
    assert (np.concatenate(list(intervals.resamples(7, None, 1))) == some).all()


def test_a_rare_class_is_in_every_resample():
    strata = np.array([0] * 30 + [1] * (intervals.FEWEST - 1))
    for weights in intervals.resamples(len(strata), strata, 1):
        assert (weights[:, strata == 1].sum(axis=1) == (strata == 1).sum()).all()
        assert (weights.sum(axis=1) == len(strata)).all()
    strata = np.array([0] * 30 + [1] * intervals.FEWEST)
    counts = np.concatenate([w[:, strata == 1].sum(axis=1) for w in intervals.resamples(len(strata), strata, 1)])
    assert counts.std() == pytest.approx(np.sqrt(40 * 0.25 * 0.75), rel=0.1)


def test_the_accelerated_bootstrap_is_that_of_scipy():
    x = RandomState(4).exponential(size=60)
    weights = np.concatenate(list(intervals.resamples(60, None, 1)))
    found = intervals.accelerated(x.mean(), weights @ x / 60, (x - x.mean()) / 60)
    expected = stats.bootstrap((x,), np.mean, n_resamples=20_000, method="BCa", rng=RandomState(1)).confidence_interval
    assert found == pytest.approx((expected.low, expected.high), rel=0.03)


def test_the_studentized_bootstrap_is_wider_on_the_side_of_the_tail():
    x = RandomState(5).exponential(size=40) ** 2
    weights, deviation = np.concatenate(list(intervals.resamples(40, None, 1))), x.std() / np.sqrt(40)
    drawn = weights @ x / 40
    spreads = np.sqrt(weights @ x**2 / 40 - drawn**2) / np.sqrt(40)
    low, high = intervals.studentized(x.mean(), deviation, drawn, spreads, (0, np.inf))
    assert 0 < low < x.mean() - deviation
    assert high - x.mean() > 2 * (x.mean() - low)


@pytest.mark.parametrize("bounds", [(0, 1), (0, np.inf), (-np.inf, 1)])
def test_the_interval_of_many_rows_keeps_within_the_bounds(bounds):
    low, high = intervals.linear(0.9, 0.001, bounds)
    assert (low, high) == pytest.approx((0.9 - 0.00196, 0.9 + 0.00196), abs=3e-5)
    low, high = intervals.linear(0.9, 3.0, bounds)
    assert bounds[0] <= low < 0.9 < high <= bounds[1]


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_there_is_no_interval_where_nothing_varies(value):
    assert intervals.linear(value, 0.0, (0, 1)) is None
    assert intervals.accelerated(value, np.full(1000, value), np.zeros(9)) is None
    assert intervals.studentized(value, 0.0, np.full(1000, value), np.zeros(1000), (0, np.inf)) is None
