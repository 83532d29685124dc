"""Splits: every row goes to one part, by what `data.seed`, `data.order` and `data.group` say and nothing else.

Every row of a test file carries its own number as its first feature, so that where it went can be seen.
"""

import hashlib
import json
from itertools import pairwise

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnctl.data import dataset
from nnctl.data.splits import _drawn, _last, _whole
from nnctl.errors import DataError, SpecError
from nnctl.spec import document
from nnctl.spec.reading import parse

SHARES = st.lists(st.sampled_from([0.1, 0.2, 0.25, 0.4]), min_size=1, max_size=2)
SEEDS = st.integers(0, 2**32 - 1)
M = 60
HALVES = np.arange(M) % 2


def written(folder, data, seed=1, output="sigmoid"):
    """Write a spec with this `data:` section and return its file."""
    tree = {
        "seed": seed,
        "data": data,
        "model": {"layer_dims": [2, 3, 1], "activations": ["tanh", output]},
        "train": {"learning_rate": 0.1, "iterations": 3},
    }
    file = folder / "spec.yaml"
    file.write_text(document.dump(tree), encoding="utf-8")
    return file


@pytest.fixture
def spec_of(tmp_path):
    """Return a function that reads a spec with this `data:` section."""
    return lambda data, **more: parse(document.read(written(tmp_path, data, **more)), (tmp_path,))


@pytest.fixture
def rows_of(spec_of, tmp_path):
    """Return a function that says which rows go to which part, of a file with these arrays beside X and y."""

    def rows_of(data, seed=1, y=HALVES, output="sigmoid", **arrays):
        X = np.column_stack([np.arange(M), np.ones(M)]).astype(float)
        np.savez(tmp_path / "data.npz", X=X, y=y, **arrays)
        loaded = dataset.load(spec_of({"source": "data.npz", **data}, seed=seed, output=output))
        return {name: examples.table.X[:, 0].astype(int).tolist() for name, examples in loaded.parts.items()}

    return rows_of


# --- drawn by class ---


@given(counts=st.lists(st.integers(1, 30), min_size=1, max_size=4), shares=SHARES, seed=SEEDS)
def test_shares_are_disjoint_and_stratified(counts, shares, seed):
    classes = np.random.RandomState(0).permutation(np.repeat(np.arange(len(counts)), counts))
    taken = _drawn(classes, shares, seed)
    rows = np.concatenate(taken)
    assert len(np.unique(rows)) == len(rows)
    for own, share in zip(taken, shares, strict=True):
        assert (np.diff(own) > 0).all()
        for label, count in enumerate(counts):
            assert abs((classes[own] == label).sum() - share * count) <= 1
    assert set(classes[np.setdiff1d(np.arange(len(classes)), rows)]) == set(classes)  # each can still be learned


@given(seed=SEEDS)
def test_shares_follow_from_the_seed(seed):
    classes = np.arange(60) % 3
    first, again, other = (_drawn(classes, [0.2, 0.3], s)[0].tolist() for s in (seed, seed, (seed + 1) % 2**32))
    assert first == again
    assert first != other


def test_shares_of_many_classes_take_time_in_proportion(monkeypatch):
    calls = []
    original = np.flatnonzero
    monkeypatch.setattr(np, "flatnonzero", lambda array: calls.append(np.size(array)) or original(array))
    _drawn(np.arange(5000) % 2500, [0.2], 1)
    assert sum(calls) <= 2 * 5000


def test_the_shares_follow_from_their_own_seed_and_the_start_from_the_other(rows_of):
    usual = rows_of({"test": 0.3})
    assert rows_of({"test": 0.3}, seed=2) == rows_of({"test": 0.3, "seed": 1}) == usual
    assert rows_of({"test": 0.3, "seed": 2}) == rows_of({"test": 0.3, "seed": 2}, seed=2) != usual


def test_a_seed_of_0_is_in_the_config_that_repeats_the_run(spec_of, tmp_path, nnctl):
    stream = np.random.RandomState(0)
    np.savez(tmp_path / "data.npz", X=stream.randn(M, 2), y=HALVES)
    data = {"source": "data.npz", "test": 0.2, "seed": 0}
    assert spec_of(data).resolved()["data"]["seed"] == 0
    first = tmp_path / nnctl("train", written(tmp_path, data), "--no-pictures").stdout.strip()
    again = tmp_path / nnctl("train", first / "config.yaml", "--no-pictures").stdout.strip()
    assert (again / "rows.json").read_text() == (first / "rows.json").read_text()


def test_a_built_in_sets_own_seed_is_that_of_its_shares(spec_of):
    def drawn(seed=1, **data):
        parts = dataset.read_parts(spec_of({"source": "moons", "m": 50, "noise": 0, "test": 0.2, **data}, seed=seed))
        return parts["test"].numbers.tolist()

    labels = np.arange(50) // 25
    for data, seed in (({}, 3), ({"seed": 3}, 3), ({"seed": 8}, 8)):  # 3 is the set's default
        spec = spec_of({"source": "moons", **data})
        assert spec.data.seed == spec.data.options["seed"] == spec.resolved()["data"]["seed"] == seed
    assert drawn() == drawn(seed=2) != drawn(source={"name": "moons", "seed": 8})
    stream = np.random.RandomState(8)
    order = np.arange(50)
    stream.shuffle(order)  # as the set shuffles its rows
    assert drawn(source={"name": "moons", "seed": 8}) == _drawn(labels[order], [0.2], 8)[0].tolist()


def test_a_class_that_is_only_tested_is_said(spec_of, tmp_path, rows_of):
    data = {"test": 0.5, "order": "file"}
    rows_of(data, y=np.arange(M) // 30)
    (note,) = (n for n in dataset.load(spec_of({"source": "data.npz", **data})).notes if "labelled" in n)
    assert note == f"{tmp_path / 'data.npz'}: no row labelled 1 is left for training to learn from"
    rows_of({"test": 0.5}, y=np.arange(M) // 30)
    assert not [n for n in dataset.load(spec_of({"source": "data.npz", "test": 0.5})).notes if "labelled" in n]


# --- the last rows ---


def test_the_last_rows_of_a_file_are_the_test_and_those_before_it_the_validation(rows_of):
    parts = rows_of({"validation": 0.25, "test": 0.1, "order": "file"})
    assert parts == {"train": [*range(39)], "validation": [*range(39, 54)], "test": [*range(54, 60)]}
    assert rows_of({"validation": 0.25, "test": 0.1, "order": "file", "seed": 9}, seed=9) == parts


def test_rows_are_ordered_by_a_dataset_and_equal_ones_as_they_stand(rows_of):
    when = np.r_[np.arange(50, 100), np.full(10, 7)]  # the last ten rows come first
    parts = rows_of({"test": 0.2, "order": "when"}, when=when)
    assert parts == {"train": [*range(38), *range(50, 60)], "test": [*range(38, 50)]}
    assert rows_of({"test": 0.1, "order": "when"}, when=np.zeros(M))["test"] == [*range(54, 60)]


@given(m=st.integers(4, 50), shares=SHARES, seed=SEEDS)
def test_nothing_of_a_part_comes_before_anything_of_the_part_before_it(m, shares, seed):
    order = np.random.RandomState(seed).randint(0, 20, m)
    taken = _last(order, shares)
    rest = np.setdiff1d(np.arange(m), np.concatenate(taken))
    assert sorted(np.concatenate([rest, *taken]).tolist()) == list(range(m))
    parts = [part for part in (rest, *taken) if len(part)]
    assert all(order[a].max() <= order[b].min() for a, b in pairwise(parts))
    for part, share in zip(taken, shares, strict=True):
        assert abs(len(part) - share * m) <= 1


# --- whole groups ---


@given(sizes=st.lists(st.integers(1, 20), min_size=4, max_size=30), shares=SHARES, seed=SEEDS, text=st.booleans())
def test_a_group_is_never_in_two_parts_and_no_group_brings_a_share_nearer_its_size(sizes, shares, seed, text):
    groups = np.random.RandomState(0).permutation(np.repeat(np.arange(len(sizes)), sizes))
    groups = np.array([f"p{group}" for group in groups]) if text else groups * 1.5
    taken = _whole(groups, shares, seed)
    rest = np.setdiff1d(np.arange(len(groups)), np.concatenate(taken))
    assert sorted(np.concatenate([rest, *taken]).tolist()) == list(range(len(groups)))
    owners = [set(groups[rows].tolist()) for rows in (rest, *taken)]
    assert sum(map(len, owners)) == len(set(groups.tolist()))
    free = np.unique(groups[rest], return_counts=True)[1]
    for rows, share in zip(taken, shares, strict=True):
        assert (np.diff(rows) > 0).all()
        missing = share * len(groups) - len(rows)
        assert all(abs(missing - size) >= abs(missing) for size in free.tolist())
        assert [rows.tolist() for rows in _whole(groups, shares, seed)] == [rows.tolist() for rows in taken]


@pytest.mark.parametrize("kind", [np.int64, np.float32, str, "S", bool, object])
def test_groups_may_be_numbers_or_text(rows_of, tmp_path, spec_of, kind):
    patients = np.arange(M) % 3 if kind is not bool else np.arange(M) % 2
    groups = patients.astype(kind)
    data = {"test": 0.3, "group": "patient", "source": "data.h5"}
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["X"], file["y"] = np.random.RandomState(0).randn(M, 2), np.arange(M) // 20 % 2
        file["patient"] = [str(group) for group in patients] if kind in (str, object) else groups
    loaded = dataset.load(spec_of(data))
    owners = [set(patients[examples.table.numbers].tolist()) for examples in loaded.parts.values()]
    assert not owners[0] & owners[1]
    assert len(owners[1]) == 1
    rows = [len(owner) * M // len(set(patients.tolist())) for owner in owners]
    note = f"groups of patient in each part: train {len(owners[0])} ({rows[0]} rows), test 1 ({rows[1]} rows)"
    assert note in loaded.notes


def test_groups_are_drawn_with_the_seed_of_the_data(rows_of):
    def drawn(seed, start=1):
        return rows_of({"test": 0.3, "group": "g", "seed": seed}, seed=start, g=np.arange(M) // 5)["test"]

    assert drawn(1) == drawn(1, start=2)
    assert len({tuple(drawn(seed)) for seed in range(10)}) > 5


def test_a_group_for_numbers_to_predict(rows_of):
    parts = rows_of({"test": 0.3, "group": "g"}, output="linear", g=np.arange(M) // 10)
    assert len(parts["test"]) == 20
    assert {row // 10 for row in parts["train"]}.isdisjoint(row // 10 for row in parts["test"])


def test_groups_too_large_for_a_share_are_said(rows_of):
    with pytest.raises(SpecError, match=r"test of 0\.1 leaves no rows .* \(60 rows in 3 groups that stay whole\)"):
        rows_of({"test": 0.1, "group": "g"}, g=np.arange(M) % 3)
    with pytest.raises(SpecError, match=r"validation of 0\.4 leaves no rows .* \(60 rows in 2 groups"):
        rows_of({"validation": 0.4, "test": 0.4, "group": "g"}, g=np.arange(M) % 2)  # none is left for training


# --- what the spec and the file must say ---


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"order": "file"}, "data.order says which rows a share takes, and there is none; give data.test a share"),
        ({"group": "g", "test": "data.npz"}, "data.group says which rows a share takes, and there is none"),
        ({"group": "g", "order": "file", "test": 0.2}, "data.order and data.group are both there; keep one"),
        ({"order": 3, "test": 0.2}, "data.order must be text or null, got 3; put it in quotes"),
        ({"seed": -1, "test": 0.2}, "data.seed must be at least 0, got -1"),
        ({"source": "circles", "order": "time", "test": 0.2}, "data.order names a dataset in a file; circles is"),
        ({"source": "circles", "group": "g", "test": 0.2}, "data.group names a dataset in a file; circles is built in"),
        ({"source": {"name": "circles", "seed": 2}, "seed": 3}, "data.seed and data.source.seed are the same option"),
    ],
)
def test_mistakes_in_a_spec(spec_of, tmp_path, data, said):
    np.savez(tmp_path / "data.npz", X=np.ones((4, 2)), y=[0, 1] * 2)
    with pytest.raises(SpecError) as caught:
        spec_of({"source": "data.npz", **data})
    (line,) = (line for line in str(caught.value).splitlines() if "spec.yaml:" in line)
    assert said in line


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"order": "last"}, "there is no dataset 'last' (legal: X, y, one, pairs, text, gap)\ndata.order is file"),
        ({"group": "patient"}, "there is no dataset 'patient' (legal: X, y, one, pairs, text, gap)\ndata.group"),
        ({"group": "pairs"}, "pairs has shape (60, 2), and the features have 60 rows\ndata.group names a dataset with"),
        ({"order": "one"}, "one has shape (59,), and the features have 60 rows\ndata.order is file"),
        ({"order": "text"}, "text must hold numbers, got text\ndata.order is file"),
        ({"group": "gap"}, "gap is nan in row 3 (counted from 0); expected finite numbers"),
    ],
)  # fmt: skip
def test_mistakes_in_a_file(rows_of, data, said):
    gap = np.arange(M, dtype=float)
    gap[3] = np.nan
    with pytest.raises(DataError) as caught:
        rows_of({"test": 0.2, **data}, one=np.ones(59), pairs=np.ones((M, 2)), text=np.full(M, "a"), gap=gap)
    assert said in str(caught.value)


def test_the_last_rows_of_a_built_in_set(spec_of):
    parts = dataset.read_parts(spec_of({"source": "circles", "test": 0.2, "order": "file"}))
    assert parts["test"].numbers.tolist() == list(range(240, 300))


# --- the record ---


@pytest.mark.parametrize(
    "data",
    [
        {"source": "moons", "m": 60, "validation": 0.1, "test": 0.2},
        {"source": {"name": "circles", "seed": 7}, "test": 0.2},
        {"source": "circles", "seed": 5, "test": 0.3, "order": "file"},
        {"source": "data.npz", "test": 0.2, "validation": 0.2, "seed": 4},
        {"source": "data.npz", "test": 0.2, "validation": 0.2, "order": "when"},
        {"source": "data.npz", "test": 0.2, "validation": 0.2, "group": "patient", "seed": 11},
    ],
)
def test_a_run_records_its_rows_and_its_config_repeats_it_bit_for_bit(nnctl, tmp_path, data):
    stream = np.random.RandomState(3)
    when, patient = stream.rand(M), stream.randint(0, 9, M)
    np.savez(tmp_path / "data.npz", X=stream.randn(M, 2), y=np.arange(M) % 2, when=when, patient=patient)
    written(tmp_path, data, seed=6)
    first = tmp_path / nnctl("train", "spec.yaml", "--no-pictures").stdout.strip()
    again = tmp_path / nnctl("train", first / "config.yaml", "--no-pictures").stdout.strip()
    assert first != again
    assert (first / "config.yaml").read_bytes() == (again / "config.yaml").read_bytes()
    assert (first / "rows.json").read_bytes() == (again / "rows.json").read_bytes()
    with h5py.File(first / "parameters.h5") as one, h5py.File(again / "parameters.h5") as other:
        for name in ("W1", "b1", "W2", "b2"):
            assert one[name][()].tobytes() == other[name][()].tobytes()
    status, rows = (json.loads((first / name).read_text()) for name in ("run.json", "rows.json"))
    assert list(status["data_parts"]) == list(rows) == [part for part in ("validation", "test") if part in data]
    for part, numbers in rows.items():
        assert len(numbers) == len(set(numbers)) == status["data_rows"][part]
        content = b"".join(number.to_bytes(8, "little") for number in numbers)
        assert status["data_parts"][part] == hashlib.sha256(content).hexdigest()
    assert nnctl("predict", first).exit_code == 0  # the very same test rows


def test_a_run_without_shares_has_no_rows_to_record(nnctl, tmp_path):
    written(tmp_path, {"source": "circles"})
    run = tmp_path / nnctl("train", "spec.yaml", "--no-pictures").stdout.strip()
    assert "data_parts" not in json.loads((run / "run.json").read_text())
    assert not (run / "rows.json").exists()


def test_a_table_in_text_gives_its_last_lines_and_their_numbers(spec_of, tmp_path, nnctl):
    lines = [f"{row * 0.37 % 1:.3f},{row * 0.61 % 1:.3f},{'ab'[row % 2]}" for row in range(20)]
    (tmp_path / "data.csv").write_text("\n".join(["u,v,target", *lines]))
    data = {"source": "data.csv", "test": 0.2, "validation": 0.1, "order": "file"}
    rows = {"validation": [16, 17], "test": [18, 19, 20, 21]}  # the header is line 1
    assert {part: numbers.tolist() for part, numbers in dataset.load(spec_of(data)).split_off.items()} == rows
    run = tmp_path / nnctl("train", written(tmp_path, data), "--no-pictures").stdout.strip()
    assert json.loads((run / "rows.json").read_text()) == rows


def test_a_part_of_its_own_is_not_among_the_rows_of_shares(spec_of, tmp_path):
    stream = np.random.RandomState(0)
    for name in ("data.npz", "other.npz"):
        np.savez(tmp_path / name, X=stream.randn(M, 2), y=HALVES)
    loaded = dataset.load(spec_of({"source": "data.npz", "validation": 0.2, "test": "other.npz"}))
    assert list(loaded.split_off) == ["validation"]
    assert [*dataset.load(spec_of({"source": "data.npz", "test": "other.npz"})).split_off] == []
