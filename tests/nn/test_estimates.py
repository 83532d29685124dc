"""Estimates: which interval a score has, that it does not depend on how it is worked out, and the baseline."""

import numpy as np
import pytest
from numpy.random import RandomState
from sklearn import metrics as theirs

from nnctl.nn import estimates as module
from nnctl.nn.estimates import estimates
from nnctl.nn.samples import Classes, Labels, Numbers
from nnctl.nn.scores import scores


def classes_of(m, k, seed=1, skill=1.5):
    stream = RandomState(seed)
    truth = stream.randint(0, k, m)
    Z = stream.randn(k, m)
    Z[truth, np.arange(m)] += skill
    P = np.exp(Z) / np.exp(Z).sum(axis=0)
    return Classes.of(truth, P[1:] if k == 2 else P, -np.log(P[truth, np.arange(m)]))


def labels_of(m, count):
    stream = RandomState(2)
    truth = stream.random_sample((count, m)) < 0.4
    p = 1 / (1 + np.exp(-(stream.randn(count, m) + 2 * truth - 1)))
    return Labels.of(truth, p, -np.log(np.where(truth, p, 1 - p)))


def numbers_of(m, n):
    truth, errors = RandomState(3).randn(2, n, m)
    return Numbers(truth, truth + 0.5 * errors)


SAMPLES = {"two": classes_of(2000, 2), "four": classes_of(2000, 4)}
SAMPLES |= {"labels": labels_of(2000, 3), "numbers": numbers_of(2000, 2)}


def by_name(found):
    return {(each.score, each.index): each for each in found}


@pytest.mark.parametrize("kind", SAMPLES)
def test_the_interval_of_many_rows_is_where_the_bootstrap_goes(monkeypatch, kind):
    drawn = by_name(estimates(SAMPLES[kind]))
    monkeypatch.setattr(module, "WORK", 0)
    without = by_name(estimates(SAMPLES[kind]))
    ways = {"numbers": "studentized bootstrap"}
    assert {each.method for each in drawn.values()} - {"wilson"} == {ways.get(kind, "bootstrap")}
    assert {each.method for each in without.values()} - {"wilson"} == {"linear"}
    for key, each in drawn.items():
        assert each.value == without[key].value
        width = each.interval[1] - each.interval[0]
        assert without[key].interval == pytest.approx(each.interval, abs=0.15 * width), key


@pytest.mark.parametrize("kind", SAMPLES)
def test_the_interval_holds_its_value_and_proportions_have_that_of_wilson(kind):
    for each in estimates(SAMPLES[kind]):
        assert each.interval[0] < each.value < each.interval[1]
        several = len(scores[each.score].indices(SAMPLES[kind])) > 1
        assert (each.method == "wilson") == (scores[each.score].proportion and (each.index is not None or not several))


def test_the_same_rows_have_the_same_intervals_and_another_seed_others():
    sample = classes_of(50, 3)
    assert estimates(sample) == estimates(sample)
    assert estimates(sample) != estimates(sample, seed=2)
    assert [each.value for each in estimates(sample)] == [each.value for each in estimates(sample, seed=2)]


def test_some_scores_alone_have_the_same_intervals():
    sample = classes_of(50, 3)
    some = estimates(sample, names=["accuracy", "log_loss"])
    assert some == [each for each in estimates(sample) if each.score in ("accuracy", "log_loss")]


def test_the_baseline_of_classes_says_the_commonest_with_its_share():
    sample, shares = classes_of(200, 3), np.array([0.2, 0.5, 0.3])
    found = by_name(estimates(sample, sample.baseline(shares)))
    said, P = np.full(200, 1), np.tile(shares, (200, 1))
    expected = {
        "accuracy": theirs.accuracy_score(sample.truth, said),
        "balanced_accuracy": 1 / 3,
        "f1": theirs.f1_score(sample.truth, said, average="macro"),
        "roc_auc": theirs.roc_auc_score(sample.truth, P, multi_class="ovr"),
        "average_precision": theirs.average_precision_score(np.eye(3)[sample.truth], P),
        "log_loss": theirs.log_loss(sample.truth, P),
        "brier": theirs.brier_score_loss(sample.truth, P),
    }
    for name, value in expected.items():
        assert found[name, None].baseline == pytest.approx(value, rel=1e-12), name
        assert found[name, None].better
    sample = classes_of(200, 2, skill=0)
    found = by_name(estimates(sample, sample.baseline(np.array([0.5, 0.5]))))
    assert found["roc_auc", None].baseline == 0.5
    assert found["average_precision", None].baseline == pytest.approx((sample.truth == 1).mean())
    assert not found["roc_auc", None].better


def test_the_baseline_of_labels_and_of_numbers():
    sample = labels_of(100, 2)
    found = by_name(estimates(sample, sample.baseline(np.array([0.6, 0.25]))))
    assert found["accuracy", 0].baseline == pytest.approx(sample.truth[0].mean())
    assert found["accuracy", 1].baseline == pytest.approx(1 - sample.truth[1].mean())
    expected = theirs.log_loss(sample.truth[1], np.full(100, 0.25))
    assert found["log_loss", 1].baseline == pytest.approx(expected, rel=1e-12)
    sample = numbers_of(100, 2)
    found = by_name(estimates(sample, sample.baseline(sample.truth.mean(axis=1))))
    assert found["r2", None].baseline == pytest.approx(0, abs=1e-14)
    assert found["rmse", 1].baseline == pytest.approx(sample.truth[1].std())
    assert found["mae", 1].better


def test_a_class_that_training_never_saw_has_no_finite_baseline():
    sample = classes_of(60, 3)
    found = by_name(estimates(sample, sample.baseline(np.array([0.4, 0.6, 0.0]))))
    assert found["log_loss", None].baseline is None
    assert found["log_loss", None].better is None
    assert found["brier", None].baseline is not None


@pytest.mark.parametrize("sample", [classes_of(3, 2), classes_of(1, 4), labels_of(9, 2), numbers_of(3, 2)])
def test_few_rows_are_not_drawn_from(sample):
    for each in estimates(sample):
        assert each.method in ("wilson", None)
        assert each.interval is not None or each.reason


def test_what_is_always_right_has_no_bootstrap():
    truth = np.arange(30) % 3
    found = by_name(estimates(Classes.of(truth, np.eye(3)[truth].T, np.zeros(30))))
    assert found["accuracy", None].interval == pytest.approx((0.8865, 1), abs=1e-4)
    assert found["recall", 1].interval[1] == 1
    for name in ("balanced_accuracy", "roc_auc", "log_loss"):
        assert found[name, None].interval is None
        assert "same value" in found[name, None].reason


def test_a_class_that_is_never_said_has_a_precision_of_0_without_an_interval():
    found = by_name(estimates(Classes(np.arange(40) % 2, np.full((2, 40), 0.5), np.zeros(40, int), None)))
    assert found["precision", 1].value == 0
    assert found["precision", 1].interval is None
    assert found["precision", 1].reason
    assert found["recall", 1].interval == pytest.approx((0, 0.1611), abs=1e-4)
