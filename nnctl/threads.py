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
ZEN_4 = "25"  # the processor family
AVX512 = {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}


def configure(threads: Any = None, processes: int = 1, dtype: Any = None) -> None:
    """Choose kernels, unless the environment has, and threads: as told, or as the environment says, or one for each
    core that this process may use, shared among so many processes.
    """
    if "numpy" in sys.modules:
        return
    # Checking the spec comes later; what is no number of threads (true is an int to Python) is not used until then.
    threads = int(threads) if type(threads) in (int, float) and 1 <= threads <= 10**9 else None
    number = str(threads or _given() or max(1, cores() // processes))
    for name in THREADS:
        if threads is not None or name not in os.environ:
            os.environ[name] = number
    kernels = _fitting_kernels(dtype == "float32")
    if KERNEL not in os.environ and kernels is not None:
        os.environ[KERNEL] = kernels


def chosen() -> dict[str, str | None]:
    """Return what is recorded: the number of threads and the kernels, null where NumPy chose by itself."""
    return {"threads": _given(), "kernels": os.environ.get(KERNEL)}


def number() -> int:
    """Return how many threads may run: as the environment says, or one for each core."""
    given = _given()
    return int(given) if given and given.isdigit() and int(given) else cores()


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


def _fitting_kernels(single: bool) -> str | None:
    """Return the kernels for products in single or double precision, None where OpenBLAS knows best.

    On AMD's processors with AVX-512 OpenBLAS has been slow to use it. Zen 4 does its work in two halves: measured
    there, the AVX2 kernels are the faster ones in single precision, SkylakeX's in double.
    """
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return None
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").partition("\n\n")[0]
    except OSError:
        return None
    facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in text.splitlines())}
    if facts.get("vendor_id") != "AuthenticAMD" or not set(facts.get("flags", "").split()) >= AVX512:
        return None
    return "Haswell" if single and facts.get("cpu family") == ZEN_4 else "SkylakeX"
