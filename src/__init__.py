"""wavemend: audio restoration stages for old recordings."""
