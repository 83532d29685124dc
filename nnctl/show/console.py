"""The two consoles: results go to stdout, progress and messages to stderr; plain where it is no terminal."""

from rich.console import Console


def results() -> Console:
    """Return the console of stdout."""
    return Console(highlight=False, soft_wrap=False)


def messages(quiet: bool = False) -> Console:
    """Return the console of stderr, which says nothing when quiet."""
    return Console(stderr=True, quiet=quiet, highlight=False)
