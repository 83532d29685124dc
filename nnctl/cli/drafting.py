"""`nnctl init`: a spec for data of one's own."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nnctl.cli.app import AsJson, Quiet, explained

if TYPE_CHECKING:
    from nnctl.data.survey import Column
    from nnctl.errors import SpecError


def init(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="DATA",
            help="A table (CSV, TSV, JSON lines, Parquet), an HDF5 or NPZ file, or a folder of pictures with a"
            " sub-folder for each class.",
        ),
    ],
    target: Annotated[
        str | None, typer.Option("--target", help="The column, or dataset, to predict.", metavar="COLUMN")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Write the spec to this file, in place of DATA's name.", metavar="FILE"),
    ] = None,
    encoding: Annotated[
        str, typer.Option("--encoding", help="Of a table, where it is not UTF-8: latin-1, gbk.", metavar="NAME")
    ] = "utf-8",
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Draft a spec for data of your own, which trains as it stands.

    Its path is the only line on stdout. Of a table without --target the columns are listed, and which of them look
    like targets. Nothing is ever overwritten.
    """
    with explained():
        from shlex import quote

        from nnctl.data.survey import survey
        from nnctl.data.tables import read_columns
        from nnctl.data.words import printable
        from nnctl.errors import SpecError
        from nnctl.runs.files import check_place, write_new
        from nnctl.show import console
        from nnctl.training import draft as drafts

        drafts.check_there(source)
        file = output or Path(f"{_stem(source)}.yaml")
        if os.path.lexists(file):
            raise SpecError(f"{file}: is there already, and nothing is overwritten; name another file: -o FILE")
        check_place(file)
        messages = console.messages(quiet)
        if target is None and drafts.is_table(source):
            table = drafts.source_of(source, encoding)
            target = drafts.usual_target(table)
            if target is None:
                columns = survey(*read_columns(table))
                _list(columns, as_json)
                raise _question(source, columns)
            messages.print(f"note: {printable(target)} is the target, for its name; --target COLUMN takes another")
        drafted = drafts.draft(source, target, file, encoding)
        write_new(file, drafted.text)
        messages.print(drafted.summary)
        for column in drafted.ignored:
            messages.print(f"left out: {printable(column.name)}, {column.unfit}")
        for note in drafted.notes:
            messages.print(f"note: {note}")
        messages.print(f"next: nnctl train {quote(str(file))}")
        told = {"spec": str(file), "target": drafted.target, "notes": drafted.notes}
        print(json.dumps({**told, "columns": _plain(drafted.columns)}) if as_json else file)


def _stem(source: Path) -> str:
    """Return the name of data without what says of which kind they are."""
    path = source.resolve()
    return path.name if path.is_dir() else path.with_suffix("").stem if path.suffix == ".gz" else path.stem


def _list(columns: "list[Column]", as_json: bool) -> None:
    """Print the columns of a table."""
    if as_json:
        print(json.dumps({"spec": None, "target": None, "notes": [], "columns": _plain(columns)}))
        return
    from nnctl.show import columns as tables
    from nnctl.show import console

    console.results().print(tables.listing(columns))


def _plain(columns: "list[Column]") -> list[dict[str, object]]:
    return [{**asdict(column), "promise": column.promise(last=column is columns[-1])} for column in columns]


def _question(source: Path, columns: "list[Column]") -> "SpecError":
    """Return the error that asks for a target."""
    from shlex import quote

    from nnctl.errors import SpecError
    from nnctl.registry import FEW, listed

    near = [column.name for column in columns if column.promise(last=column is columns[-1])]
    looks = f" These look like it: {listed(near, FEW)}." if near else ""
    command = f"nnctl init {quote(str(source))} --target"
    example = quote(near[-1]) if len(near) == 1 else "COLUMN"
    return SpecError(f"{source}: which column is to be predicted?{looks}\nName it: {command} {example}")
