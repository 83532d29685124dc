"""A registry adds by decorating, resolves choices with options, and answers an unknown name with the nearest."""

import math
import operator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnctl.errors import SpecError
from nnctl.registry import (
    FEW,
    Choice,
    Count,
    Fraction,
    Interval,
    NotNegative,
    Positive,
    Registry,
    Seed,
    listed,
    nearest,
    suggestion,
)

numbers = st.floats(-3, 3) | st.sampled_from([0.0, 1.0, -1.0])
BOUNDS = {
    "gt": (operator.gt, "must be greater than"),
    "ge": (operator.ge, "must be at least"),
    "lt": (operator.lt, "must be less than"),
    "le": (operator.le, "must be at most"),
}


@pytest.fixture
def shapes():
    """Return a registry of two functions."""
    registry = Registry("shape")

    @registry
    def circle(*, radius=1.0):
        return math.pi * radius**2

    @registry
    def right_triangle(*, a=3.0, b=4.0):
        return a * b / 2

    return registry


def test_decorating_adds_under_the_own_name_and_changes_nothing(shapes):
    def square(*, side):
        return side**2

    assert shapes(square) is square
    assert list(shapes) == ["circle", "right_triangle", "square"]
    assert shapes["square"](side=3) == 9


def test_a_choice_is_resolved_with_its_options(shapes):
    assert shapes.resolve(Choice("right_triangle", {"a": 5.0}))() == 10.0
    assert shapes.resolve(Choice("circle")) is shapes["circle"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("cirle", "there is no shape 'cirle'; did you mean \"circle\"?"),
        ("triangle", "there is no shape 'triangle'; did you mean \"right_triangle\"?"),
        ("xyz", "there is no shape 'xyz' (legal: circle, right_triangle)"),
    ],
)
def test_an_unknown_name_is_a_mistake_of_the_spec(shapes, name, message):
    with pytest.raises(SpecError) as caught:
        shapes[name]
    assert str(caught.value) == message
    assert shapes.get(name) is None
    with pytest.raises(SpecError):
        shapes.resolve(Choice(name))


def test_a_registry_is_itself_alone():
    first, second = Registry("kind"), Registry("kind")
    assert first != second
    assert {first: 1, second: 2}[first] == 1  # it can be looked up, so it can stand inside a type


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("lerning_rate", "learning_rate"),
        ("learning-rate", "learning_rate"),
        ("rate", "learning_rate"),
        ("iteration", "iterations"),
        ("iter", "iterations"),
        ("Iterations", "iterations"),
        ("batch", "batch_size"),
        ("size", "batch_size"),
    ],
)
def test_the_nearest_legal_name_is_suggested(name, near):
    legal = ["learning_rate", "iterations", "batch_size", "l2"]
    assert suggestion(name, legal) == f'; did you mean "{near}"?'
    assert nearest(name, legal) == near


@pytest.mark.parametrize("name", ["", "x", "colour"])
def test_all_legal_names_are_listed_when_none_is_near(name):
    assert suggestion(name, iter(["learning_rate", "l2"])) == " (legal: learning_rate, l2)"
    assert nearest(name, iter(["learning_rate", "l2"])) is None


def test_of_many_names_the_first_are_listed():
    names = [f"option_{number}" for number in range(500)]
    message = suggestion("x", names)
    assert message.startswith(" (legal: option_0, option_1, ")
    assert message.endswith("option_29 and 470 more)")
    assert listed(names[:30]) == ", ".join(names[:30])
    assert listed("abcdefghij", FEW) == "a, b, c, d, e, f, g, h and 2 more"


@settings(deadline=None, derandomize=True)
@given(st.dictionaries(st.sampled_from(sorted(BOUNDS)), numbers), numbers)
def test_an_interval_complains_of_the_first_bound_that_is_broken(bounds, value):
    broken = [
        f"{words} {bounds[name]:.10g}"
        for name, (holds, words) in BOUNDS.items()
        if name in bounds and not holds(value, bounds[name])
    ]
    assert Interval(**bounds).complaint(value) == (broken[0] if broken else None)


def test_nan_is_in_no_interval():
    assert all(Interval(**{name: 0}).complaint(math.nan) for name in BOUNDS)


@pytest.mark.parametrize(
    ("hint", "legal", "illegal"),
    [
        (Positive, [1e-300, 1, 1e300], [0, -1e-300]),
        (NotNegative, [0, 1e300], [-1e-300]),
        (Fraction, [0, 0.999], [1, -0.001]),
        (Count, [1, 10**9], [0, -1]),
        (Seed, [0, 2**32 - 1], [-1, 2**32]),
    ],
)
def test_named_ranges(hint, legal, illegal):
    (interval,) = hint.__metadata__
    assert [interval.complaint(value) for value in legal] == [None] * len(legal)
    assert all(interval.complaint(value) for value in illegal)


def test_bounds_are_told_in_full():
    assert Interval(le=2**32 - 1).complaint(2**32) == "must be at most 4294967295"


def test_a_choice_is_printed_with_its_options():
    assert str(Choice("he")) == "he"
    assert str(Choice("adam", {"beta1": 0.9, "beta2": 0.999})) == "adam (beta1 0.9, beta2 0.999)"
