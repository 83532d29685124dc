"""What the tests of tables share: a training to show, and what a pipe gets of a table."""

import contextlib
import io

from nnctl.show import console
from nnctl.spec import document, shipped
from nnctl.spec.reading import parse
from nnctl.training.experiment import prepare


def printed(what):
    """Return what a pipe gets, line by line, each as a list of words."""
    with contextlib.redirect_stdout(io.StringIO()) as file:
        console.results().print(what)
    assert "\x1b" not in file.getvalue()
    return [line.split() for line in file.getvalue().splitlines() if line.strip()]


def experiment(config, *overrides):
    """Return a shipped config with its data loaded."""
    return prepare(parse(document.read(shipped.find(config), overrides)))
