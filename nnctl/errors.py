"""What can go wrong for a user, one class for each exit code.

A message is one to five lines for a person: what, where, what was expected, what came, what to do.
Anything else that is raised is a bug of nnctl's and shows a traceback.
"""


class NnctlError(Exception):
    """A mistake or mishap that is explained to the user; `exit_code` is what the command returns."""

    exit_code = 1


class SpecError(NnctlError):
    """The spec, the command line, or what they name (a run, layer_dims) is wrong."""

    exit_code = 2


class DataError(NnctlError):
    """A data file, a label or a picture cannot be used."""

    exit_code = 3


class DivergedError(NnctlError):
    """Training left the finite numbers."""

    exit_code = 4


class GateError(NnctlError):
    """What was asked for as a condition is not so."""

    exit_code = 5


class MismatchError(NnctlError):
    """A trained model and the input given to it do not fit."""

    exit_code = 6


class StorageError(NnctlError):
    """The disk or the memory refused."""

    exit_code = 7


def out_of_memory(error: MemoryError) -> StorageError:
    """Return what is told where memory ran out in no place that knows more."""
    return StorageError(f"out of memory{f': {error}' if str(error) else ''}; try a smaller batch_size")


class InterruptedRunError(NnctlError):
    """A signal ended training; everything was saved."""

    def __init__(self, message: str, signal_number: int) -> None:
        super().__init__(message, signal_number)  # both, so that it can be sent from process to process
        self.exit_code = 128 + signal_number

    def __str__(self) -> str:
        return str(self.args[0])
