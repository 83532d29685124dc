"""The built-in sets, each one function that draws a training table and perhaps a test table.

Their options are keys of `data:`. `m` and `m_test` are numbers of examples, `noise` is a standard
deviation in the units of the points. The test set has a stream of its own, so m does not change it.
"""

from collections.abc import Callable
from typing import Annotated

import numpy as np
from numpy.random import RandomState

from nnctl.data.cat import draw as draw_cats
from nnctl.data.table import Table
from nnctl.nn import Array
from nnctl.registry import Count, Fraction, Interval, NotNegative, Registry, Seed

Tables = tuple[Table, Table | None]  # for training, for the test
CountOrZero = Annotated[int, Interval(ge=0)]

datasets: Registry[Callable[..., Tables]] = Registry("built-in set")


@datasets
def circles(
    *, m: Count = 300, m_test: CountOrZero = 100, noise: NotNegative = 0.05, factor: Fraction = 0.8, seed: Seed = 1,
    test_seed: Seed = 2,
) -> Tables:  # fmt: skip
    """Two circles around the origin, the inner one of radius `factor` is class 1; as scikit-learn draws them."""

    def draw(stream: RandomState, m: int) -> tuple[Array, Array]:
        outer, inner = (np.linspace(0, 2 * np.pi, n, endpoint=False) for n in (m // 2, m - m // 2))
        X = np.column_stack(
            [
                np.append(np.cos(outer), np.cos(inner) * factor),
                np.append(np.sin(outer), np.sin(inner) * factor),
            ]
        )
        return _shuffled_with_noise(stream, X, _labels(m // 2, m - m // 2), noise)

    return _tables("circles", draw, m, seed, m_test, test_seed)


@datasets
def moons(
    *, m: Count = 300, m_test: CountOrZero = 0, noise: NotNegative = 0.2, seed: Seed = 3, test_seed: Seed = 4
) -> Tables:
    """Two half circles that reach into each other; as scikit-learn draws them."""

    def draw(stream: RandomState, m: int) -> tuple[Array, Array]:
        outer, inner = (np.linspace(0, np.pi, n) for n in (m // 2, m - m // 2))
        X = np.column_stack(
            [
                np.append(np.cos(outer), 1 - np.cos(inner)),
                np.append(np.sin(outer), 1 - np.sin(inner) - 0.5),
            ]
        )
        return _shuffled_with_noise(stream, X, _labels(m // 2, m - m // 2), noise)

    return _tables("moons", draw, m, seed, m_test, test_seed)


@datasets
def flower(
    *, m: Count = 400, m_test: CountOrZero = 0, noise: NotNegative = 0.2, seed: Seed = 1, test_seed: Seed = 2
) -> Tables:
    """Petals of two colours in turn, r = 4 sin 4t (course: "Planar data classification")."""

    def draw(stream: RandomState, m: int) -> tuple[Array, Array]:
        sizes = (m // 2, m - m // 2)
        points = []
        for label, n in enumerate(sizes):
            t = np.linspace(3.12 * label, 3.12 * (label + 1), n) + stream.randn(n) * noise
            r = 4 * np.sin(4 * t) + stream.randn(n) * noise
            points.append(np.column_stack([r * np.sin(t), r * np.cos(t)]))
        return np.concatenate(points), _labels(*sizes)

    return _tables("flower", draw, m, seed, m_test, test_seed)


@datasets
def spirals(
    *, m: Count = 300, m_test: CountOrZero = 150, noise: NotNegative = 0.1,
    classes: Annotated[int, Interval(ge=2)] = 3, turns: NotNegative = 0.75, seed: Seed = 1, test_seed: Seed = 2,
) -> Tables:  # fmt: skip
    """`classes` arms that wind `turns` times around the origin out to radius 1; noise is in radians."""

    def draw(stream: RandomState, m: int) -> tuple[Array, Array]:
        sizes = [m // classes + (label < m % classes) for label in range(classes)]
        points = []
        for label, n in enumerate(sizes):
            r = np.linspace(0.05, 1, n)
            t = 2 * np.pi * (turns * r + label / classes) + stream.randn(n) * noise
            points.append(np.column_stack([r * np.cos(t), r * np.sin(t)]))
        return np.concatenate(points), _labels(*sizes)

    return _tables("spirals", draw, m, seed, m_test, test_seed, tuple(str(arm) for arm in range(classes)))


@datasets
def sine(
    *, m: Count = 200, m_test: CountOrZero = 100, noise: NotNegative = 0.1, seed: Seed = 1, test_seed: Seed = 2
) -> Tables:
    """Regression: y = sin x with noise, for x drawn evenly from -pi to pi."""

    def draw(stream: RandomState, m: int) -> tuple[Array, Array]:
        x = stream.uniform(-np.pi, np.pi, (m, 1))
        return x, np.sin(x[:, 0]) + stream.randn(m) * noise

    return _tables("sine", draw, m, seed, m_test, test_seed, None)


@datasets
def cat(*, m: Count = 209, m_test: CountOrZero = 50, seed: Seed = 1, test_seed: Seed = 2) -> Tables:
    """Drawn 64x64 pictures of cats and of other things, in the shapes of the course's pictures."""
    return _tables("cat", draw_cats, m, seed, m_test, test_seed, ("non-cat", "cat"))


def _tables(
    name: str,
    draw: Callable[[RandomState, int], tuple[Array, Array]],
    m: int,
    seed: int,
    m_test: int,
    test_seed: int,
    classes: tuple[str, ...] | None = ("0", "1"),
) -> Tables:
    """Draw a training table of m rows and, unless m_test is 0, a test table from a stream of its own."""
    train = Table(*draw(RandomState(seed), m), classes, f"{name} (training)")
    test = Table(*draw(RandomState(test_seed), m_test), classes, f"{name} (test)") if m_test else None
    return train, test


def _labels(*sizes: int) -> Array:
    return np.repeat(np.arange(len(sizes)), sizes)


def _shuffled_with_noise(stream: RandomState, X: Array, y: Array, noise: float) -> tuple[Array, Array]:
    """Shuffle the rows, then add noise, in the order in which scikit-learn uses its stream."""
    order = np.arange(len(X))
    stream.shuffle(order)
    return X[order] + stream.normal(scale=noise, size=X.shape), y[order]
