"""One recording through one chain into files."""
