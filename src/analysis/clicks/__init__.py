"""Clicks and crackle: how many, where, once a revolution."""
