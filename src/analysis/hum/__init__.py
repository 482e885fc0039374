"""Hum and buzz: frequency, wander, harmonics, edits."""
