"""The bytes of an HDF5 file of the plainest kind: a root group of contiguous datasets, all headers first.

Each function names the section of the HDF5 File Format Specification, version 3.0, that its bytes follow. Offsets and
lengths are of 8 bytes; everything is little-endian.

    superblock | SHA-256 | header of `about`, its text | header of `sha256` | those of the arrays | root group | numbers
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

ABOUT, DIGEST = "about", "sha256"  # the datasets that every file has beside its arrays
ALIGNMENT = 8
NOWHERE = b"\xff" * 8  # an undefined address
SIGNATURE = b"\x89HDF\r\n\x1a\n"
BEGINNING = SIGNATURE + bytes([2, 8, 8, 0]) + bytes(8) + NOWHERE  # up to the size of the file

SUPERBLOCK_SIZE = 48
DIGEST_AT, DIGEST_SIZE = SUPERBLOCK_SIZE, 32
ABOUT_AT = DIGEST_AT + DIGEST_SIZE
LENGTH_AT = ABOUT_AT + 18  # in the dataspace message, which is the first of a header

# section IV.A.2.d, version 1: IEEE 754 (class 1) and fixed-point (class 0) numbers
DATATYPES = {
    "float64": bytes.fromhex("11203f00 08000000 0000 4000 34 0b 00 34 ff030000"),
    "float32": bytes.fromhex("11201f00 04000000 0000 2000 17 08 00 17 7f000000"),
    "uint8": bytes.fromhex("10000000 01000000 0000 0800"),
}
BYTES = {"float64": 8, "float32": 4, "uint8": 1}

Fields = Mapping[str, tuple[str, tuple[int, ...]]]  # the kind and shape of each array


@dataclass(frozen=True)
class Layout:
    """Where everything is: the bytes before the numbers, with zeros for the SHA-256, and the place of each array."""

    head: bytes
    places: list[int]
    size: int

    @classmethod
    def of(cls, fields: Fields, text: bytes) -> "Layout":
        """Return the layout of arrays of these kinds and shapes and the text about them."""
        about = _dataset("uint8", (len(text),), TEXT_AT)
        digest = _dataset("uint8", (DIGEST_SIZE,), DIGEST_AT)
        at = _aligned(TEXT_AT + len(text))
        links = {ABOUT: ABOUT_AT, DIGEST: at}
        at += _aligned(len(digest))
        for name, (kind, shape) in fields.items():
            links[name] = at
            at += _aligned(len(_dataset(kind, shape, 0)))
        root, sizes = at, [prod(shape) * BYTES[kind] for kind, shape in fields.values()]
        at += _aligned(len(group := _group(links)))
        places = []
        for size in sizes:
            places.append(at)
            at += _aligned(size)
        headers = [_dataset(kind, shape, place) for (kind, shape), place in zip(fields.values(), places, strict=True)]
        pieces = [_superblock(at, root) + bytes(DIGEST_SIZE) + about, text, digest, *headers, group]
        return cls(b"".join(piece + bytes(-len(piece) % ALIGNMENT) for piece in pieces), places, at)


def size_of(image: bytes) -> int:
    """Return the size of a file that its superblock says."""
    return int(struct.unpack_from("<Q", image, len(BEGINNING))[0])


def text_of(image: bytes) -> bytes:
    """Return the text about the arrays, as long as its header says, or as there is of it."""
    (length,) = struct.unpack_from("<Q", image, LENGTH_AT)
    return image[TEXT_AT : TEXT_AT + length]


def _superblock(size: int, root: int) -> bytes:
    """Return a superblock of version 2, section II.A."""
    return _checked(BEGINNING + struct.pack("<QQ", size, root))


def _dataset(kind: str, shape: tuple[int, ...], place: int) -> bytes:
    """Return the header of a dataset with its messages of sections IV.A.2.b, d, f and i."""
    size = prod(shape) * BYTES[kind]
    dataspace = struct.pack(f"<BBBB{len(shape)}Q", 2, len(shape), 0, 1 if shape else 0, *shape)
    fill = bytes([3, 0b1010])  # none is defined; storage late, written if set
    layout = bytes([3, 1]) + (struct.pack("<Q", place) if size else NOWHERE) + struct.pack("<Q", size)
    return _header([(1, dataspace), (3, DATATYPES[kind]), (5, fill), (8, layout)])


def _group(links: Mapping[str, int]) -> bytes:
    """Return the header of a group of hard links with its messages of sections IV.A.2.c, k and g."""
    messages = [(2, bytes(2) + 2 * NOWHERE), (10, bytes(2))]
    for name, place in links.items():
        written = name.encode("utf-8")
        messages.append((6, bytes([1, 0x10, 1, len(written)]) + written + struct.pack("<Q", place)))
    return _header(messages)


def _header(messages: list[tuple[int, bytes]]) -> bytes:
    """Return an object header of version 2, section IV.A.1.b."""
    body = b"".join(struct.pack("<BHB", kind, len(content), 0) + content for kind, content in messages)
    return _checked(b"OHDR" + bytes([2, 2]) + struct.pack("<I", len(body)) + body)


def _checked(content: bytes) -> bytes:
    """Return bytes with their checksum behind them, Bob Jenkins's lookup3 (section I.C, hashlittle of 2006)."""
    return content + struct.pack("<I", checksum(content))


def checksum(content: bytes) -> int:
    """Return the 32 bits that lookup3 makes of bytes."""
    length, mask = len(content), 0xFFFFFFFF
    a = b = c = (0xDEADBEEF + length) & mask
    blocks = max(0, (length - 1) // 12)  # the last 1 to 12 bytes are mixed in another way
    words = struct.unpack(f"<{3 * (blocks + 1)}I", content.ljust(12 * (blocks + 1), b"\0"))
    for k in range(0, 3 * blocks, 3):
        a, b, c = (a + words[k]) & mask, (b + words[k + 1]) & mask, (c + words[k + 2]) & mask
        a = ((a - c) & mask) ^ _turned(c, 4)
        c = (c + b) & mask
        b = ((b - a) & mask) ^ _turned(a, 6)
        a = (a + c) & mask
        c = ((c - b) & mask) ^ _turned(b, 8)
        b = (b + a) & mask
        a = ((a - c) & mask) ^ _turned(c, 16)
        c = (c + b) & mask
        b = ((b - a) & mask) ^ _turned(a, 19)
        a = (a + c) & mask
        c = ((c - b) & mask) ^ _turned(b, 4)
        b = (b + a) & mask
    if not length:
        return c
    a, b, c = (a + words[-3]) & mask, (b + words[-2]) & mask, (c + words[-1]) & mask
    c = ((c ^ b) - _turned(b, 14)) & mask
    a = ((a ^ c) - _turned(c, 11)) & mask
    b = ((b ^ a) - _turned(a, 25)) & mask
    c = ((c ^ b) - _turned(b, 16)) & mask
    a = ((a ^ c) - _turned(c, 4)) & mask
    b = ((b ^ a) - _turned(a, 14)) & mask
    return ((c ^ b) - _turned(b, 24)) & mask


def _turned(word: int, bits: int) -> int:
    """Return 32 bits turned left."""
    return (word << bits | word >> (32 - bits)) & 0xFFFFFFFF


def _aligned(size: int) -> int:
    return size + -size % ALIGNMENT


TEXT_AT = ABOUT_AT + _aligned(len(_dataset("uint8", (0,), 0)))
SMALLEST = TEXT_AT
