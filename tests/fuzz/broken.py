"""A command line that does everything wrong which the fuzz has to notice: one thing a command."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np


def _fail(text: str, code: int) -> None:
    print(text, file=sys.stderr)
    sys.exit(code)


def _fill_memory() -> None:
    np.ones(150_000_000)


def _hang() -> None:
    while True:
        pass


_FAULTS: dict[str, Callable[[], object]] = {
    "fine": lambda: print("{}"),
    "refuse": lambda: _fail("error: refused", 2),
    "hang": _hang,
    "crash": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "memory": _fill_memory,
    "traceback": lambda: 1 / 0,
    "warning": lambda: warnings.warn("a warning", RuntimeWarning, stacklevel=1),
    "litter": lambda: Path("litter").touch(),
    "touch": lambda: Path("input").write_text("changed", encoding="utf-8"),
    "silent": lambda: sys.exit(1),
    "talkative": lambda: _fail("error: one\nerror: two", 1),
    "foreign": lambda: _fail("error: a.wav: ValueError: math domain error", 1),
    "odd": lambda: _fail("error: why", 7),
    "nan": lambda: print("[NaN]"),
}


def main() -> None:
    """Do what the first argument says."""
    _FAULTS.get(sys.argv[1], lambda: None)()
