"""A file is written whole or not at all, whatever stands at its place."""

import os

import pytest

from nnctl.errors import StorageError
from nnctl.runs.files import write_new, write_text


@pytest.mark.parametrize("name", ["plain.csv", "n" * 250, "new"])
def test_a_file_is_written_and_nothing_is_left_beside_it(tmp_path, name):
    for text in ("a", "é\n"):
        write_text(tmp_path / name, text)
        assert (tmp_path / name).read_text(encoding="utf-8") == text
    assert os.listdir(tmp_path) == [name]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "file")
    write_text(tmp_path / "link", "a")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "a"


def test_what_is_no_file_is_written_directly(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    write_text(tmp_path / "pipe", "a")
    assert os.read(reader, 9) == b"a"
    os.close(reader)


@pytest.mark.parametrize("name", ["", ".", "/"])
def test_a_folder_is_refused(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StorageError, match=r"is a folder; name a file"):
        write_text(type(tmp_path)(name), "a")


def test_what_cannot_be_written_leaves_nothing(tmp_path):
    with pytest.raises(StorageError, match="cannot be written: there is no folder"):
        write_text(tmp_path / "none" / "file", "a")
    with pytest.raises(StorageError, match="cannot be written: File name too long"):
        write_text(tmp_path / ("n" * 300), "a")
    assert os.listdir(tmp_path) == []


def test_a_new_file_takes_the_place_of_none(tmp_path):
    path = tmp_path / "spec.yaml"
    write_new(path, "ü\n")
    assert path.read_bytes() == "ü\n".encode()
    with pytest.raises(StorageError, match=r"spec.yaml: cannot be written: File exists"):
        write_new(path, "other")
    assert path.read_bytes() == "ü\n".encode()
