"""Numerical methods on plain arrays: no state between calls, no input or output."""
