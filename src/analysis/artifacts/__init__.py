"""What a repair itself harmed, found from the recording before and after it."""
