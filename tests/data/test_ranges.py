"""Rows that were prepared otherwise than in training are refused or said; rows like those of training are neither."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnctl.data import portions
from nnctl.data.ranges import LONG, Range, extent

STREAM = np.random.RandomState(1)
BYTES = STREAM.randint(0, 256, (40, 6, 6, 3)).astype(np.uint8)
TABLE = STREAM.randn(200, 4) * [1, 10, 0.5, 300] + [0, 50, 3, 2000]


def said(training, rows):
    known, rows = Range.of(np.asarray(training)), np.asarray(rows)
    told = known.judge(known.look(rows))
    halves = [known.look(half) for half in (rows[: len(rows) // 2], rows[len(rows) // 2 :]) if len(half)]
    seen = halves[0] if len(halves) == 1 else halves[0].joined(halves[1])
    whole = known.look(rows)
    for name in ("m", "size", "far"):
        assert getattr(seen, name) == getattr(whole, name)
    for name in ("low", "high", "outside"):
        np.testing.assert_array_equal(getattr(seen, name), getattr(whole, name))
    again = known.judge(seen)
    assert (again[0], [line[:40] for line in again[1]]) == (told[0], [line[:40] for line in told[1]])
    return told


@pytest.mark.parametrize("training", [BYTES, BYTES.reshape(40, -1)], ids=["pictures", "flat"])
@pytest.mark.parametrize("rows", [BYTES / 255, BYTES / 127.5 - 1, (BYTES / 255).astype(np.float32), BYTES > 127])
def test_fractions_are_refused_where_bytes_were(training, rows):
    if rows.dtype == bool:
        rows = rows.astype(np.float16)
    refusal, _ = said(training, rows)
    assert refusal.startswith(
        f"its features are fractions from {rows.min():g} to 1, and the network was trained on bytes"
    )
    assert "np.round(255 * X)" in refusal


def test_bytes_are_refused_where_fractions_were():
    refusal, _ = said(BYTES / 255, BYTES)
    assert refusal.startswith("its features are bytes up to 255, and the network was trained on fractions from 0 to 1.")


@pytest.mark.parametrize(
    ("training", "rows"),
    [
        (BYTES, BYTES[:3]),
        (BYTES, BYTES[:3].astype(float)),  # bytes in another type
        (BYTES, BYTES[:3].astype(np.int64)),
        (BYTES // 255, BYTES[:3] / 255),  # bytes that are 0 and 1
        (BYTES / 255, BYTES[:3] / 255),
        (TABLE, TABLE[:1]),
        (TABLE, TABLE[:50] * 1.1),
        (np.c_[TABLE, np.full(200, 7.0)], np.c_[TABLE[:9], np.full(9, 7.0)]),
        (np.zeros((5, 3)), np.zeros((5, 3))),
    ],
)
def test_rows_like_those_of_training_are_nothing_to_speak_of(training, rows):
    assert said(training, rows) == (None, [])


@settings(deadline=None, derandomize=True, max_examples=50)
@given(seed=st.integers(0, 10**6), m=st.integers(1, 200), n=st.integers(1, 30))
def test_further_rows_of_the_same_kind_are_nothing_to_speak_of(seed, m, n):
    stream = np.random.RandomState(seed)
    assert said(stream.randn(300, n), stream.randn(m, n)) == (None, [])


def test_rows_far_outside_are_counted_and_the_first_feature_named():
    rows = TABLE[:20].copy()
    rows[3:8, 1] = 5000
    _, (remark,) = said(TABLE, rows)
    assert remark.startswith("5 of 20 rows lie far outside what the network was trained on: feature 1 (counted from 0)")
    assert "to 5000, and went from" in remark


def test_all_features_in_another_unit_are_one_remark():
    _, (remark,) = said(TABLE, TABLE * 1000)
    assert remark.startswith("200 of 200 rows lie far outside")
    assert "(and so do 3 more)" in remark


@pytest.mark.parametrize("rows", [BYTES.astype(np.uint16) * 257, BYTES * -5.0])
def test_pictures_have_one_range(rows):
    refusal, (remark,) = said(BYTES, rows)
    assert refusal is None
    assert " of 40 rows lie far outside" in remark


def test_a_feature_that_never_varied_and_does_now_is_far_outside():
    training = np.c_[TABLE[:, :2], np.full(200, 7.0)]
    _, (remark,) = said(training, np.c_[TABLE[:5, :2], np.full(5, 1e4)])
    assert remark.startswith("5 of 5 rows lie far outside what the network was trained on: feature 2")


@pytest.mark.parametrize(
    ("training", "rows"),
    [
        (TABLE, TABLE / 1000),
        (TABLE, TABLE[:2] / 1000),  # near zero in every feature
        (TABLE, TABLE.mean(axis=0) + np.zeros((6, 4))),
        (BYTES.astype(float), BYTES / 255),
        (BYTES.astype(np.int64), BYTES[:1] / 255),
        (BYTES, BYTES[:5] // 255),  # scaled, and bytes again
        (BYTES / 255, BYTES / 255 / 255),  # scaled twice
    ],
)
def test_rows_in_a_small_corner_are_said(training, rows):
    refusal, (remark,) = said(training, rows)
    assert refusal is None
    assert remark.startswith("all values lie in a small corner of what the network was trained on: they go from")


@pytest.mark.parametrize("m", [1, 7, 2000])
@pytest.mark.parametrize("n", [1, 3, LONG - 1, 2 * LONG])
@pytest.mark.parametrize("order", ["C", "F"])
def test_the_extent_of_each_column(m, n, order):
    rows = np.asarray(np.random.RandomState(m + n).randn(min(m, 400_000 // n + 1), n).astype(np.float32), order=order)
    low, high = extent(rows)
    assert low.dtype == high.dtype == np.float64
    np.testing.assert_array_equal(low, rows.min(axis=0))
    np.testing.assert_array_equal(high, rows.max(axis=0))


def test_a_feature_in_another_unit_is_said_though_the_others_are_as_they_were():
    stream = np.random.RandomState(2)
    training = np.c_[stream.uniform(20, 60, 90), stream.uniform(1e4, 1e5, 90), np.arange(90) % 2]
    for rows in (
        training * [1, 1e-3, 1],
        (training - training.mean(axis=0)) / training.std(axis=0),
        (training - training.min(axis=0)) / np.ptp(training, axis=0),
    ):
        refusal, (remark,) = said(training, rows[:30])
        assert refusal is None
        assert remark.startswith("no row lies within what the network was trained on in feature ")


def test_flat_pictures_have_one_range_too():
    pictures = np.clip(STREAM.randn(60, 49) * 0.4, 0, 1)
    pictures[:, :6] = 0  # a border that is empty
    new = pictures[:20].copy()
    new[0, 2] = 0.01
    assert Range.of(pictures).low.shape == ()
    assert said(pictures, new) == (None, [])
    assert Range.of(TABLE).low.shape == (4,)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_few_features_of_one_range_are_no_flat_picture(n):
    training = np.linspace(0, 1, 50)[:, None] + np.zeros(n)
    assert Range.of(training).low.shape == (n,)
    _, (remark,) = said(training, training[:9] + 2)
    assert remark.startswith(
        "no row lies within what the network was trained on in feature 0 (counted from 0): it goes"
    )


def test_a_single_row_or_value_is_in_no_corner():
    assert said(TABLE[:, :1], np.zeros((1, 1))) == (None, [])
    assert said(BYTES[:, :1, :2, 0], BYTES[:1, :1, :2, 0] * 0) == (None, [])


def test_fractions_beyond_minus_1_are_another_thing_than_scaled_bytes():
    refusal, _ = said(BYTES, np.linspace(-3, 1, 108).reshape(1, 6, 6, 3))
    assert refusal is None


@pytest.mark.parametrize(("step", "far"), [(31, True), (29, False)])
def test_a_feature_that_never_varied_has_the_width_of_the_middle_one(step, far):
    training = np.outer(np.linspace(0, 1, 9), [1, 10, 1000, 0])
    _, remarks = said(training, [[0.5, 5, 500, 0], [0.5, 5, 500, step]])
    assert any("feature 3" in remark for remark in remarks) == far


def test_a_feature_that_never_varied_may_move_as_far_as_others_vary():
    training = np.c_[TABLE[:, 0], np.full(200, 7.0)]
    rows = training[:9] + np.array([0, 2 * np.ptp(TABLE[:, 0])])
    _, (remark,) = said(training, rows)
    assert remark.startswith("no row lies within")  # said, and not as "far outside"


def drawings(m, seed, dtype=np.uint8, white=255):
    """Return m pictures (m, 8, 8) with some strokes of light ink on dark paper."""
    stream = np.random.RandomState(seed)
    ink = (stream.rand(m, 8, 8) < 0.1 + 0.2 * stream.rand(m, 1, 1)) * stream.choice([0.5, 0.75, 1], (m, 8, 8))
    return (white * ink).astype(dtype)


@pytest.mark.parametrize("flat", [False, True], ids=["pictures", "flat"])
@pytest.mark.parametrize(("dtype", "white"), [(np.uint8, 255), (float, 1.0), (np.int64, 16)])
def test_rows_that_are_the_inverse_of_training_are_said(dtype, white, flat):
    training, new = drawings(300, 1, dtype, white), drawings(40, 2, dtype, white)
    if flat:
        training, new = training.reshape(300, -1), new.reshape(40, -1)
    for paper, ink, there, here in (
        (training, new, "light on dark", "dark on light"),
        (white - training, white - new, "dark on light", "light on dark"),
    ):
        assert said(paper, ink) == said(paper, ink[:1]) == (None, [])
        refusal, (remark,) = said(paper, white - ink)
        assert refusal is None
        assert remark.startswith("40 of 40 rows look inverted: the mean of their values is ")
        assert remark.endswith(f"; are they {here}, and was it {there}? Then invert them")
        assert said(paper, white - ink[:1])[1][0].startswith("1 of 1 rows look inverted")
        _, (remark,) = said(paper, np.concatenate([ink, white - ink[:7]]))
        assert remark.startswith("7 of 47 rows look inverted")


def test_gray_paper_looks_inverted_too():
    paper = (200 - 0.6 * drawings(40, 2)).astype(np.uint8)
    assert said(drawings(300, 1), paper)[1][0].startswith("40 of 40 rows look inverted")


@pytest.mark.parametrize("scale", [1.3, 2.5])
def test_rows_brighter_than_those_of_training_are_not_inverted(scale):
    training = drawings(300, 1) // 2
    training[0, 0, 0] = 255
    brighter = (training[:40] * scale).clip(0, 255).astype(np.uint8)
    assert said(training, brighter) == (None, [])
    assert said(training, np.maximum(training[:40], 90)) == (None, [])  # dark paper that is not black


def test_where_training_has_bright_and_dark_rows_nothing_is_inverted():
    training = np.concatenate([drawings(150, 1), 255 - drawings(50, 3)])
    assert said(training, 255 - drawings(40, 2)) == (None, [])
    shades = STREAM.uniform(20, 200, (200, 1, 1)) + 30 * STREAM.randn(200, 8, 8)
    photographs = shades.clip(0, 255).astype(np.uint8)
    assert said(photographs, 255 - photographs[:40]) == (None, [])


def test_a_few_bytes_have_no_brightness():
    table = STREAM.randint(0, 20, (50, 4)).astype(np.uint8)
    table[0, 0] = 255
    assert Range.of(table).means is None
    assert said(table, 255 - table[1:]) == (None, [])


def test_a_picture_of_one_shade_is_blank():
    _, (remark,) = said(drawings(300, 1), np.full((1, 8, 8), 255, np.uint8))
    assert remark.endswith("they go from 255 to 255, and went from 0 to 255 in training; is there anything in them?")


def test_the_extent_of_wide_examples_takes_little_memory(monkeypatch):
    monkeypatch.setattr(portions, "VALUES", 1000)  # so that a portion is a row
    X = STREAM.randint(0, 256, (2000, 1000)).astype(np.uint8)
    tracemalloc.start()
    low, high = extent(X)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    np.testing.assert_array_equal(low, X.min(axis=0))
    np.testing.assert_array_equal(high, X.max(axis=0))
    assert most < X.nbytes / 4
