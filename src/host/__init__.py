"""What runs chains of stages: files, presets, rendering, the command line."""
