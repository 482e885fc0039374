"""A VST3 in a process of its own, or in this one, behind one surface."""
