"""Sounds that several finders are tested with."""

import numpy as np

RATE = 44100


def music(seconds, rate=RATE, channels=1, seed=0):
    """Notes that decay, with noise: levels that vary, and a spectrum up to the end."""
    draw = np.random.default_rng(seed)
    count = round(seconds * rate)
    t = np.arange(count) / rate
    audio = 0.02 * draw.standard_normal((channels, count)) * (0.2 + np.abs(np.sin(2 * t)))
    for start in np.arange(0.0, seconds, 0.21):
        begun = np.searchsorted(t, start)
        after = t[begun:] - start
        pitch = 110 * 2 ** (draw.integers(0, 30) / 12)
        note = np.sin(2 * np.pi * pitch * after) + 0.4 * np.sin(6 * np.pi * pitch * after)
        audio[:, begun:] += draw.uniform(0.05, 0.3) * np.exp(-4 * after) * note
    return audio


def heard(analyser, audio, sizes=()):
    """Findings of `analyser` after it heard `audio` in blocks of `sizes` and the rest in one."""
    at = 0
    for size in sizes:
        analyser.push(audio[:, at : at + size])
        at += size
    analyser.push(audio[:, at:])
    return analyser.result()
