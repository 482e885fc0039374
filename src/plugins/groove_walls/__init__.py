"""Mono discs played with a stereo cartridge: each moment from the groove wall that is clean."""

from .stage import GrooveWalls

__all__ = ["GrooveWalls"]
