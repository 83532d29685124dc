"""Embeddings against their formulas: what they make of numbers, all or in parts, and how they start."""

import numpy as np
import pytest
from numpy.random import RandomState
from scipy.stats import kstest

from nnctl.nn import embeddings as module
from nnctl.nn.embeddings import embeddings


def drawn(embedding, count, dtype=np.float64):
    parameters = {name: np.empty(shape, dtype) for name, shape in embedding.shapes(count).items()}
    embedding.draw(RandomState(2), parameters)
    return parameters


def periodic_by_formula(x, frequencies, phases, weights, biases):
    """Return (count, outputs, m) for x (count, m), number by number."""
    return np.array(
        [
            [
                sum(w * np.cos(2 * np.pi * f * own + phase) for w, f, phase in zip(row, turns, shifts, strict=True)) + b
                for row, b in zip(of_number, its_biases, strict=True)
            ]
            for own, turns, shifts, of_number, its_biases in zip(x, frequencies, phases, weights, biases, strict=True)
        ]
    )


FORMULAS = {"periodic": periodic_by_formula}


def test_every_embedding_has_its_formula():
    assert set(FORMULAS) == set(embeddings)


@pytest.mark.parametrize("name", embeddings)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-13), (np.float32, 1e-5)])
@pytest.mark.parametrize("values", [1, 300, 2**15])  # of waves at a time: one number, some, all
def test_what_becomes_of_numbers(monkeypatch, name, dtype, tolerance, values):
    monkeypatch.setattr(module, "VALUES", values)
    embedding = embeddings[name](outputs=4)
    x = RandomState(1).randn(5, 9).astype(dtype)
    parameters = drawn(embedding, 5, dtype)
    expected = FORMULAS[name](x.astype(float), *(array.astype(float) for array in parameters.values()))
    gradients = {key: np.empty_like(array) for key, array in parameters.items()}
    for both in (False, True):
        out = np.empty((5, 4, 9), dtype)
        bound = embedding.bind_both(x, out, parameters, gradients)[0] if both else embedding.bind(x, out, parameters)
        for _ in range(2):
            bound()
            np.testing.assert_allclose(out, expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", embeddings)
def test_the_way_back_is_the_same_in_parts(monkeypatch, name):
    embedding, x = embeddings[name](), RandomState(1).randn(5, 9)
    parameters, dout, found = drawn(embedding, 5), RandomState(3).randn(5, 3, 9), []
    for values in (1, 300, 2**15):
        monkeypatch.setattr(module, "VALUES", values)
        gradients = {key: np.full_like(array, np.nan) for key, array in parameters.items()}
        forward, pullback = embedding.bind_both(x, np.empty((5, 3, 9)), parameters, gradients)
        for _ in range(2):  # the second one after what the first has used up
            forward()
            pullback(dout.copy())
        found.append(np.concatenate([array.ravel() for array in gradients.values()]))
    np.testing.assert_allclose(found[1], found[0], rtol=1e-12)
    np.testing.assert_allclose(found[2], found[0], rtol=1e-12)


def test_periodic_starts_as_realmlp_does():
    parameters = drawn(embeddings["periodic"](sigma=0.5), 200)
    assert kstest(parameters["frequencies"].ravel() / 0.5, "norm").pvalue > 0.01
    assert kstest((parameters["phases"].ravel() + np.pi) / (2 * np.pi), "uniform").pvalue > 0.01
    for name in ("weights", "biases"):
        assert kstest(2 * parameters[name].ravel() + 0.5, "uniform").pvalue > 0.01  # within 1 / sqrt(16)
