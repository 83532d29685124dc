"""Progress is a stage: a bar that is drawn anew ten times a second in a terminal, a few lines elsewhere."""

import time

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from nnctl.stages import Stage, Steps

REFRESH_SECONDS = 0.1
PLAIN_LINES = 10


def progress(console: Console, iterations: int, title: str = "training") -> Stage:
    """Return the stage that shows the iteration, the cost, iterations per second and the time left."""
    if console.quiet:
        return lambda steps: steps
    if console.is_terminal:
        return lambda steps: _bar(steps, console, iterations, title)
    return lambda steps: _lines(steps, console, iterations, title)


def _bar(steps: Steps, console: Console, iterations: int, title: str) -> Steps:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TextColumn("cost [bold]{task.fields[cost]}[/]"),
        TextColumn("{task.fields[rate]} it/s"),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=console, auto_refresh=False) as bar:
        task = bar.add_task(title, total=iterations, cost="", rate="")
        start = drawn = time.monotonic()
        done = 0
        for step in steps:
            yield step
            done = step.iteration + 1
            now = time.monotonic()
            if now - drawn >= REFRESH_SECONDS or done in (1, iterations):
                drawn = now
                rate = f"{done / max(now - start, 1e-9):,.0f}"
                bar.update(task, completed=done, cost=f"{step.cost:.6f}", rate=rate, refresh=True)
        if done < iterations:
            bar.refresh()


def _lines(steps: Steps, console: Console, iterations: int, title: str) -> Steps:
    every = max(1, iterations // PLAIN_LINES)
    start = time.monotonic()
    for step in steps:
        yield step
        if step.iteration % every == 0 or step.iteration == iterations - 1:
            seconds = time.monotonic() - start
            console.print(f"{title}: iteration {step.iteration}/{iterations}, cost {step.cost:.6f}, {seconds:.1f} s")
