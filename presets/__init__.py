"""Factory presets, packaged as data."""
