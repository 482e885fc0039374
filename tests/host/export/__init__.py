"""Stages and presets as effects for other hosts."""
