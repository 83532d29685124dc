"""Shares are written as percentages that are never none or all of it unless they are."""

import numpy as np
import pytest

from nnctl.explain.shares import percent


@pytest.mark.parametrize(
    ("share", "digits", "text"),
    [
        (0, 0, "0 %"),
        (1.0, 1, "100 %"),
        (0.997, 0, "99.7 %"),
        (0.003, 0, "0.3 %"),
        (0.133, 0, "13 %"),
        (0.99333, 1, "99.3 %"),
        (0.5, 1, "50.0 %"),
        (0.99996, 0, "more than 99.99 %"),
        (1e-9, 1, "less than 0.001 %"),
        (np.float32(0.9996), 0, "99.96 %"),
    ],
)
def test_percentages(share, digits, text):
    assert percent(share, digits) == text


@pytest.mark.parametrize("digits", [0, 1])
def test_only_all_is_100_and_only_nothing_is_0(digits):
    for share in np.r_[np.logspace(-12, -0.01, 300), 1 - np.logspace(-12, -0.01, 300)]:
        assert percent(share, digits) not in ("0 %", "0.0 %", "100 %", "100.0 %")
