"""Clipping by value, by norm and by both, on the gradients of a small network."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nnctl.nn.activations import activations
from nnctl.nn.clipping import clipped
from nnctl.nn.criterion import Criterion
from nnctl.nn.losses import losses
from nnctl.nn.network import Network
from nnctl.nn.objective import Objective
from nnctl.nn.parameters import Parameters

SIZE = 3 * 2 + 2 + 2 * 1 + 1


def clip(g, value=None, norm=None):
    """Return what an update gets to see of the gradients g (SIZE,), at which rate and as which one."""
    g = np.asarray(g)
    network = Network(Parameters((3, 2, 1), g.dtype), [activations["tanh"], activations["linear"]])
    objective = Objective(network, Criterion(losses["mean_squared_error"](), 1))
    objective.g[:] = g
    seen = []
    update = clipped(lambda rate, t: seen.append((objective.g.copy(), rate, t)), objective, value, norm)
    update(0.25, 7)
    ((g, rate, t),) = seen
    assert (rate, t) == (0.25, 7)
    return g


G = np.array([3.0, -4, 0, 0.5, -0.5, 0.25, 12, -0.0, 1e-9, 1, -1])
LENGTH = np.linalg.norm(G)


def test_without_clipping_the_update_is_the_update():
    def update(rate, t):
        pass

    assert clipped(update, None, None, None) is update


def test_by_value_every_gradient_is_cut_for_itself():
    np.testing.assert_array_equal(clip(G, value=0.5), [0.5, -0.5, 0, 0.5, -0.5, 0.25, 0.5, 0, 1e-9, 0.5, -0.5])
    np.testing.assert_array_equal(clip(G, value=12.0), G)


@pytest.mark.parametrize("norm", [1e-6, 1.0, LENGTH * (1 - 1e-9)])
def test_by_norm_all_are_scaled_together(norm):
    np.testing.assert_allclose(clip(G, norm=norm), G * (norm / LENGTH), rtol=1e-14)


@pytest.mark.parametrize("norm", [LENGTH * (1 + 1e-9), 1e6])
def test_gradients_within_the_norm_are_left_as_they_are(norm):
    np.testing.assert_array_equal(clip(G, norm=norm), G)


def test_the_norm_is_that_of_what_clipping_by_value_leaves():
    cut = np.clip(G, -2, 2)
    np.testing.assert_allclose(clip(G, value=2.0, norm=1.5), cut * (1.5 / np.linalg.norm(cut)), rtol=1e-14)
    np.testing.assert_array_equal(clip(G, value=2.0, norm=5.0), cut)
    assert np.linalg.norm(cut) < 5 < LENGTH


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    g=arrays(np.float64, SIZE, elements=st.floats(-1e6, 1e6, allow_subnormal=False)),
    norm=st.floats(1e-3, 1e3),
    value=st.none() | st.floats(1e-3, 1e3),
)
def test_no_gradient_is_longer_than_the_norm_nor_turned_by_it(g, norm, value):
    cut = g if value is None else np.clip(g, -value, value)
    found = clip(g, value, norm)
    assert np.linalg.norm(found) <= norm * (1 + 1e-12)
    np.testing.assert_allclose(found * np.linalg.norm(cut), cut * np.linalg.norm(found), rtol=1e-9, atol=1e-300)
    assert np.linalg.norm(found) == pytest.approx(min(norm, np.linalg.norm(cut)), rel=1e-12)


@pytest.mark.parametrize("kinds", [{"value": 1.0}, {"norm": 1.0}, {"value": 1.0, "norm": 1.0}])
def test_a_nan_is_not_hidden(kinds):
    assert np.isnan(clip([np.nan] * SIZE, **kinds)).all()
    assert np.isnan(clip(np.where(np.arange(SIZE) == SIZE - 1, np.nan, G), **kinds)[-1])


def test_float32_is_clipped_in_float32():
    found = clip(G.astype(np.float32), value=2.0, norm=1.5)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, clip(G, value=2.0, norm=1.5), rtol=1e-6)
