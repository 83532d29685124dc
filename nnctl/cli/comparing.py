"""`nnctl compare-init`: the same network from several starts."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nnctl.cli.app import PICTURE_SIZE, AsJson, NoPictures, Overrides, PictureSize, Quiet, RunsDir, explained
from nnctl.cli.several import train_and_show

if TYPE_CHECKING:
    from rich.console import Console

    from nnctl.registry import Choice
    from nnctl.spec.spec import Spec


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
    picture_size: PictureSize = PICTURE_SIZE,
    no_pictures: NoPictures = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Compare initializations of the same network.

    Each scheme is trained, and shown beside the others: how it learns, and why. Without --config it repeats the
    course's experiment on circles, where random starts 10 times a normal draw.
    """
    with explained():
        from nnctl import threads
        from nnctl.spec import document, shipped

        file = shipped.find(config or "circles")
        written = document.read(file, overrides or ())
        threads.configure(written.setting("train", "threads"), len(schemes), dtype=written.setting("train", "dtype"))

        from nnctl.errors import SpecError
        from nnctl.explain import compare
        from nnctl.spec.reading import parse

        chosen = {text: compare.parse_scheme(text, course=config is None) for text in schemes}
        if len(chosen) < len(schemes):
            raise SpecError(f"a scheme is named twice: {' '.join(schemes)}")
        size = None if no_pictures else picture_size
        _compare(parse(written, (file.parent, Path.cwd())), chosen, runs_dir, size, quiet, as_json)


def _compare(
    spec: "Spec", chosen: "Mapping[str, Choice]", runs_dir: Path, picture_size: str | None, quiet: bool, as_json: bool
) -> None:
    """Train all schemes, draw and show; whatever ends it, what was trained so far is shown."""
    from nnctl.explain import compare
    from nnctl.show import comparisons, console, gallery

    messages, size = console.messages(quiet), gallery.size(picture_size)
    compared = compare.begin(spec, chosen, runs_dir)

    def show(results: "Console") -> None:
        results.print(comparisons.comparison(compared, results))
        for scheme in compared.schemes:
            results.print(compare.explain(scheme))

    draw = partial(gallery.draw_comparison, compared, messages, size)
    train_and_show(compared, partial(compare.train_all, compared), draw, show, messages, as_json)
