"""Decimals are numbers written as digits with or without a point, read from the bytes of a text, many at a time.

Without its point such a number is a whole one, and it is divided by a power of ten. Where a float holds both, one
division rounds them, by IEEE 754, as `float` rounds the text. A longer whole number, below 10**18, is divided in 64
bits, which are rounded to 53: the same, unless they are half-way between two floats. That is left to `float`, as all
else is that a number may look like.
"""

import numpy as np

from nnctl.nn import Array

PAD = 32  # bytes behind the text, so that the last digits have a window
SHORT = 9  # bytes of a number without its sign: eight digits, and a point among them
LONGEST = 18  # digits of a whole number, leading zeros apart
MOST = 22  # digits behind the point: 10**22 is the last power that a float holds
EXACT = 2**53  # below it a float is each whole number
TENS = np.array([10**n for n in range(LONGEST + 1)] + [0] * (MOST - LONGEST))  # those beyond are for zeros only
POWERS = np.array([float(f"1e{n}") for n in range(MOST + 1)])
HAS_64_BITS = np.finfo(np.longdouble).nmant == 63 and np.dtype(np.longdouble).itemsize == 16
MINUS, ZERO, POINT = b"-0."
EACH, HIGHEST = 0x0101010101010101, 0x8080808080808080  # the lowest, the highest bit of each of eight bytes
BEHIND = 0x0706050403020100  # times 1 in byte q it has 7 - q, the bytes behind that one, in its last byte


def decimals(text: Array, starts: Array, ends: Array) -> tuple[Array, Array]:
    """Return numbers of the shape of `starts`, and which of them are such; an empty one is nan.

    A number goes from its start to its end. Text is bytes with a PAD.
    """
    minus = text.take(starts) == MINUS
    first = starts + minus
    lengths = ends - first
    values, good = _short(text, first, lengths)
    others = ~good & (lengths >= SHORT)
    if others.any():
        values[others], good[others] = _any(text, first[others], ends[others])
    np.negative(values, out=values, where=minus)  # which keeps the sign of 0
    empty = starts == ends
    values[empty] = np.nan
    good |= empty
    return values, good


def _short(text: Array, first: Array, lengths: Array) -> tuple[Array, Array]:
    """Return numbers of at most eight digits, and maybe a point, that begin at `first`; and which are such.

    Their last eight bytes are worked on as one number, from which the point is taken out.
    """
    nine = lengths == SHORT
    eight = lengths - nine
    x = _windows(text, first + nine)
    x ^= ZERO * EACH  # a digit becomes its value
    x <<= ((8 - eight) << 3).view(np.uint64)  # what stands behind the number goes, zeros come before it
    others = x ^ ((POINT ^ ZERO) * EACH)  # where the point is, it is 0
    found = (others - EACH) & ~others  # where a byte is 0, its highest bit is set: the lowest of these is right
    found &= HIGHEST
    point = found & (0 - found)
    point >>= 7
    has = np.minimum(point, 1)
    before, behind = point - has, ~((point << 8) - has)  # all bytes are behind a point that is not there
    x = ((x & before) << 8) | (x & behind)
    if len(at := np.flatnonzero(nine)):
        x.reshape(-1)[at] |= text.take(first.reshape(-1)[at]) ^ ZERO
    value, good = _joined(x)
    point *= BEHIND
    point >>= 56
    whole = has == 0
    digits = lengths.view(np.uint64) - has
    good &= digits - 1 < 8  # of none it is a large number
    if whole.any():
        good &= ~whole | (lengths == 1) | (text.take(first) != ZERO)  # 007 is a code
    return value / POWERS.take(point.view(np.int64)), good


def _any(text: Array, first: Array, ends: Array) -> tuple[Array, Array]:
    """Return numbers (m,) of any length, and which are such."""
    dots = np.append(-1, np.flatnonzero(text == POINT))
    points = dots[np.searchsorted(dots, ends) - 1]  # the last one before the end, but it may be of a number before
    points = np.where(points < first, ends, points)
    digits, fraction = points - first, np.maximum(ends - points - 1, 0)
    whole, good = _whole(text, first, digits)
    behind, behind_good = _whole(text, points + 1, fraction)
    good &= behind_good & (fraction <= MOST) & ((whole == 0) | (digits + fraction <= LONGEST)) & (digits + fraction > 0)
    integer = points == ends
    good &= ~integer | ((text[first] != ZERO) & (whole < EXACT))  # 007 and 2**53 + 1 are codes
    places = np.minimum(fraction, MOST)
    whole *= TENS[places]
    whole += behind
    values = whole / POWERS[places]
    long = whole >= EXACT
    if long.any():
        values[long], sure = _long(whole[long], POWERS[places[long]])
        good[long] &= sure
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
    """Return whole numbers of up to 8 digits, and where these are digits."""
    x = _windows(text, starts)
    x ^= ZERO * EACH
    x <<= ((8 - counts) << 3).view(np.uint64)
    return _joined(x)


def _windows(text: Array, starts: Array) -> Array:
    """Return eight bytes of the text from each start, as one number: those of two words, each shifted."""
    words = text[: len(text) & -8].view("<u8")
    word = starts >> 3
    bits = ((starts & 7) << 3).view(np.uint64)
    low = words.take(word)
    word += 1
    high = words.take(word)
    low >>= bits
    high <<= 1
    high <<= 63 - bits
    low |= high
    return low


def _joined(x: Array) -> tuple[Array, Array]:
    """Return the whole numbers that eight bytes each, of values 0 to 9, make, and where they are such values.

    Neighbours are joined to numbers of 2, of 4 and of 8 digits (D. Lemire, Quickly parsing eight digits, 2018).
    """
    odd = x + 0x76 * EACH  # beyond 9 the highest bit of a byte is set
    odd |= x
    odd &= HIGHEST
    x *= 2561
    x >>= 8
    x &= 0x00FF00FF00FF00FF
    x *= 6553601
    x >>= 16
    x &= 0x0000FFFF0000FFFF
    x *= 42949672960001
    x >>= 32
    return x.view(np.int64), odd == 0
