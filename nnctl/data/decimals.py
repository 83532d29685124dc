"""Decimals are numbers written as digits with or without a point, read from the bytes of a text, many at a time.

Without its point such a number is a whole one; where that is below 2**53, one division by a power of ten gives the
number, and IEEE 754 rounds a division of two floats that are exact as `float` rounds the text. All else is `float`'s.
"""

import numpy as np

from nnctl.nn import Array

PAD = 16  # bytes behind the text, so that the last digits have a window
MOST = 16  # digits before the point, or behind it
EXACT = 2**53  # below it a float is each whole number
TENS = 10 ** np.arange(MOST + 1)
MINUS, ZERO = b"-0"


def decimals(text: Array, starts: Array, points: Array, ends: Array) -> tuple[Array, Array]:
    """Return numbers of the shape of `starts`, and which of them are such; an empty one is nan.

    A number goes from its start to its end and has its point between, or where it ends. Text is bytes with a PAD.
    """
    minus = text[starts] == MINUS
    first = starts + minus
    whole, fraction = points - first, np.maximum(ends - points - 1, 0)
    digits = whole + fraction
    left, left_good = _whole(text, first, whole)
    right, right_good = _whole(text, points + 1, fraction)
    tens = TENS[np.minimum(fraction, MOST)]
    left *= tens
    left += right
    values = left / tens
    values *= 1.0 - 2.0 * minus  # which keeps the sign of -0
    good = left_good & right_good & (digits > 0) & (digits <= 18) & (left < EXACT)  # 18 digits do not overflow
    good &= (text[first] != ZERO) | (whole == 1) | (points < ends)  # 007 is a code
    empty = starts == ends
    values[empty] = np.nan
    good |= empty
    return values, good


def _whole(text: Array, starts: Array, counts: Array) -> tuple[Array, Array]:
    """Return the whole numbers that so many digits make, and where there are as many, 0 to MOST, and digits alone."""
    value, good = _eight(text, starts, np.minimum(counts, 8))
    good &= (counts >= 0) & (counts <= MOST)
    if (counts > 8).any():
        more = np.clip(counts - 8, 0, 8)
        rest, rest_good = _eight(text, np.where(more > 0, starts + 8, starts), more)
        value, good = value * TENS[more] + rest, good & rest_good
    return value, good


def _eight(text: Array, starts: Array, counts: Array) -> tuple[Array, Array]:
    """Return whole numbers of up to 8 digits, and where these are digits: 8 bytes are worked on as one number.

    Neighbours are joined to numbers of 2, of 4 and of 8 digits (D. Lemire, Quickly parsing eight digits, 2018).
    """
    windows = np.ndarray(len(text) - 7, "<u8", text, 0, (1,))
    x = windows[starts]
    x ^= 0x3030303030303030  # a digit becomes its value
    x <<= ((8 - counts) << 3).astype(np.uint64)  # what stands behind the digits goes, zeros come before them
    odd = x + 0x7676767676767676  # beyond 9 the highest bit of a byte is set
    odd |= x
    odd &= 0x8080808080808080
    x *= 2561
    x >>= 8
    x &= 0x00FF00FF00FF00FF
    x *= 6553601
    x >>= 16
    x &= 0x0000FFFF0000FFFF
    x *= 42949672960001
    x >>= 32
    return x.view(np.int64), odd == 0
