"""A stretch of a recording without the hums that were found in it, so that others show."""

from __future__ import annotations

import numpy as np
from scipy.signal import oaconvolve

from ...audio.arrays import Audio
from ...kernels.spectra.stft import hann
from .comb import LOW_HARMONICS, LOW_HZ, Comb
from .spectrogram import Spectrogram, StretchLevels

_SMOOTH_SECONDS = 3.0  # tuned: bench.material.tuning.hum, mains beside a transport's, 2026-11-30
_BLOCKS = (
    50  # a second, by which amplitudes are told; derived: a line's neighbours, 40 Hz off, turn round in one
)


def without(audio: Audio, rate: float, comb: Comb, *, hop: int) -> Audio:
    """Return audio without a comb's lines up to 880 Hz, each followed over some seconds.

    Each line is turned back along the comb's track and smoothed over time. What lies within 0.5 Hz goes too.

    Parameters
    ----------
    audio
        Shape (channels, n), from the first window's beginning on.
    rate
        In Hz.
    comb
        The comb; its track is of windows of four `hop` samples, one behind every `hop`.
    hop
        In samples.
    """
    n = audio.shape[1]
    middles = hop * (np.arange(comb.track.size) + 2.0)
    turns = np.cumsum(np.interp(np.arange(n), middles, comb.track)) / rate
    first = np.exp(-2j * np.pi * turns)
    size = max(round(rate / _BLOCKS), 1)
    count = -(-n // size)
    weights = hann(2 * round(_SMOOTH_SECONDS * _BLOCKS / 2) + 2)[1:]
    heard = oaconvolve(np.full(count, 1.0), weights, mode="same")
    at = np.arange(n) / size - 0.5 * (size - 1) / size
    left, wave = audio.copy(), np.ones(n, np.complex128)
    padded = np.zeros((audio.shape[0], count * size), np.complex128)
    for _ in range(min(LOW_HARMONICS, int(LOW_HZ / comb.frequency_hz))):
        wave *= first
        padded[:, :n] = audio * wave
        blocks = padded.reshape(audio.shape[0], count, size).mean(axis=2)
        amplitude = oaconvolve(blocks, weights[np.newaxis], mode="same", axes=1) / heard
        for channel, told in enumerate(amplitude):
            left[channel] -= 2.0 * (np.interp(at, np.arange(count), told) * np.conj(wave)).real
    return left


def levels_of(audio: Audio, rate: float, bin_hz: float, *, hop: int) -> StretchLevels:
    """Return a stretch's levels, see `Spectrogram`: windows of four `hop` samples, one behind every `hop`."""
    spectra = Spectrogram(rate, 4 * hop, rate / bin_hz, LOW_HZ)
    windows = audio.shape[1] // hop - 3
    for window in range(windows):
        spectra.hear(audio[:, window * hop : (window + 4) * hop])
    return spectra.take(windows)
