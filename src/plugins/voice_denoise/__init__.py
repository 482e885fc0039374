"""Lowers noise over voices, without a noise print."""

from .stage import VoiceDenoise

__all__ = ["VoiceDenoise"]
