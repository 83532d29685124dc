"""`nnctl check`: everything that can be known of a spec before it is trained."""

import json
from pathlib import Path
from typing import Annotated

import typer

from nnctl.cli.app import AsJson, Overrides, Quiet, RunsDir, explained


def check(
    config: Annotated[str, typer.Argument(help="A YAML spec, or the name of a shipped one, such as circles.")],
    overrides: Overrides = None,
    strict: Annotated[bool, typer.Option("--strict", help="Count warnings as errors.")] = False,
    runs_dir: RunsDir = Path("runs"),
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Check a spec and its data before any training.

    Each check says ok, note, warning or error, what it rests on and which key to change. The exit code is 3 where
    the spec cannot be trained.
    """
    with explained():
        from nnctl import threads
        from nnctl.spec import document, shipped

        file = shipped.find(config)
        written = document.read(file, overrides or ())
        threads.configure(written.setting("train", "threads"), dtype=written.setting("train", "dtype"))

        from nnctl.explain import check as checking
        from nnctl.show import console

        checked = checking.check(written, (file.parent, Path.cwd()), runs_dir)
        if as_json:
            print(json.dumps(checked.as_json(strict), allow_nan=False))
        else:
            from nnctl.show import verdicts

            if (table := verdicts.verdicts(checked, quiet)).row_count:
                console.results().print(table)
        if (mishap := checked.mishap(strict)) is not None:
            raise mishap
