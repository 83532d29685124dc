"""A path is looked for in every folder; one that is not found says where, and what does not work in a path."""

import os

import pytest

from nnctl.errors import NnctlError
from nnctl.spec import document
from nnctl.spec.paths import advice, find_file, missing
from nnctl.spec.reading import parse

REST = "model: {layer_dims: [2, 1], activations: [sigmoid]}\ntrain: {learning_rate: 0.1, iterations: 5}\n"


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
    assert "nothing is expanded, such as " in advice(path)


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


@pytest.mark.parametrize(
    ("line", "whole"),
    [
        ("source: data/set #1.h5", "data/set #1.h5"),
        ("source: set #1.h5  # mine", "set #1.h5"),
        ("source: set #1", "set #1"),
        ("source: there.h5 # 2", "there.h5 # 2"),
        ("train:\n    file: set #1", "set #1"),
        ("source: none.h5  # mine", None),
        ("source: none.h5 #mine", None),
        ("source: data/set  # mine", None),
        ("source: 'data/set' #1", None),
        ("source: {name: set.h5} # mine", None),
    ],
)
def test_a_path_that_a_comment_cuts_off(tmp_path, line, whole):
    (tmp_path / "there.h5 # 2").touch()
    (tmp_path / "spec.yaml").write_text(f"data:\n  {line}\n{REST}", encoding="utf-8")
    with pytest.raises(NnctlError) as caught:
        parse(document.read(tmp_path / "spec.yaml"), (tmp_path,))
    assert "spec.yaml:" in str(caught.value)
    told = f'; " #" begins a comment; a path that has it wants quotes, "{whole}"'
    assert (told in str(caught.value)) == ("begins a comment" in str(caught.value)) == (whole is not None)


def test_a_path_in_an_override_that_a_comment_cuts_off(tmp_path):
    (tmp_path / "spec.yaml").write_text(f"data: {{source: cat}}\n{REST}", encoding="utf-8")
    with pytest.raises(NnctlError, match=r'a path that has it wants quotes, "set #1\.h5"'):
        parse(document.read(tmp_path / "spec.yaml", ["data.source=set #1.h5"]), (tmp_path,))


@pytest.mark.skipif(os.sep == "\\", reason="folders are separated so on this system")
def test_backslashes():
    assert advice(r"data\a.h5") == "; folders are separated by / here, not by \\"


@pytest.mark.parametrize("path", ["a\0b", "~\0", "~nobody-at-all/x", "x" * 5000, "", "\ud83d"])
def test_what_cannot_be_a_path_is_not_found(path, tmp_path):
    assert find_file(path, (tmp_path,)) is None
    assert missing(path, (tmp_path,)).isprintable()
