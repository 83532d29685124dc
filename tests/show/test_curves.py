"""Cost curves and fitted curves: their points, their scale, and that none flattens the others."""

import numpy as np
import pytest
from drawn import BLUE, ORANGE, colour_at, costs, drawn, examples, model, pixels

from nnctl.show.curves import fitted


def legend(figure):
    return [text.get_text() for text in (figure.legends or [figure.axes[0].get_legend()])[0].get_texts()]


def test_costs_are_a_line_over_the_iterations():
    figure = costs({"cost": {0: 0.9, 100: 0.5, 200: 0.4}}, "cat")
    (axes,) = figure.axes
    (line,) = axes.lines
    assert line.get_xydata().tolist() == [[0, 0.9], [100, 0.5], [200, 0.4]]
    assert axes.get_title() == "cat"
    assert axes.get_yscale() == "linear"
    assert np.abs(colour_at(figure, 100, 0.5) - BLUE).max() < 3
    assert colour_at(figure, 100, 0.8).min() > 200  # white, or the grid


def test_costs_of_very_different_size_are_on_a_logarithmic_scale():
    figure = costs({"he": {0: 0.9, 100: 0.005}, "xavier": {0: 1.2, 100: 0.6}})
    assert figure.axes[0].get_yscale() == "log"
    assert legend(figure) == ["he", "xavier"]
    assert np.abs(colour_at(figure, 100, 0.005) - BLUE).max() < 3
    assert costs({"cost": {0: 1773.0, 100: 0.6}}).axes[0].get_yscale() == "log"


@pytest.mark.parametrize("highest", [1773.0, 1e30, 1e99])
@pytest.mark.parametrize("others", [1, 2, 7])
def test_a_curve_that_shoots_up_does_not_flatten_the_others(highest, others):
    curves = {f"scheme {n}": {0: 0.7 + n / 100, 100: 0.3} for n in range(others)}
    figure = costs({**curves, "random": {0: highest, 100: 0.6, 200: 0.5}})
    low, high = figure.axes[0].get_ylim()
    assert low < 0.3
    assert 0.7 < high < 3
    assert legend(figure)[-1] == f"random (cut off, up to {highest:,.4g})"
    assert "cut off" not in legend(figure)[0]


def test_curves_that_are_all_high_are_not_cut_off():
    figure = costs({"a": {0: 900.0, 1: 3.0}, "b": {0: 1700.0, 1: 2.0}})
    assert figure.axes[0].get_ylim()[1] > 1700
    assert legend(figure) == ["a", "b"]


def test_twelve_curves_differ_without_colour():
    figure = costs({f"scheme {n}": {i: 1.0 / (i + n + 1) for i in range(30)} for n in range(12)})
    assert len({(line.get_linestyle(), line.get_marker()) for line in figure.axes[0].lines}) == 12
    assert len(legend(figure)) == 12


def test_a_curve_without_a_finite_cost_is_said_to_have_none():
    assert legend(costs({"he": {0: 0.9, 1: 0.5}, "random": {0: np.nan, 1: np.inf}})) == [
        "he",
        "random (no finite cost)",
    ]


@pytest.mark.parametrize("curve", [{}, {0: 0.5}, {0: 0.0, 1: 0.0}, {0: 1e300, 1: 1e-300}, {0: -1.0, 1: -2.0}])
@pytest.mark.parametrize("n", [1, 2, 6])
def test_costs_that_are_few_or_extreme_are_drawn_without_a_warning(curve, n):
    assert pixels(costs({f"he {k}": curve for k in range(n)})).min() < 255


def test_a_regression_curve_is_the_prediction_over_the_feature():
    train = examples([[0.0], [1.0], [2.0]], [0.0, 3.0, 4.0])
    figure = drawn(fitted, [("one", model([[2]], [0], "linear", None, (1,)))], train, None)
    for x in (0.5, 1.5):
        assert np.abs(colour_at(figure, x, 2 * x) - ORANGE).max() < 3
        assert colour_at(figure, x, 2 * x - 1).min() > 200  # white, or the grid
    bluish = colour_at(figure, 1.0, 3.0)
    assert bluish[2] > bluish[0] + 50
    assert legend(figure) == ["prediction", "training examples"]


def test_fitted_curves_have_a_panel_each_and_test_examples_are_hollow():
    train, test = examples([[0.0], [1.0], [2.0]], [0.0, 3.0, 4.0]), examples([[1.5]], [1.0])
    models = [(f"scheme {w}", model([[w]], [0], "linear", None, (1,))) for w in (0, 1, 2, 1e300)]
    figure = drawn(fitted, models, train, test)
    assert [axes.get_title() for axes in figure.axes] == [title for title, _ in models]
    for panel, w in enumerate((0, 1, 2)):
        assert np.abs(colour_at(figure, 0.7, 0.7 * w, panel) - ORANGE).max() < 3
        assert figure.axes[panel].get_ylim()[1] < 6  # a prediction that shoots up flattens no points
        assert colour_at(figure, 1.5, 1.0, panel).min() > 220 or w == 1  # inside of the ring
    assert legend(figure) == ["prediction", "training examples", "test examples"]
