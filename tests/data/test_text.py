"""Labels of any encoding stay as many as they are."""

import pytest

from nnctl.data.text import texts
from nnctl.errors import DataError


@pytest.mark.parametrize(
    ("items", "read"),
    [
        (["café", "猫"], ["café", "猫"]),
        (["café".encode(), "猫".encode()], ["café", "猫"]),
        ([b"caf\xe9", b"caf\xe8"], ["café", "cafè"]),  # Latin-1
        ([b"\xe9", "é".encode()], ["é", "Ã©"]),  # both encodings: apart all the same
        ([b"\x80", b"\x81", b"\xff"], ["\x80", "\x81", "ÿ"]),
        ([0, 1, 12], ["0", "1", "12"]),
        ([" a", "a"], [" a", "a"]),
    ],
)
def test_two_different_labels_never_become_one(items, read):
    notes = []
    assert texts(items, "y", notes) == read
    assert len(set(read)) == len(set(items))
    latin = any(isinstance(item, bytes) and not _is_utf8(item) for item in items)
    assert notes == (["y is not UTF-8; it is read as Latin-1"] if latin else [])


def _is_utf8(item):
    try:
        item.decode()
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.parametrize("items", [[b"a", b"a\0"], ["a\0b", "a"], ["\udc80", "\\udc80"], [1, "1"]])
def test_labels_that_would_become_one_are_refused(items):
    with pytest.raises(DataError, match=r"with a zero sign in it|that differ in their bytes"):
        texts(items, "y", [])
