"""How much memory there is for data: what the system has left, less where a container's share is smaller."""

import os
from pathlib import Path

import numpy as np

GROUP = Path("/sys/fs/cgroup")  # of a container


def available() -> int:
    """Return how many bytes this process may still take, as far as the system tells."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        facts = {name: 1024 * int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
        free = facts["MemAvailable"]
    except (OSError, ValueError, KeyError, IndexError):
        free = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 2**63
    try:
        limit = int((GROUP / "memory.max").read_text(encoding="ascii"))  # "max" is no number: no limit
        taken = int((GROUP / "memory.current").read_text(encoding="ascii"))
        counted = dict(line.split() for line in (GROUP / "memory.stat").read_text(encoding="ascii").splitlines())
        return min(free, limit - taken + int(counted["file"]))  # what is kept of files is given up first
    except (OSError, ValueError, KeyError):
        return free


def keep_freed() -> None:
    """Let glibc keep what is freed for the next array: else it gives back and takes anew the pages of each larger one.

    It keeps twice as much as the largest block that has been freed, of those below 32 MB (mallopt(3)).
    """
    np.empty(31 * 2**20, np.uint8)


def check_room(size: int) -> None:
    """Raise a MemoryError, with the sum, where so many bytes are more than there is."""
    if size > (free := available()):
        raise MemoryError(f"{in_words(size)}, of {in_words(free)} that are free")


def in_words(size: float) -> str:
    """Return a number of bytes for messages: 12.3 GB."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return f"{max(1, round(size / 1000))} kB"
