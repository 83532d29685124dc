"""A relay does the same work for 0, 1, 2, ... in a few processes, and hands over what comes of it in this order.

Numbers go through memory that the processes share. Whatever stops a process ends the relay before what it was at: who
goes on from there by itself meets the reason.
"""

import multiprocessing
import sys
import warnings
from collections.abc import Callable, Iterator
from math import prod
from mmap import mmap
from typing import Any

import numpy as np

from nnctl import signals, threads
from nnctl.nn import Array
from nnctl.process import end_with_parent

SLOTS = 4  # results of one process that wait to be taken

Work = Callable[[int], tuple[Array, Any] | None]  # float64, and whatever else there is to say; None where it cannot be


def can_run() -> bool:
    """Tell whether there are cores for it, and a fork that is safe with all that is loaded: that of Linux."""
    return sys.platform == "linux" and threads.number() > 1 and multiprocessing.parent_process() is None


def relayed(work: Work, count: int, slot: int) -> Iterator[tuple[Array, Any]]:
    """Yield what a work comes to, of which the numbers take no more bytes than a slot; they last until the next one."""
    context = multiprocessing.get_context("fork")
    size = min(threads.number(), count)
    runners = [_Runner(context, work, range(first, count, size), slot) for first in range(size)]
    try:
        for index in range(count):
            runner = runners[index % size]
            if (result := runner.take()) is None:
                return
            yield result
            runner.free.release()
    finally:
        for runner in runners:
            runner.end()


class _Runner:
    """A process that does the work for some of the numbers, and the memory that it shares with this one."""

    def __init__(self, context: Any, work: Work, indices: range, slot: int) -> None:
        self.free = context.Semaphore(SLOTS)
        self._slots = [mmap(-1, slot) for _ in range(SLOTS)]
        self._taken = 0
        self._ours, theirs = context.Pipe(duplex=False)
        self._process = context.Process(target=self._run, args=(work, indices, theirs), daemon=True)
        with warnings.catch_warnings():  # OpenBLAS stops its threads before a fork, Python cannot know that
            warnings.simplefilter("ignore", DeprecationWarning)
            self._process.start()
        theirs.close()

    def take(self) -> tuple[Array, Any] | None:
        """Return the next result, or None where there is none."""
        try:
            message = self._ours.recv()
        except (EOFError, OSError):  # it was ended from outside
            return None
        if message is None:
            return None
        shape, rest = message
        numbers = np.frombuffer(self._slots[self._taken % SLOTS], np.float64, prod(shape)).reshape(shape)
        self._taken += 1
        return numbers, rest

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()
        self._ours.close()

    def _run(self, work: Work, indices: range, connection: Any) -> None:
        signals.leave_to_parent()
        end_with_parent()
        parent = multiprocessing.parent_process()
        try:
            for done, index in enumerate(indices):
                if parent is None or not parent.is_alive():
                    return
                result = work(index)
                if result is None or result[0].nbytes > len(self._slots[0]):
                    break
                numbers, rest = result
                self.free.acquire()
                np.frombuffer(self._slots[done % SLOTS], np.float64, numbers.size).reshape(numbers.shape)[...] = numbers
                connection.send((numbers.shape, rest))
            connection.send(None)
        except Exception:  # it comes again where the work is done in order
            connection.send(None)
