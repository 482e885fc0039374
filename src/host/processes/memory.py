"""How much memory a worker may have, how one learns that its plugin asked for more, and how less is held.

The limit is that of the data a process can write (``RLIMIT_DATA``), not of addresses: libraries reserve many
gigabytes of addresses that they never use. A worker needs about 50 MB for itself.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time
from contextlib import suppress
from pathlib import Path

MEMORY_LIMIT_GB = 4.0  # guard: as said beneath
"""Enough for every effect tried; a plugin that leaks or was given nonsense would take the whole machine."""

# guard: an interpreter needs some; no machine has more
LOWEST_MEMORY_LIMIT_GB, HIGHEST_MEMORY_LIMIT_GB = 0.25, 1024.0

_GB = 2**30  # source: IEC 80000-13, a gibibyte
_GLANCE_SECONDS = 0.05  # guard: how late it is seen that a worker takes too much
_SUSPICIOUS_SHARE = 0.75
"""guard: of the limit: who last held so much and then died was refused more."""


def limit_memory(limit_gb: float) -> None:
    """Refuse this process more; what it asks for beyond that fails, as on a machine without any left."""
    import resource  # noqa: PLC0415 - not on every platform

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = int(limit_gb * _GB)
    lowest = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    with suppress(ValueError, OSError):  # macOS has no such limit
        resource.setrlimit(resource.RLIMIT_DATA, (lowest, lowest))


def give_back() -> None:
    """Have the C library give memory that is free back to the system: what lies between pieces in use, too.

    Between two passes that is a hundred megabytes. It takes milliseconds; without glibc it does nothing.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).malloc_trim(0)


def too_much(limit_gb: float) -> str:
    """Say that a plugin asked for more than its limit."""
    return (
        f"asked for more memory than the {limit_gb:g} GB that it may have; "
        f"memory_limit_gb={2 * limit_gb:g} allows more, or --memory-limit in a scan"
    )


class MemoryWatch:
    """What a worker holds, looked at while it is waited for.

    A plugin that is refused memory mostly crashes; only what it held shortly before says why.

    Parameters
    ----------
    pid
        Of the worker.
    limit_gb
        Its limit, in GB.
    """

    def __init__(self, pid: int, limit_gb: float) -> None:
        self._path = Path(f"/proc/{pid}/statm")
        self._limit_gb = limit_gb
        self._held_bytes = 0
        self._looked = 0.0

    def glance(self) -> None:
        """Look, unless that was just done."""
        now = time.monotonic()
        if now - self._looked < _GLANCE_SECONDS or sys.platform != "linux":
            return
        self._looked = now
        with suppress(OSError, IndexError):  # it is gone
            self._held_bytes = (
                int(self._path.read_text().split()[5]) * os.sysconf("SC_PAGE_SIZE") or self._held_bytes
            )

    def suspicion(self) -> str:
        """Say that a worker that died had been refused memory, where that is likely; else nothing."""
        if self._held_bytes < _SUSPICIOUS_SHARE * self._limit_gb * _GB:
            return ""
        return f" when it {too_much(self._limit_gb)}"
