"""Spectra of a stretch of a recording, as its combs are looked for in."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import fft

from ...audio.arrays import Array, Audio
from ...kernels.spectra.stft import hann
from .floor import Spectra


class StretchLevels(NamedTuple):
    """Levels in dB, shape (channels, windows, bins), those of the mean power, and the bins' width in Hz."""

    levels: Array
    together: Array
    bin_hz: float

    def part(self, start: int, stop: int) -> StretchLevels:
        """Return some of its windows."""
        return self._replace(levels=self.levels[:, start:stop], together=self.together[start:stop])


class Spectrogram:
    """Power spectra of Hann windows, scaled so that a sine shows its mean square.

    Parameters
    ----------
    rate
        Hz.
    length
        Samples in a window.
    points
        Points of the transform, or a little more.
    highest_hz
        What lies above is not kept.
    """

    def __init__(self, rate: float, length: int, points: float, highest_hz: float) -> None:
        self._window = hann(length) * (np.sqrt(2.0) / np.sum(hann(length)))
        self.points = int(fft.next_fast_len(max(int(points), length), real=True))
        self.bin_hz = rate / self.points
        self._bins = int(highest_hz / self.bin_hz)
        self.rows: list[npt.NDArray[np.float32]] = []

    def hear(self, audio: Audio) -> Spectra:
        """Keep the levels of a window, shape (channels, length), and return its spectra."""
        spectra = fft.rfft(audio * self._window, self.points, axis=1)[:, : self._bins].astype(np.complex64)
        power = spectra.real**2 + spectra.imag**2
        power = np.concatenate([power, power.mean(axis=0, keepdims=True)])
        self.rows.append(10 * np.log10(power + np.float32(1e-16)))
        return spectra

    def take(self, windows: int) -> StretchLevels:
        """Take away the oldest rows."""
        taken, self.rows = self.rows[:windows], self.rows[windows:]
        if not taken:
            return StretchLevels(np.empty((0, 0, 0)), np.empty((0, 0)), self.bin_hz)
        levels = np.stack(taken, axis=1).astype(np.float64)
        return StretchLevels(levels[:-1], levels[-1], self.bin_hz)
