"""A team does every part once, in the same way whoever does it, tells what went wrong, and leaves no thread behind."""

import itertools
import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_info

from nnctl import denormals
from nnctl.team import ALONE, gathered, slices


def blas_threads():
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("parts", [0, 1, 2, 5, 20])
def test_every_part_is_done_once(size, parts):
    done = []
    with gathered(size) as team:
        for _ in range(3):
            team.run(done.append, parts)
    assert sorted(done) == sorted(3 * list(range(parts)))


def test_parts_are_done_side_by_side():
    both = threading.Barrier(2, timeout=10)
    with gathered(2) as team:
        team.run(lambda part: both.wait(), 2)


def test_a_part_is_always_done_by_the_same_member():
    with gathered(3) as team:
        who = [{}, {}]
        for seen in who:
            team.run(lambda part, seen=seen: seen.__setitem__(part, threading.get_ident()), 8)
    assert who[0] == who[1]
    assert len(set(who[0].values())) == 3
    assert who[0][0] == threading.get_ident()


@pytest.mark.parametrize("wrong", [0, 1])
def test_what_goes_wrong_is_raised_when_the_others_have_ended(wrong):
    ended = []

    def job(part):
        if part == wrong:
            raise MemoryError(part)
        time.sleep(0.05)
        ended.append(part)

    with gathered(2) as team:
        with pytest.raises(MemoryError, match=str(wrong)):
            team.run(job, 2)
        assert ended == [1 - wrong]
        team.run(ended.append, 2)  # and the team is still there
    assert len(ended) == 3


def test_its_threads_end_and_blas_has_its_own_back():
    before, threads = blas_threads(), threading.active_count()
    with gathered(3):
        assert threading.active_count() == threads + 2
        assert blas_threads() == {1}
    deadline = time.monotonic() + 10
    while threading.active_count() > threads and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == threads
    assert blas_threads() == before


def test_members_flush_denormals_and_are_quiet_about_overflow():
    tiny, found = np.full(1, 1e-38, np.float32), {}

    def job(part):
        np.exp(np.full(1, 1e3, np.float32))  # a warning is an error in tests
        found[part] = float((tiny / 16)[0])

    with gathered(2) as team, np.errstate(over="ignore"), denormals.flushed():
        team.run(job, 2)
    assert found[1] == found[0]
    assert (found[1] == 0) == (denormals.treatment() == "flushed")


@given(
    n=st.integers(1, 10**6),
    members=st.integers(1, 9),
    shortest=st.integers(1, 10**5),
    longest=st.none() | st.integers(1000, 10**6),
)
def test_slices_cut_a_vector_without_a_gap(n, members, shortest, longest):
    parts = slices(n, members, shortest, longest)
    assert (parts[0].start, parts[-1].stop) == (0, n)
    assert all(before.stop == after.start for before, after in itertools.pairwise(parts))
    lengths = [part.stop - part.start for part in parts]
    assert max(lengths) - min(lengths) <= 1
    assert max(lengths) <= (longest or n)
    assert len(parts) >= (members if n >= members * shortest else 1)
    assert len(parts) == 1 or n >= 2 * shortest or longest is not None


def test_alone_is_this_thread():
    seen = []
    ALONE.run(lambda part: seen.append((part, threading.get_ident())), 2)
    assert seen == [(0, threading.get_ident()), (1, threading.get_ident())]
