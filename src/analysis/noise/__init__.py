"""Steady noise: its print, how it shifts, rumble."""
