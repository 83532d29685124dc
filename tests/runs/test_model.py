"""parameters.h5 holds all that predicting needs: what is saved comes back, bit for bit, and nothing else is taken."""

import json
from dataclasses import replace

import h5py
import numpy as np
import pytest
from numpy.random import RandomState

from nnctl.data.block import BlockPreparation
from nnctl.data.interface import Interface
from nnctl.data.ranges import Range
from nnctl.data.scaling import Scaling
from nnctl.errors import DataError, MismatchError, StorageError
from nnctl.nn.activations import activations
from nnctl.nn.embeddings import embeddings
from nnctl.nn.front import Front
from nnctl.nn.input_scales import input_scales
from nnctl.nn.parameters import Parameters
from nnctl.registry import Choice
from nnctl.runs import model
from nnctl.runs.model import Model

ROWS = RandomState(2).randn(7, 3)
OPTIONS = {"leaky_relu": {"slope": 0.2}, "elu": {"alpha": 0.5}}


def model_of(
    layer_dims=(3, 4, 2), hidden="relu", output="softmax", dtype=np.float64, interface=None, front=None, **options
):
    """Return a model with random parameters."""
    parameters = Parameters(layer_dims, dtype, front=front)
    parameters.flat[:] = RandomState(1).randn(parameters.flat.size)
    choices = [*[Choice(hidden, options)] * (len(layer_dims) - 2), Choice(output)]
    return Model(parameters, tuple(choices), interface or Interface(BlockPreparation((3,), Scaling()), ("a", "b")))


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


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_ensemble_comes_back_bit_for_bit(tmp_path, dtype):
    others = [model_of(dtype=dtype).parameters for _ in range(11)]
    for number, parameters in enumerate(others):
        parameters.flat[:] *= number
    original = replace(model_of(dtype=dtype), others=tuple(others))
    loaded = saved(original, tmp_path)
    assert [own.flat.tobytes() for own in loaded.others] == [own.flat.tobytes() for own in others]
    assert loaded.parameters.flat.tobytes() == original.parameters.flat.tobytes()
    np.testing.assert_array_equal(loaded.predict(ROWS, ""), original.predict(ROWS, ""))
    with h5py.File(tmp_path / "parameters.h5") as file:
        assert file["members/12/W1"].shape == (4, 3)
        assert "W1" not in file


FRONTS = {
    "embedding": Front(3, (0, 2), embeddings["periodic"](outputs=2, sigma=0.7)),
    "scale": Front(3, scale=input_scales["learned"](speed=5.5)),
    "both": Front(3, (0, 1, 2), embeddings["periodic"](), input_scales["learned"]()),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", FRONTS)
def test_what_stands_before_layer_1_comes_back(tmp_path, name, dtype):
    original = model_of(front=FRONTS[name], dtype=dtype)
    loaded = saved(original, tmp_path)
    assert loaded.parameters.front == original.parameters.front
    assert loaded.parameters.flat.tobytes() == original.parameters.flat.tobytes()
    np.testing.assert_array_equal(loaded.predict(ROWS, ""), original.predict(ROWS, ""))
    with h5py.File(tmp_path / "parameters.h5") as file:
        for key, array in original.parameters.of_front.items():
            np.testing.assert_array_equal(file[key], array)


def test_predict_embeds_and_scales_prepared_rows():
    interface = Interface(BlockPreparation((3,), Scaling(np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 0.5]))), None)
    trained = model_of(front=FRONTS["both"], output="linear", hidden="tanh", interface=interface)
    own, (W1, W2), (b1, b2) = trained.parameters.of_front, trained.parameters.W, trained.parameters.b
    X = (ROWS.T - [[1], [2], [3]]) / [[2], [4], [0.5]]
    turns, phases = own["embedding/frequencies"][:, :, None], own["embedding/phases"][:, :, None]
    waves = np.cos(2 * np.pi * turns * X[:, None] + phases)
    made = np.einsum("nok,nkm->nom", own["embedding/weights"], waves) + own["embedding/biases"][:, :, None]
    A = 10 * own["input_scale/u"][:, None] * np.concatenate([X, made.reshape(9, -1)])
    np.testing.assert_allclose(trained.predict(ROWS, ""), W2 @ np.tanh(W1 @ A + b1) + b2, rtol=1e-11)


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
        Interface(BlockPreparation((3,), Scaling()), None),
        Interface(BlockPreparation((3,), Scaling()), ("non-cat", "cat"), 0),
        Interface(BlockPreparation((1, 1, 3), Scaling(divisor=np.asarray(255.0)), True), ("né, à", "猫 'n' \"dog\"")),
        Interface(
            BlockPreparation((3,), Scaling(np.array([1.0, 2.0, 0.1]), np.array([3.0, 4.0, 0.2])), False, "pixels"),
            ("0", "1"),
        ),
        Interface(BlockPreparation((3,), Scaling(np.zeros(3), np.ones(3), np.array([True, False, True]))), ("0", "1")),
        Interface(BlockPreparation((3,), Scaling()), None, names=("né", "b"), labels=True),
        Interface(
            BlockPreparation((3,), Scaling()),
            None,
            names=("price", "b"),
            unit=Scaling(np.array([3.0, 4.0]), np.array([0.5, 1e9])),
        ),
        Interface(BlockPreparation((3,), Scaling()), None, limits=(np.array([-3.0, 0.1]), np.array([-3.0, 1e300]))),
    ],
    ids=["numbers", "classes", "pictures", "standardized", "clipped", "labels", "units", "limits"],
)
def test_the_interface_comes_back(tmp_path, interface):
    loaded = saved(model_of(interface=interface), tmp_path).interface
    assert loaded.names == interface.names
    assert loaded.labels is interface.labels
    assert loaded.preparation.shape == interface.preparation.shape
    assert loaded.classes == interface.classes
    assert (loaded.limits is None) == (interface.limits is None)
    np.testing.assert_array_equal(loaded.limits or (), interface.limits or ())
    assert loaded.preparation.pixels is interface.preparation.pixels
    assert loaded.preparation.features == interface.preparation.features
    pairs = [
        (getattr(found, name), getattr(expected, name))
        for name in ("offset", "divisor", "clipped")
        for found, expected in (
            (loaded.preparation.scaling, interface.preparation.scaling),
            (loaded.unit, interface.unit),
        )
    ]
    for found, expected in pairs:
        assert (found is None) == (expected is None)
        if expected is not None:
            np.testing.assert_array_equal(found, expected)
            assert found.shape == expected.shape
            assert found.dtype == expected.dtype


@pytest.mark.parametrize("rows", [RandomState(4).randn(9, 3), RandomState(4).randint(0, 9, (9, 16)).astype(np.uint8)])
def test_the_range_comes_back_with_the_brightness_of_pictures_or_without(tmp_path, rows):
    n, known = rows.shape[1], Range.of(rows)
    original = model_of((n, 2), interface=Interface(BlockPreparation((n,), Scaling(), range=known), ("a", "b")))
    loaded = saved(original, tmp_path).interface.preparation.range
    for name in ("low", "high", "means"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(known, name))
    assert (loaded.means is None) == (n == 3)
    with h5py.File(tmp_path / "parameters.h5", "a") as file:
        if "range/means" in file:
            del file["range/means"]  # as older files are
    assert model.load(tmp_path / "parameters.h5").interface.preparation.range.means is None


def test_predict_is_forward_propagation_of_prepared_rows():
    interface = Interface(
        BlockPreparation((3,), Scaling(np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 0.5]))), ("a", "b")
    )
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
    assert message.count("\n") <= 1
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
    assert "is cut off: it has " in refused(path)


def test_other_hdf5(tmp_path):
    path = tmp_path / "parameters.h5"
    with h5py.File(path, "w") as file:
        file["X"] = ROWS
    assert "layer_dims" in refused(path)


def null(file):
    del file["b1"]
    file["b1"] = h5py.Empty("f8")


def retyped(name, dtype):
    def retype(file):
        values = np.ones(file[name].shape)
        del file[name]
        file[name] = values.astype(dtype)

    return retype


def group_of(name):
    def make(file):
        del file[name]
        file.create_group(name)

    return make


def resized(name, *shape, chunks=None):
    def make(file):
        del file[name]
        file.create_dataset(name, shape, "f8", chunks=chunks)

    return make


def attribute(name, value):
    return lambda file: file.attrs.__setitem__(name, value)


def huge(file):
    file.attrs["layer_dims"] = [10**6, 10**6, 2]
    file.attrs["example_shape"] = [10**6]
    for name, shape in (("W1", (10**6, 10**6)), ("b1", (10**6, 1)), ("W2", (2, 10**6))):
        resized(name, *shape)(file)


def dataset(name, value):
    def put(file):
        if name in file:
            del file[name]
        file[name] = value

    return put


def limits(low, high, of_numbers=False):
    def put(file):
        if of_numbers:
            del file["classes"]
        for name, end in (("low", low), ("high", high)):
            if end is not None:
                file[f"targets/{name}"] = np.array(end)

    return put


def members(*names, besides=False, missing=None, dtype=float):
    def put(file):
        for name in names:
            for own in ("W1", "b1", "W2", "b2"):
                if own != missing:
                    file[f"members/{name}/{own}"] = file[own][()].astype(dtype if name == names[-1] else float)
        if not besides:
            for own in ("W1", "b1", "W2", "b2"):
                del file[own]

    return put


STRANGE = {
    "W1 a group": (group_of("W1"), "W1 is no array"),
    "b1 a null": (null, "b1 has shape None, expected (4, 1)"),
    "W1 text": (retyped("W1", "S3"), "W1 must be of type float32 or float64, got |S3"),
    "W1 complex": (retyped("W1", complex), "W1 must be of type float32 or float64, got complex128"),
    "b2 int": (retyped("b2", int), "b2 must be of type float32 or float64, got int64"),
    "W2 half": (retyped("W2", "f2"), "W2 must be of type float32 or float64, got float16"),
    "b1 of another type": (retyped("b1", "f4"), "its parameters are of different types, float32, float64"),
    "W1 never written": (resized("W1", 4, 3), "W1 was made with the shape (4, 3) and never written"),
    "W1 in part": (resized("W1", 4, 3, chunks=(2, 3)), "W1 was written only in part"),
    "all huge": (huge, "was made with the shape (1000000, 1000000) and never written"),
    "dims nan": (attribute("layer_dims", [3, np.nan, 2]), "layer_dims must be whole numbers of at least 1"),
    "dims negative": (attribute("layer_dims", [3, -4, 2]), "layer_dims must be whole numbers"),
    "dims huge": (attribute("layer_dims", [3, 2**62, 2]), "expected (4611686018427387904, 3)"),
    "dims text": (attribute("layer_dims", "3, 4, 2"), "layer_dims must be whole numbers"),
    "dims one": (attribute("layer_dims", [3]), "layer_dims must have at least 2 layers, got 1"),
    "dims nothing": (attribute("layer_dims", h5py.Empty("i8")), "layer_dims must be whole numbers"),
    "json of a number": (attribute("activations", "3"), "not iterable"),
    "json of brackets": (attribute("activations", "[" * 20000), "nested too deep"),
    "json of numbers": (attribute("activations", '[[1, {}], ["softmax", {}]]'), "activations must be names"),
    "json of lists": (attribute("activations", '[["relu", []], ["softmax", {}]]'), "activations must be names"),
    "activations a number": (attribute("activations", 3), "activations must be text"),
    "an unknown option": (attribute("activations", '[["relu", {"slope": 1}], ["softmax", {}]]'), "there is no key relu.slope"),  # noqa: E501
    "an option of text": (attribute("activations", '[["elu", {"alpha": "x"}], ["softmax", {}]]'), "elu.alpha must be a number"),  # noqa: E501
    "example shape": (attribute("example_shape", [2, 2]), "example_shape (2, 2) does not make the 3 inputs"),
    "example shape text": (attribute("example_shape", "3"), "example_shape must be whole numbers"),
    "features a number": (attribute("features", 3), "features must be text"),
    "no pixels": (lambda file: file.attrs.__delitem__("pixels"), "pixels is missing"),
    "classes a number": (dataset("classes", 3), "classes has shape (), expected 2 names"),
    "too few classes": (dataset("classes", ["a"]), "classes has shape (1,), expected 2 names for 2 outputs"),
    "classes a group": (group_of("classes"), "is not a parameters file"),
    "mean of another width": (dataset("preparation/mean", np.ones(7)), "preparation/mean has shape (7,), expected () or (3,)"),  # noqa: E501
    "mean without divisor": (dataset("preparation/mean", np.ones(3)), "preparation/divisor is missing"),
    "divisor 0": (dataset("preparation/divisor", np.array([1.0, 0, 1])), "preparation/divisor is 0"),
    "divisor text": (dataset("preparation/divisor", "255"), "preparation/divisor must be of type"),
    "preparation no group": (dataset("preparation", 1.0), "is not a parameters file"),
    "positive a name": (attribute("positive", "a"), "positive must be the index of a class"),
    "positive nothing": (attribute("positive", h5py.Empty("i8")), "positive must be the index of a class"),
    "positive too large": (attribute("positive", 2), "positive must be the index of a class"),
    "labels and classes": (attribute("labels", True), "labels must be true or false, and true only without classes"),
    "labels a number": (attribute("labels", 1), "labels must be true or false"),
    "too many names": (dataset("targets/names", ["a", "b", "c"]), "targets/names has shape (3,), expected 2 names"),
    "scaled classes": (dataset("targets/divisor", np.ones(2)), "targets are scaled in a way that cannot be undone"),
    "clipped without divisor": (dataset("preparation/clipped", np.ones(3)), "preparation/divisor is missing"),
    "W1 with nan": (dataset("W1", np.full((4, 3), np.nan)), "W1 holds numbers that are not finite"),
    "b2 with inf": (dataset("b2", np.full((2, 1), np.inf)), "b2 holds numbers that are not finite"),
    "divisor nan": (dataset("preparation/divisor", np.array([1.0, np.nan, 1])), "divisor holds numbers that are not"),
    "range inf": (dataset("range/low", np.inf), "range/low holds numbers that are not finite"),
    "a class twice": (dataset("classes", ["a", "a"]), "classes has a name twice"),
    "means of another number": (dataset("range/means", np.ones(2)), "range/means has shape (2,), expected (3,)"),
    "range of one end": (dataset("range/low", 0.0), "range has one end only"),
    "limits of classes": (limits([0.0, 1.0], [1.0, 2.0]), "targets/low and targets/high must be a range of numbers that"),  # noqa: E501
    "limits of one end": (limits([0.0, 1.0], None, of_numbers=True), "targets/low and targets/high must be a range"),
    "limits turned round": (limits([0.0, 2.0], [1.0, 1.5], of_numbers=True), "targets/low and targets/high must be a"),
    "limits of another number": (limits([0.0], [1.0], of_numbers=True), "targets/low has shape (1,), expected (2,)"),
    "one member": (members("1"), "members must be groups 1, 2, ..., and beside them there is no network"),
    "no members": (lambda file: file.create_group("members"), "members must be groups 1, 2, ..."),
    "members and a network": (members("1", "2", besides=True), "members must be groups 1, 2, ..."),
    "members of other names": (members("1", "3"), "members must be groups 1, 2, ..."),
    "a member in part": (members("1", "2", missing="b2"), "members/1/b2 is missing"),
    "members of two types": (members("1", "2", dtype="f4"), "its parameters are of different types, float32, float64"),
    "members an array": (dataset("members", 1.0), "members is an array, expected a group"),
    "limits nan": (limits([0.0, np.nan], [1.0, 2.0], of_numbers=True), "targets/low holds numbers that are not finite"),
}  # fmt: skip


@pytest.mark.parametrize("name", STRANGE)
def test_a_file_of_strange_content(tmp_path, name):
    make, words = STRANGE[name]
    saved(model_of(), tmp_path)
    path = tmp_path / "parameters.h5"
    with h5py.File(path, "a") as file:
        make(file)
    message = refused(path)
    assert message.startswith("is not a parameters file of nnctl (")
    assert words in message


def chosen(**parts):
    both = {"embedding": ["periodic", {}], "input_scale": ["learned", {}]}
    return attribute("front", json.dumps({key: value for key, value in {**both, **parts}.items() if value != "none"}))


STRANGE_BEFORE = {
    "front a number": (attribute("front", 3), "front must be text"),
    "front no json": (attribute("front", "{"), "is not a parameters file"),
    "front an embedding that is a number": (
        attribute("front", '{"embedding": 3}'),
        "embeddings must be names with options",
    ),
    "front a list of one": (attribute("front", '{"input_scale": ["learned"]}'), "must be names with options"),
    "front a list": (attribute("front", "[]"), "front must be an embedding, an input_scale, or both"),
    "front nothing": (attribute("front", "{}"), "front must be an embedding, an input_scale, or both"),
    "front of another part": (attribute("front", '{"x": 1}'), "front must be an embedding, an input_scale, or both"),
    "front null": (chosen(embedding=None), "is not a parameters file"),
    "front unknown": (chosen(embedding=["sine", {}]), "there is no embedding 'sine'"),
    "front without options": (chosen(embedding=["periodic"]), "is not a parameters file"),
    "front with text": (chosen(embedding=["periodic", {"sigma": "x"}]), "periodic.sigma must be a number"),
    "front of nothing": (chosen(embedding=["periodic", {"outputs": 0}]), "periodic.outputs must be at least 1"),
    "front huge": (chosen(embedding=["periodic", {"outputs": 10**9}]), "periodic.outputs must be at most 1000"),
    "front wider": (chosen(embedding=["periodic", {"outputs": 4}]), "W1 has shape (4, 12), expected (4, 15)"),
    "front of more waves": (chosen(embedding=["periodic", {"frequencies": 8}]), "shape (3, 16), expected (3, 8)"),
    "front forgotten": (lambda file: file.attrs.__delitem__("front"), "W1 has shape (4, 12), expected (4, 3)"),
    "no embedding": (chosen(embedding="none"), "W1 has shape (4, 12), expected (4, 3)"),
    "inputs twice": (dataset("embedding/inputs", np.array([0, 1, 1])), "embedding/inputs must be some of 0 to 2"),
    "inputs beyond": (dataset("embedding/inputs", np.array([0, 1, 3])), "embedding/inputs must be some of 0 to 2"),
    "inputs before": (dataset("embedding/inputs", np.array([-1, 1, 2])), "embedding/inputs must be some of 0 to 2"),
    "inputs fewer": (dataset("embedding/inputs", np.array([0, 1])), "W1 has shape (4, 12), expected (4, 9)"),
    "inputs none": (dataset("embedding/inputs", np.zeros(0, int)), "embedding/inputs must be the numbers of"),
    "inputs one": (dataset("embedding/inputs", 1), "embedding/inputs must be the numbers of the inputs"),
    "inputs floats": (dataset("embedding/inputs", np.ones(3)), "embedding/inputs must be the numbers of the inputs"),
    "inputs a group": (group_of("embedding/inputs"), "embedding/inputs must be the numbers of the inputs"),
    "inputs gone": (lambda file: file.__delitem__("embedding/inputs"), "embedding/inputs must be the numbers of"),
    "embedding an array": (dataset("embedding", 1.0), "embedding is an array, expected a group"),
    "phases nan": (dataset("embedding/phases", np.full((3, 16), np.nan)), "embedding/phases holds numbers that are"),
    "phases gone": (lambda file: file.__delitem__("embedding/phases"), "embedding/phases is missing"),
    "scale of another type": (retyped("input_scale/u", "f4"), "its parameters are of different types"),
    "scale of another width": (dataset("input_scale/u", np.ones(3)), "input_scale/u has shape (3,), expected (12,)"),
}


@pytest.mark.parametrize("name", STRANGE_BEFORE)
def test_a_file_with_something_strange_before_layer_1(tmp_path, name):
    make, words = STRANGE_BEFORE[name]
    saved(model_of(front=FRONTS["both"]), tmp_path)
    path = tmp_path / "parameters.h5"
    with h5py.File(path, "a") as file:
        make(file)
    message = refused(path)
    assert message.startswith("is not a parameters file of nnctl (")
    assert words in message


@pytest.mark.parametrize("share", [0.01, 0.2, 0.4, 0.6, 0.8, 0.99])
def test_a_file_that_is_cut_off_anywhere(tmp_path, share):
    saved(model_of(), tmp_path)
    path = tmp_path / "parameters.h5"
    content = path.read_bytes()
    path.write_bytes(content[: max(9, int(share * len(content)))])
    refused(path)


def test_other_files(tmp_path):
    path = tmp_path / "parameters.h5"
    with path.open("wb") as file:
        np.savez(file, W1=np.ones((2, 2)))
    assert "(is an NPZ file)" in refused(path)
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    assert "a pointer of git LFS" in refused(path)
    path.unlink()
    path.mkdir()
    assert "(is a folder" in refused(path)


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
