"""What is wrong with a recording, as a whole."""
