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


@settings(deadline=None, derandomize=True)
@given(drawn=labels)
def test_classification_agrees_with_scikit_learn(drawn):
    k, pairs = drawn
    truth, predicted = np.array(pairs).T
    ours = classification(truth, predicted, k)
    how = {"average": "binary", "zero_division": np.nan} if k == 2 else {"average": "macro", "zero_division": 0}

    def approximately(value):
        return None if np.isnan(value) else pytest.approx(value, rel=1e-14, abs=1e-15)

    assert ours == {
        "accuracy": pytest.approx(theirs.accuracy_score(truth, predicted), rel=1e-15),
        "precision": approximately(theirs.precision_score(truth, predicted, **how)),
        "recall": approximately(theirs.recall_score(truth, predicted, **how)),
    }


def test_precision_and_recall_that_are_undefined_are_none():
    negative, positive = np.zeros(3, int), np.ones(3, int)
    assert classification(positive, negative, 2) == {"accuracy": 0, "precision": None, "recall": 0}
    assert classification(negative, positive, 2) == {"accuracy": 0, "precision": 0, "recall": None}
    assert classification(negative, negative, 2) == {"accuracy": 1, "precision": None, "recall": None}


def test_which_of_two_classes_is_the_positive_one():
    truth, predicted = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1])
    assert classification(truth, predicted, 2) == {"accuracy": 0.75, "precision": 0.5, "recall": 1}
    assert classification(truth, predicted, 2, positive=0) == {"accuracy": 0.75, "precision": 1, "recall": 2 / 3}
    assert classification(truth, predicted, 3, positive=0) == classification(truth, predicted, 3)


def test_a_net_that_always_says_one_class_of_three_is_not_flattered():
    truth = np.repeat([0, 1, 2], [17, 2, 1])
    measured = classification(truth, np.zeros_like(truth), 3)
    assert measured["precision"] == pytest.approx(0.85 / 3)
    assert measured["recall"] == pytest.approx(1 / 3)


def test_a_class_that_does_not_occur_counts_where_it_is_predicted():
    measured = classification(np.array([0, 0, 1]), np.array([0, 2, 1]), 4)  # 2 is predicted, 3 is neither
    assert measured["precision"] == pytest.approx((1 + 1 + 0) / 3)
    assert measured["recall"] == pytest.approx((0.5 + 1 + 0) / 3)


@settings(deadline=None, derandomize=True)
@given(n=st.integers(1, 3), m=st.integers(2, 20), seed=st.integers(0, 1000))
def test_regression_agrees_with_scikit_learn(n, m, seed):
    stream = np.random.RandomState(seed)
    truth, predicted = stream.randn(n, m), stream.randn(n, m)
    ours, each = regression(truth, predicted), zip(range(1, n + 1), truth, predicted, strict=True)
    assert ours == {
        "mse": pytest.approx(theirs.mean_squared_error(truth.T, predicted.T), rel=1e-12),
        "mae": pytest.approx(theirs.mean_absolute_error(truth.T, predicted.T), rel=1e-12),
        "r2": pytest.approx(theirs.r2_score(truth.T, predicted.T), rel=1e-10),
        **{f"r2_{k}": pytest.approx(theirs.r2_score(*pair)) for k, *pair in each if n > 1},
    }


def test_a_constant_target_counts_in_the_mean_as_scikit_learn_has_it():
    truth = np.array([[1.0, 2.0, 3.0], [5.0, 5.0, 5.0]])
    for miss in ([[0.1], [0.2]], [[0.1], [0.0]]):
        predicted = truth + np.array(miss)
        measured = regression(truth, predicted)
        assert measured["r2"] == pytest.approx(theirs.r2_score(truth.T, predicted.T))
        assert measured["r2_2"] is None
    assert regression(truth[[1, 1]], predicted)["r2"] is None


def test_a_target_that_is_constant_but_for_rounding_has_no_r2():
    assert regression(np.array([[0.3, 0.1 + 0.2, 0.3]]), np.array([[0.3, 0.3, 0.4]]))["r2"] is None


@pytest.mark.parametrize("value", [0.0, 2.0, 0.1])
def test_r2_of_a_constant_target_is_none(value):
    assert regression(np.full((1, 3), value), np.array([[1.0, 2.0, 3.0]]))["r2"] is None


def test_perfect_predictions():
    truth = np.array([[1.0, -2.0, 4.0]])
    assert regression(truth, truth.copy()) == {"mse": 0, "mae": 0, "r2": 1}


def test_classes_of_outputs():
    assert classify(np.array([[0.2, 0.5, np.nextafter(0.5, 1), 0.9]])).tolist() == [0, 0, 1, 1]
    assert classify(np.array([[0.2, 0.5], [0.3, 0.1], [0.5, 0.4]])).tolist() == [2, 0]


@pytest.mark.parametrize("size", [1e-170, 1e-250])
def test_r2_of_tiny_targets_is_that_of_larger_ones(size):
    truth, predicted = np.array([[1.0, -2.0, 4.0], [3.0, 3.0, 3.0]]), np.array([[1.5, -2.0, 3.0], [3.0, 3.0, 3.0]])
    expected, found = regression(truth, predicted), regression(truth * size, predicted * size)
    assert found["r2_1"] == pytest.approx(expected["r2_1"], rel=1e-12)
    assert found["r2"] == pytest.approx(expected["r2"], rel=1e-12)


def test_rounding_is_that_of_the_targets_own_type():
    truth = np.where(np.arange(40) % 2, np.float32(0.1), np.nextafter(np.float32(0.1), np.float32(1)))[None, :]
    assert regression(truth, truth + 1)["r2"] is None
    assert regression(truth.astype(np.float64), truth + 1.0, np.float32)["r2"] is None
    assert regression(truth.astype(np.float64), truth + 1.0)["r2"] < -1e9
