"""HDF5 and NPZ files of every layout that people use, and of every kind that cannot be read.

A file is made by one function for both formats, so that whatever holds for one is asked of the other.
"""

import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.sparse
from incoming_rows import read_features

from nnctl.data.block import BlockPreparation
from nnctl.data.files import read_tables
from nnctl.data.names import Names, part_named
from nnctl.data.scaling import Scaling
from nnctl.errors import DataError

COURSE = Path(__file__).parents[3] / "shared" / "data" / "catvnoncat"
X = np.array([[0.5, 1.0], [2.0, -3.0], [4.0, 0.25], [1.0, 1.0]])
Y = np.array([0, 1, 1, 0])
each_kind = pytest.mark.parametrize("kind", [".h5", ".hdf5", ".mat", "", ".npz"])  # the suffix tells nothing
both_formats = pytest.mark.parametrize("kind", [".h5", ".npz"])


@pytest.fixture
def write(tmp_path):
    """Return a function that writes arrays under names such as "X" or "train/x" and returns the file."""

    def write(kind, arrays):
        path = tmp_path / f"data{kind}"
        if kind == ".npz":
            np.savez(path, **arrays)
            return path
        with h5py.File(path, "w") as file:
            for name, array in arrays.items():
                array = np.asarray(array)
                file[name] = array.astype(h5py.string_dtype()) if array.dtype.kind in "OU" else array
        return path

    return write


ANY = Names()  # the usual ones


def read_table(path, part="train", names=ANY):
    """Return the table of one part that is wanted; the names are those of the training part."""
    return read_tables(path, {part: names if part == "train" else Names()}, names)[part]


def held(path, part):
    """Tell whether a part is found beside the training part, although nobody asked for it."""
    return part in read_tables(path, {"train": Names()}, Names(), [part])


def interface(features=None):
    return BlockPreparation((2,), Scaling(), features=features)


def refused(path, part="train", **names):
    """Return the message with which a file is refused; it starts with the file."""
    with pytest.raises(DataError) as caught:
        read_table(path, part, Names(**names))
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert message.count("\n") < 5
    return message.removeprefix(f"{path}: ")


@each_kind
@pytest.mark.parametrize(
    ("features", "target"),
    [
        ("train_set_x", "train_set_y"),
        ("X", "y"),
        ("x", "Y"),
        ("x_train", "y_train"),
        ("X_train", "y_train"),
        ("train_x", "train_y"),
        ("images", "labels"),
        ("train_images", "train_labels"),
        ("features", "target"),
        ("data", "targets"),
        ("inputs", "labels"),
        ("train/x", "train/y"),
        ("train/images", "train/labels"),
        ("training/data", "training/labels"),
        ("set/X", "set/y"),
    ],
)
def test_usual_names_are_found(write, kind, features, target):
    table = read_table(write(kind, {"other": np.zeros(3), features: X, target: Y}), "train")
    np.testing.assert_array_equal(table.X, X)
    np.testing.assert_array_equal(table.y, Y)
    assert table.classes is None


@both_formats
@pytest.mark.parametrize(
    ("part", "features", "target"),
    [
        ("train", "train_set_x", "train_set_y"),
        ("train", "training/x", "training/y"),
        ("validation", "x_val", "y_val"),
        ("validation", "valid_x", "valid_y"),
        ("validation", "validation/images", "validation/labels"),
        ("validation", "dev_set_x", "dev_set_y"),
        ("test", "x_test", "y_test"),
        ("test", "test/x", "test/y"),
    ],
)
def test_each_part_finds_its_own(write, kind, part, features, target):
    others = {"train": ("x_train", "y_train"), "validation": ("x_dev", "y_dev"), "test": ("test_x", "test_y")}
    del others[part]
    arrays = {name: np.zeros((9, 2))[:, : 2 if "x" in name else 1] for names in others.values() for name in names}
    path = write(kind, {**arrays, "X": X + 1, "y": 1 - Y, features: X, target: Y})
    table = read_table(path, part)
    np.testing.assert_array_equal(table.X, X)
    np.testing.assert_array_equal(table.y, Y)
    assert part == "train" or held(path, part)


@both_formats
def test_a_file_without_parts_serves_any_part_but_holds_none(write, kind):
    path = write(kind, {"X": X, "y": Y})
    for part in ("train", "validation", "test"):
        np.testing.assert_array_equal(read_table(path, part).X, X)
        assert part == "train" or not held(path, part)


@both_formats
@pytest.mark.parametrize("names", [("x_train", "y_train"), ("train/x", "train/y")])
def test_training_rows_are_never_taken_for_a_test_set(write, kind, names):
    path = write(kind, dict(zip(names, (X, Y), strict=True)))
    held = ", ".join(names)
    assert refused(path, "test").startswith(f"no dataset of features for test was found; it holds {held}.\n")


@both_formats
def test_names_given_by_the_spec_win(write, kind):
    path = write(
        kind,
        {"X": X + 1, "y": 1 - Y, "classes": ["x", "y"], "measured/all": X, "species": Y, "kinds": ["cat", "dog"]},
    )
    table = read_table(path, "train", Names("measured/all", "species", "kinds"))
    np.testing.assert_array_equal(table.X, X)
    np.testing.assert_array_equal(table.y, Y)
    assert table.classes == ("cat", "dog")
    assert table.origin == str(path)


@both_formats
@pytest.mark.parametrize("name", ["list_classes", "classes", "class_names", "label_names", "meta/classes"])
@pytest.mark.parametrize("names", [["non-cat", "cat"], [b"non-cat", b"cat"]], ids=["text", "bytes"])
def test_class_names_are_found_as_text(write, kind, name, names):
    assert read_table(write(kind, {"X": X, "y": Y, name: names}), "train").classes == ("non-cat", "cat")


@both_formats
def test_a_target_named_classes_is_no_list_of_names(write, kind):
    path = write(kind, {"X": X, "classes": Y})
    table = read_table(path, "train", Names(target="classes"))
    np.testing.assert_array_equal(table.y, Y)
    assert table.classes is None


@both_formats
@pytest.mark.parametrize(
    ("listed", "content"),
    [
        (np.int64(12), "12"),
        (["cat", "dog", "cat"], "3 values, cat, dog, cat"),
        (["cat"], "1 values, cat"),
        (np.zeros(1000, int), "1,000 values, 0, 0, 0, 0, 0, 0, 0, 0 and 992 more"),
    ],
    ids=["a number", "twice", "one", "many"],
)
def test_what_is_no_list_of_distinct_names_is_left_alone_unless_the_spec_asks_for_it(write, kind, listed, content):
    path = write(kind, {"X": X, "y": Y, "classes": listed})
    table = read_table(path)
    assert table.classes is None
    assert table.notes == (f"{path} also holds classes: not used",)
    assert refused(path, classes="classes") == (
        f"classes must list the names of the classes, two or more and each once, got {content}.\n"
        "data.classes: none takes the classes from the labels."
    )


@both_formats
def test_no_list_of_classes_is_wanted(write, kind):
    path = write(kind, {"X": X, "y": Y, "classes": ["no", "yes"]})
    assert read_table(path, names=Names(classes="none")).classes is None


@both_formats
@pytest.mark.parametrize("shape", [(4,), (4, 1), (1, 4)])
def test_targets_are_one_for_each_row(write, kind, shape):
    table = read_table(write(kind, {"X": X, "y": Y.reshape(shape)}), "train")
    np.testing.assert_array_equal(table.y, Y)


@both_formats
@pytest.mark.parametrize("labels", [["no", "yes", "yes", "no"], [b"no", b"yes", b"yes", b"no"]])
def test_text_labels(write, kind, labels):
    table = read_table(write(kind, {"X": X, "y": labels}), "train")
    assert table.y.tolist() == ["no", "yes", "yes", "no"]


@both_formats
@pytest.mark.parametrize("m", [1, 2, 4])
def test_one_hot_targets_keep_their_columns_even_for_one_row(write, kind, m):
    hot = np.eye(3)[[2, 0, 1, 2]][:m]
    np.testing.assert_array_equal(read_table(write(kind, {"X": X[:m], "y": hot}), "train").y, hot)


@both_formats
@pytest.mark.parametrize("dtype", ["u1", "i8", "f2", "f4", ">f8", "?"])
def test_numbers_of_any_type_are_read_as_they_are(write, kind, dtype):
    values = np.array([[0, 1], [1, 1]]).astype(dtype)
    read = read_table(write(kind, {"X": values, "y": [0, 1]}), "train").X
    assert read.dtype.kind == values.dtype.kind
    assert read.dtype.itemsize == values.dtype.itemsize
    np.testing.assert_array_equal(read, values)


def test_large_finite_numbers_are_no_inf(write):
    values = np.full((4, 2), 6e4, np.float16)  # their sum leaves float16
    np.testing.assert_array_equal(read_table(write(".npz", {"X": values, "y": Y}), "train").X, values)


@both_formats
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_no_number_is_named_with_row_and_column(write, kind, bad):
    values = X.copy()
    values[2, 1] = bad
    assert refused(write(kind, {"X": values, "y": Y})) == (
        f"X is {bad} in row 2, column 1 (counted from 0); expected finite numbers.\n"
        "Fill the value in, or leave the row out."
    )


def test_inf_of_both_signs_and_in_pictures_is_found(write):
    pictures = np.ones((3, 2, 2, 3), np.float32)
    pictures[1, 0, 1, 2], pictures[2, 0, 0, 0] = np.inf, -np.inf
    message = refused(write(".npz", {"X": pictures, "y": [0, 1, 0]}))
    assert message.startswith("X is inf in row 1, column 0, 1, 2 (counted from 0; there are 1 more);")


def test_a_target_that_is_nan_is_named_with_its_row(write):
    message = refused(write(".npz", {"X": X, "y": [0, 1, 1, np.nan]}))
    assert message.startswith("y is nan in row 3 (counted from 0);")


@both_formats
def test_missing_names_are_answered_with_what_is_there_and_what_is_expected(write, kind):
    path = write(kind, {"foo": X, "bar": Y})
    for part in ("train", "test"):
        message = refused(path, part)
        assert set(message.partition("; it holds ")[2].partition(".\n")[0].split(", ")) == {"foo", "bar"}
        assert message.startswith(f"no dataset of features for {part} was found; it holds ")
        assert f"Expected a name such as {part}_set_x, x_{part}, X, images or data;" in message
        key = "data.features" if part == "train" else "data.test: {features: ...}"
        assert message.endswith(f"or name it in the spec: {key}")


@both_formats
def test_features_without_targets(write, kind):
    message = refused(write(kind, {"X": X, "bar": Y}))
    assert message.startswith("no dataset of targets for train was found; it holds ")
    assert message.endswith(
        "Expected a name such as train_set_y, y_train, y, labels or targets; or name it in the spec: data.target"
    )


@both_formats
@pytest.mark.parametrize("key", ["features", "target", "classes"])
def test_a_given_name_that_is_not_there_is_answered_with_the_nearest(write, kind, key):
    path = write(kind, {"X": X, "y": Y, "foo": Y})
    assert refused(path, **{key: "fo"}) == "there is no dataset 'fo'; did you mean \"foo\"?"


@both_formats
def test_rows_that_do_not_agree(write, kind):
    message = refused(write(kind, {"X": X, "y": Y[:3]}))
    assert message == "the features have 4 rows and y has 3; they must agree"


@both_formats
@pytest.mark.parametrize(
    ("features", "what"),
    [
        (X[:, 0], "X must have a row of features for each example, (m, features), got shape (4,)"),
        (X[:0], "X holds nothing, its shape is (0, 2)"),
        (X[:, :0], "X holds nothing, its shape is (4, 0)"),
        (np.array([["a", "b"]] * 4), "X must hold numbers, got text"),
        (X + 1j, "X must hold numbers, got complex128"),
    ],
    ids=["vector", "no rows", "no columns", "text", "complex"],
)
def test_features_that_are_no_rows_of_numbers(write, kind, features, what):
    assert refused(write(kind, {"X": features, "y": Y})) == what


@both_formats
def test_targets_of_too_many_dimensions(write, kind):
    message = refused(write(kind, {"X": X, "y": np.zeros((4, 2, 2))}))
    assert message == "y must have one row for each example, got shape (4, 2, 2)"


@each_kind
def test_a_file_that_is_not_there(tmp_path, kind):
    assert refused(tmp_path / f"none{kind}") == "there is no such file"


@each_kind
def test_an_empty_file(tmp_path, kind):
    path = tmp_path / f"empty{kind}"
    path.touch()
    assert refused(path) == "is empty (0 bytes)"


@each_kind
def test_a_folder(tmp_path, kind):
    path = tmp_path / f"folder{kind}"
    path.mkdir()
    assert refused(path) == "is a folder; expected a file of arrays (HDF5, NPZ or NPY)."


@each_kind
def test_text_in_the_place_of_arrays(tmp_path, kind):
    path = tmp_path / f"data{kind}"
    path.write_text("x,y\n1,2\n")
    assert refused(path).startswith("is a table in text (CSV), and arrays are expected.\n")


@both_formats
@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_truncated_file(write, kind, share):
    path = write(kind, {"X": np.tile(X, (50, 1)), "y": np.tile(Y, 50)})
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    message = refused(path)
    assert "is cut off: " in message
    assert message.endswith("\nCopy or download it again.")


def test_an_array_that_is_damaged_inside_its_file(write):
    path = write(".npz", {"X": X, "y": Y})
    content = path.read_bytes()
    where = content.index(X.tobytes())
    path.write_bytes(content[:where] + bytes(8) + content[where + 8 :])
    assert refused(path) == "X is damaged (its checksum is not right).\nCopy or download it again."


def test_python_objects_are_not_unpickled(write):
    path = write(".npz", {"X": np.array([[1, None]] * 4, object), "y": Y})
    assert refused(path).startswith(
        "X holds Python objects (pickle), which may run any program, so they are not read.\n"
    )


def test_only_what_is_asked_for_is_fetched(write):
    path = write(".npz", {"X": X, "y": Y, "notes": np.array([{"by": "me"}], object)})
    table = read_table(path)
    np.testing.assert_array_equal(table.X, X)
    assert table.notes == (f"{path} also holds notes: not used",)


def test_an_archive_of_something_else(tmp_path):
    path = tmp_path / "photos.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("cat.txt", "miaow")
    assert refused(path).startswith("is a zip archive without arrays (.npy); cat.txt in it is plain text;")


def test_a_file_of_nothing(tmp_path):
    path = tmp_path / "nothing.h5"
    h5py.File(path, "w").close()
    assert refused(path).startswith("no dataset of features for train was found; it holds nothing.\n")


def test_a_link_that_leads_nowhere_is_told_where_it_is_asked_for(write):
    path = write(".h5", {"X": X, "y": Y})
    with h5py.File(path, "a") as file:
        file["x_train"], file["y_train"] = h5py.SoftLink("/gone"), Y
    assert refused(path) == "x_train is a link to /gone, and there is no such dataset in the file"
    np.testing.assert_array_equal(read_table(path, "train", Names("X", "y")).X, X)


@both_formats
@pytest.mark.parametrize(
    ("names", "name", "taken"),
    [
        (["x_train", "X", "x_test"], None, "x_test"),
        (["x_train", "X"], None, "X"),
        (["x_train", "x_val"], None, "x_val"),
        (["train_set_x"], None, "train_set_x"),
        (["X", "pixels"], "pixels", "pixels"),
        (["X", "x_test"], "pixels", "x_test"),
    ],
)
def test_features_alone_come_from_the_test_part_first(write, kind, names, name, taken):
    path = write(kind, {each: X + number for number, each in enumerate(names)})
    table = read_features(path, interface(name))
    np.testing.assert_array_equal(table.X, X + names.index(taken))
    assert table.y is None
    assert table.origin == str(path)


@both_formats
def test_features_alone_that_cannot_be_found(write, kind):
    path = write(kind, {"foo": X, "y": Y})
    with pytest.raises(DataError, match=r"no dataset of features for test was found; it holds .*\n.*test_set_x"):
        read_features(path, interface("pixels"))


@pytest.mark.skipif(not COURSE.is_dir(), reason="the course's pictures (../shared/data/catvnoncat) are not here")
@pytest.mark.parametrize(("part", "m", "cats"), [("train", 209, 72), ("test", 50, 33)])
def test_the_courses_files(part, m, cats):
    table = read_table(COURSE / f"{part}_catvnoncat.h5", part)
    assert table.X.shape == (m, 64, 64, 3)
    assert table.X.dtype == np.uint8
    assert table.y.shape == (m,)
    assert table.y.sum() == cats
    assert table.classes == ("non-cat", "cat")


# a part has its own rows and labels

TEST_X, TEST_Y = X[:3] + 10, 1 - Y[:3]


def parts_of(path, also=("validation", "test"), wanted=None, **names):
    """Return the tables of a file as a spec with these names at its top reads them, and the notes."""
    tables = read_tables(path, {"train": Names(**names), **(wanted or {})}, Names(**names), also)
    return tables, [note.replace(str(path), "FILE") for note in tables["train"].notes]


@both_formats
@pytest.mark.parametrize(
    ("features", "target"),
    [
        (("X", "Xval", "Xtest"), ("y", "yval", "ytest")),  # the course's exercise 5
        (("X_train", "X_cv", "X_test"), ("y_train", "y_cv", "y_test")),
        (("trainX", "valX", "testX"), ("trainY", "valY", "testY")),
        (("X", "x_dev", "x_testing"), ("y", "y_dev", "y_testing")),
        (
            ("training/images", "validation/images", "test/images"),
            ("training/labels", "validation/labels", "test/labels"),
        ),
    ],
)
def test_parts_beside_the_training_part_are_found(write, kind, features, target):
    arrays = {name: X[: 4 - k] + 10 * k for k, name in enumerate(features)}
    path = write(kind, arrays | {name: Y[: 4 - k] for k, name in enumerate(target)})
    tables, notes = parts_of(path)
    assert list(tables) == ["train", "validation", "test"]
    for k, table in enumerate(tables.values()):
        np.testing.assert_array_equal(table.X, X[: 4 - k] + 10 * k)
        np.testing.assert_array_equal(table.y, Y[: 4 - k])
    assert notes == []


@both_formats
@pytest.mark.parametrize(
    ("labels", "target", "reason"),
    [
        ({"ans_train": Y}, "ans_train", "or name it in the spec: data.test: {features: x_test, target: ...}"),
        ({"y_train": Y}, None, "or name it in the spec: data.test: {features: x_test, target: ...}"),
        ({"y_train": Y, "labels": Y[:3]}, None, "labels names no part and x_test does; if they belong together, give"
         " data.test: {features: x_test, target: labels}"),
    ],
)  # fmt: skip
def test_a_test_part_without_labels_of_its_own_is_left_out_and_said(write, kind, labels, target, reason):
    path = write(kind, {"x_train": X, "x_test": TEST_X, **labels})
    tables, notes = parts_of(path, target=target)
    assert list(tables) == ["train"]
    assert notes[0] == f"FILE: x_test is left out, for it has no targets; {reason}"


@both_formats
def test_a_part_that_is_wanted_and_has_no_labels_is_refused(write, kind):
    path = write(kind, {"x_train": X, "y_train": Y, "x_test": TEST_X})
    assert refused(path, "test").startswith("no dataset of targets for test was found; it holds ")


@both_formats
@pytest.mark.parametrize("target", ["labels", "y_test", "ans_test"])
def test_labels_of_no_part_or_another_never_serve_features_that_are_found_by_a_part(write, kind, target):
    path = write(kind, {"x_train": X, target: Y})
    message = refused(path, target=target)
    assert "if they belong together, give data.features: x_train and data.target: " + target in message
    np.testing.assert_array_equal(read_table(path, names=Names("x_train", target)).y, Y)  # which is the way out


@both_formats
@pytest.mark.parametrize("names", [("ans_train", "ans_test"), ("Train-Answers", "Test-Answers"), ("TRAIN", "TEST")])
def test_the_test_part_takes_what_is_named_like_the_training_labels(write, kind, names):
    path = write(kind, {"x_train": X, "x_test": TEST_X, names[0]: Y, names[1]: TEST_Y, "y_test": Y[:3]})
    tables, notes = parts_of(path, target=names[0])
    np.testing.assert_array_equal(tables["test"].y, TEST_Y)
    assert notes == ["FILE also holds y_test: not used"]


@both_formats
def test_a_part_has_names_of_its_own(write, kind):
    path = write(kind, {"arr_0": X, "arr_1": Y, "arr_2": TEST_X, "arr_3": TEST_Y})
    tables, notes = parts_of(path, (), {"test": Names("arr_2", "arr_3")}, features="arr_0", target="arr_1")
    np.testing.assert_array_equal(tables["test"].X, TEST_X)
    np.testing.assert_array_equal(tables["test"].y, TEST_Y)
    assert notes == []
    with pytest.raises(DataError, match="no dataset of targets for test was found"):  # not the training labels
        parts_of(path, (), {"test": Names("arr_2")}, features="arr_0", target="arr_1")


@both_formats
def test_what_is_not_used_is_said_in_one_line(write, kind):
    path = write(
        kind, {"X": X, "y": Y, "theta": X, "Xtest": TEST_X, "ytest": TEST_Y, **{f"n{k}": Y for k in range(40)}}
    )
    tables, notes = parts_of(path, ())
    assert list(tables) == ["train"]
    (note,) = notes
    assert note.startswith("FILE also holds ")
    assert len(note) < 120
    table = read_features(path, interface())
    assert table.notes[0].startswith(f"{path}: Xtest is predicted; ")


@pytest.mark.parametrize(
    ("name", "part"),
    [
        *(("x_train", "train"), ("Xval", "validation"), ("yCV", "validation"), ("test/labels", "test")),
        *(("labels_of_test", "test"), ("testSetX", "test"), ("X", None), ("labels", None), ("latest", None)),
        *(("contest_x", None), ("evaluation", None), ("interval", None), ("devices", None)),
    ],
)
def test_the_part_that_a_name_names(name, part):
    assert part_named(name) == part


@both_formats
@pytest.mark.parametrize("shape", [(2, 4), (1, 4)])
def test_columns_are_turned_in_a_file_too(write, kind, shape):
    path = write(kind, {"X": X.T[: shape[0]], "Y": Y[None, :]})
    assert "the examples are columns here" in refused(path)
    table = read_tables(path, {"train": Names()}, Names(), layout="columns")["train"]
    np.testing.assert_array_equal(table.X, X[:, : shape[0]])
    np.testing.assert_array_equal(table.y, Y)
    np.testing.assert_array_equal(
        read_features(path, BlockPreparation((shape[0],), Scaling(), layout="columns")).X, X[:, : shape[0]]
    )


@both_formats
@pytest.mark.parametrize("layout", ["rows", "columns"])
def test_a_test_part_that_alone_is_laid_out_the_other_way_is_told_to_be_turned_alone(write, kind, layout):
    rows = layout == "rows"
    path = write(kind, {"X": X if rows else X.T, "y": Y, "X_test": X.T[:, :3] if rows else X[:3], "y_test": Y[:3]})
    with pytest.raises(DataError, match=r"X_test has shape .*\nSave X_test\.T; or, if those for training are "):
        read_tables(path, {"train": Names()}, Names(), ["test"], layout)


@both_formats
def test_as_many_examples_as_features_are_columns_where_the_training_had_columns(write, kind):
    square = np.array([[1.0, 2.0], [3.0, 4.0]])
    path = write(kind, {"X": square})
    for layout, expected in (("columns", square.T), ("rows", square)):
        found = read_features(path, BlockPreparation((2,), Scaling(), layout=layout)).X
        np.testing.assert_array_equal(found, expected)


@both_formats
def test_what_may_be_otherwise_than_it_seems_is_said(write, kind):
    (note,) = read_table(write(kind, {"X": np.r_[X, np.zeros((3, 2))], "y": np.zeros(7)})).notes
    assert note.endswith("X ends with 3 rows of 0, of 7: was it written to its end?")
    (note,) = read_table(write(kind, {"X": np.eye(4) + 1, "y": Y[None, :]})).notes
    assert note.endswith("its examples are taken as rows; data.layout: columns turns them")
    assert "Its examples are columns: save Y.T" in refused(write(kind, {"X": X, "y": np.zeros((3, 4))}))


@both_formats
def test_labels_of_no_part_leave_the_test_part_to_labels_of_its_own(write, kind):
    path = write(kind, {"X": X, "ans": Y, "Xtest": TEST_X, "ans_test": TEST_Y})
    tables, notes = parts_of(path, target="ans")
    np.testing.assert_array_equal(tables["test"].y, TEST_Y)
    assert notes == []


@both_formats
def test_features_named_like_the_stated_ones_take_targets_of_their_own_part_only(write, kind):
    path = write(kind, {"x_train": X, "ans": Y, "x_test": TEST_X, "labels": TEST_Y})
    tables, notes = parts_of(path, features="x_train", target="ans")
    assert list(tables) == ["train"]
    assert notes[0].startswith("FILE: x_test is left out, for it has no targets; ans names no part and x_test does")


def of_matlab(path, arrays):
    """Write a file as MATLAB does, of which its reader says that it is turned."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, array in arrays.items():
            file[name] = array
    with path.open("r+b") as raw:
        raw.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64")


def test_what_the_reader_says_of_a_file_is_handed_on(tmp_path):
    path = tmp_path / "data.mat"
    of_matlab(path, {"X": X, "y": Y})
    for table in (read_table(path), read_features(path, interface())):
        assert any(note.startswith(f"{path}: was written by MATLAB") for note in table.notes)


def test_what_the_reader_says_of_an_array_is_handed_on(write):
    path = write(".h5", {"X": X, "y": Y})
    with h5py.File(path, "a") as file:
        file["X"].attrs["scale_factor"] = 0.5
    for table in (read_table(path), read_features(path, interface())):
        assert any(note.startswith(f"{path}: X is packed (scale_factor 0.5)") for note in table.notes)


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "dia", "bsr"])
def test_a_sparse_matrix_is_named_with_the_lines_that_convert_it(tmp_path, monkeypatch, form):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "sparse.npz"
    scipy.sparse.save_npz(path, scipy.sparse.csr_array(np.abs(X)).asformat(form))
    message = refused(path)
    assert message.startswith("data is part of a sparse matrix, and those are not read.\n")
    with pytest.raises(DataError, match="data is part of a sparse matrix"):
        read_features(path, interface())
    exec("\n".join(message.splitlines()[-2:]), {"labels": Y})
    np.testing.assert_array_equal(read_table(tmp_path / "data.npz").X, np.abs(X))


def test_a_sparse_matrix_in_a_group_is_named(write):
    message = refused(write(".h5", {"X/data": X[0], "X/indices": Y[:2], "X/indptr": [0, 2], "y": Y}))
    assert message.startswith("X/data is part of a sparse matrix, and those are not read.\n")
    assert "load_npz" not in message


def test_data_beside_a_shape_are_no_sparse_matrix(write):
    path = write(".npz", {"data": X, "shape": X.shape, "row": Y, "y": Y})
    np.testing.assert_array_equal(read_table(path).X, X)


PANDAS = {  # the names that DataFrame.to_hdf gives, in its fixed and in its table format
    "fixed": ["axis0", "axis1", "block0_items", "block0_values"],
    "table": ["_i_table/index/abounds", "_i_table/index/bounds", "table"],
}


@pytest.mark.parametrize("form", PANDAS)
@pytest.mark.parametrize("key", ["df", "set/train"])
def test_tables_of_pandas_are_named_with_the_lines_that_convert_them(write, form, key):
    path = write(".h5", {f"{group}/{name}": Y for group in (key, "more") for name in PANDAS[form]})
    message = refused(path)
    first, second = sorted([key, "more"])
    assert message.startswith(f"holds tables of pandas ({first}, {second}), and those are not read.\n")
    assert f'pandas.read_hdf("{path}", "{first}")\nnumpy.savez("data.npz", X=' in message
    with pytest.raises(DataError, match="holds tables of pandas"):
        read_features(path, interface())
    with h5py.File(path, "a") as file:
        file["X"], file["y"] = X, Y
    np.testing.assert_array_equal(read_table(path).X, X)  # what is named as usual is read
