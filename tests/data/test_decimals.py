"""Decimals from bytes are the floats that `float` makes, bit for bit, or are left to it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnctl.data.decimals import PAD, decimals

DIGITS = st.text("0123456789", max_size=20)
NUMBERS = st.builds("{}{}{}{}".format, st.sampled_from(["", "-"]), DIGITS, st.sampled_from(["", "."]), DIGITS)


def parsed(cells):
    """Return the numbers of texts and which are such, from one text in which they follow each other."""
    raw = ",".join(cells).encode() + b","
    ends = np.flatnonzero(np.frombuffer(raw, np.uint8) == ord(","))
    starts = np.append(0, ends[:-1] + 1)
    points = [
        start + cell.find(".") if "." in cell else end for start, cell, end in zip(starts, cells, ends, strict=True)
    ]
    return decimals(np.frombuffer(raw + bytes(PAD), np.uint8), starts, np.array(points), ends)


@given(st.lists(NUMBERS, min_size=1, max_size=30))
def test_a_number_is_what_float_says_or_is_left_to_it(cells):
    values, good = parsed(cells)
    for cell, value, told in zip(cells, values, good, strict=True):
        if told and cell:
            assert value.tobytes() == np.float64(cell).tobytes(), cell


@given(st.integers(-(10**15) + 1, 10**15 - 1), st.integers(0, 15))
def test_numbers_of_up_to_15_digits_are_told(whole, places):
    cell = f"{whole / 10**places:.{places}f}"
    values, good = parsed([cell, f"{whole}"])
    assert good[1]
    assert values[1] == whole
    assert good[0] == (len(cell.replace("-", "").replace(".", "")) <= 15 or abs(int(cell.replace(".", ""))) < 2**53)
    assert not good[0] or values[0] == float(cell)


@pytest.mark.parametrize(
    "cell",
    ["007", "-00", "9007199254740992", "1e5", "+1", "-", ".", "-.", "1-", "1.5x", " 1", "1 ", "1_0", "0x1", "é", "inf"],
)
def test_what_is_no_plain_number_is_not_told(cell):
    values, good = parsed(["1", cell, "2.5"])
    assert good.tolist() == [True, False, True]
    assert values[[0, 2]].tolist() == [1, 2.5]


def test_an_empty_text_is_missing_and_zeros_keep_their_signs():
    values, good = parsed(["", "-0", "0", "-0.0", "00.5", "9007199254740991", "5.", ".5"])
    assert good.all()
    np.testing.assert_array_equal(values, [np.nan, -0.0, 0, -0.0, 0.5, 9007199254740991, 5, 0.5])
    assert np.signbit(values).tolist() == [False, True, False, True, False, False, False, False]
