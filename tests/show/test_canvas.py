"""A canvas has so many pixels, and what is on it can be told apart, in gray and at half its size too."""

from itertools import pairwise

import numpy as np
import PIL.Image
import pytest
from drawn import boundary, costs, examples, model
from matplotlib.colors import to_rgb

from nnctl.show.canvas import COLOURS, INCHES, MARKERS, canvas, colour, grid, marker


@pytest.mark.parametrize("size", [(1600, 1000), (640, 400), (3840, 2160), (501, 1003)])
def test_a_figure_has_exactly_so_many_pixels(tmp_path, size):
    canvas(size).savefig(tmp_path / "empty.png")
    with PIL.Image.open(tmp_path / "empty.png") as picture:
        assert picture.size == size


@pytest.mark.parametrize("n", [2, 3, 8, 12, 40, 144])
def test_no_two_classes_share_colour_and_marker(n):
    assert len({(colour(index), marker(index)) for index in range(n)}) == n


def test_twelve_classes_are_told_apart_without_colour():
    assert len({marker(index) for index in range(12)}) == len(MARKERS) == len(COLOURS) == 12


def test_neighbours_differ_in_colour():
    for one, other in pairwise(COLOURS):
        assert np.abs(np.subtract(to_rgb(one), to_rgb(other))).sum() > 0.5


@pytest.mark.parametrize(
    ("n", "size", "expected"),
    [(1, (1600, 1000), (1, 1)), (3, (1600, 1000), (1, 3)), (8, (1600, 1000), (2, 4)), (12, (1600, 1000), (3, 4)),
     (8, (1000, 1600), (4, 2)), (5, (1600, 1000), (2, 3))],
)  # fmt: skip
def test_panels_are_a_grid_and_no_strip(n, size, expected):
    panels, _ = grid(canvas(size), n, shape=1)
    assert len(panels) == n
    assert panels[0].get_gridspec().get_geometry() == expected


@pytest.mark.parametrize("size", [(1600, 1000), (800, 500)])
def test_letters_keep_their_share_of_the_picture(size):
    """At the default size all are at least 16 pixels high, so 8 at half of it."""
    trained = model([[5, 0]], [-1], "sigmoid", ("dog", "cat"), (2,))
    for figure in (costs({"he": {0: 1.0, 1: 0.5}}, size=size), boundary(trained, examples([[0, 0], [1, 1]], [0, 1]))):
        (axes,) = figure.axes
        texts = [axes.title, axes.xaxis.label, axes.yaxis.label, *axes.get_xticklabels()]
        assert min(text.get_fontsize() for text in texts) / 72 / INCHES > 16 / 1600
