"""The interface between a user's rows and the network's columns: preparation, shapes and labels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from nnctl.data.block import BlockPreparation, in_words
from nnctl.data.interface import Interface, distinct_labels
from nnctl.data.scaling import Scaling
from nnctl.data.table import Table
from nnctl.errors import DataError, MismatchError

PICTURES = np.arange(2 * 3 * 4 * 3, dtype=np.uint8).reshape(2, 3, 4, 3)
ROWS = np.array([[1.0, 10.0], [3.0, 30.0], [5.0, 80.0]])


def interface_of(*classes, shape=(2,)):
    return Interface(BlockPreparation(shape, Scaling()), classes or None)


def table_of(y, classes=None):
    return Table(np.zeros((len(y), 2)), np.array(y), classes, "a.h5")


def test_scale_divides():
    fitted = Scaling.fit(ROWS, 4)
    np.testing.assert_array_equal(fitted.apply(ROWS, np.float64), ROWS / 4)
    assert fitted.told == "divided by 4"


def test_standardize_leaves_mean_0_and_deviation_1():
    fitted = Scaling.fit(ROWS, "standardize")
    prepared = fitted.apply(ROWS, np.float64)
    np.testing.assert_allclose(prepared.mean(axis=0), 0, atol=1e-15)
    np.testing.assert_allclose(prepared.std(axis=0), 1, rtol=1e-15)
    np.testing.assert_allclose(prepared[:, 0], np.array([-1, 0, 1]) * np.sqrt(1.5), rtol=1e-15)
    assert fitted.told == "standardized"


@pytest.mark.parametrize("constant", [0.1, 0.3, -1e-9, 1e9, 7])
def test_standardize_makes_0_of_a_constant_feature(constant):
    """The deviation of 0.1, 0.1, ... is 1e-17 by rounding; dividing by it would give 1."""
    rows = np.full((1000, 1), constant)
    prepared = Scaling.fit(rows, "standardize").apply(rows, np.float64)
    np.testing.assert_allclose(prepared, 0, atol=1e-6)


def test_none_changes_nothing():
    for scale in ("none", None):
        fitted = Scaling.fit(ROWS, scale)
        np.testing.assert_array_equal(fitted.apply(ROWS, np.float64), ROWS)
        assert fitted.told == "as they are"


@pytest.mark.parametrize(
    ("X", "divisor"),
    [
        (PICTURES, 255),
        (PICTURES[..., 0], 255),
        (PICTURES.reshape(2, -1), None),
        (PICTURES.astype(float), None),
        (PICTURES.astype(np.int16), None),
    ],
    ids=["colour", "gray", "flat bytes", "floats", "int16"],
)
def test_bytes_of_pictures_are_divided_by_255_unless_told_otherwise(X, divisor):
    assert Scaling.fit(X, None).divisor == divisor
    assert Scaling.fit(X, "none").divisor is None
    assert Scaling.fit(X, 100).divisor == 100


@pytest.mark.parametrize("scale", [255, "standardize", "none"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", ["u1", "i8", "f4", ">f8", "?"])
def test_prepared_rows_have_the_training_dtype(scale, dtype, kind):
    X = PICTURES.astype(kind)
    prepared = Scaling.fit(X, scale).apply(X, dtype)
    assert prepared.dtype == dtype
    assert prepared.shape == (2, 36)
    if scale == 255:
        np.testing.assert_allclose(prepared, X.reshape(2, -1) / 255, rtol=1e-7)


def test_pictures_are_flattened_in_C_order():
    columns = interface_of(shape=(3, 4, 3)).columns(PICTURES, np.float64, "")
    np.testing.assert_array_equal(columns, PICTURES.reshape(2, -1).T)


@pytest.mark.parametrize("shape", [(5, 4), (5, 2, 2), (5, 2, 2, 1)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_columns_are_a_view_of_rows_where_the_dtype_agrees(shape, dtype):
    X = np.arange(20, dtype=dtype).reshape(shape)
    columns = interface_of(shape=shape[1:]).columns(X, dtype, "")
    assert columns.shape == (4, 5)
    assert np.shares_memory(columns, X)
    assert columns.flags.f_contiguous  # rows of memory are examples


def test_prepared_columns_are_one_copy_in_the_order_of_rows():
    columns = Interface(BlockPreparation((2,), Scaling.fit(ROWS, "standardize")), None).columns(ROWS, np.float64, "")
    assert columns.flags.f_contiguous
    assert ROWS[0, 0] == 1  # nothing was written into the user's rows


@pytest.mark.parametrize(
    ("trained", "given", "fits"),
    [
        ((2,), (2,), True),
        ((2,), (3,), False),
        ((64, 64, 3), (64, 64, 3), True),
        ((64, 64, 3), (12288,), True),
        ((12288,), (64, 64, 3), True),
        ((64, 64, 3), (3, 64, 64), False),
        ((64, 64, 3), (32, 32, 12), False),
        ((28, 28), (28, 28, 1), True),
        ((28, 28, 1), (28, 28), True),
        ((28, 28), (784,), True),
        ((28, 28), (783,), False),
    ],
)
def test_an_example_must_have_the_shape_of_training_or_be_flat(trained, given, fits):
    interface, X = interface_of(shape=trained), np.zeros((1, *given))
    assert interface.preparation.fits(given) == fits
    if fits:
        assert interface.columns(X, np.float64, "").shape == (np.prod(trained), 1)
    else:
        with pytest.raises(MismatchError) as caught:
            interface.columns(X, np.float64, "a.h5")
        expected = f"a.h5: an example has {in_words(given)}, and the network was trained on {in_words(trained)}"
        assert str(caught.value) == expected
        assert caught.value.exit_code == 6


@pytest.mark.parametrize(
    ("trained", "given", "turn"),
    [
        ((4, 4, 3), (4, 4, 3, 5), True),
        ((4, 4, 3), (48, 5), True),  # flattened, as the course's programs hold them
        ((48,), (4, 4, 3, 5), True),
        ((48,), (48, 5), True),
        ((48,), (5, 47), False),
        ((2,), (5,), False),
        ((4, 4, 3), (4, 4, 3), False),
    ],
)
def test_examples_that_are_columns_are_told_to_be_turned(trained, given, turn):
    with pytest.raises(MismatchError) as caught:
        interface_of(shape=trained).columns(np.zeros(given), np.float64, "a.h5")
    assert ("save them as rows: np.moveaxis(X, -1, 0)" in str(caught.value)) == turn


def test_words():
    assert in_words((1,)) == "1 feature"
    assert in_words((64, 64, 3)) == "12288 features (64 x 64 x 3)"


@pytest.mark.parametrize(
    ("y", "labels", "codes"),
    [
        ([0, 1, 1, 0], ["0", "1"], [0, 1, 1, 0]),
        ([7, -2, 10], ["-2", "7", "10"], [1, 0, 2]),
        ([1.0, 0.0, 2.0], ["0", "1", "2"], [1, 0, 2]),
        ([True, False], ["0", "1"], [1, 0]),
        (["dog", "cat", "dog"], ["cat", "dog"], [1, 0, 1]),
        ([[0, 0, 1], [1, 0, 0]], ["0", "2"], [1, 0]),
        ([[0.0, 1.0], [1.0, 0.0]], ["0", "1"], [1, 0]),
    ],
    ids=["numbers", "in order of size", "whole floats", "truth values", "names", "one-hot", "one-hot floats"],
)
def test_distinct_labels(y, labels, codes):
    found, where = distinct_labels(table_of(y))
    assert found == labels
    assert where.tolist() == codes


@pytest.mark.parametrize("y", [[[1, 1], [0, 1]], [[0, 0], [0, 1]], [[0.5, 0.5], [0, 1]], [["a", "b"], ["c", "d"]]])
def test_columns_that_are_not_one_hot(y):
    with pytest.raises(DataError, match=r"a\.h5: the targets have 2 columns that are not one-hot"):
        distinct_labels(table_of(y))


def test_a_label_that_is_no_whole_number():
    with pytest.raises(DataError) as caught:
        distinct_labels(table_of([0, 1, 0.5, 2.5]))
    assert str(caught.value) == (
        "a.h5: the label of row 2 (counted from 0) is 0.5, and classes are whole numbers or names.\n"
        "To predict numbers, end the network with a linear or relu layer."
    )


@pytest.mark.parametrize(
    ("classes", "y", "listed", "expected"),
    [
        (("0", "1"), [1, 0, 1], None, [1, 0, 1]),
        (("non-cat", "cat"), [1, 0, 1], ("non-cat", "cat"), [1, 0, 1]),
        (("non-cat", "cat"), [1, 0, 1], None, [1, 0, 1]),
        (("non-cat", "cat"), [1, 0, 1], ("cat", "non-cat"), [0, 1, 0]),
        (("non-cat", "cat"), ["cat", "non-cat"], None, [1, 0]),
        (("non-cat", "cat"), ["cat", "non-cat"], ("cat", "non-cat"), [1, 0]),
        (("1", "2", "3"), [3, 1, 2], None, [2, 0, 1]),
        (("1", "2", "3"), [3.0, 1.0], ("1", "2", "3"), [2, 0]),
        (("0", "1", "2"), [[0, 0, 1], [1, 0, 0]], None, [2, 0]),
        (("a", "b", "c"), [[0, 0, 1], [1, 0, 0]], None, [2, 0]),
    ],
)
def test_class_indices(classes, y, listed, expected):
    indices = interface_of(*classes).class_indices(table_of(y, listed))
    assert indices.tolist() == expected


@pytest.mark.parametrize(
    ("classes", "y", "listed", "row", "label", "legal"),
    [
        (("0", "1"), [0, 1, 2, 3], None, 2, "2", "0, 1"),
        (("0", "1"), [1, -1], None, 1, "-1", "0, 1"),
        (("no", "yes"), [0, 2], ("no", "yes"), 1, "2", "0, 1 (no, yes)"),
        (("no", "yes"), ["yes", "maybe"], None, 1, "maybe", "no, yes"),
        (("no", "yes"), [0, 1], ("yes", "maybe"), 1, "1", "0 (no, yes)"),
        (("1", "2"), [1, 0], None, 1, "0", "1, 2"),
    ],
)
def test_a_label_outside_the_classes_is_named_with_its_row(classes, y, listed, row, label, legal):
    with pytest.raises(DataError) as caught:
        interface_of(*classes).class_indices(table_of(y, listed))
    more = "; data.classes: none takes the classes from the labels alone" if listed else ""
    assert str(caught.value) == (
        f"a.h5: the label of row {row} (counted from 0) is {label}, outside the classes {legal}.\n"
        f"Correct the label, or leave the row out{more}."
    )
    assert caught.value.exit_code == 3


def test_a_row_of_a_share_is_named_by_its_number_in_the_source():
    share = table_of([0, 1, 0, 1, 5]).rows(np.array([1, 3, 4]))
    with pytest.raises(DataError, match="the label of row 4 "):
        interface_of("0", "1").class_indices(share)
    with pytest.raises(DataError, match="the label of row 4 "):
        interface_of("0", "1").class_indices(share.rows(np.array([0, 2])))


@given(st.lists(st.integers(0, 4), min_size=1, max_size=30))
def test_targets_of_classes_are_one_hot_columns(y):
    interface = interface_of("a", "b", "c", "d", "e")
    Y = interface.targets(table_of(y), 5, np.float32)
    assert Y.dtype == np.float32
    np.testing.assert_array_equal(Y, np.eye(5)[:, y])


def test_targets_of_one_unit_are_the_class_index():
    Y = interface_of("a", "b").targets(table_of([1, 0, 1]), 1, np.float64)
    np.testing.assert_array_equal(Y, [[1.0, 0.0, 1.0]])


@given(arrays.arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(1, 3)), elements=st.floats(-9, 9)))
def test_targets_of_a_regression_are_the_numbers_as_columns(y):
    np.testing.assert_array_equal(interface_of().targets(table_of(y), y.shape[1], np.float64), y.T)
    np.testing.assert_array_equal(interface_of().targets(table_of(y[:, 0]), 1, np.float64), y[:, :1].T)
