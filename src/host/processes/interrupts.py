"""Ctrl-C, and requests to end, that no foreign code can lose.

A handler's exception is raised wherever Python code happens to run, also where compiled code called it:
llvmlite prints and forgets it there, numba makes an error of its own of it. So the handler also sets an event
that every pass over a recording asks after each block.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import NoReturn

INTERRUPTED = threading.Event()
"""Set once this process was asked to end: what the command line cancels by."""


def heed_signals() -> None:
    """Have Ctrl-C, SIGTERM and SIGHUP end this process alike: part files are cleared away."""
    INTERRUPTED.clear()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is None or (name == "SIGINT" and signal.getsignal(number) == signal.SIG_IGN):
            continue  # not of this system, or not for a job in the background of a shell
        signal.signal(number, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    INTERRUPTED.set()
    raise KeyboardInterrupt
