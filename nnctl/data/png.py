"""A PNG is whole if its rows are all there: Pillow takes one whose data end early, and leaves the rest black.

The form is that of the PNG specification (ISO/IEC 15948), sections 5 (chunks), 8 (interlacing) and 10 (compression).
"""

import struct
import zlib

from nnctl.data.arrays import Unusable

CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
PASSES = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)  # x, y, steps
AT_ONCE = 1 << 18  # bytes that are unpacked


def check_whole(raw: bytes) -> None:
    """Raise Unusable where the rows of a PNG are fewer than its header says; what else is wrong Pillow tells."""
    try:
        width, height, depth, colour, _, _, interlaced = struct.unpack_from(">IIBBBBB", raw, 16)
        bits = depth * CHANNELS[colour]
    except (struct.error, KeyError):
        return
    sizes = [(width, height)]
    if interlaced:
        sizes = [(-(-(width - x) // across), -(-(height - y) // down)) for x, y, across, down in PASSES]
    expected = sum(rows * (1 + (columns * bits + 7) // 8) for columns, rows in sizes if columns > 0 and rows > 0)
    held = _unpacked(raw, expected)
    if held is not None and held < expected:
        raise Unusable(f"is cut off: {held:,} of the {expected:,} bytes of its rows are there")


def _unpacked(raw: bytes, most: int) -> int | None:
    """Return how many bytes the data of a PNG unpack to, or so many if there are more, or None if they cannot be."""
    unpacking, held, place = zlib.decompressobj(), 0, 8
    while place + 8 <= len(raw) and held < most:
        length, kind = struct.unpack_from(">I4s", raw, place)
        packed = memoryview(raw)[place + 8 : place + 8 + length] if kind == b"IDAT" else b""
        place += length + 12
        try:
            while packed and held < most and not unpacking.eof:
                held += len(unpacking.decompress(packed, AT_ONCE))
                packed = unpacking.unconsumed_tail
        except zlib.error:
            return None
    return held
