"""Filters over samples, and changes of rate."""
