"""What all commands share: the application, their common options, and how a mishap is told."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from nnctl import __version__
from nnctl.descriptors import forsake
from nnctl.errors import NnctlError, out_of_memory

app = typer.Typer(
    name="nnctl",
    help="Train fully connected neural networks on NumPy from one YAML file.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

LONGEST, SCREEN = 800, 50  # what a message holds: characters in a line, and lines
BYTES = {chr(0xDC00 + byte) for byte in range(0x80, 0x100)}  # how Python holds a byte of a path that is no text

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
PictureSize = Annotated[
    str, typer.Option("--picture-size", help="The size of pictures in pixels.", metavar="WIDTHxHEIGHT")
]
PICTURE_SIZE = "1600x1000"
Encoding = Annotated[
    str | None, typer.Option("--encoding", help="Of tables in text, where it is not that of training.", metavar="NAME")
]
NoPictures = Annotated[bool, typer.Option("--no-pictures", help="Draw no pictures.")]
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


def _fitted(message: str) -> str:
    """Return a message as a screen can show it: long lines cut in the middle, and nothing that moves the cursor."""
    lines = ["".join(c if c.isprintable() or c in BYTES else " " for c in line) for line in message.split("\n")]
    return "\n".join(line if len(line) <= LONGEST else f"{line[:250]} ... {line[-500:]}" for line in lines[:SCREEN])


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Turn what can go wrong for a user into a message on stderr and an exit code."""
    try:
        yield
        sys.stdout.flush()
    except (NnctlError, MemoryError) as error:
        told = out_of_memory(error) if isinstance(error, MemoryError) else error
        print(f"nnctl: {_fitted(str(told))}", file=sys.stderr)
        raise SystemExit(told.exit_code) from None
    except BrokenPipeError:  # the reader of a pipe (head) has seen enough
        forsake(1)
        raise SystemExit(0) from None
