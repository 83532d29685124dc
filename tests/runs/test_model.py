"""parameters.h5 holds all that predicting needs: what is saved comes back, bit for bit, and nothing else is taken."""

import h5py
import numpy as np
import pytest
from numpy.random import RandomState

from nnctl.data.interface import Interface, Preparation
from nnctl.errors import DataError, MismatchError, StorageError
from nnctl.nn.activations import activations
from nnctl.nn.parameters import Parameters
from nnctl.registry import Choice
from nnctl.runs import model
from nnctl.runs.model import Model

ROWS = RandomState(2).randn(7, 3)
OPTIONS = {"leaky_relu": {"slope": 0.2}, "elu": {"alpha": 0.5}}


def model_of(layer_dims=(3, 4, 2), hidden="relu", output="softmax", dtype=np.float64, interface=None, **options):
    """Return a model with random parameters."""
    parameters = Parameters(layer_dims, dtype)
    parameters.flat[:] = RandomState(1).randn(parameters.flat.size)
    choices = [*[Choice(hidden, options)] * (len(layer_dims) - 2), Choice(output)]
    return Model(parameters, tuple(choices), interface or Interface((3,), Preparation(), ("a", "b")))


def saved(original, tmp_path):
    path = tmp_path / "parameters.h5"
    model.save(original, path)
    return model.load(path)


@pytest.mark.parametrize("name", activations)
def test_every_activation_comes_back_with_its_options(tmp_path, name):
    original = model_of(hidden=name, **OPTIONS.get(name, {}))
    loaded = saved(original, tmp_path)
    assert loaded.activations == original.activations
    np.testing.assert_array_equal(loaded.predict(ROWS, ""), original.predict(ROWS, ""))


def test_an_option_changes_what_is_predicted():
    default, steep = model_of(hidden="leaky_relu"), model_of(hidden="leaky_relu", slope=0.2)
    assert not np.array_equal(default.predict(ROWS, ""), steep.predict(ROWS, ""))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("layer_dims", [(3, 2), (3, 4, 2), (3, 5, 1, 4, 2)])
def test_parameters_come_back_bit_for_bit(tmp_path, layer_dims, dtype):
    original = model_of(layer_dims, dtype=dtype)
    loaded = saved(original, tmp_path).parameters
    assert loaded.layer_dims == layer_dims
    assert loaded.flat.dtype == dtype
    assert loaded.flat.tobytes() == original.parameters.flat.tobytes()


def test_any_hdf5_reader_finds_the_parameters(tmp_path):
    original = model_of()
    saved(original, tmp_path)
    with h5py.File(tmp_path / "parameters.h5") as file:
        assert {name for name in file if name[0] in "Wb"} == {"W1", "b1", "W2", "b2"}
        np.testing.assert_array_equal(file["W2"], original.parameters.W[1])
        assert file["b1"].shape == (4, 1)
        assert file.attrs["layer_dims"].tolist() == [3, 4, 2]


@pytest.mark.parametrize(
    "interface",
    [
        Interface((3,), Preparation(), None),
        Interface((3,), Preparation(), ("non-cat", "cat")),
        Interface((1, 1, 3), Preparation(divisor=np.asarray(255.0)), ("Käse", "né, à", "猫 'n' \"dog\""), True),
        Interface((3,), Preparation(np.array([1.0, 2.0, 0.1]), np.array([3.0, 4.0, 0.2])), ("0", "1"), False, "pixels"),
    ],
    ids=["numbers", "classes", "pictures", "standardized"],
)
def test_the_interface_comes_back(tmp_path, interface):
    loaded = saved(model_of(interface=interface), tmp_path).interface
    assert loaded.example_shape == interface.example_shape
    assert loaded.classes == interface.classes
    assert loaded.pixels is interface.pixels
    assert loaded.features == interface.features
    for name in ("mean", "divisor"):
        expected = getattr(interface.preparation, name)
        found = getattr(loaded.preparation, name)
        assert (found is None) == (expected is None)
        if expected is not None:
            np.testing.assert_array_equal(found, expected)
            assert found.shape == expected.shape


def test_predict_is_forward_propagation_of_prepared_rows():
    interface = Interface((3,), Preparation(np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 0.5])), ("a", "b"))
    trained = model_of(output="sigmoid", hidden="tanh", interface=interface)
    (W1, W2), (b1, b2) = trained.parameters.W, trained.parameters.b
    A = (ROWS.T - [[1], [2], [3]]) / [[2], [4], [0.5]]
    expected = 1 / (1 + np.exp(-(W2 @ np.tanh(W1 @ A + b1) + b2)))
    np.testing.assert_allclose(trained.predict(ROWS, ""), expected, rtol=1e-12)


@pytest.mark.parametrize("m", [1, 5, 6, 13])
def test_rows_are_predicted_in_parts_with_the_same_result(monkeypatch, m):
    rows, trained = RandomState(3).randn(m, 3), model_of()
    whole = trained.predict(rows, "")
    monkeypatch.setattr(model, "ROWS", 5)
    np.testing.assert_allclose(trained.predict(rows, ""), whole, rtol=1e-14)


def test_rows_of_another_width():
    with pytest.raises(MismatchError, match=r"a\.h5: an example has 2 features, and the network was trained on 3"):
        model_of().predict(ROWS[:, :2], "a.h5")


def test_saving_replaces_the_file_at_once(tmp_path):
    first, second = model_of(), model_of((3, 2))
    saved(first, tmp_path)
    assert saved(second, tmp_path).parameters.layer_dims == (3, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["parameters.h5"]


def test_a_folder_that_cannot_be_written(tmp_path):
    with pytest.raises(StorageError, match=r"parameters\.h5: cannot be written: ") as caught:
        model.save(model_of(), tmp_path / "none" / "parameters.h5")
    assert caught.value.exit_code == 7
    assert "\n" not in str(caught.value)


# --- files that are not parameters of nnctl's ---


def refused(path):
    with pytest.raises(DataError) as caught:
        model.load(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message.removeprefix(f"{path}: ")


def test_no_file(tmp_path):
    assert refused(tmp_path / "parameters.h5") == "there is no such file"


@pytest.mark.parametrize("content", [b"", b"no HDF5"])
def test_no_hdf5(tmp_path, content):
    path = tmp_path / "parameters.h5"
    path.write_bytes(content)
    assert refused(path).startswith("is not a parameters file of nnctl (")


def test_half_a_file(tmp_path):
    saved(model_of(), tmp_path)
    path = tmp_path / "parameters.h5"
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert "truncated file" in refused(path)


def test_other_hdf5(tmp_path):
    path = tmp_path / "parameters.h5"
    with h5py.File(path, "w") as file:
        file["X"] = ROWS
    assert "layer_dims" in refused(path)


def change(file, name):
    if name == "shape":
        del file["W2"]
        file["W2"] = np.zeros((2, 3))
    elif name == "missing":
        del file["b2"]
    elif name == "classes":
        del file["classes"]
        file["classes"] = np.arange(2)
    elif name == "activation":
        file.attrs["activations"] = '[["relu", {}], ["softmix", {}]]'
    elif name == "number":
        file.attrs["activations"] = '[["relu", {}]]'
    else:
        file.attrs["activations"] = "[["


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("shape", "W2 has shape (2, 3), expected (2, 4)"),
        ("missing", "b2"),
        ("classes", "string"),
        ("activation", "there is no activation 'softmix'; did you mean \"softmax\"?"),
        ("number", "1 activations for 2 layers"),
        ("json", "Expecting value"),
    ],
)
def test_a_file_that_contradicts_itself(tmp_path, name, reason):
    saved(model_of(), tmp_path)
    path = tmp_path / "parameters.h5"
    with h5py.File(path, "a") as file:
        change(file, name)
    message = refused(path)
    assert message.startswith("is not a parameters file of nnctl (")
    assert reason in message


def test_many_rows_are_predicted_in_blocks_side_by_side():
    trained = model_of()
    X = RandomState(2).randn(3 * model.ROWS + 5, 3)
    np.testing.assert_allclose(trained.predict(X, ""), trained.network.predict(X.T), rtol=1e-13)


def test_no_rows_are_no_predictions():
    assert model_of().predict(np.empty((0, 3)), "").shape == (2, 0)
