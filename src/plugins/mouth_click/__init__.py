"""Mouth clicks in speech, found and taken away."""

from .stage import MouthClick

__all__ = ["MouthClick"]
