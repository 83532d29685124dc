"""Pictures of any colours and size become one example of the training pictures' size, as Pillow makes it."""

import struct
import zlib
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from nnctl.data.arrays import Unusable
from nnctl.data.block import BlockPreparation
from nnctl.data.folder import read_pictures
from nnctl.data.picture import SUFFIXES
from nnctl.data.png import check_whole
from nnctl.data.scaling import Scaling
from nnctl.errors import DataError, MismatchError, StorageError

STREAM = np.random.RandomState(1)
RGB = STREAM.randint(0, 256, (30, 40, 3)).astype(np.uint8)
GRAY = STREAM.randint(0, 256, (30, 40)).astype(np.uint8)
ALPHA = STREAM.randint(0, 256, (30, 40)).astype(np.uint8)


def read_picture(path, preparation):
    """Return the table of one picture, or raise what is wrong with it."""
    (block,) = read_pictures(Path(path), [Path(path)], preparation)
    if block.failed:
        raise DataError(f"{block.failed[0].place}: {block.failed[0].reason}")
    return block.table


def interface_of(*shape, pixels=True):
    return BlockPreparation(shape, Scaling(), pixels)


@pytest.fixture
def saved(tmp_path):
    """Return a function that saves a picture and returns its file."""

    def save(picture, suffix=".png", **options):
        path = tmp_path / f"picture{suffix}"
        picture.save(path, **options)
        return path

    return save


def test_a_picture_of_training_size_is_taken_as_it_is(saved):
    table = read_picture(saved(PIL.Image.fromarray(RGB)), interface_of(30, 40, 3))
    np.testing.assert_array_equal(table.X, RGB[None])
    assert table.X.dtype == np.uint8
    assert table.y is None


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("shape", [(64, 64, 3), (7, 9, 3), (15, 80, 3)])
def test_other_sizes_are_resized_bilinearly(saved, suffix, shape):
    path = saved(PIL.Image.fromarray(RGB), suffix)
    with PIL.Image.open(path) as picture:
        expected = picture.convert("RGB").resize((shape[1], shape[0]), PIL.Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(read_picture(path, interface_of(*shape)).X[0], np.asarray(expected))


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_an_even_colour_stays_at_any_size(saved, suffix):
    even = np.full((10, 10, 3), (200, 100, 50), np.uint8)
    path = saved(PIL.Image.fromarray(even), suffix, **({"quality": 100} if suffix == ".jpg" else {}))
    X = read_picture(path, interface_of(6, 17, 3)).X
    np.testing.assert_allclose(X.astype(int), np.broadcast_to([200, 100, 50], (1, 6, 17, 3)), atol=1)


def on(background, ink, alpha):
    """Return ink (h, w, 3) of some opacity (h, w) laid over a colour."""
    share = alpha[..., None] / 255
    return share * ink + (1 - share) * np.array(background)


THREE = np.repeat(GRAY[..., None], 3, axis=2)
BLACK_AND_WHITE = np.where(THREE > 127, 255, 0)
BACKGROUNDS = {"white": (255, 255, 255), "black": (0, 0, 0), "#ffcc00": (255, 204, 0)}


@pytest.mark.parametrize("background", BACKGROUNDS)
@pytest.mark.parametrize(
    ("picture", "ink", "alpha"),
    [
        (PIL.Image.fromarray(GRAY), THREE, None),
        (PIL.Image.fromarray(np.dstack([RGB, ALPHA])), RGB, ALPHA),
        (PIL.Image.fromarray(np.dstack([GRAY, ALPHA])), THREE, ALPHA),
        (PIL.Image.fromarray(GRAY > 127), BLACK_AND_WHITE, None),
        (PIL.Image.fromarray(GRAY * np.uint16(257)), THREE, None),
    ],
    ids=["gray", "alpha", "gray and alpha", "black and white", "16 bits"],
)
def test_all_colours_become_rgb_on_the_background(saved, picture, ink, alpha, background):
    interface = BlockPreparation((30, 40, 3), Scaling(), True, background=background)
    X = read_picture(saved(picture), interface).X[0]
    expected = ink if alpha is None else on(BACKGROUNDS[background], ink, alpha)
    np.testing.assert_allclose(X.astype(float), expected, atol=0 if alpha is None else 1)


@pytest.mark.parametrize("transparency", [None, 3, bytes(range(0, 160, 10))], ids=["none", "one", "each"])
@pytest.mark.parametrize("suffix", [".png", ".gif"])
def test_a_palette_is_looked_up(saved, suffix, transparency):
    palette = PIL.Image.fromarray(RGB).quantize(16)
    if suffix == ".gif" and isinstance(transparency, bytes):
        transparency = 5  # a GIF has one transparent colour at most
    options = {} if transparency is None else {"transparency": transparency}
    X = read_picture(saved(palette, suffix, **options), interface_of(30, 40, 3)).X[0]
    indices = np.asarray(palette)
    opacity = np.full(16, 255)
    if isinstance(transparency, bytes):
        opacity = np.frombuffer(transparency, np.uint8)
    elif transparency is not None:
        opacity[transparency] = 0
    expected = on((255, 255, 255), np.reshape(palette.getpalette(), (-1, 3))[indices], opacity[indices])
    np.testing.assert_allclose(X.astype(float), expected, atol=1)


INK = np.zeros((20, 20), bool)
INK[5:15, 8:12] = True
DRAWINGS = {  # the same black drawing in every way that a file can hold it
    "RGBA": lambda: PIL.Image.merge("RGBA", [*[gray(0)] * 3, gray(np.where(INK, 255, 0))]),
    "LA": lambda: PIL.Image.merge("LA", [gray(0), gray(np.where(INK, 255, 0))]),
    "P, an index": lambda: keyed(palette_of(INK), 1),
    "P, bytes": lambda: keyed(palette_of(INK), b"\x00\x00\xff"),
    "L, a key": lambda: keyed(gray(np.where(INK, 0, 77)), 77),
    "1, a key": lambda: keyed(gray(np.where(INK, 0, 255)).convert("1"), 1),
    "RGB, a key": lambda: keyed(PIL.Image.merge("RGB", [gray(np.where(INK, 0, 77))] * 3), (77, 77, 77)),
    "I;16, a key": lambda: keyed(PIL.Image.fromarray(np.where(INK, 0, 777).astype(np.uint16)), 777),
}


def gray(values):
    return PIL.Image.fromarray(np.broadcast_to(np.asarray(values, np.uint8), INK.shape).copy())


def palette_of(ink):
    """Return a picture of three colours, the ink black and the paper blue."""
    paper = PIL.Image.fromarray(np.where(ink, 2, 1).astype(np.uint8))
    paper.putpalette([255, 0, 0, 0, 0, 255, 0, 0, 0])
    return paper


def keyed(picture, transparency):
    picture.info["transparency"] = transparency
    return picture


@pytest.mark.parametrize("shape", [(20, 20), (20, 20, 1), (20, 20, 3), (3, 20, 20), (1, 20, 20)])
@pytest.mark.parametrize("way", DRAWINGS)
def test_black_ink_on_transparent_paper_is_black_ink_on_white_paper(saved, way, shape):
    picture = DRAWINGS[way]()
    X = read_picture(saved(picture, transparency=picture.info.get("transparency")), interface_of(*shape)).X[0]
    expected = np.where(INK, 0, 255)
    channels = np.moveaxis(X, 0, 2) if len(shape) == 3 and shape[0] < 20 else X.reshape(20, 20, -1)
    for channel in range(channels.shape[2]):
        np.testing.assert_array_equal(channels[..., channel], expected)


@pytest.mark.parametrize(("mode", "suffix"), [("RGBA", ".webp"), ("RGBA", ".tif"), ("LA", ".tif"), ("RGBA", ".gif")])
def test_transparent_paper_in_other_files(saved, mode, suffix):
    options = {"lossless": True} if suffix == ".webp" else {}
    path = saved(DRAWINGS[mode](), suffix, **options)
    np.testing.assert_array_equal(read_picture(path, interface_of(20, 20)).X[0], np.where(INK, 0, 255))


class Opened:
    """What Pillow opens is a picture of a mode that hardly any file of today has."""

    def __init__(self, picture):
        self.picture = picture
        self.tile, self.format, self.n_frames = [], None, 1

    def __getattr__(self, name):
        return getattr(self.picture, name)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None


@pytest.mark.parametrize("mode", ["La", "RGBa", "PA", "YCbCr", "LAB", "HSV", "CMYK", "RGBX"])
def test_every_mode_that_pillow_has(monkeypatch, mode):
    if mode == "PA":
        picture = palette_of(INK).convert("PA")
        picture.putalpha(gray(np.where(INK, 255, 0)))
    elif mode in ("La", "RGBa"):
        picture = DRAWINGS[mode.upper()]().convert(mode)
    else:
        picture = PIL.Image.merge("RGB", [gray(np.where(INK, 0, 255))] * 3).convert(mode)
    assert picture.mode == mode
    monkeypatch.setattr(PIL.Image, "open", lambda path, formats: Opened(picture))
    X = read_picture("drawing.png", interface_of(20, 20)).X[0]
    np.testing.assert_allclose(X.astype(int), np.where(INK, 0, 255), atol=1)


def test_premultiplied_colours_are_as_bright_as_they_were(monkeypatch):
    half = PIL.Image.new("RGBA", (4, 4), (200, 100, 50, 128)).convert("RGBa")
    monkeypatch.setattr(PIL.Image, "open", lambda path, formats: Opened(half))
    X = read_picture("half.tif", interface_of(4, 4, 3)).X[0]
    np.testing.assert_allclose(X[0, 0].astype(float), np.array([200, 100, 50]) * 128 / 255 + 127, atol=2)


DEEP = np.array([[0, 1, 127, 128, 129, 256, 32767, 32896, 65406, 65407, 65535]], np.uint16)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("order", ["<u2", ">u2"])
def test_grays_of_16_bits_are_scaled_and_rounded(saved, suffix, order):
    picture = PIL.Image.fromarray(DEEP.astype(order if suffix == ".tif" else "<u2"))  # the others have one order
    path = saved(picture, suffix)
    X = read_picture(path, interface_of(1, 11)).X[0]
    np.testing.assert_array_equal(X, np.round(DEEP / 257))
    assert X[0, -1] == 255


def tiff(path, rows, bits, photometric=1, sample_format=1):
    """Write a plain TIFF of one gray sample for each pixel, from the bytes of its rows."""
    height, data = len(rows), b"".join(bytes for _, bytes in rows)
    width = rows[0][0]
    entries = [(256, 4, width), (257, 4, height), (258, 3, bits), (259, 3, 1), (262, 3, photometric), (273, 4, 8)]
    entries += [(277, 3, 1), (278, 4, height), (279, 4, len(data)), (339, 3, sample_format)]
    data += b"\0" * (len(data) % 2)
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", t, k, 1, v) for t, k, v in entries)
    path.write_bytes(b"II*\0" + struct.pack("<I", 8 + len(data)) + data + directory + b"\0" * 4)
    return path


def test_grays_of_12_bits_are_scaled(tmp_path):
    values = [0, 8, 9, 2048, 4087, 4095]
    packed = int("".join(f"{value:012b}" for value in values), 2).to_bytes(9, "big")
    path = tiff(tmp_path / "deep.tif", [(6, packed)], 12)
    X = read_picture(path, interface_of(1, 6)).X[0, 0]
    np.testing.assert_array_equal(X, np.round(np.array(values) * 255 / 4095))
    assert X[-1] == 255


@pytest.mark.parametrize(("photometric", "expected"), [(0, [255, 128, 0]), (1, [0, 127, 255])])
def test_a_tiff_may_count_from_white(tmp_path, photometric, expected):
    row = np.array([0, 127 * 257, 65535], "<u2").tobytes()
    path = tiff(tmp_path / "fax.tiff", [(3, row)], 16, photometric)
    np.testing.assert_array_equal(read_picture(path, interface_of(1, 3)).X[0, 0], expected)


@pytest.mark.parametrize(("mode", "kind"), [("I", "whole numbers of 32 bits"), ("F", "floating-point numbers")])
def test_numbers_that_are_no_colours_are_refused_with_advice(saved, mode, kind):
    path = saved(PIL.Image.new(mode, (8, 8), 7), ".tif")
    with pytest.raises(DataError) as caught:
        read_picture(path, interface_of(8, 8))
    assert str(caught.value) == (
        f"{path}: holds {kind}, and nothing tells which of them is black and which white.\n"
        "Save it with 8 or 16 bits for each channel."
    )


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_few_grays_and_a_key_among_them(tmp_path, depth):
    """A transparent gray in a PNG counts in the file's own steps, here the second of them."""
    steps = 2**depth
    packed = 0
    for value in range(8):
        packed = packed << depth | value % steps
    row = b"\0" + packed.to_bytes(depth, "big")
    path = tmp_path / "few.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 1, depth, 0, 0, 0, 0))
        + chunk(b"tRNS", struct.pack(">H", 1))
        + chunk(b"IDAT", zlib.compress(row))
        + chunk(b"IEND", b"")
    )
    interface = BlockPreparation((1, 8, 3), Scaling(), True, background="red")
    X = read_picture(path, interface).X[0, 0]
    shades = np.repeat(np.round(np.arange(8) % steps * 255 / (steps - 1))[:, None], 3, axis=1)
    np.testing.assert_array_equal(X, np.where(np.arange(8)[:, None] % steps == 1, [255, 0, 0], shades))


def test_a_key_of_16_bits(tmp_path):
    path = tmp_path / "key.png"
    row = b"\0" + np.array([[0x1234, 0x5678, 0x9ABC], [0x0102, 0x5678, 0x9ABC]], ">u2").tobytes()
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 1, 16, 2, 0, 0, 0))
        + chunk(b"tRNS", struct.pack(">HHH", 0x1234, 0x5678, 0x9ABC))
        + chunk(b"IDAT", zlib.compress(row))
        + chunk(b"IEND", b"")
    )
    X = read_picture(path, interface_of(1, 2, 3)).X[0, 0]
    np.testing.assert_array_equal(X, [[255, 255, 255], [0x01, 0x56, 0x9A]])


def chunk(kind, data):
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.parametrize("suffix", [".gif", ".png", ".webp", ".tif"])
def test_of_several_pictures_the_first_is_taken_and_that_is_said(saved, suffix):
    first, second = (PIL.Image.new("RGB", (6, 6), colour) for colour in ("black", "white"))
    path = saved(first, suffix, save_all=True, append_images=[second])
    table = read_picture(path, interface_of(6, 6))
    assert table.X.max() == 0
    assert table.notes == (f"{path}: holds 2 pictures; the first of them is taken",)
    assert read_picture(saved(first, suffix), interface_of(6, 6)).notes == ()


def test_the_kind_is_told_by_the_content_and_not_by_the_name(saved, tmp_path):
    path = saved(PIL.Image.fromarray(RGB), ".tiff").rename(tmp_path / "photo.jpg")
    np.testing.assert_array_equal(read_picture(path, interface_of(30, 40, 3)).X[0], RGB)


def test_printers_colours_are_turned_to_rgb(saved):
    path = saved(PIL.Image.fromarray(RGB).convert("CMYK"), ".jpg")
    with PIL.Image.open(path) as picture:
        assert picture.mode == "CMYK"
        expected = np.asarray(picture.convert("RGB"))
    np.testing.assert_array_equal(read_picture(path, interface_of(30, 40, 3)).X[0], expected)


@pytest.mark.parametrize("shape", [(30, 40), (30, 40, 1)])
def test_a_network_of_gray_pictures_gets_gray(saved, shape):
    X = read_picture(saved(PIL.Image.fromarray(RGB)), interface_of(*shape)).X
    assert X.shape == (1, *shape)
    luma = RGB @ np.array([299, 587, 114]) / 1000
    np.testing.assert_allclose(X.reshape(30, 40), luma, atol=1)


def test_a_network_of_transparent_pictures_gets_alpha(saved):
    pixels = np.dstack([RGB, ALPHA])
    X = read_picture(saved(PIL.Image.fromarray(pixels)), interface_of(30, 40, 4)).X
    np.testing.assert_array_equal(X[0], pixels)


def test_what_a_camera_took_on_its_side_is_turned(saved):
    turned = PIL.Image.Exif()
    turned[0x0112] = 6  # turn a quarter clockwise to see it
    path = saved(PIL.Image.fromarray(RGB), exif=turned)
    np.testing.assert_array_equal(read_picture(path, interface_of(40, 30, 3)).X[0], np.rot90(RGB, -1))


def test_a_transparent_picture_on_its_side_is_turned_too(saved):
    turned = PIL.Image.Exif()
    turned[0x0112] = 6
    for picture in (DRAWINGS["P, bytes"](), DRAWINGS["LA"](), DRAWINGS["I;16, a key"]()):
        path = saved(picture, exif=turned, transparency=picture.info.get("transparency"))
        np.testing.assert_array_equal(
            read_picture(path, interface_of(20, 20)).X[0], np.rot90(np.where(INK, 0, 255), -1)
        )


@pytest.mark.parametrize("error", [RuntimeError("b\nd"), TypeError(), KeyError("x"), OverflowError(), EOFError()])
def test_whatever_pillow_raises_is_explained(saved, monkeypatch, error):
    path = saved(PIL.Image.fromarray(RGB))

    def fail(*arguments, **options):
        raise error

    monkeypatch.setattr(PIL.Image.Image, "resize", fail)
    with pytest.raises(DataError, match="is not a picture that can be read") as caught:
        read_picture(path, interface_of(64, 64, 3))
    assert len(str(caught.value).splitlines()) == 1


def test_a_picture_that_does_not_fit_into_memory_is_not_damaged(saved, monkeypatch):
    path = saved(PIL.Image.fromarray(RGB))

    def fail(*arguments, **options):
        raise MemoryError

    monkeypatch.setattr(PIL.Image.Image, "convert", fail)
    with pytest.raises(StorageError, match="the picture does not fit into memory") as caught:
        read_picture(path, interface_of(64, 48, 3))
    assert "Make it smaller, to about 48 x 64 as in training" in str(caught.value)
    assert caught.value.exit_code == 7


@pytest.mark.parametrize("shape", [(20, 20), (8, 8, 3)])
@pytest.mark.parametrize(("ink", "background"), [(255, "white"), (0, "black"), (0, "#020202")])
def test_ink_of_the_colour_of_its_paper_is_said(saved, ink, background, shape):
    path = saved(PIL.Image.merge("LA", [gray(ink), gray(np.where(INK, 255, 0))]))
    on_paper = BlockPreparation(shape, Scaling(), True, background=background)
    (note,) = read_picture(path, on_paper).notes
    assert note.startswith(f"{path}: nothing of it is seen once it lies on {background} paper (data.background of ")


def test_ink_that_is_seen_and_paper_that_is_blank_are_nothing_to_speak_of(saved):
    for level, alpha, shape in (
        (0, np.where(INK, 255, 0), (20, 20)),
        (255, np.where(INK, 255, 0), (20, 20, 4)),  # which lies on no paper
        (255, 255, (20, 20)),
        (0, 0, (20, 20)),
    ):
        path = saved(PIL.Image.merge("LA", [gray(level), gray(alpha)]))
        assert read_picture(path, interface_of(*shape)).notes == ()


def test_a_picture_without_pixels(tmp_path):
    path = tmp_path / "none.gif"
    path.write_bytes(b"GIF89a" + struct.pack("<HHBBB", 0, 5, 0, 0, 0) + b";")
    with pytest.raises(DataError):
        read_picture(path, interface_of(8, 8))


def test_a_folder_of_the_name_of_a_picture(tmp_path):
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(DataError, match=r"is not a picture that can be read \(Is a directory\)"):
        read_picture(tmp_path / "folder.png", interface_of(8, 8))


def damaged(path, share):
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("content", [b"", b"no picture at all", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0"])
def test_a_file_that_is_no_picture(tmp_path, suffix, content):
    path = tmp_path / f"file{suffix}"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_picture(path, interface_of(64, 64, 3))
    assert str(caught.value).startswith(f"{path}: is not a picture that can be read")
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("share", [0.2, 0.6])
def test_a_truncated_picture(saved, suffix, share):
    path = damaged(saved(PIL.Image.fromarray(RGB), suffix), share)
    with pytest.raises(DataError, match="is not a picture that can be read"):
        read_picture(path, interface_of(64, 64, 3))


@pytest.mark.parametrize(("side", "pixels"), [(20_000, "400.0"), (13_000, "169.0"), (5_100, "26.0")])
def test_a_picture_far_too_large_is_refused_by_its_header(tmp_path, side, pixels):
    path = tmp_path / "large.png"
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", b"") + chunk(b"IEND", b""))
    with pytest.raises(DataError) as caught:
        read_picture(path, interface_of(64, 64, 3))
    assert str(caught.value) == (
        f"{path}: has {pixels} megapixels, and pictures of up to 25 are decoded.\n"
        "Make it smaller, or train with a larger data.megapixels."
    )


def test_a_larger_picture_is_read_where_the_training_said_so(saved):
    path = saved(PIL.Image.new("RGB", (5_100, 5_100), "white"))
    preparation = BlockPreparation((2, 2, 3), Scaling(), True, megapixels=26.1)
    assert read_picture(path, preparation).X.min() == 255


OTHERS = {".ppm": "PPM", ".tga": "TGA", ".ico": "ICO", ".dds": "DDS", ".pcx": "PCX", ".jp2": "JPEG2000", ".eps": "EPS"}


@pytest.mark.parametrize("suffix", OTHERS)
def test_what_is_of_another_format_is_refused_under_the_name_of_a_picture(saved, tmp_path, suffix):
    other = tmp_path / f"picture{suffix}"
    PIL.Image.fromarray(RGB).save(other)
    with PIL.Image.open(other) as picture:  # the negative control: Pillow takes it
        assert picture.format == OTHERS[suffix]
    with pytest.raises(DataError, match="is not a picture that can be read"):
        read_picture(other.rename(tmp_path / "photo.png"), interface_of(30, 40, 3))


def png(rows):
    """Return a PNG of 64 x 64 gray pixels with fewer rows in it."""
    data = zlib.compress(b"".join(b"\0" + bytes(64) for _ in range(rows)))
    header = struct.pack(">IIBBBBB", 64, 64, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data[:9]) + chunk(b"IDAT", data[9:])
    ) + chunk(b"IEND", b"")


@pytest.mark.parametrize("rows", [10, 63])
def test_a_png_with_fewer_rows_than_it_says_is_cut_off(tmp_path, rows):
    path = tmp_path / "few.png"
    path.write_bytes(png(rows))
    with PIL.Image.open(path) as picture:  # the negative control: Pillow takes it, and the rest is black
        picture.load()
    with pytest.raises(DataError, match="is cut off: "):
        read_picture(path, interface_of(64, 64))


def test_a_whole_png_is_taken_however_it_is_packed(saved, tmp_path):
    (tmp_path / "whole.png").write_bytes(png(64))
    assert read_picture(tmp_path / "whole.png", interface_of(64, 64)).X.max() == 0
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        for size in ((1, 1), (3, 5), (17, 9)):
            assert read_picture(saved(PIL.Image.new(mode, size)), interface_of(size[1], size[0])).X.size


def test_the_rows_of_an_interlaced_png_are_those_of_seven_pictures():
    """Of 8 x 8 pixels: 1 x 1, 1 x 1, 2 x 1, 2 x 2, 4 x 2, 4 x 4 and 8 x 4, and a byte before each of 15 rows."""
    header = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 1))
    check_whole(header + chunk(b"IDAT", zlib.compress(bytes(79))))
    with pytest.raises(Unusable, match="78 of the 79 bytes of its rows are there"):
        check_whole(header + chunk(b"IDAT", zlib.compress(bytes(78))))


def test_what_pillow_warns_of_is_refused(saved):
    path = saved(PIL.Image.fromarray(RGB), ".jpg", exif=b"Exif\0\0II*\0\x08\0\0\0\x05\0\x12\x01\x03\0")
    with pytest.raises(DataError, match=r"is not a picture that can be read .*EXIF"):
        read_picture(path, interface_of(30, 40, 3))


def test_a_picture_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match=r"none\.png: there is no such file"):
        read_picture(tmp_path / "none.png", interface_of(64, 64, 3))


@pytest.mark.parametrize(
    ("interface", "trained_on"),
    [
        (interface_of(2), "2 features"),
        (interface_of(12288), "12288 features"),
        (interface_of(5, 5, 2), "50 features (5 x 5 x 2)"),
        (interface_of(2, 2, 2, 3), "24 features (2 x 2 x 2 x 3)"),
        (interface_of(28, 28, pixels=False), "784 features (28 x 28) that are not pixels"),
    ],
)
def test_a_network_that_was_not_trained_on_pictures(saved, interface, trained_on):
    path = saved(PIL.Image.fromarray(RGB))
    with pytest.raises(MismatchError) as caught:
        read_picture(path, interface)
    assert str(caught.value) == (
        f"{path}: is a picture, and the network was trained on {trained_on}.\n"
        "Give it a file of such examples, HDF5, NPZ or NPY."
    )
    assert caught.value.exit_code == 6
