"""`nnctl train`: one spec, one network, one folder."""

import contextlib
import json
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nnctl import signals
from nnctl.cli.app import PICTURE_SIZE, AsJson, NoPictures, Overrides, PictureSize, Quiet, RunsDir, explained

if TYPE_CHECKING:
    from nnctl.runs.run import Run
    from nnctl.spec.spec import Spec
    from nnctl.training.keeping import Every
    from nnctl.training.resumption import Terms


def train(
    config: Annotated[
        str | None, typer.Argument(help="A YAML spec, or the name of a shipped one, such as cat.")
    ] = None,
    overrides: Overrides = None,
    runs_dir: RunsDir = Path("runs"),
    name: Annotated[str | None, typer.Option(help="Name the run, in place of the spec's name.")] = None,
    picture_size: PictureSize = PICTURE_SIZE,
    no_pictures: NoPictures = False,
    resume: Annotated[
        str | None, typer.Option("--resume", help="Go on with a run that was ended, or latest.", metavar="RUN")
    ] = None,
    checkpoint_every: Annotated[
        str | None, typer.Option("--checkpoint-every", help="Iterations, seconds such as 60s, or off.", metavar="N")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Resume only where it comes to the same bits.")] = False,
    allow_change: Annotated[
        bool, typer.Option("--allow-change", help="Resume with another spec or other data, and record it.")
    ] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Train the network of a spec.

    Everything is saved in a folder of its own under runs/, which is the only line on stdout; progress and tables
    go to stderr. A run that was ended goes on with --resume as if it had not been.
    """
    with explained():
        from nnctl import threads
        from nnctl.errors import SpecError
        from nnctl.spec import document, shipped

        begun = None
        if resume is not None:
            from nnctl.runs.search import find_begun

            if config is not None or name is not None:
                given = config if config is not None else "--name"
                raise SpecError(f"--resume goes on with a run by its own spec and name: leave out {given}")
            begun = find_begun(resume, runs_dir)
            file = begun.config
        elif config is None:
            raise SpecError(f"which spec? nnctl train CONFIG, a YAML file or one of: {', '.join(shipped.names())}")
        else:
            file = shipped.find(config)
        if begun is None and (strict or allow_change):
            raise SpecError(f"{'--strict' if strict else '--allow-change'} is for --resume RUN")
        named = [f"name={json.dumps(name)}"] if name is not None else []
        written = document.read(file, [*(overrides or ()), *named])
        ensemble = written.setting("train", "ensemble")
        processes = ensemble if type(ensemble) is int and ensemble > 0 else 1  # which is checked later
        threads.configure(written.setting("train", "threads"), processes, written.setting("train", "dtype"))

        from nnctl.spec.reading import parse
        from nnctl.training.keeping import SELDOM, Every

        every = SELDOM if checkpoint_every is None else Every.parse(checkpoint_every)
        spec = parse(written, (file.parent, Path.cwd()))
        size = None if no_pictures else picture_size
        if begun is None:
            _train(spec, runs_dir, every, size, quiet, as_json)
            return
        from nnctl.runs.lock import locked
        from nnctl.training.resumption import Terms

        with locked(begun.folder):
            before = parse(document.read(file), (file.parent, Path.cwd()))
            again = Again(begun, before, Terms(allow_change, strict))
            _train(spec, runs_dir, every, size, quiet, as_json, again)


@dataclass(frozen=True)
class Again:
    """The run that is to go on, the spec that it has, and what may have changed."""

    run: "Run"
    before: "Spec"
    terms: "Terms"


def _train(
    spec: "Spec",
    runs_dir: Path,
    every: "Every",
    picture_size: str | None,
    quiet: bool,
    as_json: bool,
    again: Again | None = None,
) -> None:
    """Train, show and draw; whatever ends it, the run's folder is printed."""
    from nnctl.errors import InterruptedRunError, StorageError
    from nnctl.explain import diagnosis
    from nnctl.runs.lock import locked
    from nnctl.runs.run import create_run
    from nnctl.runs.search import point_latest
    from nnctl.show import console, gallery, progress, tables
    from nnctl.training import experiment as spine
    from nnctl.training import stages

    messages, size = console.messages(quiet), gallery.size(picture_size)
    experiment, resumed = spine.prepare(spec), None
    if again is not None:
        from nnctl.training.resumption import resume

        experiment, resumed = resume(again.run, experiment, again.before, again.terms)
    messages.print(tables.summary(experiment))
    if not quiet and (columns := tables.columns(experiment)) is not None:
        messages.print(columns)
    messages.print(tables.layers(experiment))
    if again is not None and resumed is not None:
        for line in resumed.lines(again.run, experiment.iterations):
            messages.print(line)
    for note in experiment.dataset.notes:
        messages.print(f"note: {note}")
    if not quiet and experiment.dataset.parts["train"].table.files:  # a built-in set is sound
        from nnctl.explain import check_data

        for warning in check_data.warnings(experiment):
            messages.print(f"warning: {warning}")
    with signals.held() as received, contextlib.ExitStack() as holding:
        if again is None:
            run = create_run(runs_dir, experiment.spec.name, experiment.spec.resolved())
            holding.enter_context(locked(run.folder))
        else:
            run = again.run
            run.write_config(experiment.spec.resolved())
        holding.enter_context(signals.last_words(partial(_cut_short, run, as_json)))
        titles, members = spec.networks or ["training"], None
        with progress.board(messages, titles) as report:
            if spec.networks:
                from nnctl.training import ensemble  # and with it processes

                experiment, result, members = ensemble.train(experiment, run, report, messages.print, every)
            else:
                watcher = partial(stages.reported, report=partial(report, 0), iterations=experiment.iterations)
                result = spine.train(experiment, run, [watcher], messages.print, every, resumed)
        if members and result.metrics:
            from nnctl.show import comparisons

            messages.print(comparisons.members(members, result.metrics))
        if result.mishap is None:
            point_latest(run)
        if stopping := diagnosis.stopping(experiment, result):
            messages.print(stopping)
        if result.metrics:
            held_back = None
            if not quiet:
                from nnctl.explain.standing import standing  # and with it all scores

                held_back = standing(experiment, result.metrics)
            messages.print(tables.metrics(result.metrics, experiment.dataset.interface, held_back))
        remarks = diagnosis.remarks(experiment, result.metrics) if result.mishap is None else []
        for remark in remarks:
            messages.print(f"note: {remark}")
        full = isinstance(result.mishap, StorageError)  # where there is no room for parameters there is none here
        if not full and run.parameters.is_file():  # of an ensemble there is nothing until all networks have begun
            drawn = gallery.draw_run(experiment, run, messages, size)
            messages.print(f"saved: {', '.join(path.name for path in [run.parameters, *drawn])}")
        mishap = result.mishap
        if received and mishap is None:
            number = received[0]
            mishap = InterruptedRunError(f"interrupted; the training was over and is saved in {run.folder}", number)
        print(_last_line(run, as_json, mishap.exit_code if mishap else 0, remarks))
    if mishap is not None:
        raise mishap


def _last_line(run: "Run", as_json: bool, exit_code: int, remarks: list[str]) -> str:
    """Return what stdout gets of a run, however it ended."""
    if not as_json:
        return str(run.folder)
    return json.dumps({"run": str(run.folder), **run.status(), "exit_code": exit_code, "remarks": remarks})


def _cut_short(run: "Run", as_json: bool, number: int) -> str | None:
    """Print what a second signal leaves of a run, and say it."""
    os.write(1, f"{_last_line(run, as_json, 128 + number, [])}\n".encode("utf-8", "surrogateescape"))
    if run.parameters.is_file():
        return f"the parameters are saved in {run.folder}"
    if run.cost_file.is_file():  # of an ensemble there is none yet, and its networks have said what is saved of them
        return f"the cost log, but not the parameters, is saved in {run.folder}"
    return None
