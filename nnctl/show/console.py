"""The two consoles: results go to stdout, progress and messages to stderr; plain where it is no terminal.

Text is printed as it is: a class or a run may be called [bold] or :cat:.
"""

from rich.console import Console

from nnctl.descriptors import forsake


class _Console(Console):
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
