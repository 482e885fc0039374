"""What a VST3's files say without running it."""
