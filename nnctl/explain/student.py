"""Student's t: how far a mean of a few numbers may be from the true one."""

from math import cos, hypot, pi, sin, sqrt, tan

HALVINGS = 100  # of the angle in which t is looked for: to the last bit


def quantile(share: float, freedom: int) -> float:
    """Return the t that |T| stays below with a probability of `share` (0 to 1), for whole degrees of freedom."""
    low, high = 0.0, pi / 2
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, freedom) < share else (low, middle)
    return sqrt(freedom) * tan(low)


def _within(angle: float, freedom: int) -> float:
    """Return P(|T| <= t) for t = sqrt(freedom) tan(angle) (Abramowitz & Stegun 1964, 26.7.3 and 26.7.4)."""
    odd = freedom % 2
    term = cos(angle) if odd else 1.0
    total = 0.0 if freedom == 1 else term
    for k in range(2 + odd, freedom, 2):
        term *= (k - 1) / k * cos(angle) ** 2
        total += term
    return 2 / pi * (angle + sin(angle) * total) if odd else sin(angle) * total


def spread_of(values: list[float]) -> tuple[float, float]:
    """Return the mean of two or more numbers and their standard deviation, as that of a sample."""
    mean = sum(value / len(values) for value in values)
    return mean, hypot(*(value - mean for value in values)) / sqrt(len(values) - 1)
