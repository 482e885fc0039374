"""Recordings, and what is done to them."""
