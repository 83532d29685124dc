"""`nnctl compare-init`: the same network from several starts."""

import json
from pathlib import Path
from typing import Annotated

import typer

from nnctl import signals
from nnctl.cli.app import PICTURE_SIZE, AsJson, NoPictures, Overrides, PictureSize, Quiet, RunsDir, explained


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
        from nnctl.show import console, gallery, progress, tables
        from nnctl.spec.reading import parse

        chosen = {text: compare.parse_scheme(text, course=config is None) for text in schemes}
        if len(chosen) < len(schemes):
            raise SpecError(f"a scheme is named twice: {' '.join(schemes)}")
        spec = parse(written, (file.parent, Path.cwd()))
        messages, size = console.messages(quiet), gallery.size(None if no_pictures else picture_size)
        labels = [compare.label(init) for init in chosen.values()]
        with signals.held():
            with progress.board(messages, labels) as report:
                compared = compare.compare(spec, chosen, runs_dir, report)
            for note in compared.all_notes():
                messages.print(f"note: {note}")
            drawn = gallery.draw_comparison(compared, messages, size)
            messages.print(f"saved in {compared.folder}: {', '.join(['compare.json', *(path.name for path in drawn)])}")
            if as_json:
                print(json.dumps(compared.as_json()))
            else:
                results = console.results()
                results.print(tables.comparison(compared, results))
                for scheme in compared.schemes:
                    results.print(compare.explain(scheme))
        if compared.mishap is not None:
            raise compared.mishap
