"""A VST3 in this process."""
