"""Stages and presets as VST3 effects: a native shell that any host loads, and the engine in Python."""
