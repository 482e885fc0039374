"""Damage for reporting alone: made apart from what is tuned and trained on, passed through the channel."""
