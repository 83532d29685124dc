"""A team is a few threads that do the parts of one job side by side and then sleep; a matrix product takes one of them.

BLAS's own threads spin while they wait for each other, which beside other programs takes many times as long. A part
does not depend on who does it: a team of one comes to the same numbers.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from threading import Thread

import numpy as np

from nnctl.denormals import flushed

Job = Callable[[int], None]  # does the part of this number


class Team:
    """This thread, and others beside it; `gathered` makes one and lets it go."""

    def __init__(self, size: int = 1) -> None:
        self.size = size
        self._tasks: list[SimpleQueue[tuple[Job, int] | None]] = [SimpleQueue() for _ in range(size - 1)]
        self._done: SimpleQueue[BaseException | None] = SimpleQueue()
        for member, tasks in enumerate(self._tasks, start=1):
            Thread(target=self._serve, args=(member, tasks), daemon=True).start()

    def run(self, job: Job, parts: int) -> None:
        """Do the parts 0, 1, ... of a job; raise what went wrong in one of them when all have come to an end."""
        others = self._tasks[: max(0, parts - 1)]
        if not others:
            for part in range(parts):
                job(part)
            return
        for tasks in others:
            tasks.put((job, parts))
        own = self._do(job, parts, 0)
        failed = [error for error in (own, *(self._done.get() for _ in others)) if error is not None]
        if failed:
            raise failed[0]

    def end(self) -> None:
        """Let the threads go."""
        for tasks in self._tasks:
            tasks.put(None)

    def _do(self, job: Job, parts: int, member: int) -> BaseException | None:
        try:
            for part in range(member, parts, self.size):
                job(part)
        except BaseException as error:
            return error
        return None

    def _serve(self, member: int, tasks: "SimpleQueue[tuple[Job, int] | None]") -> None:
        with np.errstate(over="ignore", invalid="ignore"), flushed():  # both are a thread's own
            while (task := tasks.get()) is not None:
                self._done.put(self._do(*task, member))


ALONE = Team()


def slices(n: int, members: int, shortest: int, longest: int | None = None) -> list[slice]:
    """Cut a vector of n numbers into slices of about one length, for so many members, none longer than told.

    One in which there are no two of the shortest length stays whole: to hand it over would take longer than the work.
    """
    count = max(min(members, n // shortest), -(-n // (longest or n)), 1)
    ends = [n * number // count for number in range(count + 1)]
    return list(map(slice, ends, ends[1:]))


@contextmanager
def gathered(size: int) -> Iterator[Team]:
    """Gather a team of so many threads, this one among them."""
    from threadpoolctl import threadpool_limits  # here, for a spec is read without it

    team = Team(size)
    try:
        with threadpool_limits(1, "blas"):
            yield team
    finally:
        team.end()
