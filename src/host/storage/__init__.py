"""Files that are whole or absent: publishing, names, JSON."""
