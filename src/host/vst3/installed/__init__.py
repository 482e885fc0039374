"""Which VST3s are here."""
