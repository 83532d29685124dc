"""Features in one file and targets in another: every part may be so, and means the same as one file of both."""

import h5py
import numpy as np
import pytest
import yaml

from nnctl.data import dataset
from nnctl.errors import DataError
from nnctl.spec import document
from nnctl.spec.reading import parse

RNG = np.random.RandomState(3)
X = RNG.randn(60, 3)
Y = (X[:, 0] + 0.3 * RNG.randn(60) > 0).astype(int)
PARTS = {"train": slice(0, 40), "validation": slice(40, 50), "test": slice(50, 60)}
PAIRS = {
    "source": {"features": "X_train.npy", "target": "y_train.npy"},
    "validation": {"features": "X_validation.npy", "target": "y_validation.npy"},
    "test": {"features": "X_test.npy", "target": "y_test.npy"},
}


@pytest.fixture(autouse=True)
def files(tmp_path):
    """Write the same rows as pairs of NPY files, as one NPZ and one HDF5 file, and the labels alone."""
    arrays = {}
    for part, rows in PARTS.items():
        arrays |= {f"X_{part}": X[rows], f"y_{part}": Y[rows]}
    for name, array in arrays.items():
        np.save(tmp_path / f"{name}.npy", array)
    np.savez(tmp_path / "all.npz", **arrays)
    with h5py.File(tmp_path / "all.h5", "w") as file:
        for name, array in arrays.items():
            file[name] = array
    np.savez(tmp_path / "labels.npz", **{name: array for name, array in arrays.items() if name[0] == "y"})
    np.savez(tmp_path / "y.npz", whatever=Y[PARTS["train"]])


def spec(folder, data):
    """Write a spec with this `data:` section."""
    tree = {
        "data": data,
        "model": {"layer_dims": [3, 4, 1], "activations": ["relu", "sigmoid"]},
        "train": {"learning_rate": 0.5, "epochs": 20, "batch_size": 8},
    }
    file = folder / "spec.yaml"
    file.write_text(yaml.safe_dump(tree), encoding="utf-8")
    return file


def loaded(folder, data):
    return dataset.load(parse(document.read(spec(folder, data)), (folder,)))


def refused(folder, data):
    with pytest.raises(DataError) as caught:
        loaded(folder, data)
    return str(caught.value)


def parameters(run):
    with h5py.File(run / "parameters.h5") as file:
        return [file[name][()].tobytes() for name in ("W1", "b1", "W2", "b2")]


WRITINGS = {
    "npz": {"source": "all.npz"},
    "hdf5": {"source": "all.h5"},
    "pairs": PAIRS,
    "at train": {"train": PAIRS["source"], "validation": PAIRS["validation"], "test": PAIRS["test"]},
    "written out": {
        part: {what: {"file": name} for what, name in place.items()} for part, place in PAIRS.items()
    },
    "file and target": {**PAIRS, "source": {"file": "all.npz", "features": "X_train", "target": "y_train.npy"}},
    "usual names": {**PAIRS, "source": {"file": "all.npz", "target": {"file": "labels.npz"}}},
    "a name": {**PAIRS, "source": {"features": "X_train.npy", "target": {"file": "labels.npz", "name": "y_train"}}},
    "the only one": {**PAIRS, "source": {"features": "X_train.npy", "target": "y.npz"}},
    "one file twice": {**PAIRS, "source": {"features": "all.h5", "target": "all.h5"}},
    "the file of training": {"source": "all.npz", "test": {"features": "X_test", "target": "y_test.npy"}},
    "another file": {
        "source": {"file": "all.npz", "features": "X_train", "target": {"file": "labels.npz", "name": "y_train"}},
        "validation": {"file": "all.h5", "target": "labels.npz"},
        "test": {"file": "all.h5", "target": "labels.npz"},
    },
}  # fmt: skip


@pytest.mark.parametrize("name", WRITINGS)
def test_every_writing_holds_the_same_rows(tmp_path, name):
    found = loaded(tmp_path, WRITINGS[name])
    assert found.sha256 == loaded(tmp_path, {"source": "all.npz"}).sha256
    for part, rows in PARTS.items():
        np.testing.assert_array_equal(found.parts[part].X, X[rows].T)
        np.testing.assert_array_equal(found.parts[part].Y[0], Y[rows])


def test_files_of_any_format_train_the_same_parameters(nnctl, tmp_path):
    runs = []
    for name in ("npz", "hdf5", "pairs"):
        outcome = nnctl("train", spec(tmp_path, WRITINGS[name]), "-q", "--no-pictures")
        assert outcome.exit_code == 0, outcome.stderr
        runs.append(tmp_path / outcome.stdout.strip())
    outcome = nnctl("train", runs[-1] / "config.yaml", "-q", "--no-pictures")
    runs.append(tmp_path / outcome.stdout.strip())
    first, *others = (parameters(run) for run in runs)
    assert others == [first] * 3
    resolved = yaml.safe_load((runs[-1] / "config.yaml").read_text(encoding="utf-8"))["data"]
    assert resolved["source"]["target"] == {"file": str(tmp_path / "y_train.npy"), "name": None}


def test_the_files_lie_beside_the_spec(tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    read = parse(document.read(spec(tmp_path, PAIRS)), (tmp_path, elsewhere))
    assert dataset.load(read).parts["test"].m == 10
    assert parse(document.read(spec(tmp_path, read.resolved()["data"])), (elsewhere,)).data == read.data


@pytest.mark.parametrize("key", PAIRS)
@pytest.mark.parametrize("what", ["features", "target"])
@pytest.mark.parametrize("written", ["none.npy", {"file": "none.npy"}])
def test_a_file_that_is_missing(tmp_path, key, what, written):
    message = refused(tmp_path, {**PAIRS, key: {**PAIRS[key], what: written}})
    assert f": data.{key}.{what}: there is no file none.npy, not in {tmp_path}\n" in message
    assert f"Expected an NPY, NPZ or HDF5 file of the {what} alone" in message


@pytest.mark.parametrize("key", PAIRS)
def test_other_numbers_of_rows(tmp_path, key):
    np.save(tmp_path / "short.npy", Y[:7])
    part = "train" if key == "source" else key
    assert refused(tmp_path, {**PAIRS, key: {**PAIRS[key], "target": "short.npy"}}) == (
        f"{tmp_path / 'short.npy'}: {tmp_path / f'X_{part}.npy'} has {len(Y[PARTS[part]])} rows and the array has 7;"
        " they must agree"
    )


def test_a_target_of_no_rows(tmp_path):
    np.save(tmp_path / "one.npy", np.float64(1))
    assert refused(tmp_path, {**PAIRS, "source": {**PAIRS["source"], "target": "one.npy"}}) == (
        f"{tmp_path / 'one.npy'}: the array must have one row for each example, got shape ()"
    )


def test_a_file_of_several_arrays_wants_a_name(tmp_path):
    np.savez(tmp_path / "two.npz", a=Y[:40], b=Y[:40])
    message = refused(tmp_path, {"source": {"features": "X_train.npy", "target": "two.npz"}})
    assert message.startswith(f"{tmp_path / 'two.npz'}: no dataset of targets for train was found; it holds a, b.\n")
    assert message.endswith("or name it in the spec: target: {file: two.npz, name: ...}")


def test_labels_of_another_part_are_not_taken(tmp_path):
    np.savez(tmp_path / "other.npz", y_test=Y[:40])
    message = refused(tmp_path, {"source": {"features": "X_train.npy", "target": "other.npz"}})
    assert "no dataset of targets for train was found; it holds y_test." in message


@pytest.mark.parametrize("target", ["both.npz", {"file": "both.npz", "name": "z"}])
def test_a_file_of_the_training_part_gives_another_part_only_what_names_it(tmp_path, target):
    np.savez(tmp_path / "both.npz", y=Y[:40], z=1 - Y[:40])
    np.save(tmp_path / "others.npy", X[:40] + 1)
    data = {
        "source": {"features": "X_train.npy", "target": "both.npz"},
        "test": {"features": "others.npy", "target": target},
    }
    if target == "both.npz":
        assert "both.npz: no dataset of targets for test was found; it holds y, z." in refused(tmp_path, data)
    else:
        np.testing.assert_array_equal(loaded(tmp_path, data).parts["test"].Y[0], 1 - Y[:40])


def test_columns_are_turned_in_both(tmp_path):
    np.save(tmp_path / "columns.npy", X[:40].T)
    np.save(tmp_path / "row.npy", Y[None, :40])
    found = loaded(tmp_path, {"source": {"features": "columns.npy", "target": "row.npy"}, "layout": "columns"})
    np.testing.assert_array_equal(found.parts["train"].X, X[:40].T)
    message = refused(tmp_path, {"source": {"features": "columns.npy", "target": "row.npy"}})
    assert message.startswith(
        f"{tmp_path / 'columns.npy'}: the array has shape (3, 40) and {tmp_path / 'row.npy'}: the array (1, 40):"
        " the examples are columns here"
    )


def test_classes_stand_beside_the_labels_or_the_features(tmp_path):
    np.savez(tmp_path / "named.npz", labels=Y[:40], classes=["dog", "cat"])
    np.savez(tmp_path / "features.npz", X=X[:40], classes=["no", "yes"])
    pair = {"features": "features.npz", "target": "named.npz"}
    assert loaded(tmp_path, {"source": pair}).interface.classes == ("dog", "cat")
    assert loaded(tmp_path, {"source": {**pair, "target": "y_train.npy"}}).interface.classes == ("no", "yes")


def test_what_nobody_takes_is_said(tmp_path):
    notes = loaded(tmp_path, {"source": {"features": "X_train.npy", "target": "labels.npz"}}).notes
    assert notes == (f"{tmp_path / 'labels.npz'} also holds y_validation, y_test: not used",)


def test_a_wrong_label_names_both_files(tmp_path):
    np.save(tmp_path / "bad.npy", np.append(Y[50:59], 7))
    message = refused(tmp_path, {**PAIRS, "test": {"features": "X_test.npy", "target": "bad.npy"}})
    assert message.startswith(f"{tmp_path / 'X_test.npy'} and {tmp_path / 'bad.npy'}: the label of row 9 ")


def test_a_built_in_set_with_a_test_part_in_two_files(tmp_path):
    np.save(tmp_path / "points.npy", X[:10, :2])
    tree = {"source": "circles", "test": {"features": "points.npy", "target": "y_test.npy"}}
    read = document.read(spec(tmp_path, tree), ["model.layer_dims=[2, 4, 1]"])
    np.testing.assert_array_equal(dataset.load(parse(read, (tmp_path,))).parts["test"].X, X[:10, :2].T)


@pytest.mark.parametrize("name", ["X_test.npy", "y_test.npy"])
def test_predictions_are_not_written_over_either_file(nnctl, tmp_path, name):
    assert nnctl("train", spec(tmp_path, PAIRS), "-q", "--no-pictures").exit_code == 0
    before = (tmp_path / name).read_bytes()
    outcome = nnctl("predict", "-o", name)
    assert outcome.exit_code == 2
    assert f"{name}: is the input itself" in outcome.stderr
    assert (tmp_path / name).read_bytes() == before


@pytest.mark.parametrize("beside", ["features", "target"])
def test_groups_stand_in_either_file(tmp_path, beside):
    groups = np.arange(40) // 4
    arrays = {"features": {"X": X[:40]}, "target": {"y": Y[:40]}}
    arrays[beside]["patient"] = groups
    for what, held in arrays.items():
        np.savez(tmp_path / f"{what}.npz", **held)
    data = {"source": {"features": "features.npz", "target": "target.npz"}, "group": "patient", "test": 0.3}
    found = loaded(tmp_path, data)
    kept, taken = (set(groups[found.parts[part].table.numbers]) for part in ("train", "test"))
    assert taken
    assert not kept & taken
    assert not any("not used" in note for note in found.notes)
