"""Presets from what other programs write, and for them: boards, ffmpeg's filters, ``.vstpreset`` files."""
