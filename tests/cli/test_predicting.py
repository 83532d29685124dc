"""Pictures given to predict: what lies under transparent ink, and what is said of several pictures in one file."""

import csv
import io

import numpy as np
import PIL.Image
import pytest

SPEC = """\
data:
  source: ink.npz
  background: BACKGROUND
model: {layer_dims: [64, 1], activations: [sigmoid]}
train: {learning_rate: 0.5, iterations: 300}
"""


def spec(folder, background):
    """Write a spec that learns to tell black pictures (dark) from white ones (light)."""
    shades = np.repeat(np.array([0, 255] * 10, np.uint8), 64).reshape(20, 8, 8)
    np.savez(folder / "ink.npz", X=shades, y=np.where(shades[:, 0, 0] == 0, "dark", "light"))
    (folder / "ink.yaml").write_text(SPEC.replace("BACKGROUND", background), encoding="utf-8")


def said(outcome):
    """Return the class of the only row."""
    assert outcome.exit_code == 0, outcome.stderr
    (row,) = csv.DictReader(io.StringIO(outcome.stdout))
    return row["prediction"]


@pytest.mark.parametrize(
    ("background", "expected"), [("white", "light"), ("black", "dark"), ('"#000000"', "dark"), ("'#fff'", "light")]
)
def test_a_transparent_picture_lies_on_the_background_of_the_spec(nnctl, tmp_path, background, expected):
    spec(tmp_path, background)
    assert nnctl("train", "ink.yaml", "-q").exit_code == 0
    for name in ("ink.yaml", "ink.npz"):
        (tmp_path / name).unlink()  # parameters.h5 is enough
    PIL.Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(tmp_path / "empty.png")
    PIL.Image.new("RGBA", (20, 20), (0, 0, 0, 255)).save(tmp_path / "full.png")
    assert said(nnctl("predict", "empty.png")) == expected
    assert said(nnctl("predict", "full.png")) == "dark"


@pytest.mark.parametrize(
    ("background", "words"),
    [
        ("whit", "data.background must be a colour such as white or \"#ffcc00\", got 'whit'"),
        ('"#12345"', "got '#12345'"),
        ('"#ffffff80"', "got '#ffffff80'"),
        ('"rgb(999, 0, 0)"', "got 'rgb(999, 0, 0)'"),
        ("7", "data.background must be text, got 7; put it in quotes"),
        ("#ffffff", "data.background must be text, got nothing"),
    ],
)
def test_a_background_that_is_no_colour(nnctl, tmp_path, background, words):
    spec(tmp_path, background)
    outcome = nnctl("train", "ink.yaml")
    assert outcome.exit_code == 2
    assert outcome.stderr.startswith("nnctl: ink.yaml:3:")
    assert words in outcome.stderr


def told(outcome):
    """Return what is said beside which run is used."""
    used, *others = outcome.stderr.splitlines()
    assert used.startswith("using runs/ink-")
    return others


@pytest.mark.parametrize("suffix", [".gif", ".tif", ".tiff", ".webp", ".bmp", ".PNG", ".jpg"])
def test_the_usual_kinds_of_picture(nnctl, tmp_path, suffix):
    spec(tmp_path, "white")
    assert nnctl("train", "ink.yaml", "-q").exit_code == 0
    black, white = (PIL.Image.new("L", (9, 9), shade) for shade in (0, 255))
    black.paste(255, (0, 0, 9, 1))  # a picture of one shade alone would be remarked on
    black.save(tmp_path / f"one{suffix}")
    outcome = nnctl("predict", f"one{suffix}")
    assert said(outcome) == "dark"
    assert told(outcome) == []
    if suffix in (".gif", ".tif", ".webp"):
        black.save(tmp_path / f"two{suffix}", save_all=True, append_images=[white])
        outcome = nnctl("predict", f"two{suffix}")
        assert said(outcome) == "dark"
        assert told(outcome) == [f"note: two{suffix}: holds 2 pictures; the first of them is taken"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n", "LFS"),
        (b"<!DOCTYPE html><html><body>Not found</body></html>", "web page"),
        (b"", "is empty (0 bytes)"),
        (b"\x89PNG\r\n\x1a\n" + bytes(30), "is not a picture that can be read"),
    ],
)
def test_what_is_no_picture_is_named(nnctl, tmp_path, content, words):
    spec(tmp_path, "white")
    assert nnctl("train", "ink.yaml", "-q").exit_code == 0
    (tmp_path / "photo.png").write_bytes(content)
    outcome = nnctl("predict", "photo.png")
    assert outcome.exit_code == 3
    assert words in outcome.stderr


def test_twelve_bits_in_a_file_of_sixteen_are_said(nnctl, tmp_path):
    spec(tmp_path, "white")
    assert nnctl("train", "ink.yaml", "-q").exit_code == 0
    grays = (np.arange(81, dtype=np.uint16).reshape(9, 9) * 50).astype(np.uint16)  # up to 4,000
    PIL.Image.fromarray(grays).save(tmp_path / "photo.tif")
    assert told(nnctl("predict", "photo.tif")) == [
        "note: photo.tif: its brightest value is 16 of 255; does it hold fewer bits than its file says?"
    ]
