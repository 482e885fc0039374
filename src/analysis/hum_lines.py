"""Level and phase of every harmonic of a hum whose fundamental is known, moment by moment."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..kernels.kalman import smooth_amplitudes, smooth_phase
from .framing import Audio
from .hum import Hum
from .hum_track import (
    MOST_POWER,
    REACH,
    SLACK,
    STEP,
    UNHEARD,
    CombDemodulator,
    HumTracker,
    frequency_walk,
    line_powers,
    over_time,
)

Array = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]

PAST, AHEAD = 50, 75
_NEAR = 4
_DOUBT = 1.0  # how many times its error's variance a line's power must be, or it is no hum


class HumLines:
    """Estimate each harmonic's amplitude, and the last turns of the phase that all of them tell together.

    After A frames of audio, those up to A - `LAG` are known.

    Parameters
    ----------
    walk
        Share of itself by which an amplitude walks in a second.
    """

    LAG = HumTracker.LAG + REACH + AHEAD

    def __init__(self, sample_rate: float, channels: int, hum: Hum, harmonics: int, walk: float) -> None:
        self.comb = CombDemodulator(sample_rate, channels, hum.frequency_hz, harmonics)
        self._number = self.comb.number
        self._power = line_powers(hum, harmonics)
        seconds = self.comb.hop / sample_rate
        self._walk = walk**2 * seconds * self._power
        self._drift, self._back = frequency_walk(hum, seconds)
        self._spread = np.diag([1e-4, (2 * np.pi * 0.05 * seconds) ** 2])
        rows, lines = PAST + STEP + AHEAD, self._power.size
        self._y = np.zeros((rows, lines), np.complex128)
        self._noise = np.full((rows, lines), UNHEARD)
        self._phase = np.zeros(rows + 2)
        self._mean = np.zeros(lines, np.complex128)
        self._error = self._power.copy()
        self._channels = channels
        self._loose = np.zeros(rows)

    def hear(self, audio: Audio, turns: Array, heard: npt.NDArray[np.bool_]) -> None:
        """Hear `STEP` frames, see `CombDemodulator.measure`; `heard` says which lie in the recording."""
        y, noise = self.comb.measure(audio, turns, STEP)
        noise[y.real**2 + y.imag**2 > MOST_POWER * self._power] = UNHEARD
        noise[~heard] = UNHEARD
        self._y = np.concatenate([self._y[STEP:], y])
        self._noise = np.concatenate([self._noise[STEP:], noise])
        self._phase = np.concatenate([self._phase[STEP:], np.full(STEP, self._phase[-1])])

    def estimate(self) -> tuple[Complex, Array]:
        """Return the amplitudes of the next STEP + 1 frames, and their phase in rad over the turns heard.

        Shapes (frames, channels, harmonics) and (frames,). The first frame is the last of those before.
        """
        y, noise = self._y, over_time(self._noise)
        smooth, error, weighed = np.empty_like(y), np.empty(y.shape), np.empty(y.shape)
        phases, errors = self._phase[2:].copy(), np.empty(y.shape[0])
        state = np.array([self._phase[1], self._phase[1] - self._phase[0]])
        for last in (False, True):
            turned = y * np.exp(-1j * np.outer(phases, self._number))
            smooth_amplitudes(
                turned, noise, self._walk, SLACK * self._power, self._mean, self._error, 3, _NEAR,
                STEP if last else 0, smooth, error, weighed,
            )  # fmt: skip
            if not last:
                smooth_phase(
                    y, weighed, self._number, smooth, error, self._drift, self._back, self._loose, state,
                    self._spread, phases, errors,
                )  # fmt: skip
        self._phase[2:] = phases
        out = slice(PAST - 1, PAST + STEP)
        a, p = smooth[out], error[out]
        power = np.maximum(a.real**2 + a.imag**2, 1e-30)
        a = a * np.maximum(1.0 - _DOUBT * p / power, 0.0)
        shape = (STEP + 1, -1, self._channels)
        return np.ascontiguousarray(a.reshape(shape).transpose(0, 2, 1)), phases[out]
