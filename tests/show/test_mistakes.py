"""Pictures that are classified wrongly, with what was predicted and what is true."""

from itertools import pairwise

import numpy as np
import pytest
from drawn import drawn, examples, model, pixels, share_of, wrong

from nnctl.show.mistakes import MOST, mistakes

LARGE = (1600, 1000)


def shades(m, colour=(250, 10, 20), shape=(4, 4, 3)):
    """Return m pictures of one colour."""
    return np.tile(np.array(colour[: shape[-1]], np.uint8), (m, *shape[:-1], 1)).reshape(m, *shape)


def always_cat(share, classes=("dog", "cat"), n=48, shape=(4, 4, 3)):
    """Return a network that says cat of everything, with this probability."""
    return model(np.zeros((1, n)), [np.log(share / (1 - share))], "sigmoid", classes, shape)


def test_wrong_pictures_are_shown_with_what_was_said_and_what_is_true():
    figure = wrong(always_cat(0.9), examples(shades(5), [1, 0, 1, 0, 1]))
    assert figure.get_suptitle() == "2 of 5 test pictures are classified wrongly"
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["predicted cat (90 %),\ntruth dog  (row 1)", "predicted cat (90 %),\ntruth dog  (row 3)"]
    assert share_of((250, 10, 20), pixels(figure)) > 0.2


def test_the_share_is_that_of_the_class_that_was_predicted():
    figure = wrong(always_cat(0.2), examples(shades(1), [1]))
    assert figure.axes[0].get_title() == "predicted dog (80 %),\ntruth cat  (row 0)"
    assert "(99.7 %)" in wrong(always_cat(0.997), examples(shades(1), [0])).axes[0].get_title()
    digits = model(np.zeros((10, 48)), [*[0.0] * 4, 0.3, *[0.0] * 5], "softmax", tuple("0123456789"), (4, 4, 3))
    (axes,) = wrong(digits, examples(shades(1), [9], 10)).axes
    assert axes.get_title() == "predicted 4 (13 %),\ntruth 9  (row 0)"


def test_no_wrong_picture_at_all():
    figure = wrong(always_cat(0.99), examples(shades(3), [1, 1, 1]))
    assert figure.get_suptitle() == "0 of 3 test pictures are classified wrongly"
    assert share_of((250, 10, 20), pixels(figure)) == 0


@pytest.mark.parametrize(("classes", "shown"), [(("0", "1"), MOST), (("a" * 30, "b" * 30), 12)])
def test_as_many_are_shown_as_can_be_read_and_how_many_is_said(classes, shown):
    figure = wrong(always_cat(0.9, classes, 16, (4, 4, 1)), examples(shades(87, (200,), (4, 4, 1)), [0] * 87), LARGE)
    drawn_ones = [axes for axes in figure.axes if axes.get_title()]
    assert figure.get_suptitle() == f"87 of 87 test pictures are classified wrongly; {len(drawn_ones)} of 87 shown"
    assert len(drawn_ones) == shown
    pixels(figure)
    ends = sorted((axes.title.get_window_extent() for axes in drawn_ones), key=lambda box: (-box.y0, box.x0))
    for left, right in pairwise(ends):
        assert left.x1 <= right.x0 or right.y1 <= left.y0 + 1  # no title reaches into the next


@pytest.mark.parametrize("n", [2, 3, 8, 12])
def test_the_first_mistakes_of_every_scheme_stand_under_its_name(n):
    models = [(f"scheme {k}", always_cat(0.9 if k else 0.1)) for k in range(n)]
    figure = drawn(mistakes, models, examples(shades(30), [0] * 20 + [1] * 10), "test", size=LARGE)
    pixels(figure)
    blocks = figure.subfigs[:n]
    rows = [sum(axes.get_title() != "" for axes in block.axes) for block in blocks]
    assert len(set(rows)) == 1
    assert rows[0] >= 2
    assert [block.get_suptitle() for block in blocks] == [
        f"scheme {k}: {20 if k else 10} of 30; {rows[0]} of {20 if k else 10} shown" for k in range(n)
    ]
    assert blocks[0].axes[0].get_title() == "predicted dog (90 %),\ntruth cat  (row 20)"
    assert blocks[1].axes[0].get_title() == "predicted cat (90 %),\ntruth dog  (row 0)"
