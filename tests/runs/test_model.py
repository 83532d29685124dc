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
from nnctl.runs import bundle, model
from nnctl.runs.bundle import pack, unpack
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
        assert file["members.12.W1"].shape == (4, 3)
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
            np.testing.assert_array_equal(file[key.replace("/", ".")], array)


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
        assert json.loads(file["about"][()].tobytes())["about"]["layer_dims"] == [3, 4, 2]


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
    output = "softmax" if interface.classes else "sigmoid" if interface.labels else "linear"
    loaded = saved(model_of(interface=interface, output=output), tmp_path).interface
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
    assert f"is cut off: it has {len(content) // 2:,} of {len(content):,} bytes" in refused(path)


def test_other_hdf5(tmp_path):
    path = tmp_path / "parameters.h5"
    with h5py.File(path, "w") as file:
        file["X"] = ROWS
    assert "is not laid out as this version of nnctl does it" in refused(path)


def test_a_bundle_of_something_else(tmp_path):
    path = tmp_path / "parameters.h5"
    path.write_bytes(pack({"W1": ROWS}, {"content": "checkpoint"}))
    assert "content must be network, got 'checkpoint'" in refused(path)


def changed(path, make):
    """Write a file anew, as someone can who knows the format, with other arrays and facts."""
    arrays, about = unpack(path.read_bytes())
    make(arrays, about)
    path.write_bytes(pack(arrays, about))


def gone(name):
    return lambda arrays, about: (arrays if name in arrays else about).pop(name)


def array(name, value):
    return lambda arrays, about: arrays.__setitem__(name, np.asarray(value))


def fact(name, value):
    return lambda arrays, about: about.__setitem__(name, value)


def both(*makes):
    def make(arrays, about):
        for each in makes:
            each(arrays, about)

    return make


def retyped(name, dtype):
    return lambda arrays, about: arrays.__setitem__(name, np.ones(arrays[name].shape, dtype))


def numbers(arrays, about):
    """Let the network predict numbers."""
    del about["classes"], about["positive"]
    about["activations"][-1] = ["linear", {}]


def limits(low, high, of_numbers=False):
    def make(arrays, about):
        if of_numbers:
            numbers(arrays, about)
        arrays.update({f"targets.{end}": np.array(value) for end, value in (("low", low), ("high", high)) if value})

    return make


def members(*names, besides=False, missing=None, dtype=float, count=None):
    def make(arrays, about):
        for name in names:
            for own in ("W1", "b1", "W2", "b2"):
                if own != missing:
                    arrays[f"members.{name}.{own}"] = arrays[own].astype(dtype if name == names[-1] else float)
        if not besides:
            for own in ("W1", "b1", "W2", "b2"):
                del arrays[own]
        about["members"] = len(names) if count is None else count

    return make


def ranged(low, high, means=None, dtype="float64"):
    def make(arrays, about):
        arrays.update({"range.low": np.array(low), "range.high": np.array(high)})
        if means:
            arrays["range.means"] = np.array(means)
        about["range_dtype"] = dtype

    return make


def columns(**changes):
    """Let the network be one of a table of three numbers, with something else about the first."""

    def make(arrays, about):
        for name in ("example_shape", "pixels", "layout", "background", "megapixels"):
            del about[name]
        column = {"kind": "number", "fill": 1.0, "low": 0.0, "high": 2.0, "gaps": False, "indicator": False}
        written = [{**column, "name": name} for name in "abc"]
        written[0] = {key: value for key, value in {**written[0], **changes}.items() if value != "none"}
        about["columns"] = {"columns": written, "missing": [], "encoding": "utf-8", "separator": None}

    return make


def of_columns(**changes):
    return both(columns(), lambda arrays, about: about["columns"].update(changes))


STRANGE = {
    "b1 a number": (array("b1", 1.0), "b1 has shape (), expected (4, 1)"),
    "b2 of bytes": (retyped("b2", np.uint8), "b2 must be of type float32 or float64, got uint8"),
    "b1 of another type": (retyped("b1", np.float32), "its parameters are of different types, float32, float64"),
    "W1 gone": (gone("W1"), "W1 is missing"),
    "W1 with nan": (array("W1", np.full((4, 3), np.nan)), "W1 holds numbers that are not finite"),
    "b2 with inf": (array("b2", np.full((2, 1), np.inf)), "b2 holds numbers that are not finite"),
    "W2 turned": (array("W2", np.zeros((4, 2))), "W2 has shape (4, 2), expected (2, 4)"),
    "W3 too": (array("W3", np.zeros((4, 2))), "W3 is there, and does not belong to such a network"),
    "a fact too": (fact("author", "a stranger"), "author is there, and does not belong to such a network"),
    "dims a float": (fact("layer_dims", [3, 4.0, 2]), "layer_dims must be whole numbers from 1"),
    "dims true": (fact("layer_dims", [3, True, 2]), "layer_dims must be whole numbers"),
    "dims negative": (fact("layer_dims", [3, -4, 2]), "layer_dims must be whole numbers"),
    "dims huge": (fact("layer_dims", [3, 10**9, 2]), "expected (1000000000, 3)"),
    "dims beyond": (fact("layer_dims", [3, 2**62, 2]), "layer_dims must be whole numbers from 1 to 1,000,000,000"),
    "dims text": (fact("layer_dims", "3, 4, 2"), "layer_dims must be a list of 1 to 10,000 whole numbers"),
    "dims one": (fact("layer_dims", [3]), "layer_dims must have at least 2 layers, got 1"),
    "dims none": (fact("layer_dims", []), "layer_dims must be a list of"),
    "dims many": (fact("layer_dims", [1] * 10_001), "layer_dims must be a list of 1 to 10,000"),
    "activations a number": (fact("activations", 3), "no list of activations for 2 layers"),
    "activations of numbers": (fact("activations", [[1, {}], ["softmax", {}]]), "activations must be names"),
    "activations of lists": (fact("activations", [["relu", []], ["softmax", {}]]), "activations must be names"),
    "activations few": (fact("activations", [["softmax", {}]]), "1 activations for 2 layers"),
    "activation unknown": (fact("activations", [["relu", {}], ["softmix", {}]]), "there is no activation 'softmix'"),
    "an unknown option": (fact("activations", [["relu", {"slope": 1}], ["softmax", {}]]), "there is no key relu.slope"),
    "an option of text": (fact("activations", [["elu", {"alpha": "x"}], ["softmax", {}]]), "elu.alpha must be a num"),
    "linear for classes": (fact("activations", [["relu", {}], ["linear", {}]]), "classes are predicted, and the last"),
    "softmax for numbers": (both(gone("classes"), gone("positive")), "numbers are predicted, and the last of the"),
    "softmax for labels": (both(gone("classes"), gone("positive"), fact("labels", True)), "labels are predicted, and"),
    "example shape": (fact("example_shape", [2, 2]), "example_shape (2, 2) does not make the 3 inputs"),
    "example shape text": (fact("example_shape", "3"), "example_shape must be a list of 1 to 16 whole numbers"),
    "features a number": (fact("features", 3), "features must be text, got 3"),
    "no pixels": (gone("pixels"), "pixels is missing"),
    "pixels a number": (fact("pixels", 1), "pixels must be true or false, got 1"),
    "layout unknown": (fact("layout", "diagonal"), "layout must be rows or columns, got 'diagonal'"),
    "background unknown": (fact("background", "\x1b[31mred"), r"background must be a colour, got '\x1b[31mred'"),
    "megapixels 0": (fact("megapixels", 0), "megapixels must be a number greater than 0, got 0"),
    "megapixels a text": (fact("megapixels", "25"), "megapixels must be a number greater than 0, got '25'"),
    "classes a number": (fact("classes", 3), "classes must be a list of texts"),
    "classes numbers": (fact("classes", [0, 1]), "classes must be a list of texts"),
    "too few classes": (fact("classes", ["a"]), "classes has 1 names, expected 2"),
    "a class twice": (fact("classes", ["a", "a"]), "classes has a name twice"),
    "mean of another width": (array("preparation.mean", np.ones(7)), "preparation.mean has shape (7,), expected () or"),
    "mean without divisor": (array("preparation.mean", np.ones(3)), "preparation.divisor is missing"),
    "divisor 0": (array("preparation.divisor", [1.0, 0, 1]), "preparation.divisor must be greater than 0"),
    "divisor negative": (array("preparation.divisor", -1.0), "preparation.divisor must be greater than 0"),
    "divisor nan": (array("preparation.divisor", [1.0, np.nan, 1]), "divisor holds numbers that are not finite"),
    "divisor of bytes": (array("preparation.divisor", np.ones(3, np.uint8)), "preparation.divisor must be of type"),
    "clipped without divisor": (array("preparation.clipped", np.ones(3, np.uint8)), "preparation.divisor is missing"),
    "clipped 2": (array("preparation.clipped", np.full(3, 2, np.uint8)), "preparation.clipped must be 0 and 1"),
    "positive a name": (fact("positive", "a"), "positive must be a whole number from 0 to 1, got 'a'"),
    "positive too large": (fact("positive", 2), "positive must be a whole number from 0 to 1, got 2"),
    "positive true": (fact("positive", True), "positive must be a whole number from 0 to 1, got True"),
    "positive of numbers": (both(numbers, fact("positive", 1)), "positive is there, and does not belong"),
    "labels and classes": (fact("labels", True), "labels must be true only without classes"),
    "labels a number": (fact("labels", 1), "labels must be true or false"),
    "too many names": (fact("target_names", ["a", "b", "c"]), "target_names has 3 names, expected 1 or 2"),
    "scaled classes": (array("targets.divisor", np.ones(2)), "targets are scaled in a way that cannot be undone"),
    "range of one end": (array("range.low", 0.0), "range has one end only"),
    "range turned round": (ranged(1.0, 0.0), "range.low must be at most range.high"),
    "range inf": (ranged(-np.inf, 0.0), "range.low holds numbers that are not finite"),
    "range of another width": (ranged([0.0] * 4, [1.0] * 4), "range.low has shape (4,), expected () or (3,)"),
    "range of two widths": (ranged(0.0, [1.0] * 3), "range.low must be at most range.high"),
    "means of another number": (ranged(0.0, 1.0, [0.5, 0.5]), "range.means has shape (2,), expected (3,)"),
    "means beyond": (ranged(0.0, 1.0, [0.2, 0.5, 2.0]), "range.means must be in order, within the range"),
    "means alone": (array("range.means", np.zeros(3)), "range has means and no ends"),
    "range of objects": (ranged(0.0, 1.0, dtype="object"), "range_dtype must be a type of numbers, got 'object'"),
    "limits of classes": (limits([0.0, 1.0], [1.0, 2.0]), "targets.low and targets.high must be a range of numbers"),
    "limits of one end": (limits([0.0, 1.0], None, of_numbers=True), "targets.low and targets.high must be a range"),
    "limits turned round": (limits([0.0, 2.0], [1.0, 1.5], of_numbers=True), "targets.low and targets.high must be"),
    "limits of another number": (limits([0.0], [1.0], of_numbers=True), "targets.low has shape (1,), expected (2,)"),
    "limits nan": (limits([0.0, np.nan], [1.0, 2.0], of_numbers=True), "targets.low holds numbers that are not finite"),
    "no members": (fact("members", 0), "members must be at least 1"),
    "members of nothing": (fact("members", 10**12), "members must be a whole number from 0 to 4"),
    "members and a network": (members("1", "2", besides=True), "W1 is there, and does not belong"),
    "members of other names": (members("1", "3"), "members.2.W1 is missing"),
    "members not counted": (members("1", "2", "3", count=2), "members.3.W1 is there, and does not belong"),
    "a member in part": (members("1", "2", missing="b2"), "members.1.b2 is missing"),
    "members of two types": (members("1", "2", dtype="f4"), "its parameters are of different types, float32, float64"),
    "columns and a block": (fact("columns", {}), "columns cannot be understood"),
    "columns a list": (both(columns(), fact("columns", [])), "columns cannot be understood"),
    "columns of another width": (columns(indicator=True, gaps=True), "columns make 4 inputs, and layer_dims has 3"),
    "a column of no kind": (columns(kind="date"), "columns cannot be understood"),
    "a column of a class": (columns(kind="__class__"), "columns cannot be understood"),
    "a column twice": (columns(name="b"), "columns cannot be understood"),
    "a column turned round": (columns(low=3.0), "columns cannot be understood"),
    "a column of text": (columns(fill="1"), "columns cannot be understood"),
    "a column with more": (columns(more=1), "columns cannot be understood"),
    "a column without fill": (columns(fill="none"), "columns cannot be understood"),
    "an encoding that is none": (of_columns(encoding="rot13"), "columns cannot be understood"),
    "an encoding a number": (of_columns(encoding=8), "columns cannot be understood"),
    "a separator of two": (of_columns(separator=",,"), "columns cannot be understood"),
    "missing a text": (of_columns(missing="abc"), "columns cannot be understood"),
}  # fmt: skip


@pytest.mark.parametrize("name", STRANGE)
def test_a_file_of_strange_content(tmp_path, name):
    make, words = STRANGE[name]
    saved(model_of(), tmp_path)
    path = tmp_path / "parameters.h5"
    changed(path, make)
    message = refused(path)
    assert message.startswith("is not a parameters file of nnctl (")
    assert words in message


@pytest.mark.parametrize("make", [numbers, columns(), ranged(0.0, 1.0, [0.2, 0.5, 0.7]), members("1", "2")])
def test_a_file_that_someone_has_put_together_well_is_read(tmp_path, make):
    """The negative control: it is not the change that is refused."""
    saved(model_of(), tmp_path)
    changed(tmp_path / "parameters.h5", make)
    assert model.load(tmp_path / "parameters.h5").parameters.layer_dims == (3, 4, 2)


def chosen(**parts):
    both = {"embedding": ["periodic", {}], "input_scale": ["learned", {}]}
    return fact("front", {key: value for key, value in {**both, **parts}.items() if value != "none"})


STRANGE_BEFORE = {
    "front a number": (fact("front", 3), "front must be an embedding, an input_scale, or both"),
    "front an embedding that is a number": (chosen(embedding=3), "embeddings must be names with options"),
    "front a list of one": (chosen(input_scale=["learned"]), "must be names with options"),
    "front a list": (fact("front", []), "front must be an embedding, an input_scale, or both"),
    "front nothing": (fact("front", {}), "front must be an embedding, an input_scale, or both"),
    "front of another part": (fact("front", {"x": 1}), "front must be an embedding, an input_scale, or both"),
    "front null": (chosen(embedding=None), "embeddings must be names with options"),
    "front unknown": (chosen(embedding=["sine", {}]), "there is no embedding 'sine'"),
    "front without options": (chosen(embedding=["periodic"]), "embeddings must be names with options"),
    "front with text": (chosen(embedding=["periodic", {"sigma": "x"}]), "periodic.sigma must be a number"),
    "front of nothing": (chosen(embedding=["periodic", {"outputs": 0}]), "periodic.outputs must be at least 1"),
    "front huge": (chosen(embedding=["periodic", {"outputs": 10**9}]), "periodic.outputs must be at most 1000"),
    "front wider": (chosen(embedding=["periodic", {"outputs": 4}]), "W1 has shape (4, 12), expected (4, 15)"),
    "front of more waves": (chosen(embedding=["periodic", {"frequencies": 8}]), "shape (3, 16), expected (3, 8)"),
    "front forgotten": (gone("front"), "W1 has shape (4, 12), expected (4, 3)"),
    "no embedding": (chosen(embedding="none"), "W1 has shape (4, 12), expected (4, 3)"),
    "inputs twice": (fact("embedded_inputs", [0, 1, 1]), "embedded_inputs must be some of 0 to 2, in order"),
    "inputs beyond": (fact("embedded_inputs", [0, 1, 3]), "embedded_inputs must be some of 0 to 2"),
    "inputs before": (fact("embedded_inputs", [-1, 1, 2]), "embedded_inputs must be whole numbers from 0"),
    "inputs fewer": (fact("embedded_inputs", [0, 1]), "W1 has shape (4, 12), expected (4, 9)"),
    "inputs none": (fact("embedded_inputs", []), "embedded_inputs must be a list of 1 to 3 whole numbers"),
    "inputs one": (fact("embedded_inputs", 1), "embedded_inputs must be a list of"),
    "inputs floats": (fact("embedded_inputs", [0.0, 1.0, 2.0]), "embedded_inputs must be whole numbers"),
    "inputs gone": (gone("embedded_inputs"), "embedded_inputs is missing"),
    "phases nan": (array("embedding.phases", np.full((3, 16), np.nan)), "embedding.phases holds numbers that are"),
    "phases gone": (gone("embedding.phases"), "embedding.phases is missing"),
    "scale of another type": (retyped("input_scale.u", np.float32), "its parameters are of different types"),
    "scale of another width": (array("input_scale.u", np.ones(3)), "input_scale.u has shape (3,), expected (12,)"),
}


@pytest.mark.parametrize("name", STRANGE_BEFORE)
def test_a_file_with_something_strange_before_layer_1(tmp_path, name):
    make, words = STRANGE_BEFORE[name]
    saved(model_of(front=FRONTS["both"]), tmp_path)
    path = tmp_path / "parameters.h5"
    changed(path, make)
    message = refused(path)
    assert message.startswith("is not a parameters file of nnctl (")
    assert words in message


def test_a_network_that_memory_has_no_room_for(tmp_path, monkeypatch):
    saved(model_of(), tmp_path)
    monkeypatch.setattr(bundle, "available", lambda: 1000)
    with pytest.raises(StorageError, match=r"parameters\.h5: the network in it does not fit into memory"):
        model.load(tmp_path / "parameters.h5")


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


def test_many_rows_are_predicted_in_blocks_side_by_side():
    trained = model_of()
    X = RandomState(2).randn(3 * model.ROWS + 5, 3)
    np.testing.assert_allclose(trained.predict(X, ""), trained.network.predict(X.T), rtol=1e-13)


def test_no_rows_are_no_predictions():
    assert model_of().predict(np.empty((0, 3)), "").shape == (2, 0)
