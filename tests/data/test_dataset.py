"""From the `data:` section of a spec to training, validation and test examples.

Every row of a test file carries its own number as its first feature, so that where it went can be seen.
"""

import hashlib

import numpy as np
import pytest
import yaml

from nnctl.data import dataset
from nnctl.errors import DataError, SpecError
from nnctl.spec import document
from nnctl.spec.reading import parse


@pytest.fixture
def spec_of(tmp_path):
    """Return a function that writes a spec with this `data:` section and reads it."""

    def spec_of(data, layer_dims=(2, 1), output="sigmoid", seed=1, dtype="float64"):
        tree = {
            "seed": seed,
            "data": data,
            "model": {"layer_dims": [*layer_dims], "activations": ["relu"] * (len(layer_dims) - 2) + [output]},
            "train": {"learning_rate": 0.1, "iterations": 1, "dtype": dtype},
        }
        file = tmp_path / "spec.yaml"
        file.write_text(yaml.safe_dump(tree, sort_keys=False, default_flow_style=None))
        return parse(document.read(file), (tmp_path,))

    return spec_of


@pytest.fixture
def write(tmp_path):
    """Return a function that writes arrays to an NPZ file and returns its name."""

    def write(name="data.npz", **arrays):
        np.savez(tmp_path / name, **arrays)
        return name

    return write


def numbered(m, start=0):
    """Return rows (m, 2) that begin with their own number."""
    return np.column_stack([np.arange(start, start + m), np.ones(m)]).astype(float)


def numbers(examples):
    return examples.table.X[:, 0].astype(int).tolist()


# --- shares of the rows ---


@pytest.mark.parametrize("output", ["sigmoid", "linear"])
def test_parts_are_disjoint_and_complete(spec_of, write, output):
    write(X=numbered(60), y=np.arange(60) % 2)
    loaded = dataset.load(spec_of({"source": "data.npz", "validation": 0.2, "test": 0.3}, output=output))
    assert list(loaded.parts) == ["train", "validation", "test"]
    assert [examples.m for examples in loaded.parts.values()] == [30, 12, 18]
    assert sorted(row for examples in loaded.parts.values() for row in numbers(examples)) == list(range(60))
    for examples in loaded.parts.values():
        np.testing.assert_array_equal(examples.Y[0], np.array(numbers(examples)) % 2)
        np.testing.assert_array_equal(examples.X, examples.table.X.T)


def test_a_share_takes_the_place_of_a_built_in_test_set(spec_of):
    loaded = dataset.load(spec_of({"source": "circles", "test": 0.1}))
    assert {name: examples.m for name, examples in loaded.parts.items()} == {"train": 270, "test": 30}


@pytest.mark.parametrize(
    ("data", "part", "m"),
    [({"test": 0.01}, "test", 10), ({"validation": 0.5, "test": 0.5}, "validation", 10), ({"test": 0.4}, "test", 2)],
)
def test_a_share_that_leaves_nothing(spec_of, write, data, part, m):
    write(X=numbered(m), y=np.arange(m) % 2)
    with pytest.raises(SpecError, match=rf"data\.{part} of 0\.\d+ leaves no rows .* \({m} rows\)"):
        dataset.load(spec_of({"source": "data.npz", **data}))


# --- parts in files ---


def test_files_of_their_own(spec_of, write):
    for name, start in (("a.npz", 0), ("b.npz", 10), ("c.npz", 20)):
        write(name, X=numbered(4, start), y=[0, 1, 1, 0])
    loaded = dataset.load(spec_of({"train": "a.npz", "validation": "b.npz", "test": "c.npz"}))
    assert {name: numbers(examples)[0] for name, examples in loaded.parts.items()} == {
        "train": 0,
        "validation": 10,
        "test": 20,
    }


def test_one_file_with_several_parts(spec_of, write):
    write(x_train=numbered(4), y_train=[0, 1, 1, 0], x_test=numbered(2, 10), y_test=[0, 1])
    loaded = dataset.load(spec_of({"source": "data.npz"}))
    assert {name: numbers(examples)[0] for name, examples in loaded.parts.items()} == {"train": 0, "test": 10}
    loaded = dataset.load(spec_of({"source": "data.npz", "test": 0.5}))
    assert sorted(numbers(loaded.parts["train"]) + numbers(loaded.parts["test"])) == [0, 1, 2, 3]


def test_a_file_given_for_a_part_wins(spec_of, write):
    write(x_train=numbered(4), y_train=[0, 1, 1, 0], x_test=numbered(2, 10), y_test=[0, 1])
    write("other.npz", X=numbered(3, 20), y=[0, 1, 1])
    loaded = dataset.load(spec_of({"source": "data.npz", "test": "other.npz"}))
    assert numbers(loaded.parts["test"]) == [20, 21, 22]


def test_named_datasets(spec_of, write):
    write(a=numbered(4), b=["no", "yes", "yes", "no"], c=["yes", "no"], X=numbered(4, 50))
    loaded = dataset.load(spec_of({"source": "data.npz", "features": "a", "target": "b", "classes": "c"}))
    assert numbers(loaded.parts["train"]) == [0, 1, 2, 3]
    assert loaded.interface.classes == ("yes", "no")
    assert loaded.interface.preparation.features == "a"
    np.testing.assert_array_equal(loaded.parts["train"].Y, [[1, 0, 0, 1]])


def test_read_parts_gives_the_raw_rows(spec_of, write):
    write(X=numbered(50), y=np.arange(50) % 2)
    spec = spec_of({"source": "data.npz", "test": 0.3, "scale": "standardize"})
    raw = dataset.read_parts(spec)
    assert list(raw) == ["train", "test"]
    np.testing.assert_array_equal(raw["test"].X, dataset.load(spec).parts["test"].table.X)
    np.testing.assert_array_equal(raw["test"].X[:, 1], 1)  # standardized it would be 0


# --- preparation ---


def test_standardize_is_fitted_on_the_training_rows_only(spec_of, write):
    stream = np.random.RandomState(1)
    train, test = stream.randn(40, 2) * [1, 5] + [3, -2], stream.randn(10, 2) * 100
    write("a.npz", X=train, y=np.arange(40) % 2)
    write("b.npz", X=test, y=np.arange(10) % 2)
    for data in ({"train": "a.npz", "test": "b.npz"}, {"train": "a.npz", "validation": 0.25, "test": "b.npz"}):
        loaded = dataset.load(spec_of({**data, "scale": "standardize"}))
        rows = loaded.parts["train"].table.X
        mean, deviation = rows.mean(axis=0), rows.std(axis=0)
        for examples in loaded.parts.values():
            expected = (examples.table.X - mean) / deviation
            np.testing.assert_allclose(examples.X, expected.T, rtol=1e-12)


@pytest.mark.parametrize(("scale", "divisor"), [({}, 255), ({"scale": 255}, 255), ({"scale": "none"}, 1)])
def test_bytes_of_pictures_are_scaled(spec_of, write, scale, divisor):
    X = np.random.RandomState(1).randint(0, 256, (6, 4, 5, 3)).astype(np.uint8)
    write(X=X, y=np.arange(6) % 2)
    loaded = dataset.load(spec_of({"source": "data.npz", **scale}, layer_dims=(60, 1)))
    np.testing.assert_array_equal(loaded.parts["train"].X, X.reshape(6, -1).T / divisor)
    assert loaded.interface.preparation.shape == (4, 5, 3)
    assert loaded.interface.preparation.pixels


def test_numbers_are_left_as_they_are(spec_of, write):
    write(X=numbered(4) * 200, y=[0, 1, 1, 0])
    loaded = dataset.load(spec_of({"source": "data.npz"}))
    np.testing.assert_array_equal(loaded.parts["train"].X, 200 * numbered(4).T)
    assert not loaded.interface.preparation.pixels


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_features_are_not_copied_only_to_change_their_order(spec_of, write, dtype):
    write(X=numbered(4).astype(dtype), y=[0, 1, 1, 0])
    train = dataset.load(spec_of({"source": "data.npz"}, dtype=dtype)).parts["train"]
    assert train.X.dtype == train.Y.dtype == dtype
    assert np.shares_memory(train.X, train.table.X)


def test_a_built_in_set_is_not_copied(spec_of):
    train = dataset.load(spec_of({"source": "circles"})).parts["train"]
    assert np.shares_memory(train.X, train.table.X)


def test_the_hash_tells_data_apart(spec_of, write):
    write(X=numbered(4), y=[0, 1, 1, 0])
    first = dataset.load(spec_of({"source": "data.npz"})).sha256
    content = numbered(4).tobytes() + np.array([0, 1, 1, 0]).tobytes()
    assert first == {"train": hashlib.sha256(content).hexdigest()}
    for X, y in ((numbered(4, 1), [0, 1, 1, 0]), (numbered(4), [0, 1, 1, 1]), (numbered(4), ["a", "b", "b", "a"])):
        write(X=X, y=y)
        assert dataset.load(spec_of({"source": "data.npz"})).sha256 != first


# --- classes ---


@pytest.mark.parametrize(
    ("y", "layer_dims", "output", "classes"),
    [
        ([0, 1, 1, 0], (2, 1), "sigmoid", ("0", "1")),
        ([0, 0, 0, 0], (2, 1), "sigmoid", ("0", "1")),
        ([1, 2, 2, 1], (2, 1), "sigmoid", ("1", "2")),
        ([-1, 1, 1, -1], (2, 1), "sigmoid", ("-1", "1")),
        ([0.0, 1.0, 1.0, 0.0], (2, 1), "sigmoid", ("0", "1")),
        ([True, False, True, False], (2, 1), "sigmoid", ("0", "1")),
        (["no", "yes", "no", "no"], (2, 1), "sigmoid", ("no", "yes")),
        ([0, 1, 1, 0], (2, 2), "softmax", ("0", "1")),
        ([0, 1, 1, 0], (2, 2), "sigmoid", ("0", "1")),
        ([0, 2, 2, 0], (2, 4), "softmax", ("0", "1", "2", "3")),
        ([7, 10, 9, 7], (2, 3), "softmax", ("7", "9", "10")),
        (["b", "c", "a", "b"], (2, 3), "softmax", ("a", "b", "c")),
        (np.eye(3)[[0, 2, 1, 0]], (2, 3), "softmax", ("0", "1", "2")),
    ],
)
def test_classes_and_targets(spec_of, write, y, layer_dims, output, classes):
    write(X=numbered(4), y=y)
    loaded = dataset.load(spec_of({"source": "data.npz"}, layer_dims, output))
    assert loaded.interface.classes == classes
    Y = loaded.parts["train"].Y
    index = Y[0] if len(Y) == 1 else Y.argmax(axis=0)
    assert Y.shape == (layer_dims[-1], 4)
    labels = np.argmax(y, axis=1) if np.ndim(y) == 2 else y
    assert [classes[int(i)] for i in index] == [
        str(int(label)) if not isinstance(label, str) else label for label in labels
    ]


def test_a_class_with_one_row_stays_in_training(spec_of, write):
    write(X=numbered(21), y=["rare"] + ["a", "b"] * 10)
    loaded = dataset.load(spec_of({"source": "data.npz", "test": 0.7}, (2, 3), "softmax"))
    assert loaded.interface.classes == ("a", "b", "rare")
    assert 0 in numbers(loaded.parts["train"])


def test_a_regression_has_no_classes(spec_of, write):
    y = np.array([[0.5, 1], [2, 3], [4, 5], [6, 7.5]])
    write(X=numbered(4), y=y)
    loaded = dataset.load(spec_of({"source": "data.npz"}, (2, 2), "linear"))
    assert loaded.interface.classes is None
    np.testing.assert_array_equal(loaded.parts["train"].Y, y.T)


def test_a_test_label_outside_the_classes(spec_of, write, tmp_path):
    write("a.npz", X=numbered(4), y=[0, 1, 1, 0])
    write("b.npz", X=numbered(3), y=[0, 1, 2])
    with pytest.raises(DataError) as caught:
        dataset.load(spec_of({"train": "a.npz", "test": "b.npz"}))
    assert str(caught.value) == (
        f"{tmp_path / 'b.npz'}: the label of row 2 (counted from 0) is 2, outside the classes 0, 1.\n"
        "Correct the label, or leave the row out."
    )


@pytest.mark.parametrize("share", [0.1, 0.9])
def test_a_label_outside_the_classes_is_named_by_its_row_in_the_file(spec_of, write, share):
    y = np.arange(40) % 2
    y[33] = 9
    write(X=numbered(40), y=y, classes=["no", "yes"])
    with pytest.raises(DataError, match=r"the label of row 33 \(counted from 0\) is 9, outside the classes 0, 1 "):
        dataset.load(spec_of({"source": "data.npz", "test": share}))


def test_one_class_only(spec_of, write):
    write(X=numbered(4), y=["a"] * 4)
    with pytest.raises(DataError, match=r"data\.npz: there is one class only \(a\); expected two or more"):
        dataset.load(spec_of({"source": "data.npz"}))


def test_names_where_numbers_are_predicted(spec_of, write):
    write(X=numbered(4), y=["a", "b", "a", "b"])
    with pytest.raises(DataError) as caught:
        dataset.load(spec_of({"source": "data.npz"}, output="linear"))
    assert 'data.npz: the targets are names such as "a", and a linear output predicts numbers.\n' in str(caught.value)
    assert "end the network with sigmoid (two classes) or softmax" in str(caught.value)


# --- the network's first and last layer ---


@pytest.mark.parametrize(
    ("X", "y", "layer_dims", "output", "complaint"),
    [
        (numbered(4), [0, 1, 0, 1], (3, 1), "sigmoid", "must start with 2: an example has 2 features, got 3"),
        (
            np.zeros((4, 8, 8, 3), np.uint8), [0, 1, 0, 1], (64, 1), "sigmoid",
            "must start with 192: an example has 192 features (8 x 8 x 3), got 64",
        ),
        (
            numbered(4), [0, 1, 2, 1], (2, 1), "sigmoid",
            "must end with 3 for 3 classes (0, 1, 2) and a sigmoid output, got 1;"
            " with more than two classes take softmax",
        ),
        (
            numbered(4), [0, 1, 2, 1], (2, 2), "softmax",
            "must end with 3 for 3 classes (0, 1, 2) and a softmax output, got 2",
        ),
        (
            numbered(4), ["a", "b", "c", "a"], (2, 4), "softmax",
            "must end with 3 for 3 classes (a, b, c) and a softmax output, got 4",
        ),
        (
            numbered(4), np.zeros((4, 3)), (2, 1), "linear",
            "must end with 3, the numbers to predict for each example in {file}, got 1",
        ),
    ],
)  # fmt: skip
def test_layer_dims_that_do_not_fit_the_data(spec_of, write, tmp_path, X, y, layer_dims, output, complaint):
    write(X=X, y=y)
    with pytest.raises(SpecError) as caught:
        dataset.load(spec_of({"source": "data.npz"}, layer_dims, output))
    message, line, caret = str(caught.value).splitlines()
    assert message.endswith(f": model.layer_dims {complaint.format(file=tmp_path / 'data.npz')}")
    assert "layer_dims: [" in line
    assert caret.index("^") == line.index("[")
    assert caught.value.exit_code == 2


def test_parts_of_different_widths(spec_of, write, tmp_path):
    write("a.npz", X=numbered(4), y=[0, 1, 0, 1])
    write("b.npz", X=np.zeros((4, 3)), y=[0, 1, 0, 1])
    with pytest.raises(DataError) as caught:
        dataset.load(spec_of({"train": "a.npz", "test": "b.npz"}))
    expected = f"{tmp_path / 'b.npz'}: an example for test has 3 features, and one for training has 2 features"
    assert str(caught.value) == expected


def test_flat_pictures_may_test_a_network_of_pictures(spec_of, write):
    X = np.random.RandomState(1).randint(0, 256, (4, 4, 4, 3)).astype(np.uint8)
    write("a.npz", X=X, y=[0, 1, 0, 1])
    write("b.npz", X=X[:3].reshape(3, -1), y=[0, 1, 0])
    parts = dataset.load(spec_of({"train": "a.npz", "test": "b.npz"}, (48, 1))).parts
    np.testing.assert_array_equal(parts["train"].X[:, :3], parts["test"].X)


# --- a list of classes that can be overruled ---


@pytest.mark.parametrize(
    ("listed", "asked", "classes"),
    [
        (["no", "yes"], {}, ("no", "yes")),
        (["no", "yes"], {"classes": "none"}, ("0", "1")),
        (["a", "b", "c"], {}, ("0", "1")),
        (12, {}, ("0", "1")),
        (["a", "a"], {}, ("0", "1")),
        (["no", "yes"], {"classes": "classes"}, ("no", "yes")),
    ],
)
def test_a_list_of_classes_serves_where_it_has_the_right_number(spec_of, write, listed, asked, classes):
    found = dataset.load(spec_of({"source": write(X=numbered(6), y=[0, 1] * 3, classes=listed), **asked}))
    assert found.interface.classes == classes
    used = classes == ("no", "yes")
    assert any("classes" in note for note in found.notes) != used


def test_a_list_that_the_spec_asks_for_must_fit(spec_of, write):
    spec = spec_of({"source": write(X=numbered(6), y=[0, 1] * 3, classes=["a", "b", "c"]), "classes": "classes"})
    with pytest.raises(SpecError, match=r"must end with 3 for 3 classes \(a, b, c\)"):
        dataset.load(spec)


def test_a_message_about_many_classes_is_short(spec_of, write):
    labels = [f"kind {number}" for number in range(2000)]
    with pytest.raises(SpecError) as caught:
        dataset.load(spec_of({"source": write(X=numbered(2000), y=labels)}))
    assert "for 2,000 classes" in str(caught.value)
    assert len(str(caught.value)) < 600


# --- rows and columns, and how they look ---


@pytest.mark.parametrize("y", [[1.0], [0]])
def test_one_example_is_never_a_reason_to_change_layer_dims(spec_of, write, y):
    with pytest.raises(DataError, match=r"holds one example only.*\n.*data.layout: columns"):
        dataset.load(spec_of({"source": write(X=np.ones((1, 50)), y=y)}, output="linear"))


def test_features_as_wide_as_the_network_is_long_may_be_columns(spec_of, write):
    X = np.random.RandomState(1).randn(2, 2, 50)
    with pytest.raises(SpecError, match=r"must start with 50.*(\n.*)?Are the examples columns here"):
        dataset.load(spec_of({"source": write(X=X[0], y=X[1])}, (2, 2), output="linear"))


def test_features_beyond_float32_are_refused(spec_of, write):
    spec = spec_of({"source": write(X=numbered(6) * 1e300, y=[0, 1] * 3)}, dtype="float32")
    with pytest.raises(DataError, match=r"some features are beyond the numbers of float32"):
        dataset.load(spec)


def test_labels_beyond_whole_floats_are_refused(spec_of, write):
    spec = spec_of({"source": write(X=numbered(6), y=[1e300, 2e300] * 3)})
    with pytest.raises(DataError, match=r"the label of row 0 \(counted from 0\) is 1e\+300"):
        dataset.load(spec)


def test_notes_of_all_kinds_are_kept(spec_of, write):
    X = np.random.RandomState(1).randn(30, 2) * 100
    spec = spec_of({"source": write(X=X, y=[0, 1] * 15, x_test=X[:4] * 50, y_test=[0, 1] * 2, extra=1)})
    used, far, scale = dataset.load(spec).notes
    assert used.endswith("data.npz also holds extra: not used")
    assert "of 4 rows lie far outside what the network was trained on" in far
    assert "features reach" in scale


def test_notes_on_a_file_are_told_once_whatever_is_split_off(spec_of, write):
    source = write(X=np.random.RandomState(1).randn(40, 2), y=[0, 1] * 20, ids=np.arange(40))
    notes = dataset.load(spec_of({"source": source, "validation": 0.2, "test": 0.2})).notes
    assert [note for note in notes if "not used" in note] == list(notes)[:1]


@pytest.mark.parametrize(
    ("data", "arrays", "what"),
    [
        ({"scale": 1e-310}, {"X": numbered(6), "y": np.arange(6)}, "some features are beyond the numbers of float64"),
        ({}, {"X": numbered(6), "y": np.arange(6) * 1e39}, "some targets are beyond the numbers of float32"),
    ],
)
def test_numbers_beyond_their_type_are_refused_wherever_they_come_from(spec_of, write, data, arrays, what):
    dtype = what.rpartition(" ")[2]
    with pytest.raises(DataError, match=what):
        dataset.load(spec_of({"source": write(**arrays), **data}, output="linear", dtype=dtype))


def test_one_row_of_a_test_part_is_no_column(spec_of, write):
    X = np.random.RandomState(1).randn(10, 3)
    source = write(x_train=X, y_train=np.eye(3)[[0, 1, 2] * 3 + [0]], x_test=X[:1] + 1, y_test=np.eye(3)[[2]])
    assert dataset.load(spec_of({"source": source}, (3, 3), "softmax")).parts["test"].m == 1


def test_the_layout_of_a_test_file_beside_a_built_in_set_is_kept(spec_of, write):
    X = np.random.RandomState(1).randn(40, 2)
    spec = spec_of({"source": "circles", "layout": "columns", "test": write(X=X.T, Y=(X[:, 0] > 0)[None, :])})
    assert dataset.load(spec).parts["test"].m == 40
    assert spec.resolved()["data"]["layout"] == "columns"


@pytest.mark.parametrize(("positive", "index"), [(None, 1), ("stay", 0), ("churn", 1)])
@pytest.mark.parametrize("y", [["churn", "stay"] * 4, [0, 1] * 4])
def test_the_positive_class_is_named_and_changes_no_target(spec_of, write, positive, index, y):
    listed = {} if isinstance(y[0], str) else {"classes": np.array(["churn", "stay"])}
    source = write(X=numbered(8), y=y, **listed)
    loaded = dataset.load(spec_of({"source": source, "positive": positive}))
    index = 1 - index if positive is not None else index  # churn comes first here
    assert loaded.interface.positive == index
    assert loaded.interface.classes == ("churn", "stay")
    assert loaded.parts["train"].Y.tolist() == [[0, 1] * 4]


@pytest.mark.parametrize(
    ("layer_dims", "output", "positive", "message"),
    [
        ((2, 1), "sigmoid", "2", "data.positive names no class (legal: 0, 1)"),
        ((2, 1), "linear", "1", "data.positive names one of two classes, and a linear output has none"),
        ((2, 3), "softmax", "1", "data.positive names one of two classes, and there are 3"),
        ((2, 1), "sigmoid", 1, "data.positive must be text or null, got 1; put it in quotes"),
    ],
)
def test_positive_classes_that_cannot_be(spec_of, write, layer_dims, output, positive, message):
    source = write(X=numbered(9), y=np.arange(9) % (3 if layer_dims[-1] == 3 else 2))
    with pytest.raises(SpecError) as caught:
        dataset.load(spec_of({"source": source, "positive": positive}, layer_dims, output))
    assert message in str(caught.value)
