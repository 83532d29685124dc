"""Tables and pictures of evaluations: of two, of some and of very many classes, of labels and of numbers."""

import contextlib
import io

import numpy as np
import PIL.Image
import pytest
from numpy.random import RandomState

from nnctl.data.block import BlockPreparation
from nnctl.data.interface import Interface
from nnctl.data.scaling import Scaling
from nnctl.explain.evaluation import Evaluation
from nnctl.nn.estimates import estimates
from nnctl.nn.parameters import Parameters
from nnctl.nn.samples import Classes, Labels, Numbers
from nnctl.registry import Choice
from nnctl.runs.model import Model
from nnctl.runs.run import Run
from nnctl.show import console, evaluations, gallery, pictures


def evaluation(sample, names=None, labels=False):
    """Return an evaluation of a sample by a model that is asked nothing."""
    classes = names if isinstance(sample, Classes) else None
    interface = Interface(
        BlockPreparation((2,), Scaling()), classes, names=() if classes else names or (), labels=labels
    )
    model = Model(Parameters([2, sample.count]), (Choice("linear"),), interface)
    numbers = isinstance(sample, Numbers)
    known = sample.truth.mean(axis=1) if numbers else np.full(sample.count, 1 / sample.count)
    return Evaluation(model, sample, estimates(sample, sample.baseline(known)))


def classes_of(k, m, sure=3.0):
    stream = RandomState(k)
    truth = stream.randint(0, k, m)
    Z = stream.randn(k, m)
    Z[truth, np.arange(m)] += sure
    P = np.exp(Z) / np.exp(Z).sum(axis=0)
    costs = -np.log(P[truth, np.arange(m)])
    names = tuple(f"$c_{{{i}}}$" for i in range(k))
    return evaluation(Classes.of(truth, P[1:] if k == 2 else P, costs), names)


def labels_of(count, m):
    stream = RandomState(5)
    truth = stream.random_sample((count, m)) < 0.4
    p = 1 / (1 + np.exp(-(stream.randn(count, m) + 2 * truth - 1)))
    sample = Labels.of(truth, p, -np.log(np.where(truth, p, 1 - p)))
    return evaluation(sample, tuple(f"label_{i}" for i in range(count)), labels=True)


def numbers_of(n, m):
    truth, errors = RandomState(6).randn(2, n, m)
    scale = 1000.0 ** np.arange(n)[:, None]
    return evaluation(Numbers(scale * truth, scale * (truth + 0.5 * errors)), tuple(f"out_{i}" for i in range(n)))


CASES = {
    "two": lambda: classes_of(2, 60),
    "three": lambda: classes_of(3, 60),
    "twelve": lambda: classes_of(12, 300),
    "two hundred": lambda: classes_of(200, 600),
    "three rows": lambda: classes_of(3, 3),
    "one class": lambda: evaluation(
        Classes(np.zeros(20, int), np.full((2, 20), 0.5), np.zeros(20, int), np.full(20, np.log(2))), ("a", "b")
    ),
    "perfect": lambda: classes_of(3, 60, sure=90.0),
    "labels": lambda: labels_of(3, 60),
    "number": lambda: numbers_of(1, 80),
    "numbers": lambda: numbers_of(3, 30),
    "many numbers": lambda: numbers_of(8, 6000),
    "exact numbers": lambda: evaluation(Numbers(np.arange(12.0)[None], np.arange(12.0)[None])),
}
DRAWN = {"labels": ["calibration", "precision-recall", "roc"], "numbers": ["predicted", "residuals"]}
DRAWN["classes"] = ["calibration", "confusion", "precision-recall", "roc"]


def printed(found):
    with contextlib.redirect_stdout(io.StringIO()) as file:
        for table in evaluations.tables(found):
            console.results().print(table)
    return file.getvalue()


@pytest.mark.parametrize("case", CASES)
def test_every_picture_is_drawn(case, tmp_path):
    found = CASES[case]()
    run = Run(tmp_path)
    with contextlib.redirect_stderr(io.StringIO()) as said:
        drawn = gallery.draw_evaluation(found, run, [], console.messages(), (640, 400))
    assert said.getvalue() == ""
    wanted = DRAWN[found.sample.task]
    assert sorted(path.stem for path in drawn) == (["calibration", "confusion"] if case == "one class" else wanted)
    for path in drawn:
        with PIL.Image.open(path) as picture:
            assert picture.size == (640, 400)
            assert len(np.unique(np.asarray(picture.convert("L")))) > 5


@pytest.mark.parametrize("case", CASES)
def test_every_table_fits_eighty_columns(case, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    text = printed(CASES[case]())
    table = [line for line in text.splitlines() if not line.startswith("–")]
    assert max(map(len, table)) <= 80
    assert "nan" not in text
    assert "inf" not in text.replace("information", "")


def test_two_classes_have_the_scores_of_the_positive_one(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    text = printed(classes_of(2, 60))
    for name in ("precision of $c_{1}$", "precision, macro", "F1 of $c_{1}$", "ROC AUC  ", "Brier score"):
        assert name in text


def test_of_many_classes_the_worst_are_shown(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    found = classes_of(200, 600, sure=2.0)
    text = printed(found)
    shown = [index for index in range(200) if f" $c_{{{index}}}$ " in text]
    values = {each.index: each.value for each in found.estimates if each.score == "f1" and each.index is not None}
    others = [value for index, value in values.items() if index not in shown and value is not None]
    assert len(shown) == evaluations.MOST
    assert max(values[index] for index in shown) <= min(others)
    assert "of 200 those with the lowest F1" in " ".join(text.split())


def test_why_there_is_no_value_is_said():
    text = printed(CASES["one class"]())
    assert "ROC AUC" in text
    assert "none of the rows is of it" in text


def test_a_verdict_tells_worse_from_unsure():
    stream = RandomState(8)
    truth = stream.randn(1, 200)
    worse = evaluation(Numbers(truth, -truth))
    assert worse.verdicts()[0].startswith("worse than the mean of the training rows for all on these 200 rows: MSE")
    unsure = evaluation(Numbers(truth, 0.01 * stream.randn(1, 200)))
    assert any(said.startswith("not known to be better than the mean") for said in unsure.verdicts())
    assert numbers_of(1, 80).verdicts() == []


def test_pictures_are_those_that_the_names_say():
    assert set(pictures.of_evaluation(CASES["three"]())) == set(DRAWN["classes"])
