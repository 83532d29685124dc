"""`nnctl evaluate`: how good a trained network is, and how sure that is."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nnctl.cli.app import PICTURE_SIZE, AsJson, Encoding, NoPictures, PictureSize, Quiet, RunsDir, explained

if TYPE_CHECKING:
    from nnctl.explain.evaluation import Evaluation
    from nnctl.runs.run import Run

MOST_FAILED = 10  # rows without a prediction that are told one by one


def evaluate(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN] [DATA]...",
            help="RUN: a run's folder, a name (the newest run of it), or latest. DATA: what predict takes, with the"
            " truth in it: tables with the target, HDF5 and NPZ files, folders with a sub-folder of pictures for each"
            " class; without one the run's test set.",
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option("--by", help="Also evaluate each group of rows by this column of a table.", metavar="COLUMN"),
    ] = None,
    features: Annotated[
        str | None, typer.Option("--features", help="Which dataset of DATA holds the features.", metavar="NAME")
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            "--target", help="Which column, or columns, or dataset of DATA holds the truth.", metavar="NAME,..."
        ),
    ] = None,
    encoding: Encoding = None,
    runs_dir: RunsDir = Path("runs"),
    picture_size: PictureSize = PICTURE_SIZE,
    no_pictures: NoPictures = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Say how good a trained network is.

    Scores on rows with their truth, each with its 95 % interval, beside what guessing would have. Pictures of them go
    into the run's folder. Where the first argument is no run, all are DATA for the latest run.
    """
    with explained():
        from nnctl.data.words import for_terminal
        from nnctl.errors import SpecError
        from nnctl.runs.search import LATEST, find_run, is_run, remarks

        run, *inputs = arguments or [LATEST]
        if not is_run(run, runs_dir) and (run == "-" or Path(run).suffix or os.path.exists(run)):
            run, inputs = LATEST, [run, *inputs]
        for option, given in (("--features", features), ("--target", target), ("--encoding", encoding)):
            if given and not inputs:
                raise SpecError(f"{option} is about DATA, and there is none: nnctl evaluate RUN DATA")
        found = find_run(run, runs_dir, "evaluate")
        if not quiet:
            print(for_terminal("\n".join(remarks(found, runs_dir))), file=sys.stderr)

        from nnctl.show import gallery

        size = gallery.size(None if no_pictures else picture_size)
        _show(found, _evaluated(found, inputs, features, target, encoding, by), inputs, size, quiet, as_json)


def _evaluated(
    run: "Run", inputs: list[str], features: str | None, target: str | None, encoding: str | None, by: str | None
) -> "Evaluation":
    """Evaluate a run on inputs, or on its own test set."""
    from nnctl.explain import inputs as reading
    from nnctl.explain.evaluation import evaluate, evaluate_own
    from nnctl.runs import model

    if not inputs:
        return evaluate_own(run, by)
    reading.check(inputs, None, run)
    return evaluate(run, reading.encoded(model.load(run.parameters), encoding), inputs, features, target, by)


def _show(
    run: "Run",
    evaluation: "Evaluation",
    inputs: list[str],
    size: tuple[int, int] | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Print the scores, and draw the pictures."""
    from nnctl.data.words import for_terminal
    from nnctl.show import console, evaluations, gallery

    messages = console.messages(quiet)
    for note in evaluation.notes:
        messages.print(f"note: {note}")
    for reason in evaluation.failed[:MOST_FAILED]:
        told = for_terminal(reason.replace(".\n", ". ").replace("\n", "; "))
        print("no prediction:", told, file=sys.stderr)
    if (more := len(evaluation.failed) - MOST_FAILED) > 0:
        print(f"no prediction: {more:,} more rows", file=sys.stderr)
    drawn = gallery.draw_evaluation(evaluation, run, inputs, messages, size)
    if as_json:
        given = inputs[0] if len(inputs) == 1 else inputs or None
        pictures = [str(path) for path in drawn]
        print(json.dumps({"run": str(run.folder), "input": given, **evaluation.as_json(), "pictures": pictures}))
    else:
        results = console.results()
        messages.print(f"{run.folder}: {evaluations.rows(evaluation, inputs)}")
        for table in evaluations.tables(evaluation):
            results.print(table)
        for verdict in evaluation.verdicts():
            results.print(verdict)
    if drawn:
        messages.print(f"saved in {run.folder}: {', '.join(path.name for path in drawn)}")
