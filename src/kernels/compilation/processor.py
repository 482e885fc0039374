"""The kind of processor that kernels are compiled for."""

from __future__ import annotations

import numba
from llvmlite.binding import get_host_cpu_features, get_host_cpu_name


def processor() -> str:
    """Return the processor's name: this machine's, or the one that numba was told."""
    return str(numba.config.CPU_NAME or get_host_cpu_name())


def processor_features() -> str:
    """Return the names of its features that code may use, sorted, with spaces between."""
    asked = numba.config.CPU_FEATURES
    known = asked if asked is not None else get_host_cpu_features().flatten()
    return " ".join(sorted(one[1:] for one in known.split(",") if one.startswith("+")))
