"""The facts that the last bits of a training depend on, beside its spec and its data, and how two lists of them differ.

Where all are the same, a training comes to the same bits; where one differs, it may.
"""

import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nnctl import __version__, denormals, threads

FEATURES = ("NPY_DISABLE_CPU_FEATURES", "NPY_ENABLE_CPU_FEATURES")  # of NumPy's own loops


def facts(team: int | None) -> dict[str, str]:
    """Return what the bits of a training in this process depend on; `team` is how many threads share a batch, if any
    do, each of which takes one for its products.
    """
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    features = [f"{name}={os.environ[name]}" for name in FEATURES if name in os.environ]
    return {
        "nnctl": __version__,
        "NumPy": np.__version__,
        "BLAS": f"{blas.get('name')} {blas.get('version')}",
        "kernels": threads.chosen()["kernels"] or "as BLAS chooses",
        "threads of a product": str(1 if team else threads.number()),
        "processor": _processor(),
        "features of it": " ".join(features) or "all",
        "denormal numbers": denormals.treatment(),
    }


def differences(recorded: Mapping[str, Any], now: Mapping[str, str]) -> list[str]:
    """Say which facts are others than those recorded."""
    return [
        f"{name} was {recorded.get(name, 'not recorded')}, and is {value}"
        for name, value in now.items()
        if recorded.get(name) != value
    ]


def _processor() -> str:
    """Return the name of this machine's processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "CPU part")))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
