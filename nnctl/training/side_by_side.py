"""Many trainings side by side: as many at a time as there are cores, each in a process of its own."""

import multiprocessing
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

from nnctl.errors import StorageError
from nnctl.threads import cores
from nnctl.training import signals

LOOK_SECONDS = 0.2  # between two looks for a signal

Tell = Callable[[int, int, float], None]  # updates done, of how many, cost
Job = Callable[[Tell], Any]  # trains, tells its progress, and returns what came of it


@dataclass(frozen=True)
class Done:
    """The last word of a job: what it returned."""

    result: Any


def side_by_side(jobs: Mapping[str, Job], received: Sequence[int]) -> Iterator[tuple[int, Any]]:
    """Yield what the processes of all jobs, by title, say with the job's index: progress (a tuple), then Done or the
    error.

    When a signal is received all of them are told to end, which they do between two steps, with everything saved.
    """
    # a fork shares the data and starts in no time, but only Linux's is safe with all that is loaded
    context: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    titles = list(jobs)
    waiting = list(enumerate(jobs.values()))
    running: dict[Any, tuple[int, Any]] = {}
    told = False
    try:
        while running or (waiting and not received):
            while waiting and not received and len(running) < cores():
                index, job = waiting.pop(0)
                ours, theirs = context.Pipe(duplex=False)
                process = context.Process(target=_work, args=(job, theirs))
                with warnings.catch_warnings():  # OpenBLAS stops its threads before a fork, Python cannot know that
                    warnings.simplefilter("ignore", DeprecationWarning)
                    process.start()
                theirs.close()
                running[ours] = index, process
            ready: list[Any] = wait(list(running), LOOK_SECONDS)
            if received and not told:
                told = True
                for _, process in running.values():
                    signals.end(process.pid, received[0])
            for ours in ready:
                index, process = running[ours]
                try:
                    message = ours.recv()
                except (EOFError, OSError):  # between two messages, or within one
                    process.join()
                    message = StorageError(
                        f"the training of {titles[index]} was ended from outside (exit code {process.exitcode});"
                        " was there too little memory?"
                    )
                if isinstance(message, Done | Exception):  # its last word
                    del running[ours]
                    process.join()
                yield index, message
    finally:
        for _, process in running.values():
            signals.end(process.pid)
        for _, process in running.values():
            process.join()


def _work(job: Job, connection: Connection) -> None:
    """Do one job and send its progress, and at last what came of it, or the error."""

    def tell(*progress: float) -> None:
        parent = multiprocessing.parent_process()
        if parent is not None and not parent.is_alive():  # nobody is left to train for
            signals.end(os.getpid())
        else:
            connection.send(progress)

    signals.put_back_defaults()
    try:
        connection.send(Done(job(tell)))
    except Exception as error:
        error.add_note(traceback.format_exc())  # which does not cross to the parent by itself
        connection.send(error)
