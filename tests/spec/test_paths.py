"""A path is looked for in every folder; one that is not found says where, and what does not work in a path."""

import os

import pytest

from nnctl.spec.paths import advice, find_file, missing


def test_the_folders_are_named(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    assert missing("a.h5") == "a.h5"
    assert missing("a.h5", (one,)) == f"a.h5, not in {one}"
    assert missing("a.h5", (one, one)) == f"a.h5, not in {one}"
    assert missing("a.h5", (one, two)) == f"a.h5, neither in {one} nor in {two}"
    assert missing("/a.h5", (one, two)) == "/a.h5"
    assert missing("", (one,)) == f"'', not in {one}"


@pytest.mark.parametrize("path", ["$DATA/a.h5", "${DATA}/a.h5", "data/$X.h5", "%DATA%/a.h5", "$DATA"])
def test_environment_variables_are_not_expanded(path, monkeypatch, tmp_path):
    monkeypatch.setenv("DATA", str(tmp_path))
    (tmp_path / "a.h5").touch()
    assert find_file(path, (tmp_path,)) is None
    assert "environment variables are not expanded in a spec; write the path out, or give it with -S" in advice(path)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("https://x.org/a.h5", "addresses are not opened; download the file"),
        ("*.h5", "patterns such as * are not expanded"),
        ("C:\new\table.h5", "wants single quotes"),
        ("100%.h5", ""),
        ("US$.h5", ""),
    ],
)
def test_what_else_does_not_work_in_a_path(path, words):
    assert words in advice(path)
    assert bool(words) == bool(advice(path))


@pytest.mark.skipif(os.sep == "\\", reason="folders are separated so on this system")
def test_backslashes():
    assert advice(r"data\a.h5") == "; folders are separated by / here, not by \\"


@pytest.mark.parametrize("path", ["a\0b", "~\0", "~nobody-at-all/x", "x" * 5000, "", "\ud83d"])
def test_what_cannot_be_a_path_is_not_found(path, tmp_path):
    assert find_file(path, (tmp_path,)) is None
    assert missing(path, (tmp_path,)).isprintable()
