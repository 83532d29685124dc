"""`python -m tests.torture mutate 2000000`: so many mutants over all kinds of files, told kind by kind."""

import argparse
import shutil
import tempfile
import time
import warnings
from pathlib import Path

from .readers import KINDS, outcomes


def mutate(arguments: argparse.Namespace) -> None:
    """Give mutants to every reader, as many of each as its share is."""
    kinds = arguments.kinds or list(KINDS)
    whole = sum(KINDS[name].share for name in kinds)
    for name in kinds:
        count = max(1, round(arguments.count * KINDS[name].share / whole))
        folder = Path(tempfile.mkdtemp(prefix="mutants-"))  # where the one at fault stays
        began = time.perf_counter()
        found = outcomes(name, count, arguments.seed, folder)
        print(f"{name}: {count:,} mutants, {dict(found)}, {time.perf_counter() - began:.0f} s", flush=True)
        shutil.rmtree(folder)


def main() -> None:
    """Run one kind of torture."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("mutate", help=mutate.__doc__)
    command.add_argument("count", type=int, help="of mutants in all")
    command.add_argument("--seed", type=int, default=1)
    command.add_argument("--kinds", nargs="*", choices=KINDS)
    command.set_defaults(run=mutate)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ResourceWarning)
    arguments.run(arguments)


if __name__ == "__main__":
    main()
