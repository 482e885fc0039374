"""How well a filled hole passes for the background: its spectrum, its joins, and whether it repeats."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

LOW_HZ, HIGH_HZ = 50.0, 16_000.0  # derived: what rooms are heard by
THIRD_FRAME = 8192  # derived: 5.4 Hz a bin, two in the lowest band
JOIN_S = 0.1  # derived: on either side of a join, as long as loudness is heard over
FLUX_S = 0.02  # derived: frames that are compared across a join; shorter than what masks
APART_S = 0.1  # derived: what a background is like itself by chance lies nearer
SWING_S = 0.1  # derived: as JOIN_S
LEAST = 1e-20  # guard: a logarithm of 0


def thirds_db(audio: np.ndarray, sample_rate: int) -> np.ndarray:
    """Return the level of each third octave from 50 Hz to 16 kHz, shape (channels, bands)."""
    power, hz = _mean_power(audio, THIRD_FRAME), np.fft.rfftfreq(THIRD_FRAME, 1 / sample_rate)
    return _levels(power, hz)


def _mean_power(audio: np.ndarray, length: int) -> np.ndarray:
    frames = np.lib.stride_tricks.sliding_window_view(audio, length, axis=-1)[..., :: length // 2, :]
    return np.mean(np.abs(np.fft.rfft(frames * np.hanning(length))) ** 2, axis=-2)


def _levels(power: np.ndarray, hz: np.ndarray) -> np.ndarray:
    edges = LOW_HZ * 2 ** (np.arange(40) / 3)
    edges = edges[edges < min(HIGH_HZ, hz[-1])]
    bands = [(low <= hz) & (hz < high) for low, high in pairwise(edges)]
    levels = [np.mean(power[..., band], axis=-1) for band in bands if band.any()]
    return 10 * np.log10(np.maximum(np.stack(levels, axis=-1), LEAST))


def step_db(audio: np.ndarray, at: int, sample_rate: int) -> float:
    """Return by how much the level behind a place is over that before it: the mean of all third octaves.

    The mean of all bands, not of all power, which for a rumbling room is a few low waves.
    """
    near = round(JOIN_S * sample_rate)
    before, behind = (audio[:, part] for part in (slice(at - near, at), slice(at, at + near)))
    hz, length = np.fft.rfftfreq(near // 4, 1 / sample_rate), near // 4
    return float(np.mean(_levels(_mean_power(behind, length), hz) - _levels(_mean_power(before, length), hz)))


def flux_db(audio: np.ndarray, at: int, sample_rate: int) -> float:
    """Return how far the spectra of the frames that meet at a place differ: mean over bands, dB."""
    length = round(FLUX_S * sample_rate)
    hz = np.fft.rfftfreq(length, 1 / sample_rate)
    frames = np.stack([audio[:, at - length : at], audio[:, at : at + length]])
    power = np.abs(np.fft.rfft(frames * np.hanning(length))) ** 2
    before, behind = _levels(power, hz)
    return float(np.mean(np.abs(behind - before)))


def jump(audio: np.ndarray, at: int, sample_rate: int) -> float:
    """Return the greatest change from sample to sample within 1 ms of a place, over their RMS around it."""
    near, wide = round(1e-3 * sample_rate), round(JOIN_S * sample_rate)
    changes = np.diff(audio[:, at - wide : at + wide], axis=1)
    inner = np.abs(changes[:, wide - near : wide + near]).max(axis=1)
    return float(np.max(inner / np.sqrt(np.mean(changes**2, axis=1) + LEAST)))


def repetition(audio: np.ndarray, sample_rate: int) -> float:
    """Return how like itself a sound is at the lag over 0.1 s at which it is most so, 0 to 1.

    The correlation of a lag is over what both stretches hold; up to half of the length is tried. What is
    loud for being low is evened out first: each bin counts the same.
    """
    samples = audio.shape[1]
    length = 2 ** int(np.ceil(np.log2(2 * samples)))
    spectrum = np.abs(np.fft.rfft(audio, length)) ** 2
    smooth = np.apply_along_axis(lambda one: np.convolve(one, np.ones(401) / 401, "same"), 1, spectrum)
    hz = np.fft.rfftfreq(length, 1 / sample_rate)
    even = np.where((hz > LOW_HZ) & (hz < HIGH_HZ), spectrum / np.maximum(smooth, LEAST), 0.0)
    like = np.fft.irfft(even.sum(axis=0))[: samples // 2]
    overlap = 1 - np.arange(like.size) / samples
    return float(np.max((np.abs(like) / overlap)[round(APART_S * sample_rate) :]) / like[0])


def swing_db(audio: np.ndarray, sample_rate: int) -> float:
    """Return the standard deviation of the changes' level from tenth to tenth of a second, dB."""
    block = round(SWING_S * sample_rate)
    changes = np.diff(audio, axis=1)
    cut = changes[:, : changes.shape[1] // block * block].reshape(len(audio), -1, block)
    return float(np.std(10 * np.log10(np.mean(cut**2, axis=2) + LEAST), axis=1).mean())
