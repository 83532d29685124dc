"""compare-init: the same spec trained from several initializations, each an ordinary run in one folder.

The schemes are trained side by side, each in a process of its own.
"""

import json
import multiprocessing
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from nnctl import diagnosis, runs
from nnctl.data.dataset import Dataset, Examples
from nnctl.diagnosis import Diagnosis, reason, way
from nnctl.document import Document
from nnctl.errors import DivergedError, InterruptedRunError, SpecError, StorageError
from nnctl.experiment import prepare, train
from nnctl.nn.initializers import initializers
from nnctl.nn.metrics import Metrics
from nnctl.registry import Choice
from nnctl.runs import Run
from nnctl.schema import option_defaults, options
from nnctl.spec import Spec
from nnctl.stages import caught_signals, reported
from nnctl.threads import cores

COURSE_RANDOM_SCALE = 10.0  # the course's experiment starts `random` far too large on purpose
SHOWN_COSTS = 15
LOOK_SECONDS = 0.2  # between two looks for a signal

Report = Callable[[int, int, int, float], None]  # index of a scheme, updates done, of how many, cost


@dataclass
class Scheme:
    """One initialization: the name as typed, its label, its run and what came of it."""

    name: str
    label: str
    init: Choice
    run: Run
    metrics: Mapping[str, Metrics] = field(default_factory=dict)
    costs: Mapping[int, float] = field(default_factory=dict)
    diagnosis: Diagnosis | None = None
    error: str | None = None


@dataclass
class Comparison:
    """All schemes of one comparison, in its folder."""

    folder: Path
    iterations: int
    train: Examples
    schemes: list[Scheme] = field(default_factory=list)

    def shown_iterations(self) -> list[int]:
        """Return the logged iterations worth a line in a table: evenly spaced ones and the last."""
        logged = sorted({iteration for scheme in self.schemes for iteration in scheme.costs})
        every = max(1, self.iterations // SHOWN_COSTS)
        even = [iteration for iteration in logged if iteration % every == 0]
        return sorted({*even, *logged[-1:]}) if len(even) >= 3 else logged

    def as_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        return {
            "schemes": {
                scheme.name: {
                    "costs": {str(iteration): cost for iteration, cost in scheme.costs.items()},
                    "train": scheme.metrics.get("train"),
                    "test": scheme.metrics.get("test"),
                    "run": str(scheme.run.folder),
                }
                for scheme in self.schemes
            }
        }


def parse_scheme(text: str, course: bool) -> Choice:
    """Read `he`, `random:0.01` or `random:scale=0.01`; `course` gives a bare `random` the scale 10."""
    name, colon, given = text.partition(":")
    if not colon and course and name == "random":
        given, colon = str(COURSE_RANDOM_SCALE), ":"
    initializer = initializers[name]
    legal = list(option_defaults(initializer))
    tree: dict[str, Any] = {}
    for item in given.split(",") if colon else ():
        key, equals, value = item.rpartition("=")
        if not equals and len(legal) != 1:
            raise SpecError(f"{text}: {name} takes no value (its options: {', '.join(legal) or 'none'})")
        if (key or legal[0]) in tree:
            raise SpecError(f"{text}: {key or legal[0]} is there twice; keep one")
        try:
            tree[key or legal[0]] = float(value)
        except ValueError:
            raise SpecError(f"{text}: expected a number after {name}:, got {value!r}") from None
    document = Document(text)
    choice = options(initializer, tree, document, (name,))
    document.raise_problems()
    return Choice(name, choice)


def label(init: Choice) -> str:
    """Return the name with its options: `random (x10)`."""
    values = [f"x{v:g}" if key == "scale" else f"{key} {v:g}" for key, v in init.options.items()]
    return f"{init.name} ({', '.join(values)})" if values else init.name


def compare(spec: Spec, schemes: Mapping[str, Choice], runs_dir: Path, report: Report) -> Comparison:
    """Train all schemes, as many at a time as there are cores, each in a process of its own on the same data."""
    first = prepare(spec)  # finds the mistakes before anything is written
    folder = runs.create_folder(runs_dir, f"compare-init-{spec.name}-{runs.timestamp()}")
    compared = Comparison(folder, first.iterations, first.dataset.parts["train"])
    for name, init in schemes.items():
        run = runs.create(folder, name, spec.with_init(init).resolved(), stamp="")
        compared.schemes.append(Scheme(name, label(init), init, run))
    with caught_signals() as received:
        for index, message in _side_by_side(spec, first.dataset, compared.schemes, received):
            if isinstance(message, Scheme):
                compared.schemes[index] = message
            elif isinstance(message, tuple):
                report(index, *message)
            elif not received:
                raise message
    if received:
        raise InterruptedRunError(f"interrupted; what was trained so far is saved in {folder}", received[0])
    runs.write_text(folder / "compare.json", json.dumps(compared.as_json(), indent=2, allow_nan=False) + "\n")
    return compared


def _side_by_side(
    spec: Spec, dataset: Dataset, schemes: Sequence[Scheme], received: Sequence[int]
) -> Iterator[tuple[int, Any]]:
    """Yield what the processes of all schemes say with the index of the scheme: at the end of each, the Scheme.

    When a signal is received all of them are told to end, which they do between two steps, with everything saved.
    """
    # a fork shares the data and starts in no time, but only Linux's is safe with all that is loaded
    context: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    waiting = list(enumerate(schemes))
    running: dict[Any, tuple[int, Any]] = {}
    told = False
    try:
        while running or (waiting and not received):
            while waiting and not received and len(running) < cores():
                index, scheme = waiting.pop(0)
                ours, theirs = context.Pipe(duplex=False)
                process = context.Process(target=_train, args=(spec, dataset, scheme, theirs))
                with warnings.catch_warnings():  # OpenBLAS stops its threads before a fork, Python cannot know that
                    warnings.simplefilter("ignore", DeprecationWarning)
                    process.start()
                theirs.close()
                running[ours] = index, process
            ready: list[Any] = wait(list(running), LOOK_SECONDS)
            if received and not told:
                told = True
                for _, process in running.values():
                    process.terminate()
            for ours in ready:
                index, process = running[ours]
                try:
                    message = ours.recv()
                except EOFError:
                    process.join()
                    message = StorageError(
                        f"the training of {schemes[index].label} was ended from outside (exit code {process.exitcode});"
                        " was there too little memory?"
                    )
                if isinstance(message, Scheme | Exception):  # its last word
                    del running[ours]
                    process.join()
                yield index, message
    finally:
        for _, process in running.values():
            process.terminate()
        for _, process in running.values():
            process.join()


def _train(spec: Spec, dataset: Dataset, scheme: Scheme, connection: Connection) -> None:
    """Train one scheme and send its progress, and at last the scheme with what came of it, or the error."""

    def tell(*progress: float) -> None:
        parent = multiprocessing.parent_process()
        if parent is not None and not parent.is_alive():  # nobody is left to train for
            os.kill(os.getpid(), signal.SIGTERM)
        else:
            connection.send(progress)

    for number in (signal.SIGINT, signal.SIGTERM):  # the parent's ways are not the child's
        signal.signal(number, signal.SIG_DFL)
    try:
        experiment = prepare(spec.with_init(scheme.init), dataset)
        start = diagnosis.Start.of(experiment)
        try:
            watcher = partial(reported, report=tell, iterations=experiment.iterations)
            scheme.metrics = train(experiment, scheme.run, [watcher]).metrics
        except DivergedError as error:
            scheme.error = str(error).splitlines()[0].rstrip(".")
        scheme.costs = scheme.run.costs()
        scheme.diagnosis = start.compared(experiment.model.parameters)
        connection.send(scheme)
    except Exception as error:
        error.add_note(traceback.format_exc())  # which does not cross to the parent by itself
        connection.send(error)


def explain(scheme: Scheme) -> str:
    """Say in a sentence or two, from the run's own numbers, why a scheme learned or did not."""
    found, last = scheme.diagnosis, scheme.metrics.get("train", {}).get("cost")
    assert found is not None
    if scheme.error is not None or last is None:
        return f"{scheme.label}: {scheme.error}; it started at a cost of {found.first_cost:.4g}."
    return f"{scheme.label}: {reason(found, last)}; {way(found, scheme.costs, last)}."
