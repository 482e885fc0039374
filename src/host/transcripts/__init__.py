"""What is said in a recording: heard by a recogniser, and written with times."""

DEFAULT_RECOGNISER = "faster-whisper"
"""The one that comes with the extra ``wavemend[transcripts]``."""
