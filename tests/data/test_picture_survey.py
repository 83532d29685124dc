"""The survey of a folder of pictures: the size and the colours that suit them."""

import numpy as np
import PIL.Image
import pytest

from nnctl.data.picture_survey import size_and_color


@pytest.mark.parametrize(
    ("shapes", "found"),
    [
        ([(8, 6)], ((8, 6), "gray")),
        ([(8, 6, 3)], ((8, 6), "rgb")),
        ([(8, 6), (8, 6, 3)], ((8, 6), "rgb")),
        ([(480, 640, 3)], ((48, 64), "rgb")),
        ([(2, 640)], ((1, 64), "gray")),
        ([(8, 6), (6, 8)], ((64, 64), "gray")),
    ],
)
def test_size_and_colour(tmp_path, shapes, found):
    for number, shape in enumerate(shapes * 2):
        folder = tmp_path / "pets" / str(number % 2)
        folder.mkdir(parents=True, exist_ok=True)
        PIL.Image.fromarray(np.zeros(shape, np.uint8)).save(folder / f"{number}.png")
    (tmp_path / "pets" / "0" / "broken.png").write_bytes(b"no picture")
    assert size_and_color(tmp_path / "pets") == found


def test_without_a_picture_something_is_answered(tmp_path):
    assert size_and_color(tmp_path) == ((64, 64), "rgb")
