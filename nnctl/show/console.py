"""The two consoles: results go to stdout, progress and messages to stderr; plain where it is no terminal.

Text is printed as it is: a class or a run may be called [bold] or :cat:. Only what would steer the terminal, such as
an escape code in the name of a column, is written as its code.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import IO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from nnctl.data.words import for_terminal
from nnctl.descriptors import forsake


class _Console(Console):
    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render as rich does, text without what steers a terminal; rich's own codes are no text."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(for_terminal(segment.text), segment.style)

    def on_broken_pipe(self) -> None:
        """Go on in silence: whoever read this has left, and a training is worth more than its messages."""
        self.quiet = True
        forsake(self.file.fileno())


def results() -> Console:
    """Return the console of stdout."""
    return _plain(stderr=False, quiet=False)


def messages(quiet: bool = False) -> Console:
    """Return the console of stderr, which says nothing when quiet."""
    return _plain(stderr=True, quiet=quiet)


def _plain(stderr: bool, quiet: bool) -> Console:
    console = _Console(stderr=stderr, quiet=quiet, markup=False, emoji=False, highlight=False)
    console.soft_wrap = not console.is_terminal  # a pipe gets whole lines
    return console


@dataclass(frozen=True)
class Plain:
    """A stream of text that is not rich's, on a terminal."""

    file: IO[str]

    def write(self, text: str) -> int:
        """Write text without what steers a terminal."""
        return self.file.write(for_terminal(text))
