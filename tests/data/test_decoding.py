"""Work is done side by side, a little ahead of what is asked for, and comes in the order of the files."""

import time
from pathlib import Path

import pytest

from nnctl.data import decoding

FILES = [Path(str(number)) for number in range(100)]


@pytest.mark.parametrize("members", [1, 2, 7])
def test_results_are_in_order_and_not_far_ahead(monkeypatch, members):
    monkeypatch.setattr(decoding.threads, "number", lambda: members)
    begun = []

    def work(file):
        begun.append(file)
        time.sleep(0.002 if int(file.name) % 3 else 0)
        return file

    with decoding.side_by_side(work, FILES) as results:
        for number, file in enumerate(results):
            assert file == FILES[number]
            assert len(begun) <= number + decoding.AHEAD * members
    assert sorted(begun) == sorted(FILES)


def test_a_mistake_waits_for_no_further_file():
    begun = []

    def work(file):
        begun.append(file)
        raise ValueError(file)

    with pytest.raises(ValueError, match="0"), decoding.side_by_side(work, FILES) as results:
        list(results)
    assert len(begun) < len(FILES)
