"""The command line: parse, call, print. Nothing heavy is imported before a command needs it."""

from nnctl.cli.app import app
from nnctl.cli.comparing import compare_init
from nnctl.cli.predicting import predict
from nnctl.cli.streams import tolerate_all_signs
from nnctl.cli.training import train

for command in (train, predict, compare_init):  # in the order of the help
    app.command(command.__name__.replace("_", "-"))(command)


def main() -> None:
    """Run nnctl."""
    tolerate_all_signs()
    app()
