"""Clicks and pops, found and repaired."""

from .stage import Declick

__all__ = ["Declick"]
