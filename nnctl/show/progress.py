"""Progress of one or several trainings: bars in a terminal, a few plain lines elsewhere, nothing when quiet."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from nnctl import signals
from nnctl.explain.shares import percent

Report = Callable[[int, int, int, float], None]  # index of a training, updates done, of how many, cost

PLAIN_LINES, MOST_LINES = 10, 50  # of one training, and of all, where there is no terminal


@contextlib.contextmanager
def board(console: Console, titles: Sequence[str]) -> Iterator[Report]:
    """Show the trainings with these titles while the block lasts; call what it gives to report on one."""
    if console.quiet:
        yield lambda index, done, total, cost: None
    elif console.is_terminal:
        with _bars(console, titles) as report:
            yield report
    else:
        yield _lines(console, titles)


@contextlib.contextmanager
def counted(console: Console) -> Iterator[Callable[[int], None]]:
    """Show on a terminal how many rows are done while the block lasts; call what it gives to say so."""
    with Progress(
        TextColumn("{task.completed:,.0f} rows"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    ) as bar:
        task = bar.add_task("rows", total=None)
        with signals.last_words(lambda number: console.show_cursor()):
            yield lambda rows: bar.update(task, completed=rows)


@contextlib.contextmanager
def _bars(console: Console, titles: Sequence[str]) -> Iterator[Report]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[share]}"),
        TextColumn("{task.fields[state]}"),
        TextColumn("cost [bold]{task.fields[cost]}[/]"),
        TextColumn("{task.fields[rate]} it/s"),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=console, auto_refresh=False) as bars:
        room = console.height - 1
        fit = len(titles) <= room
        tasks = [
            bars.add_task(title, total=None, start=False, visible=fit, state="waiting", share="0 %", cost="–", rate="–")
            for title in titles
        ]
        starts: dict[int, float] = {}
        recent: dict[int, None] = {}  # those that have told something, the last one last

        def report(index: int, done: int, total: int, cost: float) -> None:
            if index not in starts:
                starts[index] = time.monotonic()
                bars.start_task(tasks[index])
            seconds = time.monotonic() - starts[index]
            rate = f"{done / seconds:,.0f}" if seconds > 0 else "–"
            bars.update(tasks[index], completed=done, total=total, state=f"{done}/{total}", rate=rate)
            recent.pop(index, None)
            recent[index] = None
            for old in [] if fit else list(recent)[:-room]:
                bars.update(tasks[old], visible=False)
            cost_now = f"{cost:.6f}"
            bars.update(tasks[index], visible=True, share=percent(done / total), cost=cost_now, refresh=True)

        with signals.last_words(lambda number: console.show_cursor()):
            yield report
        for task in bars.tasks:
            if task.started and not task.finished:  # a training that ended before its last iteration has ended, too
                bars.update(task.id, total=task.completed, share="ended", refresh=True)


def _lines(console: Console, titles: Sequence[str]) -> Report:
    lines = min(PLAIN_LINES, max(1, MOST_LINES // len(titles)))
    starts: dict[int, float] = {}
    shown: dict[int, int] = {}

    def report(index: int, done: int, total: int, cost: float) -> None:
        starts.setdefault(index, time.monotonic())
        part = done * lines // total
        if part > shown.get(index, -1):
            shown[index] = part
            seconds = time.monotonic() - starts[index]
            console.print(
                f"{titles[index]}: iteration {done:,} of {total:,}, cost {cost:.6f}, {seconds:.1f} s", soft_wrap=True
            )

    return report
