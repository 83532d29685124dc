"""Decimals from bytes are the floats that `float` makes, bit for bit, or are left to it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnctl.data.decimals import HAS_64_BITS, PAD, decimals

DIGITS = st.text("0123456789", max_size=26)
NUMBERS = st.builds("{}{}{}{}".format, st.sampled_from(["", "-"]), DIGITS, st.sampled_from(["", "."]), DIGITS)


def parsed(cells):
    """Return the numbers of texts and which are such, from one text in which they follow each other."""
    raw = ",".join(cells).encode() + b","
    ends = np.flatnonzero(np.frombuffer(raw, np.uint8) == ord(","))
    starts = np.append(0, ends[:-1] + 1)
    return decimals(np.frombuffer(raw + bytes(PAD), np.uint8), starts, ends)


@given(st.lists(NUMBERS, min_size=1, max_size=30))
def test_a_number_is_what_float_says_or_is_left_to_it(cells):
    values, good = parsed(cells)
    for cell, value, told in zip(cells, values, good, strict=True):
        if told and cell:
            assert value.tobytes() == np.float64(cell).tobytes(), cell


@given(st.integers(-(10**18) + 1, 10**18 - 1), st.integers(0, 22))
def test_numbers_of_up_to_18_digits_are_told(whole, places):
    digits = f"{abs(whole):0{places + 1}d}"
    cell = f"{'-' * (whole < 0)}{digits[: len(digits) - places]}.{digits[len(digits) - places :]}"
    values, good = parsed([cell, f"{whole}"])
    assert good[1] == (abs(whole) < 2**53)
    if abs(whole) < 2**53:
        assert good[0]
    if good[0]:
        assert values[0] == float(cell)


@pytest.mark.skipif(not HAS_64_BITS, reason="long double has not 64 bits here")
def test_what_python_writes_of_a_float_is_told():
    numbers = np.random.RandomState(0).randn(100_000)
    values, good = parsed([repr(number) for number in numbers.tolist() if abs(number) > 1e-4])
    assert good.mean() > 0.999  # one in 2,000 or so is half-way in 64 bits
    np.testing.assert_array_equal(values[good], numbers[abs(numbers) > 1e-4][good])


def test_a_number_half_way_between_two_floats_is_rounded_once():
    wholes = np.random.RandomState(0).randint(10**17, 10**18, 50_000)  # some twelve would be other floats
    for places in (17, 18, 22):
        digits = [f"{whole:0{places}d}" for whole in wholes.tolist()]
        cells = [f"{text[: len(text) - places]}.{text[len(text) - places :]}" for text in digits]
        values, good = parsed(cells)
        np.testing.assert_array_equal(values[good], np.array(cells, float)[good])


ODD = [
    "007",
    "-00",
    "9007199254740992",
    "1e5",
    "+1",
    "-",
    ".",
    "-.",
    "1-",
    "1.5x",
    " 1",
    "1 ",
    "1_0",
    "0x1",
    "é",
    "inf",
]


@pytest.mark.parametrize("cell", [*ODD, "1.2.3", "1..2", "0" * 24 + "123.5", "0." + "0" * 20 + "123"])
def test_what_is_no_plain_number_is_not_told(cell):
    values, good = parsed(["1", cell, "2.5"])
    assert good.tolist() == [True, False, True]
    assert values[[0, 2]].tolist() == [1, 2.5]


def test_an_empty_text_is_missing_and_zeros_keep_their_signs():
    values, good = parsed(["", "-0", "0", "-0.0", "00.5", "9007199254740991", "5.", ".5"])
    assert good.all()
    np.testing.assert_array_equal(values, [np.nan, -0.0, 0, -0.0, 0.5, 9007199254740991, 5, 0.5])
    assert np.signbit(values).tolist() == [False, True, False, True, False, False, False, False]
