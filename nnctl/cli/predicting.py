"""`nnctl predict`: what a trained network says of rows."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nnctl.cli.app import AsJson, Quiet, RunsDir, explained

if TYPE_CHECKING:
    from nnctl.explain.prediction import Prediction


def predict(
    run: Annotated[str, typer.Argument(help="A run's folder, a name (the newest run of it), or latest.")] = "latest",
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="[INPUT]",
            help="A table (CSV, TSV, JSON lines), an HDF5, NPZ or NPY file, a picture (PNG, JPEG, GIF, BMP, TIFF,"
            " WebP) or a folder of them; without it the run's test set.",
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write CSV to this file.", metavar="FILE")
    ] = None,
    features: Annotated[
        str | None, typer.Option("--features", help="Which dataset of INPUT holds the features.", metavar="NAME")
    ] = None,
    proba: Annotated[bool, typer.Option("--proba", help="Add the probability of each class.")] = False,
    runs_dir: RunsDir = Path("runs"),
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Predict with a trained network.

    An INPUT is answered with CSV, the run's own test set with a table that shows the truth too and wrong rows
    first. A single argument that is no run is taken as INPUT for the latest run.
    """
    with explained():
        from nnctl.errors import SpecError
        from nnctl.runs.files import check_place, write_text
        from nnctl.runs.search import find_run, is_run, remarks

        if source is None and not is_run(run, runs_dir) and (Path(run).suffix or os.path.exists(run)):
            run, source = "latest", run
        if features is not None and source is None:
            raise SpecError("--features names a dataset of an INPUT, and there is none: nnctl predict RUN INPUT")
        if output is not None:
            check_place(output)
        found = find_run(run, runs_dir)
        if not quiet:
            print(*remarks(found, runs_dir), sep="\n", file=sys.stderr)

        from nnctl.explain.prediction import predict_input, predict_own
        from nnctl.show import console

        messages = console.messages(quiet)
        if source is not None:
            prediction, part = predict_input(found, Path(source), features), None
        else:
            prediction, part = predict_own(found)
        for note in prediction.table.notes:
            messages.print(f"note: {note}")
        if output is not None:
            if output.resolve() in [path.resolve() for path in prediction.table.files]:
                raise SpecError(f"{output}: is the input itself; choose another file for -o")
            write_text(output, prediction.csv(proba))
            messages.print(f"saved: {output}")
        if as_json:
            told = {"run": str(found.folder), "part": part, "input": source, "output": output and str(output)}
            print(json.dumps({**told, **_said(prediction, proba, with_rows=output is None)}, allow_nan=False))
        elif part is not None and output is None:
            which = "test set" if part == "test" else "training set (it has no test set)"
            order = "wrong ones" if prediction.wrong() is not None else "those furthest from the truth"
            messages.print(f"{found.folder}: predictions for its {which}, {order} first")
            _show(prediction, proba)
        elif output is None:
            sys.stdout.write(prediction.csv(proba))


def _show(prediction: "Prediction", proba: bool) -> None:
    """Print the rows of a prediction with their truth, and its metrics."""
    from nnctl.show import console, tables

    results = console.results()
    results.print(tables.predictions(prediction, proba))
    results.print(tables.prediction_summary(prediction))


def _said(prediction: "Prediction", proba: bool, with_rows: bool) -> dict[str, Any]:
    """Return what --json says of a prediction; its rows may be in a file in their place."""
    from nnctl.explain.prediction import finite

    return {
        "predictions": prediction.as_json(proba) if with_rows else None,
        "metrics": {name: finite(value) for name, value in (prediction.metrics() or {}).items()} or None,
        "notes": prediction.table.notes,
    }
