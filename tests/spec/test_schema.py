"""A schema is a signature: types, ranges and defaults of YAML values are read from annotations."""

import importlib
import inspect
import math
import pkgutil
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nnctl.data
import nnctl.nn
from nnctl.registry import Choice, Count, Interval, NotNegative, Positive, Registry
from nnctl.spec.document import Document
from nnctl.spec.schema import INVALID, build, option_defaults, options

colours: Registry[Any] = Registry("colour")


@colours
def red():
    """Have no options."""


@colours
def grey(*, level: Positive = 0.5, steps: Count = 3):
    """Have two options."""


@colours
def mixed(left, right, *, share: Annotated[float, Interval(ge=0, le=1)]):
    """Have one option that must be given; what is positional is none."""


@dataclass(frozen=True)
class Inner:
    """A section."""

    dims: Annotated[tuple[Count, ...], Interval(ge=2)]
    rate: Positive = 0.1


@dataclass(frozen=True)
class Outer:
    """A section of every type that a key can have."""

    inner: Inner
    count: Count
    name: str = ""
    flag: bool = False
    rate: NotNegative | None = None
    share: str | Annotated[float, Interval(gt=0, lt=1)] | None = None
    mode: Literal["auto", "off"] = "auto"
    level: Positive | Literal["none"] | None = None
    colour: Annotated[Choice, colours] = Choice("grey")  # noqa: RUF009 (frozen)
    palette: tuple[Annotated[Choice, colours], ...] = ()
    weights: Literal["even"] | Mapping[str, Positive] | None = None
    hidden: int = field(default=7, metadata={"internal": True})


LEGAL = {"inner": {"dims": (2, 1)}, "count": 1}


def read(**changes):
    """Build an Outer from the smallest legal tree with changes; return it and the mistakes."""
    document = Document("spec.yaml")
    tree = {key: value for key, value in {**LEGAL, **changes}.items() if value is not MISSING}
    return build(Outer, tree, document), [message for _, message in document.problems]


def test_what_is_not_given_has_its_default():
    outer, problems = read()
    assert problems == []
    grey = Choice("grey", {"level": 0.5, "steps": 3})  # a default has its own options filled in
    assert outer == Outer(inner=Inner(dims=(2, 1)), count=1, colour=grey)
    assert (outer.inner.rate, outer.mode, outer.hidden) == (0.1, "auto", 7)


@pytest.mark.parametrize(
    ("key", "value", "read_as"),
    [
        ("count", 10**9, 10**9),
        ("count", 1e3, 1000),
        ("name", "42", "42"),
        ("flag", True, True),
        ("rate", 0, 0.0),
        ("rate", 1e-3, 1e-3),
        ("rate", None, None),
        ("share", "b.h5", "b.h5"),
        ("share", 0.5, 0.5),
        ("share", None, None),
        ("mode", "off", "off"),
        ("level", 255, 255.0),
        ("level", "none", "none"),
        ("inner", {"dims": (3, 2, 1), "rate": 2}, Inner((3, 2, 1), 2.0)),
        ("colour", "red", Choice("red", {})),
        ("colour", {"name": "red"}, Choice("red", {})),
        ("colour", "grey", Choice("grey", {"level": 0.5, "steps": 3})),
        ("colour", {"name": "grey", "level": 2}, Choice("grey", {"level": 2.0, "steps": 3})),
        ("colour", {"name": "mixed", "share": 1}, Choice("mixed", {"share": 1.0})),
        ("palette", ("red", {"name": "grey"}), (Choice("red"), Choice("grey", {"level": 0.5, "steps": 3}))),
        ("palette", (), ()),
        ("weights", {"cat": 2, "dog": 0.5}, {"cat": 2.0, "dog": 0.5}),
        ("weights", "even", "even"),
    ],
)
def test_legal_values(key, value, read_as):
    outer, problems = read(**{key: value})
    assert problems == []
    found = getattr(outer, key)
    assert found == read_as
    assert type(found) is type(read_as)


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("count", MISSING, "count is missing; it is a whole number"),
        ("count", 0, "count must be at least 1, got 0"),
        ("count", 1.5, "count must be a whole number, got 1.5"),
        ("count", True, "count must be a whole number, got true"),
        ("count", "1", "count must be a whole number, got '1'; take the quotes off"),
        ("count", None, "count must be a whole number, got nothing"),
        ("name", 42, "name must be text, got 42; put it in quotes"),
        ("name", True, "name must be text, got true; put it in quotes"),
        ("name", None, "name must be text, got nothing"),
        ("flag", 1, "flag must be true or false, got 1"),
        ("flag", "yes", "flag must be true or false, got 'yes'"),
        ("rate", -0.5, "rate must be at least 0, got -0.5"),
        ("rate", math.inf, "rate must be finite, got inf"),
        ("rate", math.nan, "rate must be finite, got nan"),
        ("rate", "fast", "rate must be a number or null, got 'fast'"),
        ("rate", "x" * 99, f"rate must be a number or null, got '{'x' * 56}..."),
        ("rate", (1, 2), "rate must be a number or null, got [1, 2]"),
        ("rate", {"a": 1}, "rate must be a number or null, got a mapping"),
        ("share", 1.5, "share must be less than 1, got 1.5"),
        ("share", False, "share must be text or a number or null, got false"),
        ("mode", "on", "mode must be auto or off, got 'on'"),
        ("mode", False, "mode must be auto or off, got false"),
        ("level", "all", "level must be a number or none or null, got 'all'"),
        ("inner", MISSING, "inner is missing; it holds dims, rate"),
        ("inner", 3, "inner must hold keys (dims, rate), got 3"),
        ("inner", None, "inner must hold keys (dims, rate), got nothing"),
        ("inner", {}, "inner.dims is missing; it is a list, such as [2, 10, 1]"),
        ("inner", {"dims": 2}, "inner.dims must be a list, such as [2, 10, 1], got 2"),
        ("inner", {"dims": (2,)}, "inner.dims must be at least 2 long, got [2]"),
        ("inner", {"dims": (2, 0, 1)}, "inner.dims.1 must be at least 1, got 0"),
        ("inner", {"dims": (2, 4.5)}, "inner.dims.1 must be a whole number, got 4.5"),
        ("inner", {"dims": (2, 1), "rat": 1}, 'there is no key inner.rat; did you mean "rate"?'),
        ("colour", "gray", "colour: there is no colour 'gray'; did you mean \"grey\"?"),
        ("colour", {"name": "gray"}, "colour: there is no colour 'gray'; did you mean \"grey\"?"),
        ("colour", {"level": 1}, "colour is missing its name, such as {name: red}"),
        ("colour", {"name": 3}, "colour must be the name of one colour, got 3"),
        ("colour", None, "colour must be the name of one colour, got nothing"),
        ("colour", {"name": "red", "level": 1}, "there is no key colour.level (colour has no options)"),
        ("colour", {"name": "grey", "step": 1}, 'there is no key colour.step; did you mean "steps"?'),
        ("colour", {"name": "grey", "steps": 0}, "colour.steps must be at least 1, got 0"),
        ("colour", "mixed", "colour.share is missing; it is a number"),
        ("palette", "red", "palette must be a list, got 'red'"),
        ("palette", ("red", "gray"), "palette.1: there is no colour 'gray'; did you mean \"grey\"?"),
        ("weights", "odd", "weights must be even or a mapping of keys to values or null, got 'odd'"),
        ("weights", {"cat": 2, "dog": 0}, "weights.dog must be greater than 0, got 0"),
        ("nam", "x", 'there is no key nam; did you mean "name"?'),
        ("hidden", 1, "there is no key hidden; layer_dims belongs below model:"),
    ],
)
def test_mistakes(key, value, problem):
    _, problems = read(**{key: value})
    assert len(problems) == 1
    assert problems[0].partition(" (legal: ")[0] == problem


def test_all_mistakes_are_told_and_stand_for_themselves():
    outer, problems = read(
        count=0, name=1, inner={"dims": (0, "x"), "rate": -1}, colour={"name": "grey", "level": 0, "steps": 0}, zzz=1
    )
    assert sorted(problem.split()[0] for problem in problems) == [
        "colour.level", "colour.steps", "count", "inner.dims.0", "inner.dims.1", "inner.rate", "name", "there",
    ]  # fmt: skip
    invalid = (outer.count, outer.name, outer.inner.dims, outer.inner.rate, outer.colour)
    assert all(value is INVALID for value in invalid)
    assert outer.mode == "auto"


def test_a_misspelt_key_is_not_missing_too():
    outer, problems = read(inner={"dim": (2, 1)}, count=MISSING, conut=3, rat=1, zzz=1)
    assert [problem.split(" (")[0] for problem in problems] == [
        'there is no key conut; did you mean "count"?',
        'there is no key rat; did you mean "rate"?',
        "there is no key zzz",
        'there is no key inner.dim; did you mean "dims"?',
    ]
    assert (outer.count, outer.rate, outer.inner.dims) == (INVALID, INVALID, INVALID)
    assert read(count=3, conut=4)[0].count == 3


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("mixed:0.5", Choice("mixed", {"share": 0.5})),
        ("mixed:share=0.5", Choice("mixed", {"share": 0.5})),
        ("mixed: 1", Choice("mixed", {"share": 1.0})),
        ("grey:level=2", Choice("grey", {"level": 2.0, "steps": 3})),
        ("grey:steps=2,level=1", Choice("grey", {"level": 1.0, "steps": 2})),
        ({"mixed": 0.5}, Choice("mixed", {"share": 0.5})),
        ({"mixed": {"share": 0.5}}, Choice("mixed", {"share": 0.5})),
        ({"grey": {"level": 2}}, Choice("grey", {"level": 2.0, "steps": 3})),
        ({"grey": {}}, Choice("grey", {"level": 0.5, "steps": 3})),
        ({"red": None}, Choice("red")),
    ],
)
def test_a_name_with_its_options_in_short(written, read_as):
    outer, problems = read(colour=written, palette=(written,))
    assert problems == []
    assert outer.colour == read_as
    assert outer.palette == (read_as,)


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("mixed:2", "colour.share must be at most 1, got 2.0"),
        ("mixed:much", "colour: expected a number after mixed:, got 'much'"),
        ("mixed:", "colour: expected a number after mixed:, got ''"),
        ("mixed:share=1,share=1", "colour: share is there twice; keep one"),
        ("grey:level=1,zzz=2", "there is no key colour.zzz (legal: level, steps)"),
        ("grey:1", "colour: grey has several options; say which of level, steps has this value"),
        ("red:1", "colour: red takes no value, for it has no options"),
        ("gray:1", "colour: there is no colour 'gray:1'; did you mean \"grey\"?"),
        ({"mixed": 2}, "colour.share must be at most 1, got 2"),
        ({"mixed": "much"}, "colour.share must be a number, got 'much'"),
        ({"grey": 1}, "colour: grey has several options; say which of level, steps has this value"),
        ({"red": 1}, "colour: red takes no value, for it has no options"),
        ({"grey": {"levle": 1}}, 'there is no key colour.levle; did you mean "level"?'),
        ({"mixed": 1, "level": 2}, "colour is missing its name, such as {name: mixed}"),
    ],
)
def test_what_is_wrong_in_short(written, problem):
    outer, problems = read(colour=written)
    assert problems == [problem]
    assert outer.colour is INVALID


def test_a_section_that_is_none_is_invalid_as_a_whole():
    outer, _ = read(inner=3)
    assert outer.inner is INVALID


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
        lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    ),
    st.sampled_from([key for key in Outer.__dataclass_fields__ if key != "hidden"]),
)
def test_whatever_is_written_is_either_read_or_explained(value, key):
    outer, problems = read(**{key: value})
    assert (getattr(outer, key) is INVALID) == bool(problems) or (key == "inner" and isinstance(value, dict))
    assert all(message and "\n" not in message for message in problems)


def test_options_are_the_keyword_only_arguments():
    assert option_defaults(red) == {}
    assert option_defaults(grey) == {"level": 0.5, "steps": 3}
    assert option_defaults(mixed) == {"share": MISSING}


def test_options_are_checked_at_their_place():
    document = Document("spec.yaml")
    assert options(grey, {"level": 2}, document, ("data",)) == {"level": 2.0, "steps": 3}
    assert options(grey, {"level": -2}, document, ("data",)) is INVALID
    assert options(mixed, {}, document, ("data",)) is INVALID
    assert [message for _, message in document.problems] == [
        "data.level must be greater than 0, got -2",
        "data.share is missing; it is a number",
    ]


def _registered():
    """Yield every entry of every registry of the package, whatever it is called."""
    seen = set()
    for package in (nnctl.nn, nnctl.data):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, Registry) and value not in seen:
                    seen.add(value)
                    yield from (pytest.param(value, name, id=f"{value.kind}-{name}") for name in value)


@pytest.mark.parametrize(("registry", "name"), list(_registered()))
def test_every_registered_thing_has_a_schema_and_lawful_defaults(registry, name):
    entry = registry[name]
    assert inspect.getdoc(entry)
    document = Document("spec.yaml")
    defaults = option_defaults(entry)
    required = {key: 1 for key, default in defaults.items() if default is MISSING}
    written = {key: value for key, value in defaults.items() if value is not MISSING} | required
    read_back = options(entry, written, document, ())
    assert [message for _, message in document.problems] == []
    assert read_back == written
    assert options(entry, required, document, ()) == written
    assert options(entry, {**required, "no_such_option": 1}, document, ()) is INVALID
    assert document.problems[0][1].startswith("there is no key no_such_option")


def test_the_registries_are_found():
    kinds = {parameter.values[0].kind for parameter in _registered()}
    assert kinds >= {"activation", "initializer", "loss", "optimizer", "built-in set"}
