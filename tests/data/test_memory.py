"""The memory that there is: what the system says, or what a container's share leaves."""

import pytest

from nnctl.data import memory


def test_no_more_than_the_system_has():
    assert 10e6 < memory.available() < 2**62


@pytest.mark.parametrize(
    ("limit", "expected"),
    [("1000000", 1_000_000 - 700_000 + 200_000), ("max", None), ("9000000000000000", None)],
)
def test_a_containers_share(tmp_path, monkeypatch, limit, expected):
    for name, text in (("max", limit), ("current", "700000"), ("stat", "anon 500000\nfile 200000")):
        (tmp_path / f"memory.{name}").write_text(f"{text}\n")
    without = memory.available()
    monkeypatch.setattr(memory, "GROUP", tmp_path)
    if expected is None:
        assert memory.available() == pytest.approx(without, rel=0.5)
    else:
        assert memory.available() == expected


@pytest.mark.parametrize(
    ("size", "words"), [(0, "1 kB"), (2300, "2 kB"), (784_000_000, "784 MB"), (12_345_678_901, "12.3 GB")]
)
def test_sizes_in_words(size, words):
    assert memory.in_words(size) == words
