"""JSON is taken as the standard has it: what Python's reader takes beyond that is refused, in words."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnctl.plain_json import DEEPEST, read_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(-1e308, 1e308) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(VALUES)
def test_what_is_written_comes_back(value):
    assert read_json(json.dumps(value), 10**6) == value
    assert read_json(json.dumps(value).encode(), 10**6) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not JSON (line 1, column 1)"),
        ('{"a": 1,}', "is not JSON"),
        ("NaN", "holds NaN"),
        ("[-Infinity]", "holds -Infinity"),
        ("[1e999]", "holds the number 1e999"),
        ("9" * 5000, "holds a whole number of 5,000 digits"),
        ('{"a": 1, "b": {"c": 1, "c": 2}}', "has the key 'c' twice"),
        ("[" * 100_000, "is nested too deep"),
        ("[" * (DEEPEST + 1) + "1" + "]" * (DEEPEST + 1), "is nested too deep"),
        (b"\xff", "is not text in UTF-8"),
        (" " * 1001, "is larger than 1,000 bytes"),
    ],
)
def test_what_is_refused(text, words):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  the words are looked at
        read_json(text, 1000 if words.startswith("is larger") else 10**6)
    assert words in str(caught.value)


def test_the_deepest_that_is_taken():
    text = "[" * DEEPEST + "1" + "]" * DEEPEST
    assert json.dumps(read_json(text, 1000)) == text


def test_python_takes_what_is_refused_here():
    """The negative control."""
    assert json.loads('{"a": 1, "a": NaN}')["a"] != json.loads("NaN")
