"""Sound files read and written to the bit, with their tags."""
