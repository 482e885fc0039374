"""What an isolated plugin may be given: time for an answer, and memory."""

from __future__ import annotations

from typing import TypeGuard

from ...errors import ParameterError
from .memory import HIGHEST_MEMORY_LIMIT_GB, LOWEST_MEMORY_LIMIT_GB

LONGEST_TIMEOUT_S = 3600.0  # guard: as said beneath
"""An hour: a preset from a stranger must not hold a batch for ever, and timers of the system have an end."""


def checked_timeout(value: object, called: str) -> float:
    """Return seconds for an answer; raises `ParameterError` where they are none, calling them `called`."""
    if not _is_number(value) or not 0 < value <= LONGEST_TIMEOUT_S:
        raise ParameterError(
            f"{called}={value!r} is not allowed; "
            f"it must be a number of seconds above 0, up to {LONGEST_TIMEOUT_S:g}"
        )
    return float(value)


def checked_memory_limit(value: object, called: str) -> float:
    """Return a memory limit in GB; errors as `checked_timeout`."""
    if not _is_number(value) or not LOWEST_MEMORY_LIMIT_GB <= value <= HIGHEST_MEMORY_LIMIT_GB:
        raise ParameterError(
            f"{called}={value!r} is not allowed; "
            f"it must be a number from {LOWEST_MEMORY_LIMIT_GB:g} to {HIGHEST_MEMORY_LIMIT_GB:g} GB"
        )
    return float(value)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
