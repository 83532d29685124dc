"""Denormal numbers, below 1e-38 in single precision and 1e-308 in double, can take a processor twenty times as long.

The state of an optimizer shrinks to them where units have died. Under `flushed` a thread has zero in their place; the
setting is the thread's own, so each that computes makes it, and it ends with the computing, for data may hold them.
"""

import ctypes
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

Environment = ctypes.c_uint32 * 16  # of floating-point operations: no system's fenv_t is larger
CONTROL = {"x86_64": (7, 0x8040), "aarch64": (0, 1 << 24)}  # glibc's: which word, mxcsr or fpcr, and its bits
CONSTANTS = {"x86_64": "_FE_DFL_DISABLE_SSE_DENORMS_ENV", "arm64": "_FE_DFL_DISABLE_DENORMS_ENV"}  # macOS's
KEEPING = "_FE_DFL_ENV"  # macOS's, too


@contextmanager
def flushed() -> Iterator[None]:
    """Have zero in place of denormal numbers in this thread; on a system that is not known nothing happens."""
    with _changed(flush=True):
        yield


@contextmanager
def kept() -> Iterator[None]:
    """Have denormal numbers as they are in this thread, inside of `flushed`, too: data are prepared with them."""
    with _changed(flush=False):
        yield


def treatment() -> str:
    """Return what becomes of denormal numbers here under `flushed`, as it is recorded: "flushed" or "kept"."""
    with flushed():
        return "kept" if sys.float_info.min / 2 else "flushed"


@contextmanager
def _changed(flush: bool) -> Iterator[None]:
    """Flush denormal numbers to zero in this thread, or keep them."""
    library = _library()
    if library is None:
        yield
        return
    before = Environment()
    library.fegetenv(before)
    library.fesetenv(_environment(library, before, flush))
    try:
        yield
    finally:
        library.fesetenv(before)


@cache
def _library() -> ctypes.CDLL | None:
    """Return the system's mathematical library, if it is one whose environment is known here."""
    machine = platform.machine()
    try:
        if sys.platform == "linux" and machine in CONTROL and platform.libc_ver()[0] == "glibc":
            return ctypes.CDLL("libm.so.6")
        if sys.platform == "darwin" and machine in CONSTANTS:
            library = ctypes.CDLL(None)
            Environment.in_dll(library, CONSTANTS[machine])
            return library
    except (OSError, ValueError):  # there is no such library, or nothing of this name in it
        pass
    return None


def _environment(
    library: ctypes.CDLL, before: ctypes.Array[ctypes.c_uint32], flush: bool
) -> ctypes.Array[ctypes.c_uint32]:
    """Return an environment with denormals flushed or kept: macOS's, or what was there before with other bits."""
    machine = platform.machine()
    if sys.platform == "darwin":
        return Environment.in_dll(library, CONSTANTS[machine] if flush else KEEPING)
    word, bits = CONTROL[machine]
    environment = Environment(*before)
    environment[word] = environment[word] | bits if flush else environment[word] & ~bits
    return environment
