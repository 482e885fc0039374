"""Collections whose recordings, or outputs, lie behind URLs; needs the extra ``wavemend[remote]``."""
