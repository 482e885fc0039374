"""Takes from a voice what the room added late."""

from .stage import Dereverb

__all__ = ["Dereverb"]
