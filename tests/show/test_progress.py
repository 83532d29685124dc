"""Progress: plain lines in a pipe, bars that are drawn over themselves in a terminal, nothing when quiet."""

import io

import pytest
from rich.console import Console

from nnctl.show.progress import board


def shown(titles, reports, **settings):
    """Return what is written for the reports."""
    file = io.StringIO()
    with board(Console(file=file, width=100, **settings), titles) as report:
        for told in reports:
            report(*told)
    return file.getvalue()


def training(index, total, every=1):
    """Return the reports of one training, as they come ten times a second."""
    return [(index, done, total, 0.625) for done in sorted({1, total, *range(1, total, every)})]


@pytest.mark.parametrize(("total", "every"), [(1, 1), (5, 1), (1000, 1), (15000, 7000), (1_000_000, 500)])
def test_a_pipe_gets_a_few_plain_lines(total, every):
    written = shown(["he"], training(0, total, every))
    lines = written.splitlines()
    assert 1 <= len(lines) <= 12
    assert "\r" not in written
    assert "\x1b" not in written
    assert all(line.startswith("he") and "0.625" in line for line in lines)
    assert f"{total:,} of {total:,}" in lines[-1]


def test_a_pipe_gets_lines_of_every_training():
    mixed = [told for both in zip(training(0, 200), training(1, 200), strict=True) for told in both]
    lines = shown(["zeros", "random (x10)"], mixed).splitlines()
    for title in ("zeros", "random (x10)"):
        assert 2 <= sum(line.startswith(f"{title}:") for line in lines) <= 12


def test_a_terminal_gets_a_bar_for_every_training_with_the_last_iteration_and_cost():
    written = shown(["zeros", "he"], [*training(0, 200, 50), (1, 30, 120, 0.875)], force_terminal=True)
    for text in ("zeros", "200/200", "100 %", "0.625", "he", "30/120", "25 %", "0.875", "it/s"):
        assert text in written


def test_a_pipe_gets_no_more_lines_than_anyone_reads_of_many_trainings():
    titles = [f"fold-{number}" for number in range(40)]
    lines = shown(titles, [told for index in range(40) for told in training(index, 100)]).splitlines()
    assert {line.partition(":")[0] for line in lines} == set(titles)
    assert len(lines) <= 80


def test_a_terminal_gets_bars_for_as_many_trainings_as_it_has_lines_and_the_last_ones():
    titles = [f"fold-{number}." for number in range(40)]
    written = shown(titles, [told for index in range(40) for told in training(index, 2)], force_terminal=True, height=9)
    last = written[written.rindex("fold-32.") :]
    assert [title for title in titles if title in last] == titles[-8:]
    assert "waiting" not in written


def test_a_bar_never_says_all_before_it_is():
    assert "100 %" not in shown(["he"], [(0, 997, 1000, 0.5)], force_terminal=True)


def test_the_bar_of_a_training_that_ended_early_is_seen_to_have_ended():
    written = shown(["he", "zeros"], [(0, 30, 600, 0.5)], force_terminal=True)
    last = written.split("\r")[-1] if "ended" in written.split("\r")[-1] else written[written.rindex("he") :]
    assert "ended 30/600" in last
    assert written.count("waiting") > 0  # one that never began has not
    assert "ended 30/600" not in shown(["he"], [(0, 30, 600, 0.5)])  # in a pipe other lines say it


@pytest.mark.parametrize("terminal", [True, False])
def test_quiet_writes_nothing(terminal):
    assert shown(["he"], training(0, 50), quiet=True, force_terminal=terminal) == ""


def test_colours_obey_no_color(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in shown(["he"], training(0, 50), force_terminal=True)  # moving the cursor is no colour


@pytest.mark.parametrize("terminal", [True, False])
def test_an_error_inside_is_passed_on_and_the_cursor_is_given_back(terminal):
    file = io.StringIO()

    def fail():
        with board(Console(file=file, width=100, force_terminal=terminal), ["he"]) as report:
            report(0, 1, 10, 0.5)
            raise ValueError("diverged")

    with pytest.raises(ValueError, match="diverged"):
        fail()
    hidden, given_back = (file.getvalue().count(code) for code in ("\x1b[?25l", "\x1b[?25h"))
    assert hidden == given_back == terminal


def test_the_command_line_in_a_pipe(nnctl):
    outcome = nnctl("train", "circles", "-S", "train.iterations=500")
    assert outcome.exit_code == 0
    assert len(outcome.stdout.splitlines()) == 1
    assert "\r" not in outcome.stderr
    assert "\x1b" not in outcome.stderr
    for text in ("500 of 500", "accuracy", "parameters.h5"):
        assert text in outcome.stderr
    assert nnctl("train", "circles", "-q", "-S", "train.iterations=10").stderr == ""
