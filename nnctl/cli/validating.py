"""`nnctl cross-validate`: how good a spec is on rows that it was not trained on, and how sure that is."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nnctl.cli.app import AsJson, Overrides, Quiet, RunsDir, explained
from nnctl.cli.several import train_and_show

if TYPE_CHECKING:
    from rich.console import Console


def cross_validate(
    config: Annotated[
        str | None, typer.Argument(help="A YAML spec, or the name of a shipped one, such as circles.")
    ] = None,
    folds: Annotated[int, typer.Option("--folds", help="Parts of the training rows.", min=2, metavar="K")] = 5,
    repeats: Annotated[int, typer.Option("--repeats", help="Draw the folds so many times.", min=1, metavar="R")] = 1,
    overrides: Overrides = None,
    runs_dir: RunsDir = Path("runs"),
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Train a spec on all folds of its rows but one, each in turn.

    Every row is tested once by a network that has not seen it. Each training is an ordinary run in one folder; of
    their metrics the mean, the spread and a 95 % interval are shown.
    """
    with explained():
        from nnctl import threads
        from nnctl.errors import SpecError
        from nnctl.spec import document, shipped

        if config is None:
            names = ", ".join(shipped.names())
            raise SpecError(f"which spec? nnctl cross-validate CONFIG, a YAML file or one of: {names}")
        file = shipped.find(config)
        written = document.read(file, overrides or ())
        number, dtype = written.setting("train", "threads"), written.setting("train", "dtype")
        threads.configure(number, folds * repeats, dtype=dtype)

        from nnctl.explain import cross_validation
        from nnctl.show import comparisons, console

        spec, notes = cross_validation.spec_of(written, (file.parent, Path.cwd()), folds)
        validated = cross_validation.begin(spec, repeats, runs_dir, notes)
        messages = console.messages(quiet)
        messages.print(comparisons.folds(validated))

        def show(results: "Console") -> None:
            results.print(comparisons.cross_validation(validated, results))

        train = partial(cross_validation.train_all, validated)
        train_and_show(validated, train, list, show, messages, as_json)
