"""The truth of incoming rows, from cells, arrays and folders."""

import numpy as np
import pytest

from nnctl.data import truth
from nnctl.errors import DataError, MismatchError


@pytest.mark.parametrize(
    ("cells", "classes", "expected"),
    [
        (["a", "b", "a"], ("a", "b"), ["a", "b", "a"]),
        (["0", "1", "1"], ("0", "1"), ["0", "1", "1"]),
        (["0.0", "1.0", "1"], ("0", "1"), [0, 1, 1]),
        (["007", "008"], ("007", "008"), ["007", "008"]),
        ([1, 0, True], ("1", "0"), ["1", "0", "true"]),  # no class: to be told with its row
        (["1.5", "-2"], (), [1.5, -2]),
    ],
)
def test_cells_are_numbers_unless_classes_are_called_as_they_are_written(cells, classes, expected):
    found = truth.of_cells([cells], classes, ())
    assert found.y.tolist() == expected
    assert found.there.all()


def test_rows_without_a_truth_are_marked():
    found = truth.of_cells([["a", "", "NA", "b", "unknown"]], ("a", "b"), ("unknown",))
    assert found.there.tolist() == [True, False, False, True, False]
    assert found.y.tolist() == ["a", "b"]


def test_several_columns_are_numbers_or_yes_and_no():
    found = truth.of_cells([["1", "2", ""], ["yes", "no", "yes"]], (), ())
    assert found.y.tolist() == [[1, 1], [2, 0]]
    assert found.there.tolist() == [True, True, False]


def test_arrays_have_their_targets_by_the_usual_names_or_one_that_is_given(tmp_path):
    path, y = tmp_path / "a.npz", np.array([2.0, 1.0, 0.0])
    np.savez(path, X=np.zeros((3, 2)), y=y, other=y + 1)
    assert truth.of_arrays(path, "X", None, 3, "rows").y.tolist() == y.tolist()
    assert truth.of_arrays(path, "X", "other", 3, "rows").y.tolist() == (y + 1).tolist()
    np.savez(path, X_test=np.zeros((2, 3)), y_test=y[None], classes=["a", "b", "c"])
    found = truth.of_arrays(path, "X_test", None, 3, "columns")
    assert found.y.tolist() == y.tolist()
    assert found.classes == ("a", "b", "c")
    np.savez(path, X_test=np.zeros((3, 2)), label=y)
    assert truth.of_arrays(path, "X_test", "label", 3, "rows").key == "label"
    with pytest.raises(DataError, match="name it: --target NAME"):
        truth.of_arrays(path, "X_test", None, 3, "rows")
    with pytest.raises(DataError, match="has 4 rows and label has 3"):
        truth.of_arrays(path, "X_test", "label", 4, "rows")


def test_one_array_has_no_truth(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((3, 2)))
    with pytest.raises(DataError, match="one array without a name"):
        truth.of_arrays(tmp_path / "x.npy", "x", None, 3, "rows")


def test_pictures_are_of_the_class_that_their_folder_is_called(tmp_path):
    files = ["pets/cat/1.png", "pets/dog/2.png"]
    assert truth.of_folders(tmp_path, files, ("cat", "dog")).y.tolist() == ["cat", "dog"]
    with pytest.raises(MismatchError, match=r"2\.png: lies in a folder that is none of the classes"):
        truth.of_folders(tmp_path, files, ("cat", "cow"))
