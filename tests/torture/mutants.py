"""A mutant is a file in which something is other than it was: bits, bytes, pieces taken out, doubled or exchanged."""

from collections.abc import Callable
from hashlib import sha256

from numpy.random import RandomState

from nnctl.runs import hdf5_layout

ODD = (
    b"\0",
    b"\xff",
    b"\x7f",
    b"\x80",
    b"\0\0\0\0",
    b"\xff\xff\xff\xff",
    b"\xff" * 8,
    b"\0" * 8,
    b"\x01\0\0\0\0\0\0\x80",
)


def flipped(content: bytes, stream: RandomState) -> bytes:
    """Return bytes with one bit turned."""
    place, bit = stream.randint(len(content)), stream.randint(8)
    return content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :]


def mutated(content: bytes, stream: RandomState) -> bytes:
    """Return bytes with one to four changes of any kind."""
    for _ in range(stream.randint(1, 5)):
        change = CHANGES[stream.randint(len(CHANGES))]
        content = change(content, stream) if content else b"\0"
    return content


def _byte(content: bytes, stream: RandomState) -> bytes:
    place = stream.randint(len(content))
    return content[:place] + bytes([stream.randint(256)]) + content[place + 1 :]


def _odd(content: bytes, stream: RandomState) -> bytes:
    place, value = stream.randint(len(content)), ODD[stream.randint(len(ODD))]
    return content[:place] + value + content[place + len(value) :]


def _piece(content: bytes, stream: RandomState) -> tuple[int, int]:
    start = stream.randint(len(content))
    return start, min(len(content), start + 1 + stream.randint(64))


def _gone(content: bytes, stream: RandomState) -> bytes:
    start, end = _piece(content, stream)
    return content[:start] + content[end:]


def _twice(content: bytes, stream: RandomState) -> bytes:
    start, end = _piece(content, stream)
    return content[:end] + content[start:]


def _elsewhere(content: bytes, stream: RandomState) -> bytes:
    start, end = _piece(content, stream)
    to = stream.randint(len(content))
    return content[:to] + content[start:end] + content[to + end - start :]


def _cut(content: bytes, stream: RandomState) -> bytes:
    return content[: stream.randint(len(content))]


CHANGES: tuple[Callable[[bytes, RandomState], bytes], ...] = (
    flipped, flipped, _byte, _odd, _odd, _gone, _twice, _elsewhere, _cut,
)  # fmt: skip


def signed(image: bytes) -> bytes:
    """Return the bytes of a bundle with the SHA-256 that is right for them, as whoever makes a file by hand can."""
    place = slice(hdf5_layout.DIGEST_AT, hdf5_layout.DIGEST_AT + hdf5_layout.DIGEST_SIZE)
    changed = bytearray(image)
    if len(changed) < place.stop:
        return image
    changed[place] = bytes(hdf5_layout.DIGEST_SIZE)
    changed[place] = sha256(changed).digest()
    return bytes(changed)
