"""Decimals are numbers written as digits with or without a point, read from the bytes of a text, many at a time.

Without its point such a number is a whole one, and it is divided by a power of ten. Where a float holds both, one
division rounds them, by IEEE 754, as `float` rounds the text. A longer whole number, below 10**18, is divided in 64
bits, which are rounded to 53: the same, unless they are half-way between two floats. That is left to `float`, as all
else is that a number may look like.
"""

import numpy as np

from nnctl.nn import Array

PAD = 32  # bytes behind the text, so that the last digits have a window
LONGEST = 18  # digits of a whole number, leading zeros apart
MOST = 22  # digits behind the point: 10**22 is the last power that a float holds
EXACT = 2**53  # below it a float is each whole number
TENS = np.array([10**n for n in range(LONGEST + 1)] + [0] * (MOST - LONGEST))  # those beyond are for zeros only
POWERS = np.array([float(f"1e{n}") for n in range(MOST + 1)])
HAS_64_BITS = np.finfo(np.longdouble).nmant == 63 and np.dtype(np.longdouble).itemsize == 16
MINUS, ZERO = b"-0"


def decimals(text: Array, starts: Array, points: Array, ends: Array) -> tuple[Array, Array]:
    """Return numbers of the shape of `starts`, and which of them are such; an empty one is nan.

    A number goes from its start to its end and has its last point between, or where it ends. Text is bytes with a PAD.
    """
    minus = text[starts] == MINUS
    first = starts + minus
    digits, fraction = points - first, np.maximum(ends - points - 1, 0)
    whole, good = _whole(text, first, digits)
    behind, behind_good = _whole(text, points + 1, fraction)
    good &= behind_good & (fraction <= MOST) & ((whole == 0) | (digits + fraction <= LONGEST)) & (digits + fraction > 0)
    integer = points == ends
    good &= ~integer | (((text[first] != ZERO) | (digits == 1)) & (whole < EXACT))  # 007 and 2**53 + 1 are codes
    places = np.minimum(fraction, MOST)
    whole *= TENS[places]
    whole += behind
    values = whole / POWERS[places]
    long = whole >= EXACT
    if long.any():
        values[long], sure = _long(whole[long], POWERS[places[long]])
        good[long] &= sure
    values *= 1.0 - 2.0 * minus  # which keeps the sign of -0
    empty = starts == ends
    values[empty] = np.nan
    good |= empty
    return values, good


def _long(whole: Array, powers: Array) -> tuple[Array, Array]:
    """Return quotients (m,) that are rounded in 64 bits and then as floats, and where that is as rounding once."""
    if not HAS_64_BITS:
        return np.empty(len(whole)), np.zeros(len(whole), bool)
    quotients = whole.astype(np.longdouble) / powers
    last_bits = quotients.view(np.uint64)[::2] & 0x7FF  # of the 64, those that a float has not
    return quotients.astype(np.float64), last_bits != 0x400


def _whole(text: Array, starts: Array, counts: Array) -> tuple[Array, Array]:
    """Return the whole numbers that so many digits make, and where these are digits alone and not too many."""
    value, good = _eight(text, starts, np.minimum(counts, 8))
    for done in (8, 16):
        if (counts > done).any():
            more = np.clip(counts - done, 0, 8)
            rest, rest_good = _eight(text, starts + done, more)
            good &= rest_good & (value < TENS[LONGEST - more])
            value = value * TENS[more] + rest
    good &= counts <= 24
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
