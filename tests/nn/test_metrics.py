"""Metrics against scikit-learn; what is undefined is None."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as theirs

from nnctl.nn.metrics import classification, classify, regression

labels = st.integers(2, 5).flatmap(
    lambda k: st.tuples(
        st.just(k), st.lists(st.tuples(st.integers(0, k - 1), st.integers(0, k - 1)), min_size=1, max_size=30)
    )
)


def none_if_nan(value):
    """Return scikit-learn's mean over the defined classes, which is nan where there is none."""
    return None if np.isnan(value) else pytest.approx(value, rel=1e-14, abs=1e-15)


@settings(deadline=None, derandomize=True)
@given(drawn=labels)
def test_classification_agrees_with_scikit_learn(drawn):
    k, pairs = drawn
    truth, predicted = np.array(pairs).T
    ours = classification(truth, predicted, k)
    how = {"average": "binary"} if k == 2 else {"average": "macro", "labels": list(range(k))}
    assert ours == {
        "accuracy": pytest.approx(theirs.accuracy_score(truth, predicted), rel=1e-15),
        "precision": none_if_nan(theirs.precision_score(truth, predicted, zero_division=np.nan, **how)),
        "recall": none_if_nan(theirs.recall_score(truth, predicted, zero_division=np.nan, **how)),
    }


def test_precision_and_recall_that_are_undefined_are_none():
    negative, positive = np.zeros(3, int), np.ones(3, int)
    assert classification(positive, negative, 2) == {"accuracy": 0, "precision": None, "recall": 0}
    assert classification(negative, positive, 2) == {"accuracy": 0, "precision": 0, "recall": None}
    assert classification(negative, negative, 2) == {"accuracy": 1, "precision": None, "recall": None}


@settings(deadline=None, derandomize=True)
@given(n=st.integers(1, 3), m=st.integers(2, 20), seed=st.integers(0, 1000))
def test_regression_agrees_with_scikit_learn(n, m, seed):
    stream = np.random.RandomState(seed)
    truth, predicted = stream.randn(n, m), stream.randn(n, m)
    ours = regression(truth, predicted)
    assert ours == {
        "mse": pytest.approx(theirs.mean_squared_error(truth.T, predicted.T), rel=1e-12),
        "mae": pytest.approx(theirs.mean_absolute_error(truth.T, predicted.T), rel=1e-12),
        "r2": pytest.approx(theirs.r2_score(truth.T, predicted.T, multioutput="variance_weighted"), rel=1e-10),
    }


@pytest.mark.parametrize("value", [0.0, 2.0, 0.1])
def test_r2_of_a_constant_target_is_none(value):
    assert regression(np.full((1, 3), value), np.array([[1.0, 2.0, 3.0]]))["r2"] is None


def test_perfect_predictions():
    truth = np.array([[1.0, -2.0, 4.0]])
    assert regression(truth, truth.copy()) == {"mse": 0, "mae": 0, "r2": 1}


def test_classes_of_outputs():
    assert classify(np.array([[0.2, 0.5, np.nextafter(0.5, 1), 0.9]])).tolist() == [0, 0, 1, 1]
    assert classify(np.array([[0.2, 0.5], [0.3, 0.1], [0.5, 0.4]])).tolist() == [2, 0]
