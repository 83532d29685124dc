"""A guard finds what has no end and what crashes, before this process meets it, and looks at a file once."""

import ctypes
import os
import signal
import sys
import time

import pytest

from nnctl.data import guard
from nnctl.data.arrays import Unusable

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only there a process can be forked safely")


@pytest.fixture
def path(tmp_path):
    (tmp_path / "a.h5").write_bytes(b"x")
    return tmp_path / "a.h5"


def endless():
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    while True:
        time.sleep(10)


@pytest.mark.parametrize(
    ("look", "words"),
    [(endless, "does not come to an end in 0.3 s"), (lambda: ctypes.string_at(1), "crashes"), (os.abort, "crashes")],
)
def test_what_hangs_or_crashes_is_refused(monkeypatch, path, look, words):
    monkeypatch.setattr(guard, "OPENING", 0.3)
    with pytest.raises(Unusable, match=f"is damaged: the HDF5 library {words} with it"):
        guard.check(path, look)


def test_what_comes_to_an_end_is_looked_at_once(path):
    marks = path.with_name("marks")

    def look():
        with marks.open("a") as file:
            file.write("x")
        raise ValueError("which is told elsewhere")

    for _ in range(3):
        guard.check(path, look)
    assert marks.read_text() == "x"
    path.write_bytes(b"xy")
    guard.check(path, look)
    assert marks.read_text() == "xx"


def test_memory_is_limited(monkeypatch, path):
    monkeypatch.setattr(guard, "OPENING_MEMORY", 1 << 26)
    marks = path.with_name("marks")

    def look():
        try:
            bytearray(1 << 30)
        except MemoryError:
            marks.write_text("x")

    guard.check(path, look)
    assert marks.read_text() == "x"
