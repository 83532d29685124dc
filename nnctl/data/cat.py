"""Cats and other things, drawn: 64x64 colour pictures for "cat or not a cat".

Cat faces and eight other kinds of things share the same palettes, places, sizes, backgrounds and grain, and
every picture is, by the toss of a coin, light on dark or dark on light. So no pixel's colour or brightness
alone can tell a cat: a linear model does little better than guessing, while a deep network learns the shapes.
"""

import numpy as np
from numpy.random import RandomState

from nnctl.nn import Array

Number = float | Array
Shapes = tuple[Array, Array, Array, Array]  # body, patch, accent, ink

SIDE = 64  # pixels along each side of a picture
SCALE = 27.0  # pixels to one unit of the drawings' own coordinates; a drawing spans about -1..1
CATS = 0.45  # the share of cats
VARIES = 0.03  # the standard deviation of place (in widths) and size; with 0.08 the deep network fails, too
GRAIN = 12  # the most that noise changes a pixel, of 255
CHUNK = 32  # pictures drawn at a time: few enough to stay in the processor's cache

# Colours as red, green and blue. What is drawn takes its own from LIGHT and the background from DARK, or the
# other way round; ACCENT stands out from both.
LIGHT = "fffaf0 f7e3c0 ffc98a e4e6ea f3d9c9 fbe58f d9ecc9 cfe6f5 e8d5f0 ffd0d0"
DARK = "15151a 2b2b33 3a2618 1c2a44 3d1f2e 16332f 2a1d45 263a1c 4a2a20 10324a"
ACCENT = "e87a90 e0604f 3f9e9a d98a3a 6f86d6 8aa34a"


# A shape is a signed distance in drawing units: about the distance to its edge, positive inside. Union is thus
# np.maximum, intersection np.minimum, complement minus. x (n, 1, 64) grows to the right and y (n, 64, 1)
# downwards, for n pictures at once; u = |x| draws a thing and its mirror image.


def _ellipse(x: Array, y: Array, cx: Number, cy: Number, rx: Number, ry: Number) -> Array:
    """An ellipse with centre (cx, cy) and half axes rx and ry; its distance is exact at the edge only."""
    half = np.minimum(rx, ry) / 2
    return (half - half * ((x - cx) / rx) ** 2) - half * ((y - cy) / ry) ** 2


def _box(x: Array, y: Array, x0: Number, y0: Number, x1: Number, y1: Number) -> Array:
    """A rectangle from its upper left corner (x0, y0) to its lower right one (x1, y1)."""
    return np.minimum(np.minimum(x - x0, x1 - x), np.minimum(y - y0, y1 - y))


def _polygon(x: Array, y: Array, *corners: tuple[Number, Number]) -> Array:
    """A convex polygon with its corners given clockwise as seen."""
    inside = None
    for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True):
        length = np.sqrt((x1 - x0) ** 2 + (y1 - y0) ** 2)
        edge = (y - y0) * ((x1 - x0) / length) - (x - x0) * ((y1 - y0) / length)
        inside = edge if inside is None else np.minimum(inside, edge, out=inside)
    assert inside is not None
    return inside


def _line(x: Array, y: Array, x0: float, y0: float, x1: float, y1: float, width: float) -> Array:
    """A straight stroke from (x0, y0) right to (x1, y1), with upright ends: it must lie rather than stand."""
    slope = (y1 - y0) / (x1 - x0)
    stroke = width / 2 - np.abs((y - y0) - slope * (x - x0)) / np.sqrt(1 + slope**2)
    return np.minimum(stroke, np.minimum(x - x0, x1 - x), out=stroke)


def _ring(shape: Array, width: float) -> Array:
    """The outline of a shape."""
    return width / 2 - np.abs(shape)


# Each thing gives four shapes, painted over one another in this order: its body, patches of a shade near the
# body's, a coloured accent, and ink as bright as the background. Four random traits (4, n, 1, 1) in -1..1 tell
# the individuals of a kind apart.


def _cat(x: Array, y: Array, traits: Array) -> Shapes:
    u = np.abs(x)
    wide = 0.8 + 0.03 * traits[0]
    head = _ellipse(u, y, 0, 0.2, wide, 0.66)
    tip = -0.98 + 0.04 * traits[1]
    ears = _polygon(u, y, (0.14, -0.36), (0.66, tip), (0.8, 0.15))
    inner = _polygon(u, y, (0.34, -0.45), (0.62, tip + 0.2), (0.7, -0.15))
    whiskers = np.maximum(_line(u, y, 0.36, 0.42, 1.02, 0.3, 0.045), _line(u, y, 0.36, 0.5, 1.02, 0.56, 0.045))
    eyes = _ellipse(u, y, 0.36, 0.1, 0.17, 0.15 + 0.02 * traits[2])
    pupil = _ellipse(u, y, 0.36, 0.1, 0.055, 0.14)
    mouth = _ring(_ellipse(u, y, 0.12, 0.5, 0.12, 0.12), 0.05)
    mouth = np.minimum(mouth, y - 0.5)
    nose = _polygon(u, y, (-0.1, 0.36), (0.1, 0.36), (0, 0.48))
    stripes = np.maximum(_box(u, y, -0.04, -0.44, 0.04, -0.18), _box(u, y, 0.13, -0.42, 0.2, -0.22))
    stripes = np.minimum(stripes, traits[3] * 0.3)
    ink = np.maximum(np.minimum(eyes, -pupil), np.maximum(mouth, np.minimum(whiskers, head)))
    return np.maximum(np.maximum(head, ears), whiskers), stripes, np.maximum(inner, nose), ink


def _teddy(x: Array, y: Array, traits: Array) -> Shapes:
    u = np.abs(x)
    head = _ellipse(u, y, 0, 0.2, 0.8 + 0.03 * traits[0], 0.7)
    ears = _ellipse(u, y, 0.62, -0.5, 0.32, 0.32)
    inner = _ellipse(u, y, 0.62, -0.5, 0.17, 0.17)
    muzzle = _ellipse(u, y, 0, 0.48, 0.38, 0.3)
    eyes = _ellipse(u, y, 0.3, 0.02, 0.085, 0.095 + 0.02 * traits[2])
    nose = _ellipse(u, y, 0, 0.36, 0.14, 0.09)
    mouth = np.minimum(_ring(_ellipse(u, y, 0, 0.44, 0.2, 0.18), 0.05), y - 0.5)
    return np.maximum(head, ears), muzzle, inner, np.maximum(np.maximum(eyes, nose), mouth)


def _ball(x: Array, y: Array, traits: Array) -> Shapes:
    ball = _ellipse(x, y, 0, 0, 0.88, 0.88)
    side = np.minimum(_ring(_ellipse(x, y, 0, 0, 0.6, 0.95), 0.14), ball)
    middle = np.minimum(_ellipse(x, y, 0, 0, 0.2, 0.95), ball)
    cap = _ellipse(x, y, 0, -0.8, 0.2, 0.1)
    return ball, side, cap, middle


def _house(x: Array, y: Array, traits: Array) -> Shapes:
    walls = _box(x, y, -0.68, -0.1, 0.68, 0.9)
    roof = _polygon(x, y, (-0.95, -0.08), (0, -0.95), (0.95, -0.08))
    chimney = _box(x, y, 0.4, -0.9, 0.62, -0.3)
    door = _box(x, y, -0.17, 0.35, 0.17, 0.9)
    windows = _box(np.abs(x), y, 0.3, 0.1, 0.56, 0.36)
    return np.maximum(np.maximum(walls, roof), chimney), roof, door, windows


def _tree(x: Array, y: Array, traits: Array) -> Shapes:
    trunk = _box(x, y, -0.13, 0.3, 0.13, 0.95)
    crown = np.maximum(_ellipse(x, y, 0, -0.4, 0.55, 0.55), _ellipse(np.abs(x), y, 0.4, 0.02, 0.42, 0.4))
    fruit = np.maximum(_ellipse(x, y, 0.1, -0.5, 0.1, 0.1), _ellipse(x, y, -0.3, -0.1, 0.1, 0.1))
    fruit = np.maximum(fruit, _ellipse(x, y, 0.42, 0.05, 0.1, 0.1))
    return np.maximum(crown, trunk), trunk, fruit, fruit - 1


def _cup(x: Array, y: Array, traits: Array) -> Shapes:
    cup = _polygon(x, y, (-0.72, -0.4), (0.48, -0.4), (0.36, 0.8), (-0.6, 0.8))
    handle = _ring(_ellipse(x, y, 0.5, 0.12, 0.34, 0.34), 0.14)
    coffee = _ellipse(x, y, -0.12, -0.4, 0.52, 0.1)
    rim = _ellipse(x, y, -0.12, -0.4, 0.6, 0.16)
    band = np.minimum(_box(x, y, -1, 0.15, 1, 0.4), cup)
    steam = _ring(_ellipse(np.abs(x + 0.12), y, 0.0, -0.75, 0.18, 0.22), 0.06)
    return np.maximum(np.maximum(cup, handle), np.maximum(rim, steam)), rim, band, coffee


def _flower(x: Array, y: Array, traits: Array) -> Shapes:
    u = np.abs(x)
    petals = np.maximum(_ellipse(u, y, 0.42, -0.5, 0.28, 0.25), _ellipse(u, y, 0.28, 0, 0.26, 0.26))
    petals = np.maximum(petals, _ellipse(u, y, 0, -0.7, 0.27, 0.27))
    stem = _box(u, y, -0.05, 0, 0.05, 0.95)
    leaves = _ellipse(u, y, 0.3, 0.66, 0.28, 0.12)
    centre = _ellipse(u, y, 0, -0.3, 0.2, 0.2)
    return np.maximum(petals, np.maximum(stem, leaves)), leaves, centre, _ellipse(u, y, 0, -0.3, 0.1, 0.1)


def _fish(x: Array, y: Array, traits: Array) -> Shapes:
    body = _ellipse(x, y, -0.18, 0.05, 0.76, 0.5)
    tail = _polygon(x, y, (0.4, 0.05), (0.95, -0.4), (0.95, 0.5))
    fin = _polygon(x, y, (-0.35, -0.35), (0.05, -0.75), (0.25, -0.3))
    stripes = np.minimum(_ring(np.abs(x - 0.08) - 0.16 + 0 * y, 0.12), body)
    eye = _ellipse(x, y, -0.58, -0.06, 0.1, 0.1)
    mouth = np.minimum(_line(x, y, -0.9, 0.2, -0.62, 0.18, 0.05), body)
    return np.maximum(np.maximum(body, tail), fin), np.maximum(tail, fin), stripes, np.maximum(eye, mouth)


def _car(x: Array, y: Array, traits: Array) -> Shapes:
    u = np.abs(x)
    low = _box(x, y, -0.95, -0.02, 0.95, 0.5)
    cabin = _polygon(x, y, (-0.65, 0), (-0.4, -0.55), (0.35, -0.55), (0.62, 0))
    glass = _polygon(u, y, (0.06, -0.08), (0.06, -0.44), (0.32, -0.44), (0.5, -0.08))
    wheels = _ellipse(u, y, 0.52, 0.5, 0.26, 0.26)
    hubs = _ellipse(u, y, 0.52, 0.5, 0.14, 0.14)
    trim = _box(x, y, -0.95, 0.16, 0.95, 0.24)
    return np.maximum(np.maximum(low, cabin), wheels), wheels, trim, np.maximum(glass, hubs)


THINGS = (_cat, _teddy, _ball, _house, _tree, _cup, _flower, _fish, _car)  # the cat first


def draw(stream: RandomState, m: int) -> tuple[Array, Array]:
    """Draw m pictures X (m, 64, 64, 3) of bytes and their labels y (m,): 1 a cat, 0 not a cat."""
    y = (stream.permutation(m) < CATS * m).astype(np.int64)
    kinds = np.where(y == 1, 0, stream.randint(1, len(THINGS), m))
    palettes = _palettes(stream, m)
    place = (VARIES * SIDE * stream.randn(2, m, 1, 1)).clip(-5, 5).astype(np.float32)
    size = (SCALE * (1 + VARIES * stream.randn(m, 1, 1))).astype(np.float32)
    traits = stream.uniform(-1, 1, (4, m, 1, 1)).astype(np.float32)
    slope = stream.uniform(-0.5, 0.5, (2, m, 1, 1)).astype(np.float32)  # of the background's light
    across = np.arange(SIDE, dtype=np.float32) - (SIDE - 1) / 2  # pixels from the middle
    down = across[:, None]
    X = np.empty((m, SIDE, SIDE, 3), np.uint8)
    for kind, thing in enumerate(THINGS):
        members = np.flatnonzero(kinds == kind)
        for start in range(0, len(members), CHUNK):
            i = members[start : start + CHUNK]
            layers = np.empty((6, len(i), SIDE, SIDE), np.float32)
            layers[0] = 1
            layers[1] = 0.5 + slope[0, i] * (across / 32) + slope[1, i] * (down / 32)
            shapes = thing((across - place[0, i]) / size[i], (down - place[1, i]) / size[i], traits[:, i])
            for layer, shape in zip(layers[2:], shapes, strict=True):
                np.multiply(shape, SCALE, out=layer)
                np.add(layer, 0.5, out=layer)  # edges fade over one pixel
                np.clip(layer, 0, 1, out=layer)
            picture = _painted(layers, palettes[i])
            grain = np.frombuffer(stream.bytes(layers[0].size), np.uint8).reshape(layers[0].shape)
            picture += (grain.astype(np.float32) - 127.5) * np.float32(GRAIN / 127.5)
            X[i] = picture.clip(0, 255).transpose(1, 2, 3, 0)
    return X, y


def _palettes(stream: RandomState, m: int) -> Array:
    """Draw the colours of each picture's layers (m, 6, 3): two of the background, body, patch, accent, ink."""
    pick = stream.randint(0, 1 << 20, (4, m))
    light_on_dark = stream.randint(0, 2, (m, 1)) == 1
    body = np.where(light_on_dark, _colours(LIGHT, pick[0]), _colours(DARK, pick[0]))
    back = np.where(light_on_dark, _colours(DARK, pick[1]), _colours(LIGHT, pick[1]))
    ink = np.where(light_on_dark, _colours(DARK, pick[2]), _colours(LIGHT, pick[2]))
    accent = _colours(ACCENT, pick[3])
    shade = back + 0.25 * (body - back)
    patch = body + 0.25 * (ink - body)
    return np.stack([back, shade, body, patch, accent, ink], axis=1)


def _colours(table: str, pick: Array) -> Array:
    """Return the colours (m, 3) that `pick` (m,) takes from a table."""
    rows = np.array([list(bytes.fromhex(colour)) for colour in table.split()], np.float32)
    return rows[pick % len(rows)]


def _painted(layers: Array, palettes: Array) -> Array:
    """Return the colours (3, n, 64, 64) of six layers, each a cover of 0..1 (6, n, 64, 64), the last one on top."""
    bare = np.ones_like(layers[0])  # the share of a pixel that the layers above leave uncovered
    picture = np.zeros((3, *bare.shape), np.float32)
    for number in reversed(range(len(layers))):
        seen = layers[number] * bare
        bare -= seen
        for channel in range(3):  # sums of products, not a matrix product: the same bits on every machine
            picture[channel] += seen * palettes[:, number, channel, None, None]
    return picture
