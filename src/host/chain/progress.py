"""How work tells how far it is."""

from __future__ import annotations

from collections.abc import Callable

READ_BLOCK = 65_536
"""Samples read at once; guard: bounds memory, and results never depend on it."""


Progress = Callable[[float, str], None]
"""Called with the share done (0 to 1) and what is being done."""
