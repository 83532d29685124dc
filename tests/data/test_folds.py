"""Folds keep what scikit-learn's StratifiedKFold and GroupKFold promise, and follow from the seed and the repeat alone.

Every row of a test file carries its own number as its first feature, so that where it went can be seen.
"""

import warnings
from itertools import chain, combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import GroupKFold, StratifiedKFold

from nnctl.data import dataset
from nnctl.data.folds import folds
from nnctl.data.splits import _drawn, _whole
from nnctl.errors import DataError, SpecError
from nnctl.spec import document
from nnctl.spec.reading import parse

SEEDS = st.integers(0, 2**32 - 1)
REPEATS = st.integers(1, 1000)
M = 60
HALVES = np.arange(M) % 2


def owners(splitter, *arrays):
    """Return for each row the fold of a splitter of scikit-learn's."""
    owner = np.full(len(arrays[0]), -1)
    for number, (_, tested) in enumerate(splitter.split(*arrays)):
        assert (owner[tested] == -1).all()
        owner[tested] = number
    return owner


def counts(owner, of, classes):
    """Return how many rows of each class each fold has, sorted: what two ways to draw may have in common."""
    each = [np.bincount(owner[classes == label], minlength=of) for label in np.unique(classes)]
    return [sorted(own.tolist()) for own in [*each, np.bincount(owner, minlength=of)]]


@given(st.lists(st.integers(1, 30), min_size=1, max_size=5), st.integers(2, 8), SEEDS, REPEATS)
def test_folds_and_the_classes_in_them_have_the_sizes_of_scikit_learns(sizes, of, seed, repeat):
    sizes[0] = max(sizes[0], of)  # scikit-learn wants one class that is not rarer than the folds
    classes = np.random.RandomState(0).permutation(np.repeat(np.arange(len(sizes)), sizes))
    owner = folds(classes, None, of, seed, repeat)
    assert owner.shape == classes.shape
    assert set(owner.tolist()) == set(range(of))
    for own in counts(owner, of, classes):
        assert own[-1] - own[0] <= 1
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class")
        theirs = owners(StratifiedKFold(of, shuffle=True, random_state=0), classes, classes)
    assert counts(owner, of, classes) == counts(theirs, of, classes)


@given(st.lists(st.integers(1, 20), min_size=8, max_size=40), st.integers(2, 8), SEEDS, REPEATS, st.booleans())
def test_groups_are_whole_and_nothing_that_moves_makes_two_folds_more_alike(sizes, of, seed, repeat, text):
    codes = np.random.RandomState(0).permutation(np.repeat(np.arange(len(sizes)), sizes))
    groups = np.array([f"p{code}" for code in codes]) if text else codes * 1.5
    owner = folds(np.zeros(len(codes), int), groups, of, seed, repeat)
    assert set(owner.tolist()) == set(range(of))
    held = [sorted({int(code) for code in codes[owner == fold]}) for fold in range(of)]
    assert sum(map(len, held)) == len(sizes)  # whole
    theirs = owners(GroupKFold(of), codes, codes, codes)
    assert len(np.unique(owner)) == len(np.unique(theirs))
    rows = np.bincount(owner)
    for one, other in combinations(range(of), 2):
        larger, smaller = (one, other) if rows[one] > rows[other] else (other, one)
        apart = rows[larger] - rows[smaller]
        gains = [sizes[mine] - back for mine in held[larger] for back in [0, *(sizes[its] for its in held[smaller])]]
        assert all(abs(apart - 2 * gain) >= apart for gain in gains)


def test_folds_of_groups_are_as_even_as_scikit_learns_but_for_a_row():
    stream = np.random.RandomState(0)
    for count, of in ((40, 5), (200, 10), (1000, 3)):
        groups = np.repeat(np.arange(count), stream.randint(1, 50, count))
        ours = np.bincount(folds(groups * 0, groups, of, 1, 1))
        theirs = np.bincount(owners(GroupKFold(of), groups, groups, groups))
        assert np.ptp(ours) <= np.ptp(theirs) + 1


@given(SEEDS, REPEATS, st.booleans())
def test_folds_follow_from_the_seed_and_the_repeat(seed, repeat, grouped):
    classes, groups = np.arange(90) % 3, np.arange(90) // 3 if grouped else None
    first, again = (folds(classes, groups, 5, seed, repeat).tolist() for _ in range(2))
    assert first == again
    for other in ((seed + 1) % 2**32, repeat), (seed, repeat + 1):
        assert folds(classes, groups, 5, *other).tolist() != first


def test_a_repeat_is_not_the_first_of_another_seed():
    classes = np.zeros(50, int)
    drawn = {
        (seed, repeat): tuple(folds(classes, None, 5, seed, repeat)) for seed in range(6) for repeat in range(1, 6)
    }
    assert len(set(drawn.values())) == len(drawn)


# --- as parts of data ---


@pytest.fixture
def loaded(tmp_path):
    """Return a function that loads a file with these arrays beside X and y."""

    def loaded(data, y=HALVES, output="sigmoid", seed=1, **arrays):
        X = np.column_stack([np.arange(len(y)), np.ones(len(y))]).astype(float)
        np.savez(tmp_path / "data.npz", X=X, y=y, **arrays)
        tree = {
            "seed": seed,
            "data": {"source": "data.npz", **data},
            "model": {"layer_dims": [2, 3, 1], "activations": ["tanh", output]},
            "train": {"learning_rate": 0.1, "iterations": 3},
        }
        (tmp_path / "spec.yaml").write_text(document.dump(tree))
        return dataset.load(parse(document.read(tmp_path / "spec.yaml"), (tmp_path,)))

    return loaded


def rows_of(found):
    return {name: examples.table.X[:, 0].astype(int).tolist() for name, examples in found.parts.items()}


def test_every_row_is_tested_once_and_trained_on_otherwise(loaded):
    tested = []
    for number in range(1, 6):
        parts = rows_of(loaded({"fold": {"of": 5, "number": number}}))
        assert list(parts) == ["train", "test"]
        assert sorted(parts["train"] + parts["test"]) == list(range(M))
        tested += parts["test"]
    assert sorted(tested) == list(range(M))


def test_a_validation_share_is_drawn_from_the_rows_that_the_fold_leaves(loaded):
    found = loaded({"fold": {"of": 4, "number": 2}, "validation": 0.2})
    parts = rows_of(found)
    left = np.setdiff1d(np.arange(M), parts["test"])
    assert parts["validation"] == left[_drawn(HALVES[left], [0.2], 1)[0]].tolist()
    assert sorted(chain(*parts.values())) == list(range(M))
    assert {name: rows.tolist() for name, rows in found.split_off.items()} == {
        name: parts[name] for name in ("validation", "test")
    }


def test_a_validation_share_of_groups_is_of_whole_groups(loaded):
    group = np.arange(M) // 4
    parts = rows_of(loaded({"fold": {"of": 3, "number": 1}, "validation": 0.25, "group": "g"}, g=group))
    left = np.setdiff1d(np.arange(M), parts["test"])
    assert parts["validation"] == left[_whole(group[left], [0.25], 1)[0]].tolist()
    owners = [set(group[rows].tolist()) for rows in parts.values()]
    assert sum(map(len, owners)) == 15


def test_folds_are_drawn_with_the_seed_of_the_data_alone(loaded):
    def drawn(seed, start=1, repeat=1):
        fold = {"of": 5, "number": 3, "repeat": repeat}
        return rows_of(loaded({"fold": fold, "seed": seed}, seed=start))["test"]

    assert drawn(1) == drawn(1, start=2)
    assert len({tuple(rows) for rows in (drawn(1), drawn(2), drawn(1, repeat=2))}) == 3


def test_a_part_that_the_file_holds_for_the_test_is_not_taken(loaded):
    found = loaded({"fold": {"of": 3, "number": 1}}, X_test=np.ones((5, 2)), y_test=np.arange(5) % 2)
    assert len(rows_of(found)["test"]) == M / 3
    assert any("also holds X_test, y_test: not used" in note for note in found.notes)


def test_classes_with_fewer_rows_than_folds_are_said(loaded):
    y = np.r_[np.zeros(M - 4), np.ones(3), [2]].astype(int)
    data = {"fold": {"of": 5, "number": 1}}
    said = "fewer than 5 rows are labelled 1: some folds test none"
    assert said in loaded(data, y=y == 1).notes[0]
    assert not any("labelled" in note for note in loaded(data, y=y, output="linear").notes)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"fold": {"of": 61, "number": 1}}, "has 60 rows, too few for 61 folds; take at most 60"),
        (
            {"fold": {"of": 4, "number": 1}, "group": "g"},
            "g has 3 groups, too few for 4 folds, for a group stays whole",
        ),
    ],
)
def test_fewer_rows_or_groups_than_folds(loaded, data, said):
    with pytest.raises(DataError, match=said):
        loaded(data, g=np.arange(M) % 3)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"fold": {"of": 5, "number": 6}}, "data.fold.number must be at most 5, the folds, got 6"),
        ({"fold": {"of": 1, "number": 1}}, "data.fold.of must be at least 2, got 1"),
        ({"fold": {"of": 5}}, "data.fold.number is missing"),
        ({"fold": {"of": 5, "number": 1}, "test": 0.2}, "data.fold and data.test are both there; keep one"),
        ({"fold": {"of": 5, "number": 1}, "order": "file"}, "data.order says that rows follow each other in time"),
        ({"fold": {"of": "x", "number": 1}, "group": "g"}, "data.fold.of must be a whole number, got 'x'"),
        ({"fold": 2}, "data.fold must hold keys (of, number, repeat), got 2"),
    ],
)
def test_mistakes_in_a_spec(loaded, data, said):
    with pytest.raises(SpecError) as caught:
        loaded(data)
    (line,) = (line for line in str(caught.value).splitlines() if "spec.yaml:" in line)
    assert said in line


def test_a_share_that_leaves_no_rows_is_told_with_the_rows_that_the_fold_leaves(loaded):
    with pytest.raises(
        SpecError, match=r"validation of 0\.1 leaves no rows .* \(40 rows in 2 groups that stay whole\)"
    ):
        loaded({"fold": {"of": 3, "number": 1}, "validation": 0.1, "group": "g"}, g=np.arange(M) % 3)
