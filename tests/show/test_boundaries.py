"""Boundaries lie where the network has them, one line between two classes, and test examples are told from others."""

import numpy as np
import pytest
from drawn import BLUE, ORANGE, boundary, colour_at, drawn, examples, model, pixels, share_of, washed
from matplotlib.collections import PathCollection
from matplotlib.colors import to_rgb

from nnctl.show.boundaries import LINE, boundaries
from nnctl.show.canvas import COLOURS, MARKERS

CORNERS = [[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]]
DARK = np.array(to_rgb(LINE)) * 255


def fan(k):
    """Return a network that gives each of k classes its sector of the plane, and an example in the middle of each."""
    angles = 2 * np.pi * np.arange(k) / k
    directions = np.column_stack([np.cos(angles), np.sin(angles)])
    names = tuple(f"class {n}" for n in range(k))
    return model(20 * directions, np.zeros(k), "softmax", names, (2,)), examples(directions, np.arange(k), k)


def test_a_boundary_lies_where_the_network_has_it():
    train = examples(CORNERS, [0, 0, 1, 0])  # of which the network gets the last wrong
    figure = boundary(model([[5, 0]], [-1], "sigmoid", ("dog", "cat"), (2,)), train)  # x1 = 0.2
    for x, side in [(-0.9, BLUE), (0.1, BLUE), (0.3, ORANGE), (0.9, ORANGE)]:
        for y in (-0.5, 0.0):
            assert np.abs(colour_at(figure, x, y) - washed(side)).max() < 3
    assert np.abs(colour_at(figure, 0.2, 0.4) - DARK).max() < 60
    for (x, y), colour in zip(CORNERS, (BLUE, BLUE, ORANGE, BLUE), strict=True):
        assert np.abs(colour_at(figure, x, y) - colour).max() < 3
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["dog", "cat", "training"]


@pytest.mark.parametrize("k", [3, 8, 12])
def test_every_class_has_its_colour_its_marker_and_one_line_to_its_neighbour(k):
    trained, train = fan(k)
    figure = boundary(trained, train, size=(1600, 1000))
    (axes,) = figure.axes
    for label in range(k):
        angle = 2 * np.pi * label / k
        own = np.array(to_rgb(COLOURS[label])) * 255
        assert np.abs(colour_at(figure, 0.7 * np.cos(angle), 0.7 * np.sin(angle)) - washed(own)).max() < 3
    dots = [each for each in axes.collections if isinstance(each, PathCollection) and len(each.get_offsets()) == 1]
    shapes = {each.get_paths()[0].vertices.tobytes() for each in dots}
    assert len(shapes) == k <= len(MARKERS)
    around = 2 * np.pi * np.arange(2000) / 2000
    picture = pixels(figure)
    places = axes.transData.transform(0.6 * np.column_stack([np.cos(around), np.sin(around)])).astype(int)
    dark = np.array([np.abs(picture[len(picture) - 1 - row, column] - DARK).max() < 60 for column, row in places])
    assert (np.diff(dark.astype(int)) == 1).sum() + (dark[0] and not dark[-1]) == k  # once between two neighbours
    regions = {tuple(picture[len(picture) - 1 - row, column]) for (column, row), line in zip(places, dark, strict=True)}
    pure = [np.abs(np.array(list(regions)) - washed(np.array(to_rgb(c)) * 255)).max(axis=1).min() for c in COLOURS[:k]]
    assert max(pure) < 3


def test_a_network_with_one_answer_for_all_has_one_region_and_no_line():
    for trained in (model([[0, 0]], [0], "sigmoid", ("a", "b"), (2,)), model([[0, 0]], [9], "sigmoid", "ab", (2,))):
        picture = pixels(boundary(trained, examples(CORNERS, [0, 0, 1, 1])))
        colour = ORANGE if trained.parameters.b[0][0, 0] > 0 else BLUE
        assert share_of(washed(colour), picture) > 0.5
        assert share_of(DARK, picture) < 0.001


def test_examples_of_the_test_are_hollow():
    trained = model([[5, 0]], [-1], "sigmoid", ("dog", "cat"), (2,))
    figure = boundary(trained, examples(CORNERS, [0, 0, 1, 0]), examples([[-0.5, 0.5], [0.6, 0.1]], [0, 1]))
    for x, y in ((-0.5, 0.5), (0.6, 0.1)):
        assert colour_at(figure, x, y).min() > 250
    assert [text.get_text() for text in figure.legends[0].get_texts()][2:] == ["training", "test"]


@pytest.mark.parametrize("n", [3, pytest.param(12, marks=pytest.mark.slow)])
def test_every_scheme_has_a_panel_under_its_name(n):
    models = [(f"scheme {k}", model([[5, 0]], [-k / n], "sigmoid", ("dog", "cat"), (2,))) for k in range(n)]
    figure = drawn(boundaries, models, examples(CORNERS, [0, 0, 1, 0]), None)
    assert [axes.get_title() for axes in figure.axes[:n]] == [title for title, _ in models]
    for panel in range(n):
        assert np.abs(colour_at(figure, -0.6, 0.3, panel) - washed(BLUE)).max() < 3
        assert np.abs(colour_at(figure, 0.6, 0.3, panel) - washed(ORANGE)).max() < 3


def test_of_very_many_classes_the_first_are_named():
    trained, train = fan(60)
    named = [text.get_text() for text in boundary(trained, train).legends[0].get_texts()]
    assert named == [*(f"class {n}" for n in range(40)), "training"]
