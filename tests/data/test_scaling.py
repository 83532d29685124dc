"""Preparation in numbers: rounding is no unit, float32 loses nothing before its last cast, scales are remarked on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from nnctl.data.ranges import Range
from nnctl.data.scaling import ROWS, Scaling, scalings
from nnctl.errors import DataError

STREAM = np.random.RandomState(1)


@pytest.mark.parametrize(
    "column",
    [
        np.where(np.arange(40) % 2, 0.3, 0.1 + 0.2),
        np.where(np.arange(40) % 2, 1e9 + 0.1, np.nextafter(1e9 + 0.1, 2e9)),
        np.where(np.arange(40) % 2, np.float32(0.3), np.float32(0.1) + np.float32(0.2) + np.float32(3e-8)),
        np.full(40, 0.1),
        np.full(40, -1e-300),
        np.zeros(40),
    ],
    ids=["0.3", "1e9", "float32", "0.1", "tiny", "zero"],
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_column_that_is_constant_but_for_rounding_is_not_blown_up(column, dtype):
    X = np.c_[column, np.arange(40, dtype=column.dtype)]
    fitted = Scaling.fit(X, "standardize")
    assert fitted.divisor[0] == 1
    assert np.abs(fitted.apply(X, dtype)[:, 0]).max() < 1e-5
    new = fitted.apply(np.array([[column[0] + 0.5, 3.0]]), dtype)
    assert new[0, 0] == pytest.approx(0.5, rel=1e-5)  # not 5e14


def test_a_column_that_varies_little_is_standardized_all_the_same():
    X = (1e6 + 1e-3 * STREAM.randn(500))[:, None]
    assert Scaling.fit(X, "standardize").apply(X, np.float64).std() == pytest.approx(1, rel=1e-6)


@pytest.mark.parametrize("exponent", [-170, -200, -300])
@pytest.mark.parametrize("offset", [0, 1, 1e3])
def test_a_column_of_tiny_numbers_is_standardized_as_the_same_column_of_larger_ones(exponent, offset):
    large = offset + STREAM.randn(60, 2)
    X = np.c_[large * 10.0**exponent, large[:, 0]]
    prepared = Scaling.fit(X, "standardize").apply(X, np.float64)
    np.testing.assert_allclose(prepared[:, :2], StandardScaler().fit_transform(large), rtol=1e-9, atol=1e-9)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(seed=st.integers(0, 10**6), offset=st.sampled_from([0, 1, 1e3, 1e8]), spread=st.sampled_from([0, 1e-9, 1, 1e5]))
def test_standardize_is_scikit_learns(seed, offset, spread):
    X = offset + spread * np.random.RandomState(seed).randn(50, 3)
    ours, theirs = Scaling.fit(X, "standardize"), StandardScaler().fit(X)
    np.testing.assert_allclose(ours.apply(X, np.float64), theirs.transform(X), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("kind", [np.float64, np.int64, np.float32])
@pytest.mark.parametrize("m", [5, ROWS + 3])
def test_float32_is_the_float64_result_rounded_once(kind, m):
    X = (1.7e9 + STREAM.randint(0, 5000, (m, 2))).astype(kind)  # times in seconds: float32 counts in steps of 128
    fitted = Scaling.fit(X, "standardize")
    assert fitted.offset.dtype == fitted.divisor.dtype == np.float64
    single = fitted.apply(X, np.float32)
    assert single.dtype == np.float32
    np.testing.assert_array_equal(single, fitted.apply(X, np.float64).astype(np.float32))
    if kind is not np.float32:
        assert len(np.unique(single[:, 0])) == len(np.unique(X[:, 0]))


@pytest.mark.parametrize("scale", [255, 1e-3, 3])
def test_a_divisor_is_applied_in_float64_too(scale):
    X = STREAM.randint(0, 2**53, (50, 3))
    single = Scaling.fit(X, scale).apply(X, np.float32)
    np.testing.assert_array_equal(single, (X / np.float64(scale)).astype(np.float32))


def test_values_too_large_to_standardize_are_named():
    X = np.c_[np.arange(4.0), [1e200, -1e200, 1e200, 0]]
    with pytest.raises(DataError, match=r"^data.h5: the values of feature 1 \(counted from 0\) are too large"):
        Scaling.fit(X, "standardize", "data.h5")


def remark(X, scale):
    X = np.asarray(X)
    return Scaling.fit(X, scale).remark(Range.of(X))


PIXELS = STREAM.randint(0, 256, (30, 576))
PIXELS[0, 0], PIXELS[0, 1] = 0, 255


@pytest.mark.parametrize("X", [PIXELS.astype(float), PIXELS, PIXELS.astype(np.uint8), PIXELS.reshape(30, 24, 24) * 1.0])
def test_pixels_that_nothing_scales_are_remarked_on(X):
    said = remark(X, None)
    assert said.startswith("features reach 255 and nothing scales them: training may be slow or stand still;")
    assert "data.scale: 255, for pixels, or standardize" in said


def test_features_far_from_1_are_remarked_on_whatever_the_divisor():
    table = STREAM.randn(50, 3) * [1, 1, 5e4]
    assert "data.scale: standardize" in remark(table, "none")
    assert "although" not in remark(table, "none")
    assert "divided by 2 they are far from 1" in remark(table, 2)
    assert "far below 1" in remark(PIXELS / 255, 255)  # scaled twice


@pytest.mark.parametrize(
    ("X", "scale"),
    [
        (PIXELS.reshape(30, 24, 24).astype(np.uint8), None),
        (PIXELS, 255),
        (PIXELS, "standardize"),
        (PIXELS / 255, None),
        (STREAM.randn(50, 3) * 5, None),
        (STREAM.randint(0, 17, (50, 64)), None),
        (np.zeros((5, 2)), None),
    ],
)
def test_features_near_1_are_nothing_to_speak_of(X, scale):
    assert remark(X, scale) is None


def clipped(z):
    return z / np.sqrt(1 + (z / 3) ** 2)


THEIRS = {
    "none": lambda X: X,
    "standardize": lambda X: StandardScaler().fit_transform(X),
    "minmax": lambda X: MinMaxScaler().fit_transform(X),
    "robust": lambda X: clipped(RobustScaler().fit_transform(X)),
}


@pytest.mark.parametrize("name", scalings)
@settings(deadline=None, derandomize=True, max_examples=40)
@given(seed=st.integers(0, 10**6), m=st.integers(2, 60), offset=st.sampled_from([0, 1, 1e3]))
def test_every_scaling_is_scikit_learns(name, seed, m, offset):
    X = offset + np.random.RandomState(seed).standard_cauchy((m, 3))
    np.testing.assert_allclose(Scaling.fit(X, name).apply(X, np.float64), THEIRS[name](X), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", scalings)
@pytest.mark.parametrize("m", [1, 7, ROWS + 3])
@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int64, np.uint8, bool])
def test_float32_is_the_float64_result_of_every_scaling_rounded_once(name, m, kind):
    X = STREAM.randint(0, 200, (m, 2)).astype(kind)
    fitted = Scaling.fit(X, name)
    np.testing.assert_array_equal(fitted.apply(X, np.float32), fitted.apply(X, np.float64).astype(np.float32))
    some = slice(m // 2, m // 2 + 3)
    np.testing.assert_array_equal(fitted.apply(X[some], np.float64), fitted.apply(X, np.float64)[some])


@pytest.mark.parametrize("name", scalings)
def test_a_constant_feature_becomes_0_or_stays(name):
    X = np.c_[np.full(9, 7.0), np.arange(9.0)]
    prepared = Scaling.fit(X, name).apply(X, np.float64)
    assert set(prepared[:, 0]) == ({7.0} if name == "none" else {0.0})


def test_where_the_quartiles_are_the_same_half_of_the_range_stands_in():
    X = np.array([[0.0]] * 20 + [[4.0], [-6.0]])
    np.testing.assert_allclose(Scaling.fit(X, "robust").apply(X, np.float64)[-2:, 0], clipped(np.array([0.8, -1.2])))


def test_a_clipped_number_stays_below_3_however_large_it_is():
    fitted = Scaling.fit(np.arange(9.0)[:, None], "robust")
    far = fitted.apply(np.array([[1e300], [-1e300], [1e9]]), np.float64)[:, 0]
    np.testing.assert_allclose(far, [3, -3, 3])


@pytest.mark.parametrize("name", [name for name in scalings if name != "robust"])
def test_what_is_undone_is_what_it_was(name):
    X = 50 + 9 * STREAM.randn(20, 2)
    fitted = Scaling.fit(X, name)
    np.testing.assert_allclose(fitted.undone(fitted.apply(X, np.float64).T).T, X, rtol=1e-13)


@pytest.mark.parametrize("name", [name for name in scalings if name != "none"])
def test_numbers_too_large_for_a_scaling_are_an_error_with_the_column(name):
    X = np.c_[np.arange(8.0), 1.5e308 * np.array([-1, 1] * 4)]
    with pytest.raises(DataError, match="the values of column b are too large for the scaling"):
        Scaling.fit(X, name, "t.csv", ["a", "b"])


def test_joined_scalings_are_each_for_its_own_features():
    X = 10 + STREAM.randn(30, 4)
    first, last = np.array([True, False, False, False]), np.array([False, False, True, True])
    parts = [(first, Scaling.fit(X[:, first], "robust")), (last, Scaling.fit(X[:, last], 5))]
    prepared = Scaling.joined(4, parts).apply(X, np.float64)
    np.testing.assert_array_equal(prepared[:, first], Scaling.fit(X[:, first], "robust").apply(X[:, first], np.float64))
    np.testing.assert_array_equal(prepared[:, 1], X[:, 1])
    np.testing.assert_array_equal(prepared[:, last], X[:, last] / 5)


@pytest.mark.parametrize("name", scalings)
def test_true_and_false_are_scaled_as_1_and_0(name):
    X = STREAM.rand(40, 3) > 0.4
    as_bytes = Scaling.fit(X.astype(np.uint8), name).apply(X.astype(np.uint8), np.float64)
    np.testing.assert_array_equal(Scaling.fit(X, name).apply(X, np.float64), as_bytes)
