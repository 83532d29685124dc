"""A relay hands over all results in their order, and ends before the first that there is not."""

import os
import signal

import numpy as np
import pytest

from nnctl.data import relay

pytestmark = pytest.mark.skipif(not relay.can_run(), reason="needs Linux and two cores")


def taken(work, count, slot=800):
    return [(numbers.tolist(), rest) for numbers, rest in relay.relayed(work, count, slot)]


def square(index):
    return np.full((index % 3, 2), index**2, float), f"of {index}"


@pytest.mark.parametrize("count", [1, 2, 50])
def test_results_come_in_their_order(count):
    assert taken(square, count) == [([[index**2] * 2] * (index % 3), f"of {index}") for index in range(count)]


def ended(index):
    os.kill(os.getpid(), signal.SIGKILL)


def wrong(index):
    raise ValueError(index)


STOPS = {"none": lambda index: None, "an error": wrong, "killed": ended, "too large": lambda index: (np.ones(101), 0)}


@pytest.mark.parametrize("stop", STOPS)
def test_a_relay_ends_before_what_cannot_be_done(stop):
    results = taken(lambda index: square(index) if index < 21 else STOPS[stop](index), 50)
    assert [rest for _, rest in results] == [f"of {index}" for index in range(21)]


def test_no_process_is_left_where_nobody_takes_more():
    results = relay.relayed(square, 1000, 800)
    next(results)
    results.close()
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
