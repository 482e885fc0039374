"""Where in a chain a stage sits."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ...contract.stage import Event

if TYPE_CHECKING:
    pass


Path = tuple[int, ...]
"""Where a stage sits: index in the chain, then in the nested chain, and so on."""


ChainSink = Callable[[Path, Event], None]


def slot_number(path: Path) -> str:
    """Write a stage's path as people count: ``(0, 2)`` is "1.3"."""
    return ".".join(str(index + 1) for index in path)
