"""A worker's end that does not depend on anybody's telling: with the process that it works for."""

from __future__ import annotations

import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # source: linux/prctl.h


def die_with_the_host(lifeline: int, *, spawned_by_main_thread: bool) -> None:
    """Have the kernel end this process and its group when the other end of the lifeline is closed.

    And where a main thread made this process, which lives as long as its own: when that is gone.
    """
    if sys.platform == "linux":
        import fcntl  # noqa: PLC0415

        # The kernel sends SIGKILL when the lifeline's last writer is gone: no need of this interpreter,
        # whose lock a hanging plugin may hold. Minus: to the group that this process leads.
        fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpid())
        fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)
        if spawned_by_main_thread:
            die_with_the_parent()


def die_with_the_parent() -> None:
    """Have the kernel end this process when the thread that made it is gone: it counts that as the parent."""
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def leave_no_core_file() -> None:
    """Do not write this process's memory to disk where it crashes."""
    import resource  # noqa: PLC0415 - not on every platform

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
