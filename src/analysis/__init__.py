"""Finders: push-style analysers that turn one recording into findings in physical units."""
