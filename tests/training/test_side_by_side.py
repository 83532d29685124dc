"""Processes side by side: those that one of them has started in its turn end with it."""

import json
import multiprocessing
import os
import sys
import time

import pytest

from nnctl.process import lives, this_process
from nnctl.training.side_by_side import side_by_side


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing ends a process with its parent")
def test_the_processes_of_a_process_that_is_killed_end_with_it(tmp_path):
    started = tmp_path / "process.json"

    def sleeps(tell):
        (tmp_path / "unfinished").write_text(json.dumps(this_process()))
        os.replace(tmp_path / "unfinished", started)
        time.sleep(60)  # a step that takes long

    def starts(tell=None):
        list(side_by_side({"inner": sleeps}, []))

    outer = multiprocessing.get_context("fork").Process(target=starts)
    outer.start()
    deadline = time.monotonic() + 30
    while not started.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    inner = json.loads(started.read_text())
    assert lives(inner)
    outer.kill()
    outer.join()
    while lives(inner):
        assert time.monotonic() < deadline
        time.sleep(0.01)
