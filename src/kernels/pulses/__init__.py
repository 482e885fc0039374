"""Shapes of damage, fitted and taken out."""
