"""`python -m nnctl` is `nnctl`."""

from nnctl.cli import main

main()
