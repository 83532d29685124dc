"""How NumPy's matrix products run on this machine: with how many threads and which kernels.

OpenBLAS reads its environment once, when NumPy is imported, so `configure` comes before that. `train.threads` of
the spec comes first, then what the user has set in the environment; what was used is recorded with every run.
"""

import os
import platform
import sys
from pathlib import Path
from typing import Any

KERNEL = "OPENBLAS_CORETYPE"
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")  # of each library
AVX512 = {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}


def configure(threads: Any = None, processes: int = 1) -> None:
    """Choose kernels, unless the environment has, and threads: as told, or as the environment says, or one for each
    core that this process may use, shared among so many processes.
    """
    if "numpy" in sys.modules:
        return
    if not isinstance(threads, int) or threads < 1:  # checking the spec comes later
        threads = None
    number = str(threads or _given() or max(1, cores() // processes))
    for name in THREADS:
        if threads is not None or name not in os.environ:
            os.environ[name] = number
    if KERNEL not in os.environ and _older_kernels_than_fit():
        os.environ[KERNEL] = "SkylakeX"


def chosen() -> dict[str, str | None]:
    """Return what is recorded: the number of threads and the kernels, null where NumPy chose by itself."""
    return {"threads": _given(), "kernels": os.environ.get(KERNEL)}


def _given() -> str | None:
    """Return the number of threads in the environment."""
    return next((os.environ[name] for name in THREADS if name in os.environ), None)


def cores() -> int:
    """Return how many cores this process may use: its affinity, less where a container's share is smaller."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        share = int(quota) / int(period)  # "max" is no number: no limit
    except (OSError, ValueError):
        return available
    return max(1, min(available, round(share)))


def _older_kernels_than_fit() -> bool:
    """Tell whether OpenBLAS would take kernels without AVX-512 although the processor has it: it does on AMD's."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return False
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").partition("\n\n")[0]
    except OSError:
        return False
    facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in text.splitlines())}
    return facts.get("vendor_id") == "AuthenticAMD" and set(facts.get("flags", "").split()) >= AVX512
