"""Every schedule against its formula, by epochs and by iterations, after a warm-up and without one."""

from itertools import pairwise
from math import cos, log2, pi

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnctl.nn.schedules import schedules

# the multiplier after t of `total` units of time
FORMULAS = {
    "constant": lambda t, total: 1,
    "step": lambda t, total, every, factor=0.1: factor ** (t // every),
    "exponential": lambda t, total, rate=0.96, every=1: rate ** (t // every),
    "inverse_time": lambda t, total, rate=1.0, every=1: 1 / (1 + rate * (t // every)),
    "cosine": lambda t, total, final=0.0, length=None: (
        final + (1 - final) * (1 + cos(pi * min(t / (length or total), 1))) / 2
    ),
    "coslog": lambda t, total, cycles=4: (1 - cos(2 * pi * log2(1 + (2**cycles - 1) * (t + 0.5) / total))) / 2,
}
CASES = [
    ("constant", {}),
    ("step", {"every": 3}),
    ("step", {"every": 1, "factor": 0.7}),
    ("exponential", {}),
    ("exponential", {"rate": 0.5, "every": 4}),
    ("inverse_time", {}),
    ("inverse_time", {"rate": 0.2, "every": 2}),
    ("cosine", {}),
    ("cosine", {"final": 0.25}),
    ("cosine", {"length": 4}),
    ("cosine", {"length": 4, "final": 0.1}),
    ("cosine", {"length": 400}),
    ("coslog", {}),
    ("coslog", {"cycles": 1}),
]


def rates(name, options, learning_rate=0.3, iterations=37, per_epoch=5):
    """Return the rate of each iteration; the last epoch of the default is a short one."""
    rate = schedules[name](**options).bind(learning_rate, iterations, per_epoch)
    return [rate(iteration) for iteration in range(iterations)]


def test_every_schedule_has_its_cases():
    assert {name for name, _ in CASES} == set(schedules)


@pytest.mark.parametrize(("name", "options"), CASES)
def test_rates_by_epochs(name, options):
    expected = [0.3 * FORMULAS[name](iteration // 5, 8, **options) for iteration in range(37)]
    assert rates(name, {"per": "epoch", **options}) == pytest.approx(expected, rel=1e-14, abs=1e-15)


@pytest.mark.parametrize(("name", "options"), CASES)
def test_rates_by_iterations(name, options):
    expected = [0.3 * FORMULAS[name](iteration, 37, **options) for iteration in range(37)]
    assert rates(name, {"per": "iteration", **options}) == pytest.approx(expected, rel=1e-14, abs=1e-15)


@pytest.mark.parametrize("name", schedules)
def test_time_is_counted_in_epochs_but_for_coslog(name):
    options = {"every": 2} if name == "step" else {}
    usual = "iteration" if name == "coslog" else "epoch"
    assert rates(name, options) == rates(name, {"per": usual, **options})


@pytest.mark.parametrize(("name", "options"), CASES)
@pytest.mark.parametrize(
    ("per", "warmup", "rising"),
    [("epoch", 2, 10), ("epoch", 0.6, 3), ("epoch", 1.4, 7), ("iteration", 4, 4), ("iteration", 3.7, 4)],
)
def test_the_rate_rises_in_equal_steps_and_then_the_schedule_begins(name, options, per, warmup, rising):
    found = rates(name, {"per": per, "warmup": warmup, **options})
    assert found[:rising] == pytest.approx([0.3 * (i + 1) / rising for i in range(rising)], rel=1e-14)
    unit = 5 if per == "epoch" else 1
    total = -(-(37 - rising) // unit)  # units of time that are left, a part of one counted whole
    expected = [0.3 * FORMULAS[name](i // unit, total, **options) for i in range(37 - rising)]
    assert found[rising:] == pytest.approx(expected, rel=1e-14, abs=1e-15)


@pytest.mark.parametrize("name", schedules)
@pytest.mark.parametrize(("iterations", "rising"), [(10, 10), (3, 10), (1, 5 * 10**9)])
def test_a_warmup_may_last_to_the_end_and_beyond(name, iterations, rising):
    options = {"every": 1} if name == "step" else {}
    found = rates(name, {"per": "epoch", "warmup": rising / 5, **options}, iterations=iterations)
    assert found == pytest.approx([0.3 * (i + 1) / rising for i in range(iterations)], rel=1e-14)


def test_a_cosine_ends_where_its_length_says_and_stays_there():
    found = rates("cosine", {"length": 20, "final": 0.25, "per": "iteration", "warmup": 5}, learning_rate=1.0)
    assert found[5] == 1
    assert found[15] == pytest.approx((1 + 0.25) / 2)
    assert found[24] > 0.25
    assert set(found[25:]) == {0.25}


def test_a_cosine_over_all_the_time_has_learned_something_at_its_end():
    found = rates("cosine", {"per": "iteration"}, learning_rate=1.0, iterations=100)
    assert found[50] == pytest.approx(0.5)
    assert found[99] == pytest.approx((1 - cos(pi / 100)) / 2, rel=1e-10)


@pytest.mark.parametrize("cycles", [1, 2, 4])
def test_coslog_rises_and_falls_in_cycles_each_twice_as_long_and_never_stands_still(cycles):
    found = rates("coslog", {"cycles": cycles}, learning_rate=1.0, iterations=1500)
    ends = [1500 * (2**number - 1) / (2**cycles - 1) for number in range(cycles + 1)]
    assert found[0] == min(found[: 1500 // 2**cycles]) > 0
    for start, end in pairwise(ends):
        highest = start + (end - start) * (2**0.5 - 1)  # where log2 is half of the way
        assert found[round(highest)] == pytest.approx(1, abs=1e-3)
        rising, falling = found[round(start) : round(highest) - 1], found[round(highest) + 1 : round(end)]
        assert all(a < b for a, b in pairwise(rising))
        assert all(a > b for a, b in pairwise(falling))
    assert 0 < found[-1] < 1e-4


drawn_options = {
    "constant": {},
    "step": {"every": st.integers(1, 50), "factor": st.floats(1e-3, 1)},
    "exponential": {"every": st.integers(1, 50), "rate": st.floats(1e-3, 1)},
    "inverse_time": {"every": st.integers(1, 50), "rate": st.floats(0, 1e3)},
    "cosine": {"final": st.floats(0, 1), "length": st.none() | st.integers(1, 50)},
}
timing = {"per": st.sampled_from(["epoch", "iteration"]), "warmup": st.floats(0, 30)}


@settings(max_examples=50, deadline=None, derandomize=True)
@given(iterations=st.integers(1, 3000), cycles=st.integers(1, 20), per_epoch=st.integers(1, 15))
def test_no_update_of_coslog_is_multiplied_by_0(iterations, cycles, per_epoch):
    found = rates("coslog", {"cycles": cycles}, 1.0, iterations, per_epoch)
    assert all(0 < one <= 1 for one in found)


@pytest.mark.parametrize("name", [name for name in schedules if name != "coslog"])
@settings(max_examples=50, deadline=None, derandomize=True)
@given(data=st.data(), iterations=st.integers(1, 120), per_epoch=st.integers(1, 15), rate=st.floats(1e-6, 10))
def test_a_rate_rises_through_the_warmup_and_never_after_it(name, data, iterations, per_epoch, rate):
    options = data.draw(st.fixed_dictionaries({**timing, **drawn_options[name]}))
    found = rates(name, options, rate, iterations, per_epoch)
    rising = round(options["warmup"] * (per_epoch if options["per"] == "epoch" else 1))
    before, after = found[:rising], found[rising:]
    assert all(a < b for a, b in pairwise(before))
    assert all(a >= b for a, b in pairwise(after))
    assert found[0] > 0
    assert max(found) <= rate * (1 + 1e-15)
    if after:
        assert after[0] == rate
        assert before[-1:] in ([], [pytest.approx(rate)])
