"""Pictures of any colours and size become one example of the training pictures' size, as Pillow makes it."""

import numpy as np
import PIL.Image
import pytest

from nnctl.data.interface import Interface, Preparation
from nnctl.data.picture import SUFFIXES, read_picture
from nnctl.errors import DataError, MismatchError

STREAM = np.random.RandomState(1)
RGB = STREAM.randint(0, 256, (30, 40, 3)).astype(np.uint8)
GRAY = STREAM.randint(0, 256, (30, 40)).astype(np.uint8)
ALPHA = STREAM.randint(0, 256, (30, 40)).astype(np.uint8)


def interface_of(*shape, pixels=True):
    return Interface(shape, Preparation(), ("no", "yes"), pixels)


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


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        (PIL.Image.fromarray(GRAY), np.repeat(GRAY[..., None], 3, axis=2)),
        (PIL.Image.fromarray(np.dstack([RGB, ALPHA])), RGB),
        (PIL.Image.fromarray(np.dstack([GRAY, ALPHA])), np.repeat(GRAY[..., None], 3, axis=2)),
        (PIL.Image.fromarray(GRAY > 127), np.repeat(255 * (GRAY > 127)[..., None], 3, axis=2)),
        (PIL.Image.fromarray(GRAY * np.uint16(257)), np.repeat(GRAY[..., None], 3, axis=2)),
    ],
    ids=["gray", "alpha", "gray and alpha", "black and white", "16 bits"],
)
def test_all_colours_become_rgb(saved, picture, expected):
    np.testing.assert_array_equal(read_picture(saved(picture), interface_of(30, 40, 3)).X[0], expected)


@pytest.mark.parametrize("transparency", [None, 3, bytes(range(0, 160, 10))], ids=["none", "one", "each"])
def test_a_palette_is_looked_up(saved, transparency):
    palette = PIL.Image.fromarray(RGB).quantize(16)
    options = {} if transparency is None else {"transparency": transparency}
    X = read_picture(saved(palette, **options), interface_of(30, 40, 3)).X[0]
    colours = np.reshape(palette.getpalette(), (-1, 3))
    np.testing.assert_array_equal(X, colours[np.asarray(palette)])


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
    assert str(caught.value).startswith(f"{path}: is not a PNG or JPEG picture that can be read")
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("share", [0.2, 0.6])
def test_a_truncated_picture(saved, suffix, share):
    path = damaged(saved(PIL.Image.fromarray(RGB), suffix), share)
    with pytest.raises(DataError, match="is not a PNG or JPEG picture that can be read"):
        read_picture(path, interface_of(64, 64, 3))


def test_a_picture_far_too_large(saved, monkeypatch):
    monkeypatch.setattr(PIL.Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(DataError, match=r"is not a PNG or JPEG picture that can be read \(Image size"):
        read_picture(saved(PIL.Image.fromarray(RGB)), interface_of(64, 64, 3))


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
        "Give it an HDF5 or NPZ file of such examples."
    )
    assert caught.value.exit_code == 6
