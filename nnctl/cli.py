"""The command line: parse, call, print. Nothing heavy is imported before a command needs it."""

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from nnctl import __version__
from nnctl.errors import NnctlError

app = typer.Typer(
    name="nnctl",
    help="Train fully connected neural networks on NumPy from one YAML file.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

RunsDir = Annotated[Path, typer.Option("--runs-dir", help="The folder that holds the runs.", metavar="FOLDER")]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "-S",
        "--set",
        help="Override a key of the spec, such as train.learning_rate=0.01.",
        metavar="KEY=VALUE",
    ),
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="No progress and messages, only results and errors.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]


def _version(wanted: bool) -> None:
    if wanted:
        print(f"nnctl {__version__}")
        raise typer.Exit


@app.callback()
def nnctl(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Train fully connected neural networks on NumPy from one YAML file."""


@app.command()
def train(
    config: Annotated[
        str | None, typer.Argument(help="A YAML spec, or the name of a shipped one, such as cat.")
    ] = None,
    overrides: Overrides = None,
    runs_dir: RunsDir = Path("runs"),
    name: Annotated[str | None, typer.Option(help="Name the run, in place of the spec's name.")] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Train the network of a spec.

    Everything is saved in a folder of its own under runs/, which is the only line on stdout; progress and tables
    go to stderr.
    """
    with _explained():
        from nnctl import document, runs, shipped, threads
        from nnctl.errors import SpecError

        if config is None:
            raise SpecError(f"which spec? nnctl train CONFIG, a YAML file or one of: {', '.join(shipped.names())}")
        file = shipped.find(config)
        named = [f"name={json.dumps(name, ensure_ascii=False)}"] if name is not None else []
        written = document.read(file, [*(overrides or ()), *named])
        threads.configure(written.setting("train", "threads"), dtype=written.setting("train", "dtype"))

        from nnctl.spec import parse

        spec = parse(written, (file.parent, Path.cwd()))  # first of all, so that mistakes are told at once

        from nnctl import experiment as spine
        from nnctl import stages
        from nnctl.show import console, progress, tables

        messages = console.messages(quiet)
        experiment = spine.prepare(spec)
        messages.print(tables.summary(experiment))
        messages.print(tables.layers(experiment))
        run = runs.create(runs_dir, experiment.spec.name, experiment.spec.resolved())
        with progress.board(messages, ["training"]) as report:
            watcher = partial(stages.reported, report=partial(report, 0), iterations=experiment.iterations)
            result = spine.train(experiment, run, [watcher])
        runs.point_latest(run)
        messages.print(tables.metrics(result.metrics))

        from nnctl.show import pictures

        drawn = pictures.draw_run(experiment, run)
        messages.print(f"saved: {', '.join(path.name for path in [run.parameters, *drawn])}")
        print(json.dumps({"run": str(run.folder), **run.status()}) if as_json else run.folder)


@app.command()
def predict(
    run: Annotated[str, typer.Argument(help="A run's folder or name, or latest.")] = "latest",
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="[INPUT]",
            help="An HDF5 or NPZ file or a PNG or JPEG picture; without it the run's own test set.",
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write CSV to this file.", metavar="FILE")
    ] = None,
    proba: Annotated[bool, typer.Option("--proba", help="Add the probability of each class.")] = False,
    runs_dir: RunsDir = Path("runs"),
) -> None:
    """Predict with a trained network.

    An INPUT is answered with CSV, the run's own test set with a table that shows the truth too. A single
    argument that is no run is taken as INPUT for the latest run.
    """
    with _explained():
        from nnctl import runs

        if source is None and not runs.is_run(run, runs_dir) and (Path(run).suffix or Path(run).is_file()):
            run, source = "latest", run
        found = runs.find(run, runs_dir)

        from nnctl.errors import SpecError
        from nnctl.prediction import predict_input, predict_own
        from nnctl.show import console, tables

        messages = console.messages()
        if source is not None:
            prediction, part = predict_input(found, Path(source)), None
        else:
            prediction, part = predict_own(found)
        if output is not None:
            if output.resolve() == Path(prediction.table.origin).resolve():
                raise SpecError(f"{output}: is the input itself; choose another file for -o")
            runs.write_text(output, prediction.csv(proba))
            messages.print(f"saved: {output}")
        if part is not None and output is None:
            results = console.results()
            which = "test set" if part == "test" else "training set (it has no test set)"
            messages.print(f"{found.folder}: predictions for its {which}")
            results.print(tables.predictions(prediction, proba))
            results.print(tables.prediction_summary(prediction))
        elif output is None:
            sys.stdout.write(prediction.csv(proba))


@app.command("compare-init")
def compare_init(
    schemes: Annotated[
        list[str], typer.Argument(help="Initializers, with an option as random:0.01.", metavar="SCHEME...")
    ],
    config: Annotated[
        str | None,
        typer.Option("--config", help="A spec to compare on; without it the course's circles.", metavar="CONFIG"),
    ] = None,
    overrides: Overrides = None,
    runs_dir: RunsDir = Path("runs"),
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Compare initializations of the same network.

    Each scheme is trained, and shown beside the others: how it learns, and why. Without --config it repeats the
    course's experiment on circles, where random starts 10 times a normal draw.
    """
    with _explained():
        from nnctl import document, shipped, threads

        file = shipped.find(config or "circles")
        written = document.read(file, overrides or ())
        threads.configure(written.setting("train", "threads"), len(schemes), dtype=written.setting("train", "dtype"))

        from nnctl import compare
        from nnctl.errors import SpecError
        from nnctl.show import console, progress, tables
        from nnctl.spec import parse

        chosen = {text: compare.parse_scheme(text, course=config is None) for text in schemes}
        if len(chosen) < len(schemes):
            raise SpecError(f"a scheme is named twice: {' '.join(schemes)}")
        spec = parse(written, (file.parent, Path.cwd()))
        messages = console.messages(quiet)
        labels = [compare.label(init) for init in chosen.values()]
        with progress.board(messages, labels) as report:
            compared = compare.compare(spec, chosen, runs_dir, report)

        from nnctl.show import pictures

        drawn = pictures.draw_comparison(compared)
        messages.print(f"saved in {compared.folder}: {', '.join(path.name for path in drawn)}")
        if as_json:
            print(json.dumps(compared.as_json()))
            return
        results = console.results()
        results.print(tables.comparison(compared))
        for scheme in compared.schemes:
            results.print(compare.explain(scheme))


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """Turn what can go wrong for a user into a message on stderr and an exit code."""
    try:
        yield
        sys.stdout.flush()
    except NnctlError as error:
        print(f"nnctl: {error}", file=sys.stderr)
        raise typer.Exit(error.exit_code) from None
    except MemoryError as error:
        print(
            f"nnctl: out of memory{f': {error}' if str(error) else ''}; try a smaller batch_size",
            file=sys.stderr,
        )
        raise typer.Exit(7) from None
    except KeyboardInterrupt:
        print("nnctl: interrupted; nothing that was saved before is lost", file=sys.stderr)
        raise typer.Exit(130) from None
    except BrokenPipeError:  # the reader of a pipe (head) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None


def main() -> None:
    """Run nnctl."""
    app()


if __name__ == "__main__":
    main()
