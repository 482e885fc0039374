"""Made-up speech, and rooms around it."""

from __future__ import annotations

import numpy as np
from scipy.signal import fftconvolve, lfilter
from wavemend.audio.arrays import Audio


def voice(seconds: float, rate: float, seed: int = 0) -> Audio:
    """Return syllables of a gliding pitch through two formants each, hisses between some, shape (1, n)."""
    draw = np.random.default_rng(seed)
    size = round(seconds * rate)
    out, at = np.zeros(size), round(0.05 * rate)
    while at < size:
        length = round(draw.uniform(0.09, 0.22) * rate)
        time = np.arange(length) / rate
        shape = np.sin(np.pi * np.arange(length) / length) ** 0.7
        if draw.random() < 0.25:
            sound = 0.3 * np.diff(draw.standard_normal(length + 1))
        else:
            pitch = draw.uniform(95, 150) * (1 + draw.uniform(-0.3, 0.3) * time / time[-1])
            pulses = np.diff(np.floor(np.cumsum(pitch) / rate), prepend=0.0)
            sound = pulses
            for low, high in ((300, 800), (1000, 2200), (2300, 3000)):
                radius, angle = np.exp(-np.pi * 90 / rate), 2 * np.pi * draw.uniform(low, high) / rate
                sound = lfilter([1 - radius], [1, -2 * radius * np.cos(angle), radius**2], sound)
            sound = sound / (np.abs(sound).max() + 1e-9)
        stop = min(at + length, size)
        out[at:stop] += 0.2 * draw.uniform(0.3, 1.0) * (shape * sound)[: stop - at]
        at += length + round(
            rate * (draw.uniform(0.25, 0.6) if draw.random() < 0.2 else draw.uniform(0.0, 0.05))
        )
    return out[np.newaxis]


def in_a_room(dry: Audio, rate: float, decay_s: float = 0.7, channels: int = 1, seed: int = 1) -> Audio:
    """Return it with noise that decays after it, another in each channel, shape (channels, n)."""
    draw = np.random.default_rng(seed)
    time = np.arange(round(decay_s * rate)) / rate
    tails = (
        draw.standard_normal((channels, time.size))
        * 10 ** (-3 * time / decay_s)
        * np.sqrt(30 / (rate * decay_s))
    )
    tails[:, : round(0.005 * rate)] = 0.0
    tails[:, 0] = 1.0
    return np.stack([fftconvolve(dry[0], tail)[: dry.shape[1]] for tail in tails])
