"""Sample values as they are stored: runs, plateaus, word length, dither."""
