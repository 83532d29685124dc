"""The descriptors of the three standard streams, as the system has them: closed, taken, or let go of."""

import contextlib
import os


def occupy() -> None:
    """Keep streams that are closed from becoming the next files that are opened; to write to them is an error still."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDONLY)  # takes the lowest number that is free


def forsake(descriptor: int) -> None:
    """Write to nowhere from here on."""
    with contextlib.suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, descriptor)
        os.close(nowhere)
