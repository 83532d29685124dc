"""Scores against scikit-learn, on random and on degenerate answers; how they change with the rows' weights."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import RandomState
from sklearn import metrics as theirs

from nnctl.nn.estimates import _parts, estimates
from nnctl.nn.metrics import classification, labelling, regression
from nnctl.nn.samples import Classes, Labels, Numbers
from nnctl.nn.score import Ranked
from nnctl.nn.scores import scores

EXACTLY = {"rel": 1e-12, "abs": 1e-12}


def classes_of(seed, m, k, ties=False, only=None, perfect=False, never=None):
    """Return a sample of k classes: a few probabilities alone, one class that occurs, all right, one never said."""
    stream = RandomState(seed)
    truth = np.full(m, only) if only is not None else stream.randint(0, k, m)
    Z = np.round(stream.randn(k, m)) if ties else stream.randn(k, m)
    Z[truth, np.arange(m)] += 50 if perfect else 1
    if never is not None:
        Z[never] = -9
    P = np.exp(Z - Z.max(axis=0))
    P /= P.sum(axis=0)
    costs = -np.log(P[truth, np.arange(m)])
    return Classes.of(truth, P[1:] if k == 2 else P, costs)


def labels_of(seed, m, count, ties=False):
    stream = RandomState(seed)
    truth = stream.random_sample((count, m)) < stream.random_sample((count, 1))
    p = 1 / (1 + np.exp(-np.round(stream.randn(count, m) + truth, 1 if ties else 12)))
    return Labels.of(truth, p, -np.log(np.where(truth, p, 1 - p)))


def numbers_of(seed, m, n):
    truth, errors = RandomState(seed).randn(2, n, m)
    return Numbers(100 * truth + 7, 100 * truth + 7 + 30 * errors)


def values(sample, baseline=None):
    """Return all scores by name, of all and of each, checked to be no nan."""
    found = {}
    for each in estimates(sample, baseline):
        assert each.value is not None or (each.reason and each.interval is None and each.method is None)
        assert each.value is None or np.isfinite(each.value)
        assert each.interval is None or (np.isfinite(each.interval).all() and each.interval[0] <= each.interval[1])
        found[each.score, each.index] = each.value
    return found


def check(found, name, index, expected, defined=True):
    value = found[name, index]
    assert value == pytest.approx(expected, **EXACTLY) if defined else value is None, (name, index, value, expected)


@settings(deadline=None, derandomize=True, max_examples=120)
@given(
    seed=st.integers(0, 10**6),
    m=st.sampled_from([1, 2, 3, 7, 12, 60]),
    k=st.integers(2, 5),
    ties=st.booleans(),
    only=st.sampled_from([None, None, 0, 1]),
    perfect=st.booleans(),
    never=st.sampled_from([None, 0, 1]),
)
def test_classes_agree_with_scikit_learn(seed, m, k, ties, only, perfect, never):
    sample = classes_of(seed, m, k, ties, only, perfect, never)
    found, truth, said, P = values(sample), sample.truth, sample.predicted, sample.probabilities
    several = {"average": "macro", "zero_division": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # theirs, of classes that do not occur
        check(found, "accuracy", None, theirs.accuracy_score(truth, said))
        check(found, "balanced_accuracy", None, theirs.balanced_accuracy_score(truth, said))
        for name in ("precision", "recall", "f1"):
            function = getattr(theirs, f"{name}_score")
            check(found, name, None, function(truth, said, **several))
            each = function(truth, said, average=None, zero_division=0, labels=range(k))
            for index in range(k):
                occurs, is_said = (truth == index).any(), (said == index).any()
                check(found, name, index, each[index], occurs or (is_said and name != "recall"))
        check(found, "log_loss", None, theirs.log_loss(truth, P.T, labels=range(k)))
        brier = theirs.brier_score_loss(truth, P[1] if k == 2 else P.T, labels=range(k))
        check(found, "brier", None, brier)
        asked = [1] if k == 2 else range(k)
        areas = {"roc_auc": theirs.roc_auc_score, "average_precision": theirs.average_precision_score}
        for name, function in areas.items():
            there = [i for i in asked if (truth == i).any() and (name != "roc_auc" or not (truth == i).all())]
            each = {index: function(truth == index, P[index]) for index in there}
            for index in asked if k > 2 else []:
                check(found, name, index, each.get(index), index in there)
            check(found, name, None, np.mean(list(each.values()) or 0), bool(there))
        if k > 2 and len(np.unique(truth)) == k:
            check(found, "roc_auc", None, theirs.roc_auc_score(truth, P.T, multi_class="ovr"))


@settings(deadline=None, derandomize=True, max_examples=60)
@given(seed=st.integers(0, 10**6), m=st.sampled_from([1, 2, 9, 40]), count=st.integers(2, 4), ties=st.booleans())
def test_labels_agree_with_scikit_learn(seed, m, count, ties):
    sample = labels_of(seed, m, count, ties)
    found, truth, said, p = values(sample), sample.truth, sample.predicted, sample.probabilities
    check(found, "accuracy", None, (truth == said).mean())
    check(found, "exact", None, theirs.accuracy_score(truth.T, said.T))
    for name in ("precision", "recall", "f1"):
        function = getattr(theirs, f"{name}_score")
        occurs, is_said = truth.any(axis=1), said.any(axis=1)
        if (occurs if name == "recall" else occurs | is_said).any():  # else there is nothing to see
            check(found, name, None, function(truth.T, said.T, average="macro", zero_division=0))
    for index in range(count):
        check(found, "accuracy", index, theirs.accuracy_score(truth[index], said[index]))
        check(found, "log_loss", index, theirs.log_loss(truth[index], p[index], labels=[False, True]))
        check(
            found, "brier", index, theirs.brier_score_loss(truth[index], p[index], labels=[False, True], pos_label=True)
        )
        if 0 < truth[index].sum() < m:
            check(found, "roc_auc", index, theirs.roc_auc_score(truth[index], p[index]))
            check(found, "average_precision", index, theirs.average_precision_score(truth[index], p[index]))
    for name in ("log_loss", "brier"):
        check(found, name, None, np.mean([found[name, index] for index in range(count)]))


@settings(deadline=None, derandomize=True, max_examples=60)
@given(seed=st.integers(0, 10**6), m=st.sampled_from([2, 3, 9, 40]), n=st.integers(1, 3), perfect=st.booleans())
def test_numbers_agree_with_scikit_learn(seed, m, n, perfect):
    sample = numbers_of(seed, m, n)
    truth, said = sample.truth, sample.truth if perfect else sample.predicted
    found = values(Numbers(truth, said))
    their = {
        "mse": theirs.mean_squared_error,
        "rmse": theirs.root_mean_squared_error,
        "mae": theirs.mean_absolute_error,
        "r2": theirs.r2_score,
    }
    for name, function in their.items():
        check(found, name, None, function(truth.T, said.T))
        for index in range(n) if n > 1 else []:
            check(found, name, index, function(truth[index], said[index]))


def test_a_target_that_does_not_vary_counts_in_the_mean_as_scikit_learn_has_it():
    truth = np.array([[1.0, 2.0, 3.0], [5.0, 5.0, 5.0]])
    for miss in ([[0.1], [0.2]], [[0.1], [0.0]]):
        found = values(Numbers(truth, truth + np.array(miss)))
        check(found, "r2", None, theirs.r2_score(truth.T, (truth + np.array(miss)).T))
        assert found["r2", 1] is None
    assert values(Numbers(truth[[1, 1]], truth))["r2", None] is None
    assert values(Numbers(truth[:1, :1], truth[:1, 1:2]))["r2", None] is None  # one row
    assert values(Numbers(np.array([[0.3, 0.1 + 0.2, 0.3]]), truth[:1]))["r2", None] is None  # but for rounding


def test_r2_of_tiny_and_of_large_numbers_is_the_same():
    truth, said = np.array([[1.0, -2.0, 4.0]]), np.array([[1.5, -2.0, 3.0]])
    expected = theirs.r2_score(truth[0], said[0])
    for size in (1e-170, 1.0, 1e120):
        assert values(Numbers(truth * size, said * size))["r2", None] == pytest.approx(expected, rel=1e-12)


def test_the_scores_that_training_records_are_the_same_numbers():
    for k in (2, 4):
        sample = classes_of(5, 80, k)
        found, recorded = values(sample), classification(sample.truth, sample.predicted, k)
        index = 1 if k == 2 else None
        assert recorded == {
            "accuracy": pytest.approx(found["accuracy", None], rel=1e-15),
            "precision": pytest.approx(found["precision", index], rel=1e-15),
            "recall": pytest.approx(found["recall", index], rel=1e-15),
        }
    sample = labels_of(6, 80, 3)
    found = values(sample)
    assert labelling(sample.truth, sample.predicted) == {
        name: pytest.approx(found[name, None], rel=1e-14) for name in ("accuracy", "exact", "precision", "recall")
    }
    sample = numbers_of(7, 80, 2)
    found = values(sample)
    assert regression(sample.truth, sample.predicted) == {
        **{name: pytest.approx(found[name, None], rel=1e-13) for name in ("mse", "mae", "r2")},
        **{f"r2_{place}": pytest.approx(found["r2", place - 1], rel=1e-13) for place in (1, 2)},
    }


def test_what_is_infinite_or_undefined_has_a_reason():
    sample = Classes(np.array([0, 1]), np.array([[1.0, 1.0], [0.0, 0.0]]), np.array([0, 0]), np.array([0.0, np.inf]))
    (loss,) = (each for each in estimates(sample) if each.score == "log_loss")
    assert loss.value is None
    assert "probability 0" in loss.reason
    sample = Classes.of(np.array([0, 1, 2]), np.array([[0.9, 0.2, 0.3], [0.8, 0.9, 0.1], [0.1, 0.3, 0.2]]), None)
    found = {each.score: each for each in estimates(sample) if each.index is None}
    assert found["log_loss"].value is None
    assert found["brier"].value is None
    assert "no probabilities of one choice" in found["brier"].reason
    assert found["roc_auc"].value is not None
    with np.errstate(over="ignore"):
        huge = {each.score: each for each in estimates(Numbers(np.array([[0.0, 1.0]]), np.array([[1e200, 1.0]])))}
    assert huge["mse"].value is None
    assert "beyond the numbers of a float" in huge["mse"].reason
    assert huge["mae"].value == 5e199


SAMPLES = {"classes": classes_of(11, 60, 4, ties=True), "labels": labels_of(12, 60, 3, ties=True)}
SAMPLES |= {"two classes": classes_of(13, 60, 2), "numbers": numbers_of(14, 60, 2)}
CASES = [(kind, name) for kind, sample in SAMPLES.items() for name in scores if sample.task in scores[name].tasks]


def weighted(score, sample, index, weights):
    """Return a score for each row of weights (b, m)."""
    if issubclass(score, Ranked):
        return score.area(score.ranking(sample, index), weights)
    return score.of_sums(*(np.array(score.terms(sample, index), float) @ weights.T))


def repeated(sample, counts):
    """Return the sample with each row as often as it counts."""
    rows = np.repeat(np.arange(sample.m), counts)
    if isinstance(sample, Classes):
        own = sample.truth[rows], sample.probabilities[:, rows], sample.predicted[rows], sample.costs[rows]
        return Classes(*own, sample.positive)
    names = ("truth", "predicted") if isinstance(sample, Numbers) else ("truth", "probabilities", "predicted", "costs")
    return type(sample)(*(getattr(sample, name)[:, rows] for name in names))


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_a_row_that_counts_twice_is_two_rows(kind, name):
    sample, score = SAMPLES[kind], scores[name]
    counts = RandomState(3).randint(0, 4, (5, sample.m))
    for index in score.indices(sample):
        found = weighted(score, sample, index, counts.astype(float))
        for value, own in zip(found, counts, strict=True):
            other = repeated(sample, own)
            assert value == pytest.approx(weighted(score, other, index, np.ones((1, other.m)))[0], **EXACTLY)


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_slopes_are_those_of_differences(kind, name):
    sample, score, step = SAMPLES[kind], scores[name], 1e-6
    for _, index, part in _parts(sample, [score]):
        slopes = part.slopes()
        moved = step * np.eye(sample.m)
        rates = weighted(score, sample, index, 1 + moved) - weighted(score, sample, index, 1 - moved)
        np.testing.assert_allclose(slopes, rates / (2 * step), rtol=1e-5, atol=1e-8 * max(1, np.abs(slopes).max()))
        assert np.abs(slopes).max() > 0
