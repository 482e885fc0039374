"""Many recordings: what is found in folders, and renders of all of it."""
