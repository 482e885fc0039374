"""The ground floor: arrays of audio, what is allowed of them, and where in them something is."""
