"""Chains of members, and how they run over one recording."""
