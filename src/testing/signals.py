"""Recordings for tests: damaged as old ones are, or clean, or extreme; seeded, at any rate and width."""

from __future__ import annotations

import math

import numpy as np

from ..audio.arrays import Audio

RATE = 8_000.0
"""Low, so that few samples last long enough for what listens for seconds; source: telephony's."""


def damaged(sample_rate: float = RATE, channels: int = 2, samples: int = 20_000, seed: int = 1) -> Audio:
    """Make a recording with everything that ages: clicks, hiss, hum, an offset, pauses and lost samples.

    The music pauses shortly after a third; its last three tenths are a pause without clicks. Samples are lost
    for 1.5 ms after a quarter and after six tenths, and it is muted for 35 ms in the first pause.

    Parameters
    ----------
    sample_rate
        Hz.
    channels
        Number of channels; the music is nearly in phase, hiss is their own, clicks are common or their own.
    samples
        Length.
    seed
        Another recording for another number.

    Returns
    -------
    Audio
        Shape (channels, samples), peak under full scale.
    """
    random = np.random.default_rng([seed, channels])
    time = np.arange(samples) / sample_rate
    base = 180.0 + 20.0 * seed
    partials = [base * k for k in range(1, 12) if base * k < 0.45 * sample_rate]
    music = sum(np.sin(2 * np.pi * f * time + k) / (k + 1) for k, f in enumerate(partials))
    place = np.arange(samples) / max(samples, 1)
    loudness = 0.12 * np.interp(place, [0, 0.02, 0.34, 0.35, 0.45, 0.46, 0.68, 0.7], [0, 1, 1, 0, 0, 1, 1, 0])
    hum = 0.004 * np.sin(2 * np.pi * 50 * time) + 0.002 * np.sin(2 * np.pi * 150 * time)
    balance = 1 - 0.05 * np.arange(channels)[:, np.newaxis]
    audio = balance * (loudness * music + hum) + 0.003 * random.standard_normal((channels, samples))
    for number in range(int(max(40 * samples / sample_rate, 2)) if samples > 16 else 0):
        length = int(random.integers(1, max(round(0.0008 * sample_rate), 2)))
        start = int(random.integers(0, int(0.7 * samples)))
        shape = random.choice([-0.4, 0.4]) * np.exp(-np.arange(length) / max(length / 3, 1))
        hit = slice(None) if number % 2 else slice(number % channels, number % channels + 1)
        audio[hit, start : start + length] += shape[: samples - start]
    audio += 0.02 * (-1.0) ** np.arange(channels)[:, np.newaxis]
    for lost, lost_s in ((samples // 4, 0.0015), (38 * samples // 100, 0.035), (6 * samples // 10, 0.0015)):
        audio[:, lost : lost + round(lost_s * sample_rate)] = 0.0
    return np.asarray(audio, np.float64)


def clean_tone(sample_rate: float = RATE, channels: int = 2, samples: int = 20_000) -> Audio:
    """Make what no repair may touch: a sine of whole periods under a Hann window, free of offset and noise.

    Shape (channels, samples); 60 samples a period, and one period fewer in every further channel.
    """
    phase = 2 * np.pi * np.arange(samples) / max(samples, 1)
    window = 0.5 - 0.5 * np.cos(phase)
    periods = np.maximum(samples // 60 - np.arange(channels), 3)[:, np.newaxis]
    return 0.3 * window * np.sin(periods * phase)


def extremes(sample_rate: float = RATE, channels: int = 2, samples: int = 6_000) -> dict[str, Audio]:
    """Make signals that break careless arithmetic, by name, each of shape (channels, samples)."""
    time = np.arange(samples)
    impulse = np.zeros(samples)
    impulse[[0, samples // 2, samples - 1]] = 1.0, -1.0, 1.0
    half_silent = np.where(time < samples // 2, 0.0, np.sin(time))
    lines = {
        "silence": np.zeros(samples),
        "negative zeros": np.full(samples, -0.0),
        "offset": np.full(samples, 0.5),
        "full-scale square": np.where(time // 50 % 2, 1.0, -1.0),
        "full-scale sine": np.sin(2 * np.pi * 997.0 * time / sample_rate),
        "alternating full scale": (-1.0) ** time,
        "impulses": impulse,
        "silence, then sound": half_silent,
        "sound, then silence": half_silent[::-1],
        "denormals": np.full(samples, 5e-324) * (time % 3),
        "20 dB over full scale": 10.0 * np.sin(2 * np.pi * 440.0 * time / sample_rate),
        "one channel only": np.sin(2 * np.pi * 440.0 * time / sample_rate),
    }
    made = {name: np.tile(line, (channels, 1)) for name, line in lines.items()}
    made["one channel only"][1:] = 0.0
    return made


def lag(before: Audio, after: Audio) -> int:
    """Return by how many samples `after` comes later than `before`, both of shape (channels, n).

    It is the place of the peak of their cross-correlation.
    """
    length = 2 ** math.ceil(math.log2(2 * before.shape[1]))
    spectra = np.fft.rfft(after, length) * np.conj(np.fft.rfft(before, length))
    peak = int(np.argmax(np.fft.irfft(spectra.sum(axis=0), length)))
    return peak if peak < length // 2 else peak - length
