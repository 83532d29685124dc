"""The drawn cats: in the shapes of the course's pictures, and a task for a deep network only.

No pixel and no brightness may tell a cat; the deep network of configs/cat.yaml learns the shapes all the same.
"""

import json

import numpy as np
import pytest
from numpy.random import RandomState

from nnctl.data import cat
from nnctl.data.sets import datasets

each_thing = pytest.mark.parametrize("thing", cat.THINGS, ids=lambda thing: thing.__name__.strip("_"))


@pytest.fixture(scope="module")
def many():
    """Return 1,000 pictures and their labels."""
    return cat.draw(RandomState(5), 1000)


def shapes_of(thing, traits):
    """Return where the four shapes of a thing lie for four traits, each (64, 64) of truth values."""
    at = (np.arange(64, dtype=np.float32) - 31.5) / np.float32(cat.SCALE)
    v = np.reshape(np.asarray(traits, np.float32), (4, 1, 1, 1))
    return [np.broadcast_to(shape, (1, 64, 64))[0] > 0 for shape in thing(at[None, None, :], at[None, :, None], v)]


def test_the_set_has_the_courses_shapes():
    train, test = datasets["cat"]()
    assert train.X.shape == (209, 64, 64, 3)
    assert test.X.shape == (50, 64, 64, 3)
    assert train.X.dtype == test.X.dtype == np.uint8
    assert train.classes == test.classes == ("non-cat", "cat")
    assert np.bincount(train.y).tolist() == [114, 95]  # 45 percent
    assert np.bincount(test.y).tolist() == [27, 23]


def test_the_default_pictures_stay_as_they_are():
    train, test = datasets["cat"]()
    np.testing.assert_array_equal(train.y[:20], [1, 0, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1])
    np.testing.assert_allclose(train.X.mean(axis=(0, 1, 2)), [144.84419506, 135.40084386, 125.98757102], atol=1e-3)
    np.testing.assert_allclose(test.X.mean(axis=(0, 1, 2)), [136.87628418, 132.07046387, 122.47887695], atol=1e-3)


@each_thing
def test_a_thing_fills_the_middle_and_leaves_the_edge_free(thing):
    body, *parts = shapes_of(thing, [0, 0, 0, 1])
    drawn = np.any([body, *parts], axis=0)
    assert 0.2 < body.mean() < 0.5
    assert all(part.sum() < body.sum() / 2 for part in parts)
    assert not drawn[[0, 1, -2, -1]].any()
    assert not drawn[:, [0, 1, -2, -1]].any()


@pytest.mark.parametrize("trait", range(4))
def test_every_trait_changes_the_cat(trait):
    low, high = np.zeros(4), np.zeros(4)
    low[trait], high[trait] = -1, 1
    before, after = (np.stack(shapes_of(cat.THINGS[0], traits)) for traits in (low, high))
    assert (before != after).any()


def test_light_on_dark_as_often_as_dark_on_light_for_cats_and_others(many):
    X, y = many
    lighter = X[:, 28:44, 24:40].mean(axis=(1, 2, 3)) > X[:, :6].mean(axis=(1, 2, 3))
    assert 0.4 < lighter[y == 0].mean() < 0.6
    assert 0.4 < lighter[y == 1].mean() < 0.6


def test_no_pixel_alone_tells_a_cat(many):
    X, y = many
    values, target = X.reshape(1000, -1).astype(np.float64), y - y.mean()
    values -= values.mean(axis=0)
    correlations = target @ values / np.sqrt((values**2).sum(axis=0) * (target**2).sum())
    assert np.abs(correlations).max() < 0.2


def test_colours_are_neither_dull_nor_cut_off(many):
    X, _ = many
    assert X.min() == 0
    assert X.max() == 255
    assert ((X == 0) | (X == 255)).mean() < 0.05
    assert X.std(axis=(1, 2, 3)).min() > 20


def test_the_deep_network_learns_cats_and_logistic_regression_does_not(nnctl):
    accuracy = {}
    for config in ("cat", "logistic-cat"):
        outcome = nnctl("train", config, "-q", "--json")
        assert outcome.exit_code == 0
        accuracy[config] = json.loads(outcome.stdout)["metrics"]["test"]["accuracy"]
    assert accuracy["cat"] >= 0.85
    assert accuracy["logistic-cat"] <= accuracy["cat"] - 0.15
