"""Pictures are drawn where they fit the data, and their pixels show what they should."""

import numpy as np
import PIL.Image
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb

from nnctl.data.dataset import Examples
from nnctl.data.interface import Interface, Preparation
from nnctl.data.table import Table
from nnctl.nn.parameters import Parameters
from nnctl.registry import Choice
from nnctl.runs.model import Model
from nnctl.show import pictures

SHORT = ("-q", "-S", "train.iterations=20")
BLUE, ORANGE = (np.array(to_rgb(colour)) * 255 for colour in pictures.COLOURS[:2])


def model(W, b, output, classes, shape):
    """Return a network of one layer."""
    parameters = Parameters([np.shape(W)[1], len(W)])
    parameters.W[0][:], parameters.b[0][:, 0] = W, b
    return Model(parameters, (Choice(output),), Interface(shape, Preparation(), classes))


def examples(X, y):
    """Return examples with one output."""
    X, y = np.array(X), np.array(y)
    return Examples(X.reshape(len(X), -1).T.astype(float), y[None, :].astype(float), Table(X, y))


def pixels(figure):
    """Return the drawn picture (height, width, 3) as numbers."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[:, :, :3].astype(float)


def colour_at(figure, x, y):
    """Return the drawn colour at a point of the first axes' data."""
    drawn = pixels(figure)
    column, row = figure.axes[0].transData.transform((x, y))
    return drawn[len(drawn) - 1 - int(row), int(column)]


def share_of(colour, drawn):
    """Return the share of pixels that have a colour, but for rounding."""
    return (np.abs(drawn - colour).max(axis=2) < 3).mean()


def saved(path):
    """Return the pixels of a picture file."""
    with PIL.Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).astype(float)


# which pictures there are


@pytest.mark.parametrize(
    ("config", "overrides", "expected"),
    [
        ("circles", (), {"costs.png", "boundary.png"}),
        ("spirals", (), {"costs.png", "boundary.png"}),
        ("regression", (), {"costs.png", "curve.png"}),
        ("logistic-cat", ("data.m=20", "data.m_test=10"), {"costs.png", "wrong.png"}),
    ],
)
def test_a_run_has_the_pictures_that_fit_its_data(nnctl, tmp_path, config, overrides, expected):
    flags = [word for override in overrides for word in ("-S", override)]
    outcome = nnctl("train", config, *SHORT, *flags)
    assert outcome.exit_code == 0
    folder = tmp_path / outcome.stdout.strip()
    assert {path.name for path in folder.glob("*.png")} == expected
    for name in expected:
        assert 300 < min(saved(folder / name).shape[:2]) < 3000


def test_a_comparison_has_all_curves_in_one_picture_and_all_boundaries_in_another(nnctl, tmp_path):
    assert nnctl("compare-init", "zeros", "he", "xavier", *SHORT).exit_code == 0
    (folder,) = (tmp_path / "runs").iterdir()
    assert {path.name for path in folder.glob("*.png")} == {"costs.png", "boundaries.png"}
    curves, boundaries = saved(folder / "costs.png"), saved(folder / "boundaries.png")
    for colour in pictures.COLOURS[:3]:
        assert share_of(np.array(to_rgb(colour)) * 255, curves) > 1e-4
    assert boundaries.shape[1] > 2.5 * boundaries.shape[0]  # three panels side by side
    for panel in np.array_split(boundaries, 3, axis=1):
        assert share_of(BLUE, panel) > 0.001
        assert share_of(ORANGE, panel) > 0.001


# what they show


def test_costs_are_a_line_over_the_iterations():
    figure = pictures.costs({"cost": {0: 0.9, 100: 0.5, 200: 0.4}}, "cat")
    (axes,) = figure.axes
    (line,) = axes.lines
    assert line.get_xydata().tolist() == [[0, 0.9], [100, 0.5], [200, 0.4]]
    assert axes.get_title() == "cat"
    assert axes.get_yscale() == "linear"
    assert np.abs(colour_at(figure, 100, 0.5) - BLUE).max() < 3
    assert colour_at(figure, 100, 0.8).min() > 200  # white, or the grid


def test_costs_of_very_different_size_are_on_a_logarithmic_scale():
    figure = pictures.costs({"he": {0: 0.9, 100: 0.5}, "random (x10)": {0: 1773.0, 100: 0.6}}, "both")
    assert figure.axes[0].get_yscale() == "log"
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["he", "random (x10)"]
    assert np.abs(colour_at(figure, 0, 1773.0) - ORANGE).max() < 3


@pytest.mark.parametrize("curve", [{}, {0: 0.5}, {0: 0.0, 1: 0.0}, {0: 1e300, 1: 1e-300}])
def test_costs_that_are_few_or_extreme_are_drawn_without_a_warning(curve):
    assert pixels(pictures.costs({"he": curve}, "he")).min() < 255


def test_a_boundary_lies_where_the_network_has_it():
    corners = [[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]]
    train = examples(corners, [0, 0, 1, 0])  # of which the network gets the last wrong
    figure = pictures.boundary(model([[5, 0]], [-1], "sigmoid", ("dog", "cat"), (2,)), train)  # x1 = 0.2
    washed = [0.25 * colour + 0.75 * 255 for colour in (BLUE, ORANGE)]
    for x, side in [(-0.9, 0), (0.1, 0), (0.3, 1), (0.9, 1)]:
        for y in (-0.5, 0.0):
            assert np.abs(colour_at(figure, x, y) - washed[side]).max() < 3
    for (x, y), label in zip(corners[:3], (0, 0, 1), strict=True):  # the legend may cover the fourth
        assert np.abs(colour_at(figure, x, y) - (BLUE, ORANGE)[label]).max() < 3
    assert {text.get_text() for text in figure.axes[0].get_legend().get_texts()} == {"dog", "cat"}


def test_a_boundary_of_three_classes_has_three_colours():
    corners = [[0.0, 1.0], [-1.0, -1.0], [1.0, -1.0]]
    W = [[0, 2], [-2, -1], [2, -1]]
    figure = pictures.boundary(model(W, [0, 0, 0], "softmax", ("a", "b", "c"), (2,)), examples(corners, [0, 1, 2]))
    for label, (x, y) in enumerate([(0, 0.5), (-0.5, -0.6), (0.5, -0.6)]):
        colour = 0.25 * np.array(to_rgb(pictures.COLOURS[label])) * 255 + 0.75 * 255
        assert np.abs(colour_at(figure, x, y) - colour).max() < 3


def test_a_regression_curve_is_the_prediction_over_the_feature():
    train = examples([[0.0], [1.0], [2.0]], [0.0, 3.0, 4.0])
    figure = pictures.curve(model([[2]], [0], "linear", None, (1,)), train)
    for x in (0.5, 1.5):
        assert np.abs(colour_at(figure, x, 2 * x) - ORANGE).max() < 3
        assert colour_at(figure, x, 2 * x - 1).min() > 200  # white, or the grid
    bluish = colour_at(figure, 1.0, 3.0)
    assert bluish[2] > bluish[0] + 50


def drawn_pictures(m, colour=(250, 10, 20), shape=(4, 4, 3)):
    """Return m pictures of one colour."""
    return np.tile(np.array(colour[: shape[-1]], np.uint8), (m, *shape[:-1], 1)).reshape(m, *shape)


def test_wrong_pictures_are_shown_with_what_was_said_and_what_is_true():
    X = drawn_pictures(5)
    always_cat = model(np.zeros((1, 48)), [np.log(9)], "sigmoid", ("dog", "cat"), (4, 4, 3))  # says cat with 0.9
    figure = pictures.wrong_pictures(always_cat, examples(X, [1, 0, 1, 0, 1]))
    assert figure.get_suptitle() == "2 of 5 test pictures are classified wrongly"
    assert [axes.get_title() for axes in figure.axes] == ["row 1: cat (90 %)\nis dog", "row 3: cat (90 %)\nis dog"]
    assert share_of((250, 10, 20), pixels(figure)) > 0.2


def test_the_share_under_a_wrong_picture_is_that_of_the_class_that_was_said():
    always_dog = model(np.zeros((1, 48)), [-np.log(4)], "sigmoid", ("dog", "cat"), (4, 4, 3))  # cat with 0.2
    figure = pictures.wrong_pictures(always_dog, examples(drawn_pictures(1), [1]))
    assert figure.axes[0].get_title() == "row 0: dog (80 %)\nis cat"


def test_no_wrong_picture_at_all():
    always_cat = model(np.zeros((1, 48)), [5], "sigmoid", ("dog", "cat"), (4, 4, 3))
    figure = pictures.wrong_pictures(always_cat, examples(drawn_pictures(3), [1, 1, 1]))
    assert figure.get_suptitle() == "0 of 3 test pictures are classified wrongly"
    assert share_of((250, 10, 20), pixels(figure)) == 0


def test_only_so_many_wrong_pictures_are_shown():
    always_cat = model(np.zeros((1, 16)), [5], "sigmoid", ("dog", "cat"), (4, 4, 1))
    figure = pictures.wrong_pictures(always_cat, examples(drawn_pictures(40, (200,), (4, 4, 1)), [0] * 40))
    assert figure.get_suptitle().startswith("40 of 40")
    assert sum(axes.get_title() != "" for axes in figure.axes) == pictures.MOST_WRONG
