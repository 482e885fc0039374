"""Presets: chains as files that people share."""
