"""`nnctl train`: one spec, one network, one folder."""

import json
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from nnctl.cli.app import PICTURE_SIZE, AsJson, NoPictures, Overrides, PictureSize, Quiet, RunsDir, explained


def train(
    config: Annotated[
        str | None, typer.Argument(help="A YAML spec, or the name of a shipped one, such as cat.")
    ] = None,
    overrides: Overrides = None,
    runs_dir: RunsDir = Path("runs"),
    name: Annotated[str | None, typer.Option(help="Name the run, in place of the spec's name.")] = None,
    picture_size: PictureSize = PICTURE_SIZE,
    no_pictures: NoPictures = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Train the network of a spec.

    Everything is saved in a folder of its own under runs/, which is the only line on stdout; progress and tables
    go to stderr.
    """
    with explained():
        from nnctl import threads
        from nnctl.errors import SpecError
        from nnctl.runs.run import create_run
        from nnctl.runs.search import point_latest
        from nnctl.spec import document, shipped

        if config is None:
            raise SpecError(f"which spec? nnctl train CONFIG, a YAML file or one of: {', '.join(shipped.names())}")
        file = shipped.find(config)
        named = [f"name={json.dumps(name)}"] if name is not None else []
        written = document.read(file, [*(overrides or ()), *named])
        threads.configure(written.setting("train", "threads"), dtype=written.setting("train", "dtype"))

        from nnctl.spec.reading import parse

        spec = parse(written, (file.parent, Path.cwd()))  # first of all, so that mistakes are told at once

        from nnctl.explain import diagnosis
        from nnctl.show import console, gallery, progress, tables
        from nnctl.training import experiment as spine
        from nnctl.training import stages

        messages, size = console.messages(quiet), gallery.size(picture_size)
        experiment = spine.prepare(spec)
        messages.print(tables.summary(experiment))
        messages.print(tables.layers(experiment))
        for note in experiment.dataset.notes:
            messages.print(f"note: {note}")
        run = create_run(runs_dir, experiment.spec.name, experiment.spec.resolved())
        with progress.board(messages, ["training"]) as report:
            watcher = partial(stages.reported, report=partial(report, 0), iterations=experiment.iterations)
            result = spine.train(experiment, run, [watcher])
        point_latest(run)
        if stopping := diagnosis.stopping(experiment, result):
            messages.print(stopping)
        messages.print(tables.metrics(result.metrics, experiment.dataset.interface))
        remarks = diagnosis.remarks(experiment, result.metrics)
        for remark in remarks:
            messages.print(f"note: {remark}")

        drawn = [] if no_pictures else gallery.draw_run(experiment, run, messages, size)
        messages.print(f"saved: {', '.join(path.name for path in [run.parameters, *drawn])}")
        told = {"run": str(run.folder), **run.status(), "remarks": remarks}
        print(json.dumps(told) if as_json else run.folder)
