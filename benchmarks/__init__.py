"""Benchmarks: nnctl beside what a user would pick instead, on the same work, in the same minutes.

`python -m benchmarks` runs all of them; `--help` says how to choose. Nothing in nnctl depends on this package.
"""
