"""Restoration stages, their parameter schema and their contract."""
