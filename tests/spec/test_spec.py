"""A spec is read whole or refused with every mistake; what it resolves to, written as YAML, is the same spec."""

from dataclasses import MISSING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnctl.data.sets import datasets
from nnctl.errors import DataError, NnctlError, SpecError
from nnctl.nn.activations import activations
from nnctl.nn.initializers import initializers
from nnctl.nn.losses import losses, losses_of
from nnctl.nn.optimizers import optimizers
from nnctl.nn.schedules import schedules
from nnctl.registry import Choice
from nnctl.spec import document
from nnctl.spec.reading import parse
from nnctl.spec.schema import option_defaults

SMALLEST = {
    "data": {"source": "circles"},
    "model": {"layer_dims": (2, 4, 1), "activations": ("relu", "sigmoid")},
    "train": {"learning_rate": 0.01, "iterations": 5},
}


def changed(**changes):
    """Return the smallest tree with keys set, `train__l2=1`; MISSING takes a key out."""
    tree = {section: dict(keys) for section, keys in SMALLEST.items()}
    for path, value in changes.items():
        *sections, key = path.split("__")
        inner = tree[sections[0]] if sections else tree
        inner[key] = value
        if value is MISSING:
            del inner[key]
    return tree


def read(folder, tree, *overrides):
    """Write the tree to spec.yaml and read it as the command line does."""
    file = folder / "spec.yaml"
    file.write_text(document.dump(tree), encoding="utf-8")
    return parse(document.read(file, overrides), (folder,))


def mistakes(folder, tree, *overrides):
    """Return the messages of all mistakes without their places."""
    with pytest.raises(NnctlError) as caught:
        read(folder, tree, *overrides)
    return [
        line.replace(f"{folder}/", "").partition(": ")[2]
        for line in str(caught.value).splitlines()
        if not line.startswith("  ")
    ]


def with_required(registry, name):
    """Return the choice as it is written: the name, and 1 for each option that has no default."""
    required = {key: 1 for key, default in option_defaults(registry[name]).items() if default is MISSING}
    return {"name": name, **required} if required else name


def test_the_defaults_are_those_of_the_design(tmp_path):
    spec = read(tmp_path, SMALLEST)
    assert (spec.name, spec.seed) == ("spec", 1)
    assert (spec.data.test, spec.data.validation, spec.data.scale) == (None, None, None)
    assert spec.data.options == {"m": 300, "m_test": 100, "noise": 0.05, "factor": 0.8, "seed": 1, "test_seed": 2}
    assert spec.model.init == Choice("he")
    assert spec.train.loss == Choice("binary_cross_entropy")
    assert spec.train.optimizer.name == "gradient_descent"
    assert (spec.train.batch_size, spec.train.epochs, spec.train.l2) == (None, None, 0.0)
    assert (spec.train.dtype, spec.train.log_every, spec.train.shuffle_seed) == ("float64", 100, 1)
    assert isinstance(spec.train.learning_rate, float)


@pytest.mark.parametrize(
    ("source", "m", "m_test", "noise", "seed"),
    [("circles", 300, 100, 0.05, 1), ("flower", 400, 0, 0.2, 1), ("moons", 300, 0, 0.2, 3)],
)
def test_built_in_sets_start_as_the_course_draws_them(tmp_path, source, m, m_test, noise, seed):
    options = read(tmp_path, {**changed(data__source=source), "seed": 77}).data.options
    assert (options["m"], options["m_test"], options["noise"], options["seed"]) == (m, m_test, noise, seed)


def test_random_is_small_unless_said_otherwise(tmp_path):
    assert read(tmp_path, changed(model__init="random")).model.init == Choice("random", {"scale": 0.01})
    scaled = read(tmp_path, changed(model__init={"name": "random", "scale": 10})).model.init
    assert scaled == Choice("random", {"scale": 10.0})


def test_seeds_and_logs_follow_what_is_said(tmp_path):
    spec = read(tmp_path, changed(seed=7, name="mine", train__batch_size=32))
    assert (spec.name, spec.train.shuffle_seed, spec.train.log_every) == ("mine", 7, 1)
    spec = read(tmp_path, changed(seed=7, train__shuffle_seed=0, train__log_every=3))
    assert (spec.train.shuffle_seed, spec.train.log_every) == (0, 3)


@pytest.mark.parametrize("output", activations)
def test_the_default_loss_goes_with_the_output(tmp_path, output):
    spec = read(tmp_path, changed(model__layer_dims=(2, 2), model__activations=(with_required(activations, output),)))
    assert spec.train.loss.name == losses_of(output)[0]
    assert output in losses[spec.train.loss.name].outputs
    assert spec.output == output
    expected = {"sigmoid": "binary_cross_entropy", "softmax": "categorical_cross_entropy"}
    assert spec.train.loss.name == expected.get(output, "mean_squared_error")


@pytest.mark.parametrize("name", activations)
def test_every_activation_is_legal_in_every_layer(tmp_path, name):
    written = with_required(activations, name)
    spec = read(tmp_path, changed(model__layer_dims=(2, 3, 2), model__activations=(written, written)))
    assert [choice.name for choice in spec.model.activations] == [name, name]


@pytest.mark.parametrize(
    ("key", "registry"),
    [("model__init", initializers), ("train__optimizer", optimizers), ("train__schedule", schedules)],
    ids=lambda value: getattr(value, "kind", value),
)
def test_every_name_of_a_registry_is_legal(tmp_path, key, registry):
    section, _, name = key.partition("__")
    assert len(registry) > 0
    for entry in registry:
        spec = read(tmp_path, changed(**{key: with_required(registry, entry)}))
        assert getattr(getattr(spec, section), name).name == entry


@pytest.mark.parametrize(("output", "loss"), [(output, loss) for output in activations for loss in losses])
def test_a_loss_is_legal_where_it_goes_with_the_output(tmp_path, output, loss):
    tree = changed(model__layer_dims=(2, 2), model__activations=(output,), train__loss=loss)
    if output in losses[loss].outputs:
        assert read(tmp_path, tree).train.loss.name == loss
    else:
        (message,) = mistakes(tmp_path, tree)
        assert message.startswith(f"train.loss {loss} goes with the output activation")
        assert message.endswith(f"for {output} take {' or '.join(losses_of(output))}")


@pytest.mark.parametrize("source", datasets)
def test_every_built_in_set_takes_its_own_options(tmp_path, source):
    tree = changed(data__source=source, data__m=12, data__seed=9)
    spec = read(tmp_path, tree)
    assert spec.data.source == source
    assert spec.data.options == {**option_defaults(datasets[source]), "m": 12, "seed": 9}


@pytest.mark.parametrize(
    ("key", "name", "near"),
    [
        ("model__init", "hee", "he"),
        ("model__init", "xaviar", "xavier"),
        ("train__loss", "binary_crossentropy", "binary_cross_entropy"),
        ("train__loss", "mse", "mean_squared_error"),
        ("train__optimizer", "SGD", "gradient_descent"),
        ("model__init", "kaiming", "he"),
        ("model__init", "xavier_normal", "xavier"),
        ("train__optimizer", "gradient_decent", "gradient_descent"),
        ("data__source", "circels", "circles"),
        ("model__activations", ("rellu", "sigmoid"), "relu"),
        ("model__activations", ("relu", "sigmoit"), "sigmoid"),
    ],
)
def test_an_unknown_name_answers_with_the_nearest(tmp_path, key, name, near):
    (message,) = mistakes(tmp_path, changed(**{key: name}))
    assert message.endswith(f'did you mean "{near}"?')


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data": MISSING}, "data is missing; it holds source, train, validation, test"),
        ({"model": MISSING}, "model is missing; it holds layer_dims, activations, init"),
        ({"train": MISSING}, "train is missing; it holds learning_rate, iterations"),
        ({"data": None}, "data must hold keys (source, train"),
        ({"train": (1, 2)}, "train must hold keys (learning_rate, iterations"),
        ({"data__source": MISSING}, "data needs source: one of circles, "),
        ({"data__train": "a.h5"}, "data.train and data.source are both there; keep one"),
        ({"data__source": "xyz"}, "there is no file or built-in set 'xyz' (legal: circles, "),
        ({"data__features": "X"}, "data.features names a dataset in a file; circles is built in"),
        ({"data__noise": -1}, "data.noise must be at least 0, got -1"),
        ({"data__m": 0}, "data.m must be at least 1, got 0"),
        ({"data__test": 1}, "data.test must be less than 1, got 1"),
        ({"data__test": 0}, "data.test must be greater than 0, got 0"),
        ({"data__scale": 0}, "data.scale must be greater than 0, got 0"),
        ({"data__scale": "standard"}, "data.scale: there is no scaling 'standard'; did you mean \"standardize\"?"),
        ({"model__layer_dims": (2,), "model__activations": ()}, "model.layer_dims must be at least 2 long, got [2]"),
        ({"model__layer_dims": MISSING}, "model.layer_dims is missing; it is a list, such as [2, 10, 1]"),
        ({"model__layer_dims": (2, 0, 1)}, "model.layer_dims.1 must be at least 1, got 0"),
        ({"model__activations": ("relu",)}, "model.activations must name one activation for each of the 2 layers"),
        ({"model__activations": ()}, "model.activations must name one activation for each of the 2 layers"),
        ({"model__activations": ("relu", "softmax")}, "softmax over 1 unit is always 1; use sigmoid"),
        ({"model__activations": ("relu", {"name": "relu", "slope": 1})}, "there is no key model.activations.1.slope"),
        ({"train__learning_rate": 0}, "train.learning_rate must be greater than 0, got 0"),
        ({"train__learning_rate": MISSING}, "train.learning_rate is missing; it is a number"),
        ({"train__iterations": MISSING}, "train.iterations (or train.epochs) is missing"),
        ({"train__iterations": None}, "train.iterations (or train.epochs) is missing"),
        ({"train__epochs": 3}, "train has both iterations and epochs; keep one"),
        ({"train__iterations": 0}, "train.iterations must be at least 1, got 0"),
        ({"train__iterations": 2.5}, "train.iterations must be a whole number or null, got 2.5"),
        ({"train__batch_size": 0}, "train.batch_size must be at least 1, got 0"),
        ({"train__l2": -1}, "train.l2 must be at least 0, got -1"),
        ({"train__dtype": "float16"}, "train.dtype must be float64 or float32, got 'float16'"),
        ({"train__log_every": 0}, "train.log_every must be at least 1, got 0"),
        ({"seed": -1}, "seed must be at least 0, got -1"),
        ({"seed": 2**32}, "seed must be at most 4294967295, got 4294967296"),
        ({"name": 3}, "name must be text, got 3; put it in quotes"),
        ({"modle": 3}, 'there is no key modle; did you mean "model"?'),
    ],
)
def test_one_mistake_is_one_message(tmp_path, changes, message):
    (found,) = mistakes(tmp_path, changed(**changes))
    assert found.startswith(message)


def test_every_mistake_is_told_at_once_in_the_order_of_the_file(tmp_path):
    tree = changed(
        data__noise=-1,
        model__layer_dims=(2, 4, 1, 1),
        model__init="heh",
        train__learning_rate="fast",
        train__optimiser="adam",
        train__dtype="float16",
    )
    assert [message.split()[0:5] for message in mistakes(tmp_path, tree)] == [
        ["data.noise", "must", "be", "at", "least"],
        ["model.activations", "must", "name", "one", "activation"],
        ["model.init:", "there", "is", "no", "initializer"],
        ["train.learning_rate", "must", "be", "a", "number,"],
        ["there", "is", "no", "key", "train.optimiser;"],
        ["train.dtype", "must", "be", "float64", "or"],
    ]


def test_an_override_is_named_in_the_message(tmp_path):
    with pytest.raises(SpecError) as caught:
        read(tmp_path, SMALLEST, "train.learning_rate=-1", "seed=2")
    assert str(caught.value) == (
        "-S train.learning_rate=-1: train.learning_rate must be greater than 0, got -1"
    )  # fmt: skip


def test_data_files_are_found_beside_the_config_then_in_the_working_folder(tmp_path):
    beside, working = tmp_path / "beside", tmp_path / "working"
    for folder in (beside, working):
        folder.mkdir()
        (folder / "both.h5").touch()
    (working / "only.h5").touch()
    file = beside / "spec.yaml"
    for written, found in (("both.h5", beside / "both.h5"), ("only.h5", working / "only.h5")):
        file.write_text(document.dump(changed(data__source=written, data__test=written)), encoding="utf-8")
        data = parse(document.read(file), (beside, working)).data
        assert (data.source, data.test) == (str(found), str(found))
    absolute = str(working / "only.h5")
    file.write_text(document.dump(changed(data__source=absolute)), encoding="utf-8")
    assert parse(document.read(file), (beside,)).data.source == absolute


def test_a_missing_data_file_is_a_mistake_of_the_data(tmp_path):
    with pytest.raises(DataError) as caught:
        read(tmp_path, changed(data__source=MISSING, data__train="none.h5"))
    first, *rest = str(caught.value).replace(f"{tmp_path}/", "").splitlines()
    assert first.startswith("spec.yaml:2:10: data.train: there is no file none.h5")
    assert "train_set_x and train_set_y" in " ".join(rest)


def test_a_share_is_no_file(tmp_path):
    data = read(tmp_path, changed(data__test=0.2, data__validation=0.25)).data
    assert (data.test, data.validation) == (0.2, 0.25)


def test_another_init_changes_nothing_else(tmp_path):
    spec = read(tmp_path, SMALLEST)
    other = spec.with_init(Choice("zeros"))
    assert other.model.init == Choice("zeros")
    assert other.with_init(spec.model.init) == spec


def test_what_is_resolved_has_every_default(tmp_path):
    resolved = read(tmp_path, changed(name="x")).resolved()
    assert list(resolved) == ["name", "seed", "data", "model", "train"]
    assert resolved["data"] == {
        "source": "circles", "m": 300, "m_test": 100, "noise": 0.05, "factor": 0.8, "seed": 1, "test_seed": 2,
        "background": "white", "megapixels": 25.0, "layout": "rows", "color": "rgb",
    }  # fmt: skip
    assert resolved["model"] == {"layer_dims": (2, 4, 1), "activations": ("relu", "sigmoid"), "init": "he"}
    wanted = {
        "learning_rate": 0.01,
        "iterations": 5,
        "loss": "binary_cross_entropy",
        "log_every": 100,
        "shuffle_seed": 1,
    }
    assert {key: resolved["train"][key] for key in wanted} == wanted


def test_lists_mappings_and_sections_are_resolved_too(tmp_path):
    tree = changed(
        train__dropout=(0.5,),
        train__class_weights={"0": 1, "1": 2.5},
        train__early_stopping={"patience": 3, "min_delta": 1e-3},
    )
    spec = read(tmp_path, tree)
    assert read(tmp_path, spec.resolved()) == spec
    assert spec.resolved()["train"]["early_stopping"] == {"patience": 3, "metric": "loss", "min_delta": 0.001}


def test_a_document_can_be_parsed_twice(tmp_path):
    file = tmp_path / "spec.yaml"
    file.write_text(document.dump(changed(data__m=12)), encoding="utf-8")
    written = document.read(file)
    assert parse(written) == parse(written)


@pytest.mark.parametrize("source", datasets)
def test_a_source_takes_its_options_with_its_name(tmp_path, source):
    beside = read(tmp_path, changed(data__source=source, data__m=12, data__seed=9))
    assert read(tmp_path, changed(data__source={"name": source, "m": 12, "seed": 9})) == beside
    assert read(tmp_path, changed(data__source={"name": source, "m": 12}, data__seed=9)) == beside
    assert read(tmp_path, changed(data__source=source), "data.source.m=12", "data.source.seed=9") == beside
    assert read(tmp_path, beside.resolved()) == beside
    assert beside.resolved()["data"]["source"] == source


@pytest.mark.parametrize(
    ("source", "beside", "message"),
    [
        ({"name": "circles", "m": 0}, {}, "data.source.m must be at least 1, got 0"),
        ({"name": "circles", "ms": 3}, {}, 'there is no key data.source.ms; did you mean "m"?'),
        ({"name": "circles", "test": 0.2}, {}, "there is no key data.source.test"),
        ({"name": "circles", "m": 3}, {"m": 3}, "data.m and data.source.m are the same option; keep one"),
        ({"name": "circels", "m": 3}, {}, "there is no file or built-in set 'circels'; did you mean \"circles\"?"),
        ({"name": "xyz", "m": 3}, {}, "there is no file or built-in set 'xyz'"),
        ({"name": "a.h5", "m": 3}, {}, "there is no key data.source.m; a file has no options"),
        ({"name": 3, "m": 3}, {}, "data.source must be text or keys (file, features, target) or null, got 3"),
        ({"name": ({"a": 1},)}, {}, "data.source must be text or keys (file, features, target) or null, got [{'a"),
        ({"name": {"file": "a.h5"}, "m": 3}, {}, "data.source.name must be text, got a mapping"),
        ({"turns": 3}, {}, "data.source is missing its name, such as {name: circles}"),
        ({"featuers": "X.npy", "target": "y.npy"}, {}, "there is no key data.source.featuers; did you mean"),
        ({"featuers": "X.npy"}, {}, 'there is no key data.source.featuers; did you mean "features"?'),
        ({"features": "X.npy"}, {}, "data.source.features is a file of its own; data.source needs target, too"),
        ({"target": {"file": "y"}}, {}, "data.source.target is a file of its own; data.source needs features, too"),
        ({"features": "X", "target": "y.npy"}, {}, "data.source needs file: the file that its other dataset is in"),
        ({"features": "X", "target": "y"}, {}, "data.source needs file: the file that its examples are in"),
        ({"file": "a.h5"}, {"m": 3}, "there is no key data.m"),
        ({"file": "a.h5", "m": 3}, {}, "there is no key data.source.m"),
        ({"file": "a.h5", "features": "X"}, {"features": "Z"}, "data.features and data.source.features are both there"),
        ("a.h5", {"target": "y.npy"}, "data.target names a dataset inside the file of the training part, and"),
        (None, {"features": "X.NPY", "target": "y.npy"}, "data.features names a dataset inside the file of"),
        ("a.h5", {"test": {"target": "y.npy"}}, "data.test.target is a file of its own; data.test needs features, too"),
        ("a.h5", {"test": {"target": "y"}}, "data.test needs features: its dataset in the file"),
        ("circles", {"test": {"features": "X", "target": "y.npy"}}, "data.test needs file: the file that its other"),
        ({"features": "X.npy", "target": "y.npy"}, {"test": {"features": "T"}}, "data.test needs file: the file"),
        ({"name": None}, {}, "data needs source"),
        ({"nmae": "circles"}, {}, 'there is no key data.source.nmae; did you mean "name"?'),
        ({"m": 3}, {}, "data.source is missing its name, such as {name: circles}"),
        ({}, {}, "data.source is missing its name, such as {name: circles}"),
        # a mistake in source is none of the options beside it
        ("xyz", {"m": 3, "noise": 0.1}, "there is no file or built-in set 'xyz'"),
        ("circels", {"m": 3, "noise": 0.1}, "there is no file or built-in set 'circels'"),
        (5, {"m": 3}, "data.source must be text or keys (file, features, target) or null, got 5"),
        (None, {"m": 3}, "data needs source"),
        (("circles",), {"m": 3}, "data.source must be text or keys (file, features, target) or null, got ['circles']"),
        ("circles.h5", {"m": 3}, "there is no key data.m"),
        ("circles", {"train": 5}, "data.train must be text or keys (file, features, target) or null, got 5"),
        ("circles", {"trian": "a.h5"}, 'there is no key data.trian; did you mean "train"?'),
    ],
)
def test_a_source_with_a_mistake_is_one_message(tmp_path, source, beside, message):
    tree = changed(data__source=source, **{f"data__{key}": value for key, value in beside.items()})
    (found,) = mistakes(tmp_path, tree)
    assert found.startswith(message)


@pytest.mark.parametrize("again", ["  l2: 0.1\n", "", "  learning_rate: 0.1\n", "  iterations: 7\n  l2: 0\n"])
@pytest.mark.parametrize("section", ["train", "data", "model"])
def test_a_section_that_is_there_twice_is_one_message(tmp_path, section, again):
    written = document.dump(SMALLEST)
    again = again if section == "train" else ""
    (tmp_path / "spec.yaml").write_text(f"{section}:\n{again}{written}{section}:\n{again}", encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        parse(document.read(tmp_path / "spec.yaml"))
    first = [line for line in str(caught.value).splitlines() if ": " in line and not line.startswith(" ")]
    assert len(first) == 2
    assert all(f": {section} is there twice (first on line " in line for line in first)


@pytest.mark.parametrize(
    ("key", "value", "hint"),
    [
        ("train__lr", 0.1, '; did you mean "learning_rate"?'),
        ("train__eta", 0.1, '; did you mean "learning_rate"?'),
        ("train__lambda", 0.1, '; did you mean "l2"?'),
        ("train__num_iterations", 5, '; did you mean "iterations"?'),
        ("train__mini_batch_size", 5, '; did you mean "batch_size"?'),
        ("train__epocs", 5, '; did you mean "epochs"?'),
        ("train__max_iter", 5, '; did you mean "iterations" or "epochs"? (the first counts updates'),
        (
            "train__momentum",
            0.9,
            '; did you mean "optimizer"? (write optimizer: {name: momentum, beta: 0.9}; it',
        ),
        ("train__beta2", 0.9, "; beta2 is an option of adam, adamw; write optimizer: {name: adam, beta2: ...}"),
        ("train__weight_decay", 0.1, '; did you mean "l2"? (or, apart from the gradients, optimizer: {name: adamw'),
        ("train__adam", True, "; adam is one optimizer; write optimizer: adam"),
        ("train__init", "he", "; init belongs below model:"),
        ("train__activation", "relu", "; activations belongs below model:"),
        ("train__random_state", 3, "; seed belongs to the top of the spec"),
        ("data__sort_by", "time", '; did you mean "order"?'),
        ("train__eps", 3, "; epsilon is an option of rmsprop, adam, adamw; write optimizer: {name: rmsprop, epsilon"),
        ("model__layers_dims", (2, 1), '; did you mean "layer_dims"?'),
        ("model__hidden_layer_sizes", (4,), '; did you mean "layer_dims"? (it has all layers, also the input and'),
        ("model__keep_prob", 0.5, "; keep_prob belongs below train:"),
        ("learning_rate", 0.1, "; learning_rate belongs below train:"),
        ("data__turns", 2, "; turns is an option of spirals"),
    ],
)
def test_a_key_of_another_tool_or_another_place(tmp_path, key, value, hint):
    (message,) = mistakes(tmp_path, changed(**{key: value}))
    assert message.startswith(f"there is no key {key.replace('__', '.')}{hint}")


@pytest.mark.parametrize("source", datasets)
def test_an_option_of_another_set_says_whose_it_is(tmp_path, source):
    others = {key for entry in datasets.values() for key in option_defaults(entry)} - set(
        option_defaults(datasets[source])
    )
    for key in others - {"classes"}:  # which is a key of files too
        (message,) = mistakes(tmp_path, changed(**{"data__source": source, f"data__{key}": 1}))
        owners = [name for name, entry in datasets.items() if key in option_defaults(entry)]
        assert message == f"there is no key data.{key}; {key} is an option of {', '.join(owners)}"


@pytest.mark.parametrize("written", ["random:0.25", "random:scale=0.25", {"random": 0.25}, {"random": {"scale": 0.25}}])
def test_a_scheme_as_compare_init_takes_it(tmp_path, written):
    plain = read(tmp_path, changed(model__init={"name": "random", "scale": 0.25}))
    assert read(tmp_path, changed(model__init=written)) == plain
    assert read(tmp_path, SMALLEST, f"model.init={written}".replace("'", "")) == plain


def test_an_override_by_null_takes_a_key_out(tmp_path):
    noisy = changed(data__noise=0.3, train__l2=0.1, train__class_weights={"0": 2, "1": 1})
    assert read(tmp_path, noisy, "data.noise=null").data.options["noise"] == 0.05
    assert read(tmp_path, noisy, "train.l2=~", "train.l2=0.5").train.l2 == 0.5
    assert read(tmp_path, noisy, "train.class_weights.0=null").train.class_weights == {"1": 1.0}
    assert "noise" not in read(tmp_path, noisy, "data.source=cat", "data.noise=null").data.options
    assert read(tmp_path, SMALLEST, "data.noise=null", "train.l2=null", "seed=null") == read(tmp_path, SMALLEST)


def test_a_key_that_is_taken_out_may_be_misspelt_missing_or_empty(tmp_path):
    for override, message in (
        ("data.nois=null", 'there is no key data.nois; did you mean "noise"?'),
        ("model.layer_dims=null", "model.layer_dims is missing; it is a list, such as [2, 10, 1]"),
        ("data.noise=", "data.noise must be a number, got nothing"),
    ):
        assert mistakes(tmp_path, SMALLEST, override) == [message]


def test_layers_that_do_not_fit_are_one_message(tmp_path):
    (found,) = mistakes(tmp_path, changed(model__layer_dims=(2, 4), train__dropout=(0.5,)))
    assert found.startswith("model.activations must name one activation for each of the 1 layers")


def test_an_unknown_key_of_a_built_in_set_finds_its_options(tmp_path):
    (message,) = mistakes(tmp_path, changed(data__nois=0.1))
    assert message == 'there is no key data.nois; did you mean "noise"?'


def _choices(registry):
    return st.sampled_from([with_required(registry, name) for name in registry])


@st.composite
def trees(draw):
    """Draw a legal spec on a built-in set."""
    dims = draw(st.lists(st.integers(2, 9), min_size=2, max_size=5))
    layers = draw(st.lists(_choices(activations), min_size=len(dims) - 1, max_size=len(dims) - 1))
    output = layers[-1] if isinstance(layers[-1], str) else layers[-1]["name"]
    train = {
        "learning_rate": draw(st.floats(1e-12, 1e12)),
        draw(st.sampled_from(["iterations", "epochs"])): draw(st.integers(1, 10**6)),
        "loss": draw(st.sampled_from([None, *losses_of(output)])),
        **draw(
            st.fixed_dictionaries({}, optional={"optimizer": _choices(optimizers), "schedule": _choices(schedules)})
        ),
        "l2": draw(st.floats(0, 10)),
        "batch_size": draw(st.none() | st.integers(1, 500)),
        "dtype": draw(st.sampled_from(["float64", "float32"])),
    }
    return {
        "name": draw(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5)),
        "seed": draw(st.integers(0, 2**32 - 1)),
        "data": {
            "source": draw(st.sampled_from(sorted(datasets))),
            "m": draw(st.integers(1, 99)),
            "validation": draw(st.none() | st.floats(0.01, 0.99)),
            "scale": draw(st.sampled_from([None, "standardize", "none", 255, 0.1])),
        },
        "model": {"layer_dims": tuple(dims), "activations": tuple(layers), "init": draw(_choices(initializers))},
        "train": train,
    }


@settings(max_examples=60, deadline=None, derandomize=True)
@given(trees())
def test_what_is_resolved_and_written_is_the_same_spec(tmp_path_factory, tree):
    folder = tmp_path_factory.getbasetemp()
    spec = read(folder, tree)
    again = read(folder, spec.resolved())
    assert again == spec
    assert again.resolved() == spec.resolved()
    assert document.dump(again.resolved()) == document.dump(spec.resolved())
    assert spec.model.layer_dims == tree["model"]["layer_dims"]
    assert spec.train.learning_rate == tree["train"]["learning_rate"]
    assert spec.data.options["m"] == tree["data"]["m"]


@pytest.mark.parametrize(
    ("changes", "shards"),
    [
        ({}, 1),
        ({"train__batch_size": 512}, 1),  # the work is not worth more
        ({"model__layer_dims": (2, 300, 300, 1), "train__batch_size": 512}, 4),
        ({"model__layer_dims": (2, 300, 300, 1), "train__batch_size": 512, "train__shards": 3}, 3),
        ({"model__layer_dims": (2, 300, 300, 1), "train__shards": 2}, 2),
        ({"model__layer_dims": (2, 300, 300, 1)}, 1),
    ],
)
def test_shards_follow_from_the_work_of_an_update_unless_the_spec_says(tmp_path, changes, shards):
    if "model__layer_dims" in changes:
        changes = {**changes, "model__activations": ("relu", "relu", "sigmoid")}
    spec = read(tmp_path, changed(**changes))
    assert spec.train.shards == shards
    assert spec.resolved()["train"]["shards"] == shards
