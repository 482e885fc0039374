"""Processes that work for this one: how they are started, asked, and ended for certain."""
