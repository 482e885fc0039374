"""Flat-topped peaks rebuilt; samples that were not clipped stay as they are, to the bit."""

from .stage import Declip

__all__ = ["Declip"]
