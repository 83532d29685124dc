"""The built-in sets, against scikit-learn's generators and against their formulas written out once more.

What all of them promise (the same draw twice, a test set that does not follow m) holds for whatever is registered.
"""

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import RandomState
from sklearn.datasets import make_circles, make_moons

from nnctl.data.sets import datasets
from nnctl.errors import SpecError

SIZES = [2, 3, 7, 100, 299, 300]
NUMBERS = ("sine",)  # sets with numbers for targets; all others have classes
each_set = pytest.mark.parametrize("name", datasets)


def drawn(name, **options):
    """Return X and y of the training table."""
    train, _ = datasets[name](**options)
    return train.X, train.y


@each_set
def test_the_same_seed_draws_the_same_bits_and_another_seed_does_not(name):
    X, y = drawn(name, m=20, seed=11)
    again, y_again = drawn(name, m=20, seed=11)
    other, _ = drawn(name, m=20, seed=12)
    assert X.tobytes() == again.tobytes()
    assert y.tobytes() == y_again.tobytes()
    assert not np.array_equal(X, other)


@each_set
def test_training_and_test_set_have_streams_of_their_own(name):
    few, test = datasets[name](m=10, m_test=15, seed=1, test_seed=9)
    _, same = datasets[name](m=40, m_test=15, seed=5, test_seed=9)
    unchanged, other = datasets[name](m=10, m_test=15, seed=1, test_seed=10)
    assert test.X.tobytes() == same.X.tobytes()
    assert test.y.tobytes() == same.y.tobytes()
    assert not np.array_equal(test.X, other.X)
    assert few.X.tobytes() == unchanged.X.tobytes()
    assert drawn(name, m=15, seed=9)[0].tobytes() == test.X.tobytes()  # drawn like a training set of that seed


@each_set
@pytest.mark.parametrize("m", [1, 2, 13])
def test_shapes_and_kinds(name, m):
    train, test = datasets[name](m=m, m_test=0)
    assert test is None
    assert len(train.X) == m
    assert train.X.ndim >= 2
    assert train.y.shape == (m,)
    assert np.isfinite(train.X).all()
    assert train.origin == f"{name} (training)"
    if name in NUMBERS:
        assert train.y.dtype == np.float64
        assert np.isfinite(train.y).all()
    else:
        assert train.y.dtype == np.int64
        assert train.y.min() >= 0


@pytest.mark.parametrize(
    ("name", "m", "seed", "m_test", "test_seed"),
    [("circles", 300, 1, 100, 2), ("moons", 300, 3, 0, None), ("flower", 400, 1, 0, None), ("cat", 209, 1, 50, 2)],
)
def test_defaults_are_the_courses(name, m, seed, m_test, test_seed):
    train, test = datasets[name]()
    assert train.X.tobytes() == drawn(name, m=m, seed=seed)[0].tobytes()
    if m_test:
        assert test.X.tobytes() == drawn(name, m=m_test, seed=test_seed)[0].tobytes()
    else:
        assert test is None


@pytest.mark.parametrize("name", ["circles", "moons", "flower", "spirals"])
@given(m=st.integers(1, 80), seed=st.integers(0, 2**32 - 1))
def test_classes_are_as_even_as_m_allows(name, m, seed):
    _, y = drawn(name, m=m, seed=seed)
    classes = inspect.signature(datasets[name]).parameters.get("classes")
    counts = np.bincount(y, minlength=classes.default if classes else 2)
    assert counts.max() - counts.min() <= 1


@pytest.mark.parametrize("m", SIZES)
@pytest.mark.parametrize("noise", [0.0, 0.05, 0.3])
@pytest.mark.parametrize("factor", [0.0, 0.5, 0.8])
def test_circles_are_scikit_learns_bit_for_bit(m, noise, factor):
    X, y = drawn("circles", m=m, noise=noise, factor=factor, seed=42)
    expected, labels = make_circles(m, noise=noise, factor=factor, random_state=RandomState(42))
    assert X.tobytes() == expected.tobytes()
    np.testing.assert_array_equal(y, labels)


@pytest.mark.parametrize("m", SIZES)
@pytest.mark.parametrize("noise", [0.0, 0.2, 1.0])
def test_moons_are_scikit_learns_bit_for_bit(m, noise):
    X, y = drawn("moons", m=m, noise=noise, seed=7)
    expected, labels = make_moons(m, noise=noise, random_state=RandomState(7))
    assert X.tobytes() == expected.tobytes()
    np.testing.assert_array_equal(y, labels)


def test_the_courses_circles():
    train, test = datasets["circles"]()
    state = np.random.get_state()
    try:
        np.random.seed(1)
        X, y = make_circles(n_samples=300, noise=0.05)
        np.random.seed(2)
        X_test, y_test = make_circles(n_samples=100, noise=0.05)
    finally:
        np.random.set_state(state)
    assert train.X.tobytes() == X.tobytes()
    assert test.X.tobytes() == X_test.tobytes()
    np.testing.assert_array_equal(train.y, y)
    np.testing.assert_array_equal(test.y, y_test)


def test_flower_is_the_courses_formula():
    stream = RandomState(1)
    expected = np.zeros((400, 2))
    for j in (0, 1):
        rows = range(200 * j, 200 * (j + 1))
        t = np.linspace(j * 3.12, (j + 1) * 3.12, 200) + stream.randn(200) * 0.2
        r = 4 * np.sin(4 * t) + stream.randn(200) * 0.2
        expected[rows] = np.c_[r * np.sin(t), r * np.cos(t)]
    X, y = drawn("flower")
    assert X.tobytes() == expected.tobytes()
    np.testing.assert_array_equal(y, np.repeat([0, 1], 200))


@pytest.mark.parametrize("classes", [2, 3, 4, 5])
def test_spiral_arms_are_one_arm_turned(classes):
    m, turns = 20 * classes, 0.6
    X, y = drawn("spirals", m=m, classes=classes, turns=turns, noise=0.0)
    np.testing.assert_array_equal(np.unique(y), range(classes))
    first = X[y == 0]
    radius = np.hypot(*first.T)
    np.testing.assert_allclose(radius, np.linspace(0.05, 1, 20), rtol=1e-12)
    np.testing.assert_allclose(
        np.exp(1j * 2 * np.pi * turns * radius), (first[:, 0] + 1j * first[:, 1]) / radius, atol=1e-12
    )
    for label in range(1, classes):
        angle = 2 * np.pi * label / classes
        turned = first @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        np.testing.assert_allclose(X[y == label], turned, atol=1e-12)


def test_spiral_noise_is_an_angle():
    clean, _ = drawn("spirals", m=3000, noise=0.0)
    noisy, _ = drawn("spirals", m=3000, noise=0.1)
    np.testing.assert_allclose(np.hypot(*noisy.T), np.hypot(*clean.T), rtol=1e-12)
    ratio = (noisy[:, 0] + 1j * noisy[:, 1]) / (clean[:, 0] + 1j * clean[:, 1])
    assert np.angle(ratio).std() == pytest.approx(0.1, rel=0.05)


def test_sine_is_a_sine_with_noise():
    X, y = drawn("sine", m=5000, noise=0.0)
    np.testing.assert_array_equal(y, np.sin(X[:, 0]))
    assert X.shape == (5000, 1)
    assert -np.pi <= X.min() < -3.1
    assert 3.1 < X.max() <= np.pi
    assert np.abs(np.histogram(X, 10, (-np.pi, np.pi))[0] / 500 - 1).max() < 0.15
    noisy, y = drawn("sine", m=5000, noise=0.1)
    np.testing.assert_array_equal(noisy, X)
    assert (y - np.sin(X[:, 0])).std() == pytest.approx(0.1, rel=0.05)


def test_an_unknown_set_is_answered_with_the_nearest():
    with pytest.raises(SpecError, match="there is no built-in set 'circels'; did you mean \"circles\""):
        datasets["circels"]
