"""`nnctl predict`: what a trained network says of rows."""

import contextlib
import csv
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nnctl.cli.app import AsJson, Encoding, Quiet, RunsDir, explained

if TYPE_CHECKING:
    from nnctl.explain.answers import Beside
    from nnctl.explain.prediction import Prediction
    from nnctl.nn.metrics import Metrics
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
    encoding: Encoding = None,
    proba: Annotated[bool, typer.Option("--proba", help="Add the probability of each class.")] = False,
    spread: Annotated[
        bool, typer.Option("--spread", help="Add how far apart the networks of an ensemble are (standard deviation).")
    ] = False,
    runs_dir: RunsDir = Path("runs"),
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Predict with a trained network.

    Each row of an INPUT is answered with a row of CSV, in order; the run's own test set with a table that shows the
    truth too and wrong rows first. Where the first argument is no run, all are INPUTs for the latest run.
    """
    with explained():
        from nnctl.data.words import for_terminal
        from nnctl.errors import SpecError
        from nnctl.explain.answers import Beside
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
        found, beside = find_run(run, runs_dir), Beside(proba, spread)
        if not quiet:
            print(for_terminal("\n".join(remarks(found, runs_dir))), file=sys.stderr)
        if inputs:
            columns = _columns(keep)
            _predict_inputs(found, inputs, features, encoding, columns, beside, output, quiet, as_json)
        else:
            _predict_own(found, beside, output, quiet, as_json)


def _predict_inputs(
    run: "Run",
    inputs: list[str],
    features: str | None,
    encoding: str | None,
    keep: list[str],
    beside: "Beside",
    output: Path | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Answer inputs block by block, on stdout or in a file."""
    from nnctl.explain import inputs as reading
    from nnctl.explain.answers import PROBABILITY, as_objects, write_csv, writer_of, writing
    from nnctl.runs import model
    from nnctl.show import console

    reading.check(inputs, output, run)
    if output is not None:
        writer_of(output)
    messages, trained = console.messages(quiet), reading.encoded(model.load(run.parameters), encoding)
    without = () if trained.interface.classes else (PROBABILITY,)
    rows, failed = 0, _Failed(all_of_them=as_json)
    notes, objects = list[str](), list[dict[str, object]]()
    with contextlib.ExitStack() as during:
        file = during.enter_context(writing(output)) if output else None
        shown = None
        if messages.is_terminal and not quiet and (output or not sys.stdout.isatty()):
            from nnctl.show.progress import counted

            shown = during.enter_context(counted(messages))
        for block in reading.answered(trained, inputs, features, keep, beside):
            for note in block.notes:
                messages.print(f"note: {note}")
            notes += block.notes
            if block.rows and file is not None:
                file.write(block.answers, block.texts)
            elif block.rows and as_json:
                objects += as_objects(block.answers, without)
            elif block.rows:
                out = console.Plain(sys.stdout) if sys.stdout.isatty() else sys.stdout
                write_csv(out, block.answers, header=rows == 0)
                sys.stdout.flush()
            rows += block.rows
            failed.add(block.failed, rows)
            if shown is not None:
                shown(rows)
        failed.end(rows)
    if output is not None:
        messages.print(f"saved: {output}")
    if as_json:
        given = inputs[0] if len(inputs) == 1 else inputs
        _print(run, None, given, output, objects, None, notes, failed.reasons)


def _columns(keep: str) -> list[str]:
    """Return the names that --keep gives, of which one with a comma stands in quotes."""
    from nnctl.errors import SpecError

    try:
        return next(csv.reader([keep]), [])
    except csv.Error:
        raise SpecError(f"--keep {keep!r}: expected names of columns with commas between them") from None


class _Failed:
    """The rows that have no prediction, each told in a line as soon as some other row has one."""

    def __init__(self, all_of_them: bool) -> None:
        self.reasons: list[str] = []  # of all of them, or of as many as are told
        self._all = all_of_them
        self._count = self._told = 0

    def add(self, reasons: Sequence[str], rows: int) -> None:
        """Add those of a block with which there are so many rows in all."""
        from nnctl.data.words import printable

        self.reasons += reasons if self._all else reasons[: max(0, MOST_FAILED - self._count)]
        self._count += len(reasons)
        if self._count == rows:  # it may be all of them, and then that is an error
            return
        for reason in self.reasons[self._told : MOST_FAILED]:
            told = printable(reason.replace(".\n", ". ").replace("\n", "; "))
            print("no prediction:", told, file=sys.stderr)
        self._told = len(self.reasons)

    def end(self, rows: int) -> None:
        """Say how many more there are; raise a DataError where there is no other row."""
        from nnctl.errors import DataError

        if self._count and self._count == rows:
            raise DataError("\n".join([*(["no row can be predicted:"] if rows > 1 else []), *self.reasons]))
        if self._count > MOST_FAILED:
            print(f"no prediction: {self._count - MOST_FAILED:,} more rows", file=sys.stderr)


def _predict_own(run: "Run", beside: "Beside", output: Path | None, quiet: bool, as_json: bool) -> None:
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
            answers = {ROW: range(prediction.outputs.shape[1]), **prediction.columns(beside)}
            file.write(answers, prediction.texts)
        messages.print(f"saved: {output}")
    if as_json:
        _print(run, part, None, output, prediction.as_json(beside), prediction.metrics(), prediction.table.notes, ())
    elif output is None:
        which = "test set" if part == "test" else "training set (it has no test set)"
        order = "wrong ones" if prediction.wrong() is not None else "those furthest from the truth"
        messages.print(f"{run.folder}: predictions for its {which}, {order} first")
        _show(prediction, beside)


def _show(prediction: "Prediction", beside: "Beside") -> None:
    """Print the rows of a prediction with their truth, and its metrics."""
    from nnctl.show import console, tables

    results = console.results()
    results.print(tables.predictions(prediction, beside))
    results.print(tables.prediction_summary(prediction))


def _print(
    run: "Run",
    part: str | None,
    given: object,
    output: Path | None,
    predictions: Sequence[dict[str, object]],
    metrics: "Metrics | None",
    notes: Sequence[str],
    failed: Sequence[str],
) -> None:
    """Print the object of --json; predictions that are in a file are not in it."""
    from nnctl.explain.answers import finite

    said: dict[str, Any] = {"run": str(run.folder), "part": part, "input": given, "output": output and str(output)}
    said["predictions"] = None if output else predictions
    said["metrics"] = {name: finite(value) for name, value in (metrics or {}).items()} or None
    print(json.dumps({**said, "notes": notes, "failed": failed}, allow_nan=False))
