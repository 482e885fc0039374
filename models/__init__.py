"""Trained models with their manifest, packaged as data."""
