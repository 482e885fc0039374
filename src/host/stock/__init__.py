"""pedalboard's own effects as members of a chain."""
