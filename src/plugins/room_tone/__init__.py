"""Digital silence and holes inside a recording, filled with its own background."""

from .stage import RoomTone

__all__ = ["RoomTone"]
