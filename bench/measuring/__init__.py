"""Measures, and the systems that are measured."""
