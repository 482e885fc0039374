"""Benchmarks: real takes, the damage added to them, the measures, and the yardsticks beside every system."""
