"""Moments keep their digits however small the values, and what rounding may leave of no difference is bounded."""

import numpy as np
import pytest

from nnctl.nn.rounding import constant, moments

STREAM = np.random.RandomState(1)


def still(rows, dtype=None):
    return constant(rows, *moments([rows]), dtype).tolist()


@pytest.mark.parametrize("power", [0, -500, -520, -700, -1000])
def test_moments_of_a_power_of_two_are_the_same_digits(power):
    rows = 3 + STREAM.randn(50, 4)
    for expected, found in zip(moments([rows]), moments([rows * 2.0**power]), strict=True):
        np.testing.assert_allclose(found, expected * 2.0**power, rtol=1e-14)


@pytest.mark.parametrize("kind", ["?", "u1", "i8", "f2", "f4", "f8"])
def test_moments_of_any_type(kind):
    rows = np.c_[STREAM.randint(0, 2, (9, 3)), np.ones(9), np.zeros(9)].astype(kind)
    mean, deviation = moments([rows])
    assert mean.dtype == deviation.dtype == np.float64
    np.testing.assert_allclose(mean, rows.astype(float).mean(axis=0))
    np.testing.assert_allclose(deviation, rows.astype(float).std(axis=0))
    assert still(rows) == [False, False, False, True, True]


@pytest.mark.parametrize("size", [1.0, 1e-200, 1e100])
def test_a_last_digit_is_no_difference_and_a_few_more_are(size):
    last = np.where(np.arange(40) % 2, size, np.nextafter(size, np.inf))
    assert still(np.c_[last, size * (1 + 1e-13 * (np.arange(40) % 2)), np.full(40, size)]) == [True, False, True]


@pytest.mark.parametrize("mean", [1.0, -1.0, 1e-200])
@pytest.mark.parametrize(
    ("m", "dtype", "share"),
    [(3, "f8", 4 * 2.0**-52), (1000, "f8", 1000 * 2.0**-52), (3, "f4", 4 * 2.0**-23), (10**6, "f4", 4 * 2.0**-23)],
)
def test_the_share_of_the_mean_that_is_no_difference(m, dtype, share, mean):
    rows, means = np.zeros((m, 1)), np.array([mean])
    assert constant(rows, means, 0.99 * share * np.abs(means), dtype).all()
    assert not constant(rows, means, 1.01 * share * np.abs(means), dtype).any()
