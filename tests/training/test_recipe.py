"""The recipe: batches that fit the rows, an end that comes, and what depends on what is predicted."""

import pytest

from nnctl.spec.commented import tree_of
from nnctl.training import recipe


def written(m, validates=True):
    return tree_of([recipe.train(m, validates)])["train"]


@pytest.mark.parametrize(("m", "batch"), [(1, 1), (5, 5), (100, 16), (256, 32), (1000, 64), (2048, 256), (10**6, 256)])
def test_batches_grow_with_the_rows(m, batch):
    assert written(m)["batch_size"] == batch


@pytest.mark.parametrize(("m", "epochs"), [(100, 300), (35_000, 292), (1_000_000, 40)])
def test_epochs_shrink_with_the_rows(m, epochs):
    assert written(m)["epochs"] == epochs
    assert written(m)["early_stopping"] == {"patience": epochs // 10}


def test_without_validation_rows_nothing_stops_it_early():
    assert written(100, validates=False)["epochs"] == recipe.WITHOUT_VALIDATION
    assert "early_stopping" not in written(100, validates=False)


def test_shares_are_held_back_where_the_largest_class_has_rows_for_them():
    assert [share.name for share in recipe.shares(recipe.FEWEST)] == ["validation", "test"]
    assert recipe.shares(recipe.FEWEST - 1) == []
