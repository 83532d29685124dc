"""Quantiles are NumPy's, of few numbers and of many, of which only some are put in order."""

import numpy as np
import pytest

from nnctl.data.quantiles import MANY, median, quantile

STREAM = np.random.RandomState(6)
COLUMNS = {
    "normal": lambda m: STREAM.randn(m),
    "few values": lambda m: STREAM.randint(0, 3, m).astype(float),
    "one value": lambda m: np.full(m, 7.0),
    "sorted": lambda m: np.sort(STREAM.standard_cauchy(m)),
    "a period": lambda m: np.tile([1.0, -1e300, 5.0, 1e300], m)[:m],  # of which a sample sees one sign alone
    "half and half": lambda m: np.r_[np.zeros(m // 2), np.ones(m - m // 2)],
}


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("m", [1, 2, 101, MANY, MANY + 1, 3 * MANY, 3 * MANY + 1])
def test_the_median_is_numpys(name, m):
    values = COLUMNS[name](m)
    before = values.copy()
    assert median(values) == np.median(values)
    np.testing.assert_array_equal(values, before)


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("share", [0, 0.25, 0.5, 0.75, 0.999, 1])
@pytest.mark.parametrize("m", [1, 2, 101, MANY, MANY + 1, 3 * MANY])
def test_quantiles_are_numpys(name, m, share):
    values = COLUMNS[name](m)
    assert quantile(values, share) == np.quantile(values, share)
