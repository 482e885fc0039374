"""Levels of a hum whose fundamental an engineer gives, however faint it is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .findings import Analyser
from .framing import Audio
from .hum import Hum
from .hum_comb import MOST_HARMONICS, NO_LEVEL
from .hum_track import STEP, UNHEARD, CombDemodulator

_LOUDEST = 1e6
_OFF_HZ = 0.1  # what mains are off; a harmonic this many times its number off is not measured
_MOST_OFF_HZ = 3.0
_MOST_OFF = 0.1  # of the frequency that is given: further off lies something else
_LEAST_DB, _STEPS = -160, 240
_FLOOR = 0.25  # quantile over time: what a line keeps falling back to
_LEAST_OVER_DB = 3.0
_LEAST_LEVEL = -110.0


class GivenHumAnalyser(Analyser[Hum]):
    """Measure the lines at the harmonics of a given frequency; lines that stand out of their floor are hum.

    Histograms of each line's level, and of that beside it, are all that is kept.
    """

    def __init__(self, sample_rate: float, channels: int, frequency_hz: float) -> None:
        highest = min(_MOST_OFF_HZ / _OFF_HZ, MOST_HARMONICS, 0.45 * sample_rate / frequency_hz)
        self._comb = CombDemodulator(sample_rate, channels, frequency_hz, max(int(highest), 1))
        super().__init__(sample_rate, channels, hop=STEP * self._comb.hop)
        self._frequency_hz = frequency_hz
        self._turns_a_sample = float(frequency_hz / sample_rate)
        lines = self._comb.number.size
        self._line = np.zeros((lines, _STEPS), np.int64)
        self._beside = np.zeros((lines, _STEPS), np.int64)
        self._turn = np.zeros(lines, np.complex128)
        self._audio = np.zeros((channels, 0))
        self._start = 0

    def _frame(self, frame: Audio) -> None:
        comb, hop = self._comb, self._comb.hop
        self._audio = np.concatenate([self._audio, np.clip(frame, -_LOUDEST, _LOUDEST)], axis=1)
        frames = (self._audio.shape[1] - 2 * comb.half) // hop + 1
        if frames < 2:
            return
        count = (frames - 1) * hop + 2 * comb.half
        turns = (np.arange(self._start, self._start + count) * self._turns_a_sample).astype(np.float64)
        y, noise = comb.measure(self._audio[:, :count], turns, frames)
        self._start += frames * hop
        self._audio = self._audio[:, frames * hop :]
        rows = np.arange(y.shape[1])
        heard = noise < UNHEARD
        for levels, power in ((self._line, 0.5 * (y.real**2 + y.imag**2)), (self._beside, 0.5 * noise)):
            step = np.clip(np.floor(10 * np.log10(power + 1e-30)).astype(int) - _LEAST_DB, 0, _STEPS - 1)
            for row, known in zip(step, heard, strict=True):
                levels[rows[known], row[known]] += 1
        self._turn += np.sum(y[1:] * np.conj(y[:-1]), axis=0)

    def _conclude(self, rest: Audio) -> Hum:
        line, beside = _quantile(self._line), _quantile(self._beside)
        over = (line - beside >= _LEAST_OVER_DB) & (line >= _LEAST_LEVEL)
        shape = (-1, self.channels)
        shown = over.reshape(shape).any(axis=1)
        if not shown.any():
            return Hum.nothing(self.channels)
        level = np.where(over, line, NO_LEVEL).reshape(shape)[shown].T
        best = int(np.argmax(np.where(over, line - beside, -np.inf)))
        seconds = self._comb.hop / self.sample_rate
        turned = float(np.angle(self._turn[best]) / (2 * np.pi * seconds * self._comb.number[best]))
        off = min(max(turned, -_MOST_OFF * self._frequency_hz), _MOST_OFF * self._frequency_hz)
        return Hum(
            frequency_hz=self._frequency_hz + off,
            wander_hz=0.0,
            harmonic=np.flatnonzero(shown) + 1,
            level_dbfs=level,
            share=1.0,
            confidence=0.5,
        )


def _quantile(histogram: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    count = np.cumsum(histogram, axis=1)
    step = np.argmax(count >= np.maximum(_FLOOR * count[:, -1:], 1), axis=1)
    return np.asarray(_LEAST_DB + step + 0.5)
