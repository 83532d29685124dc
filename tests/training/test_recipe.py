"""The recipe: batches that fit the rows, an end that comes, and what depends on what is predicted."""

import pytest

from nnctl.spec.commented import tree_of
from nnctl.training import recipe

PICTURES, NUMBERS, CLASSES = recipe.Task(), recipe.Task(10), recipe.Task(10, classes=True)


def written(m, validates=True, task=PICTURES):
    return tree_of([recipe.train(m, validates, task)])["train"]


@pytest.mark.parametrize(("m", "batch"), [(1, 1), (5, 5), (100, 16), (256, 32), (1000, 64), (2048, 256), (10**6, 256)])
@pytest.mark.parametrize("task", [PICTURES, NUMBERS])
def test_batches_grow_with_the_rows(m, batch, task):
    assert written(m, task=task)["batch_size"] == batch


@pytest.mark.parametrize(("m", "epochs"), [(100, 300), (35_000, 292), (1_000_000, 40)])
def test_epochs_shrink_with_the_rows(m, epochs):
    assert written(m)["epochs"] == epochs
    assert written(m)["early_stopping"] == {"patience": epochs // 10}
    of_rows = written(m, task=NUMBERS)
    assert of_rows["epochs"] == min(epochs, 256)
    assert of_rows["early_stopping"] == {"patience": of_rows["epochs"]}  # the cycles of the rate are gone through


@pytest.mark.parametrize("task", [PICTURES, NUMBERS])
def test_without_validation_rows_nothing_stops_it_early(task):
    assert written(100, False, task)["epochs"] == recipe.WITHOUT_VALIDATION
    assert "early_stopping" not in written(100, False, task)


def test_labels_are_smoothed_where_classes_are_predicted():
    assert written(100, task=CLASSES)["label_smoothing"] == 0.1
    assert "label_smoothing" not in written(100, task=NUMBERS)


def test_several_networks_are_trained_unless_that_takes_minutes():
    counts = [written(m, task=CLASSES).get("ensemble") for m in (100, 39_000, 41_000, 10**6)]
    assert counts == [recipe.NETWORKS, recipe.NETWORKS, None, None]
    assert "ensemble" not in written(100)


def test_numbers_are_embedded_unless_there_are_many_or_they_are_pictures():
    models = {n: tree_of([recipe.model(recipe.Task(n))])["model"] for n in (1, recipe.MOST_EMBEDDED, 101, None)}
    assert [n for n, model in models.items() if "embed" in model] == [1, recipe.MOST_EMBEDDED]
    assert [n for n, model in models.items() if "input_scale" in model] == [1, recipe.MOST_EMBEDDED, 101]


def test_shares_are_held_back_where_the_largest_class_has_rows_for_them():
    assert [share.name for share in recipe.shares(recipe.FEWEST)] == ["validation", "test"]
    assert recipe.shares(recipe.FEWEST - 1) == []
