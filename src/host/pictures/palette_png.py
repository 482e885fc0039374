"""Pictures of levels as small PNG files of a palette: a third of what 24 bits take, and no library.

Colours go from black by purple and orange to a pale yellow, evenly in lightness, after the map *magma*
(S. van der Walt and N. Smith, 2015, CC0), here between ten of its colours.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np

from ...audio.arrays import Array

# source: magma of the perceptual maps that Matplotlib took over, every ninth of it
_ANCHORS = (
    "000004",
    "180f3d",
    "440f76",
    "721f81",
    "9e2f7f",
    "cd4071",
    "f1605d",
    "fd9668",
    "feca8d",
    "fcfdbf",
)
COLOURS = 64  # tuned: by eye, 2026-11-30; steps of 1.25 dB over 80 dB, and noise then packs well


def palette(count: int = COLOURS) -> list[tuple[int, int, int]]:
    """Return `count` colours from the lowest level to the highest."""
    known = np.array([[int(one[at : at + 2], 16) for at in (0, 2, 4)] for one in _ANCHORS], float)
    places = np.linspace(0, len(known) - 1, count)
    mixed = np.stack([np.interp(places, np.arange(len(known)), part) for part in known.T], axis=1)
    return [(int(red), int(green), int(blue)) for red, green, blue in np.round(mixed)]


def level_png(levels_db: Array, low_db: float, high_db: float) -> bytes:
    """Draw levels, shape (rows, columns), the first row at the bottom, as a PNG of one pixel a level."""
    share = (levels_db - low_db) / (high_db - low_db)
    pixels = np.clip(np.floor(share * COLOURS), 0, COLOURS - 1).astype(np.uint8)[::-1]
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    head = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 8, 3, 0, 0, 0)
    chunks = (
        (b"IHDR", head),
        (b"PLTE", bytes(part for colour in palette() for part in colour)),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
