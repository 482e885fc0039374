"""Following sinusoids and their harmonics."""
