"""Many trainings side by side: as many at a time as there are cores, each in a process of its own."""

import contextlib
import multiprocessing
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

from nnctl import signals
from nnctl.errors import StorageError
from nnctl.process import end_with_parent
from nnctl.threads import cores

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

    When a signal is received each of them is told once to end, which they do between two steps, with everything saved.
    """
    # a fork shares the data and starts in no time, but only Linux's is safe with all that is loaded
    context: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    titles = list(jobs)
    waiting = list(enumerate(jobs.values()))
    running: dict[Any, tuple[int, Any]] = {}
    told = False

    def tell_all(number: int) -> None:
        for connection in running:
            with contextlib.suppress(OSError):  # it has just ended
                connection.send(number)

    def kill_all(number: int) -> None:
        for _, process in running.values():
            process.kill()
        for _, process in running.values():
            process.join()

    try:
        with signals.last_words(kill_all):
            while running or (waiting and not received):
                while waiting and not received and len(running) < cores():
                    index, job = waiting.pop(0)
                    connection, process = _start(context, job)
                    running[connection] = index, process
                ready: list[Any] = wait(list(running), LOOK_SECONDS)
                if received and not told:
                    told = True
                    tell_all(received[0])
                for connection in ready:
                    index, process = running[connection]
                    message = _message(connection, process, titles[index])
                    if isinstance(message, Done | Exception):  # its last word
                        del running[connection]
                        process.join()
                    yield index, message
    finally:
        tell_all(signal.SIGTERM)
        for connection, (_, process) in running.items():
            connection.close()  # what it still says is not waited for
            process.join()


def _start(context: Any, job: Job) -> tuple[Connection, Any]:
    """Return our end of the pipe to a new process that does the job, and the process."""
    ours, theirs = context.Pipe()
    nested = multiprocessing.parent_process() is not None
    process = context.Process(target=_work, args=(job, theirs, nested))
    with warnings.catch_warnings():  # OpenBLAS stops its threads before a fork, Python cannot know that
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()
    theirs.close()
    return ours, process


def _message(connection: Connection, process: Any, title: str) -> Any:
    """Return what a process says, or the error that says that it says no more."""
    try:
        return connection.recv()
    except (EOFError, OSError):  # between two messages, or within one
        process.join()
        return StorageError(
            f"the training of {title} was ended from outside (exit code {process.exitcode}); was there too little"
            " memory?"
        )


def _work(job: Job, connection: Connection, nested: bool) -> None:
    """Do one job and send its progress, and at last what came of it, or the error."""
    signals.leave_to_parent()
    if nested:  # a second signal kills our parent, which cannot kill us any more
        end_with_parent()

    def tell(*progress: float) -> None:
        parent = multiprocessing.parent_process()
        try:
            if connection.poll():
                signals.received.append(connection.recv())
            elif parent is None or parent.is_alive():
                connection.send(progress)
            else:  # nobody is left to train for
                signals.received.append(signal.SIGTERM)
        except (EOFError, OSError):  # the parent has gone this very moment
            signals.received.append(signal.SIGTERM)

    message: Any
    try:
        message = Done(job(tell))
    except Exception as error:
        error.add_note(traceback.format_exc())  # which does not cross to the parent by itself
        message = error
    with contextlib.suppress(OSError):  # the parent has gone
        connection.send(message)
