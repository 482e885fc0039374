"""Moments in which the sound is gone: dropouts of tape, and samples lost on the way."""

from .stage import DropoutRepair

__all__ = ["DropoutRepair"]
