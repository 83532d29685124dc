"""`nnctl predict`: what a trained network says of rows."""

import contextlib
import csv
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nnctl.cli.app import AsJson, Quiet, RunsDir, explained

if TYPE_CHECKING:
    from nnctl.explain.prediction import Prediction
    from nnctl.runs.run import Run

MOST_FAILED = 100  # rows without a prediction that are told one by one


def predict(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN] [INPUT]...",
            help="RUN: a run's folder, a name (the newest run of it), or latest. INPUT: tables (CSV, TSV, JSON lines,"
            " Parquet; - reads stdin), HDF5, NPZ and NPY files, pictures (PNG, JPEG, GIF, BMP, TIFF, WebP) and folders"
            " of them; without one the run's test set.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Write to this file: .csv, .jsonl, .h5 or .parquet.", metavar="FILE"),
    ] = None,
    features: Annotated[
        str | None, typer.Option("--features", help="Which dataset of an INPUT holds the features.", metavar="NAME")
    ] = None,
    keep: Annotated[
        str, typer.Option("--keep", help="Columns of a table to pass on, or all.", metavar="COLUMN,...")
    ] = "",
    encoding: Annotated[
        str | None,
        typer.Option("--encoding", help="Of tables in text, where it is not that of training.", metavar="NAME"),
    ] = None,
    proba: Annotated[bool, typer.Option("--proba", help="Add the probability of each class.")] = False,
    runs_dir: RunsDir = Path("runs"),
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Predict with a trained network.

    Each row of an INPUT is answered with a row of CSV, in order; the run's own test set with a table that shows the
    truth too and wrong rows first. Where the first argument is no run, all are INPUTs for the latest run.
    """
    with explained():
        from nnctl.errors import SpecError
        from nnctl.runs.files import check_place
        from nnctl.runs.search import LATEST, find_run, is_run, remarks

        run, *inputs = arguments or [LATEST]
        if not is_run(run, runs_dir) and (run == "-" or Path(run).suffix or os.path.exists(run)):
            run, inputs = LATEST, [run, *inputs]
        for option, given in (("--features", features), ("--keep", keep), ("--encoding", encoding)):
            if given and not inputs:
                raise SpecError(f"{option} is about an INPUT, and there is none: nnctl predict RUN INPUT")
        if output is not None:
            check_place(output)
        found = find_run(run, runs_dir)
        if not quiet:
            print(*remarks(found, runs_dir), sep="\n", file=sys.stderr)
        if inputs:
            columns = _columns(keep)
            _predict_inputs(found, inputs, features, encoding, columns, proba, output, quiet, as_json)
        else:
            _predict_own(found, proba, output, quiet, as_json)


def _predict_inputs(
    run: "Run",
    inputs: list[str],
    features: str | None,
    encoding: str | None,
    keep: list[str],
    proba: bool,
    output: Path | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Answer inputs block by block, on stdout or in a file."""
    from nnctl.errors import DataError
    from nnctl.explain import inputs as reading
    from nnctl.explain.answers import PROBABILITY, as_objects, write_csv, writer_of, writing
    from nnctl.runs import model
    from nnctl.show import console

    reading.check(inputs, output, run)
    if output is not None:
        writer_of(output)
    messages, trained = console.messages(quiet), reading.encoded(model.load(run.parameters), encoding)
    without = () if trained.interface.classes else (PROBABILITY,)
    rows, failures, told = 0, 0, 0
    failed, notes, objects = list[str](), list[str](), list[dict[str, object]]()
    with contextlib.ExitStack() as during:
        file = during.enter_context(writing(output)) if output else None
        shown = None
        if messages.is_terminal and not quiet and (output or not sys.stdout.isatty()):
            from nnctl.show.progress import counted

            shown = during.enter_context(counted(messages))
        for block in reading.answered(trained, inputs, features, keep, proba):
            for note in block.notes:
                messages.print(f"note: {note}")
            failed += block.failed if as_json else block.failed[: max(0, MOST_FAILED - failures)]
            failures += len(block.failed)
            notes += block.notes
            if block.rows and file is not None:
                file.write(block.answers, block.texts)
            elif block.rows and as_json:
                objects += as_objects(block.answers, without)
            elif block.rows:
                write_csv(sys.stdout, block.answers, header=rows == 0)
                sys.stdout.flush()
            rows += block.rows
            if shown is not None:
                shown(rows)
            if failures < rows:  # else it may be all of them, and then that is an error
                _tell(failed[told:MOST_FAILED])
                told = len(failed)
        if failures and failures == rows:
            raise DataError("\n".join(failed) if rows == 1 else "\n".join(["no row can be predicted:", *failed]))
    if failures > MOST_FAILED:
        print(f"no prediction: {failures - MOST_FAILED:,} more rows", file=sys.stderr)
    if output is not None:
        messages.print(f"saved: {output}")
    if as_json:
        said: dict[str, Any] = {
            "run": str(run.folder),
            "part": None,
            "input": inputs[0] if len(inputs) == 1 else inputs,
            "output": output and str(output),
        }
        said |= {"predictions": None if output else objects, "metrics": None, "notes": notes, "failed": failed}
        print(json.dumps(said, allow_nan=False))


def _columns(keep: str) -> list[str]:
    """Return the names that --keep gives, of which one with a comma stands in quotes."""
    from nnctl.errors import SpecError

    try:
        return next(csv.reader([keep]), [])
    except csv.Error:
        raise SpecError(f"--keep {keep!r}: expected names of columns with commas between them") from None


def _tell(failed: list[str]) -> None:
    """Say of rows that they have no prediction, each in a line."""
    for reason in failed:
        print("no prediction:", reason.replace(".\n", ". ").replace("\n", "; "), file=sys.stderr)


def _predict_own(run: "Run", proba: bool, output: Path | None, quiet: bool, as_json: bool) -> None:
    """Answer a run's own test set."""
    from nnctl.explain.answers import ROW, writing
    from nnctl.explain.inputs import check
    from nnctl.explain.prediction import predict_own
    from nnctl.show import console

    messages = console.messages(quiet)
    prediction, part = predict_own(run)
    for note in prediction.table.notes:
        messages.print(f"note: {note}")
    if output is not None:
        check(list(map(str, prediction.table.files)), output, run)
        with writing(output) as file:
            answers = {ROW: range(prediction.outputs.shape[1]), **prediction.columns(proba)}
            file.write(answers, prediction.texts)
        messages.print(f"saved: {output}")
    if as_json:
        told: dict[str, Any] = {"run": str(run.folder), "part": part, "input": None, "output": output and str(output)}
        print(json.dumps({**told, **_said(prediction, proba, with_rows=output is None)}, allow_nan=False))
    elif output is None:
        which = "test set" if part == "test" else "training set (it has no test set)"
        order = "wrong ones" if prediction.wrong() is not None else "those furthest from the truth"
        messages.print(f"{run.folder}: predictions for its {which}, {order} first")
        _show(prediction, proba)


def _show(prediction: "Prediction", proba: bool) -> None:
    """Print the rows of a prediction with their truth, and its metrics."""
    from nnctl.show import console, tables

    results = console.results()
    results.print(tables.predictions(prediction, proba))
    results.print(tables.prediction_summary(prediction))


def _said(prediction: "Prediction", proba: bool, with_rows: bool) -> dict[str, Any]:
    """Return what --json says of a prediction; its rows may be in a file in their place."""
    from nnctl.explain.answers import finite

    return {
        "predictions": prediction.as_json(proba) if with_rows else None,
        "metrics": {name: finite(value) for name, value in (prediction.metrics() or {}).items()} or None,
        "notes": prediction.table.notes,
        "failed": [],
    }
