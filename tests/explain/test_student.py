"""Student's t against SciPy's."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from nnctl.explain.student import quantile, spread_of


@pytest.mark.parametrize("freedom", [*range(1, 31), 49, 99, 100, 999])
@pytest.mark.parametrize("share", [0.5, 0.9, 0.95, 0.999])
def test_quantiles(share, freedom):
    assert quantile(share, freedom) == pytest.approx(scipy.stats.t.ppf((1 + share) / 2, freedom), rel=1e-9)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20))
def test_mean_and_spread(values):
    mean, spread = spread_of(values)
    assert mean == pytest.approx(np.mean(values), rel=1e-12, abs=1e-9)
    assert spread == pytest.approx(np.std(values, ddof=1), rel=1e-9, abs=1e-9)


def test_a_spread_of_numbers_whose_squares_overflow():
    assert spread_of([1e200, 3e200]) == pytest.approx((2e200, np.sqrt(2) * 1e200), rel=1e-12)
