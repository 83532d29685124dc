"""The two consoles: results go to stdout, progress and messages to stderr; plain where it is no terminal.

Text is printed as it is: a class or a run may be called [bold] or :cat:.
"""

from rich.console import Console


def results() -> Console:
    """Return the console of stdout."""
    return Console(markup=False, emoji=False, highlight=False)


def messages(quiet: bool = False) -> Console:
    """Return the console of stderr, which says nothing when quiet."""
    return Console(stderr=True, quiet=quiet, markup=False, emoji=False, highlight=False)
