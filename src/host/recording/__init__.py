"""What is known of one recording and was decided about it: its document."""
