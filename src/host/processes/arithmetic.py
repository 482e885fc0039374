"""Keep this thread's floating-point arithmetic as it was while a plugin's code runs.

A library built with ``-ffast-math`` switches the thread that loads it to flush subnormal numbers to zero, and
threads started later inherit that: from then on numbers compare wrongly, and a stage's last bits depend on
what was loaded before. Modes are saved and restored by C's ``fegetenv`` and ``fesetenv`` (C17, 7.6.4).
"""

from __future__ import annotations

import ctypes
import ctypes.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_MOST_BYTES = 256  # guard: of a fenv_t: 32 on x86-64, 8 or 16 on 64-bit Arm

_library = ctypes.CDLL("ucrtbase" if sys.platform == "win32" else ctypes.util.find_library("m"))


@contextmanager
def same_arithmetic() -> Iterator[None]:
    """Restore rounding and the treatment of subnormal numbers at the end, whatever happens in between."""
    modes = (ctypes.c_byte * _MOST_BYTES)()
    _library.fegetenv(modes)
    try:
        yield
    finally:
        _library.fesetenv(modes)
