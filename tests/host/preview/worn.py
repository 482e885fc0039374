"""A short worn recording, with known damage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from wavemend.audio.arrays import Audio

RATE = 22_050


def worn(seconds: float = 12.0, rate: int = RATE, channels: int = 1, clicks_a_second: float = 3.0) -> Audio:
    """Make chords in hiss and hum, with clicks."""
    rng = np.random.default_rng(7)
    time = np.arange(round(seconds * rate)) / rate
    swell = 0.5 + 0.5 * np.sin(2 * np.pi * 0.4 * time)
    music = sum(0.06 * np.sin(2 * np.pi * f * time) for f in (331.0, 417.0, 662.0)) * swell
    hum = 0.01 * np.sin(2 * np.pi * 50 * time) + 0.004 * np.sin(2 * np.pi * 150 * time)
    audio = np.stack([music + hum + 0.002 * rng.standard_normal(time.size) for _ in range(channels)])
    for start in rng.integers(100, time.size - 100, round(seconds * clicks_a_second)).tolist():
        audio[:, start : start + 6] += rng.uniform(0.2, 0.5) * np.array([1, -0.8, 0.6, -0.4, 0.2, -0.1])
    return audio


def write_worn(path: Path, audio: Audio, rate: int = RATE) -> Path:
    """Write it as floats, so that nothing is rounded on the way to the page."""
    soundfile.write(path, audio.T, rate, subtype="FLOAT")
    return path
