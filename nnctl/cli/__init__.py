"""The command line: parse, call, print. Nothing heavy is imported before a command needs it."""

import sys

from nnctl.cli.app import app, explained
from nnctl.cli.checking import check
from nnctl.cli.comparing import compare_init
from nnctl.cli.drafting import init
from nnctl.cli.evaluating import evaluate
from nnctl.cli.predicting import predict
from nnctl.cli.streams import prepare_streams
from nnctl.cli.training import train
from nnctl.cli.validating import cross_validate

for command in (init, check, train, predict, evaluate, cross_validate, compare_init):  # in the order of the help
    app.command(command.__name__.replace("_", "-"))(command)


def run() -> None:
    """Run the command that the arguments name."""
    prepare_streams()
    with explained():
        try:
            app()
        finally:
            sys.stdout.flush()
