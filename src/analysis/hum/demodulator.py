"""The harmonics of a hum in frames along its phase: amplitudes, and the noise of the program beside them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import fft

from ...audio.arrays import Array, Audio, Complex
from ...contract.findings import NO_LEVEL
from ...kernels.harmonics.demodulation import fold, silent_parts, spline_response
from ...kernels.spectra.stft import hann
from .found import Hum

Numbers = npt.NDArray[np.int64]

FRAME_SECONDS = 0.04
"""Hop; tuned: by hand with bench dehum, 2026-11-21, no record."""
STEP = 25
"""Frames that are heard at once; derived: a second."""
REACH = 3
"""Frames that a frame's window reaches to either side, at most; derived: 0.12 s of `FRAME_SECONDS`."""
UNHEARD = 1e6
"""Noise of a frame that tells nothing; guard: no power of a sound is so large."""

# tuned: by hand with bench dehum, tuning takes, 2026-11-21; no record of what else was tried
_MOST_GROWN = 10.0
_BESIDE_HZ = 12.5  # where the program is measured, beside each harmonic

_LEAST_CYCLES = 2  # of half a window; derived: fewer do not tell a harmonic from the next
_ROUNDING = 1e-14  # guard: variances above 0
_ONE_LINE_HZ = 0.3  # tuned: bench.material.tuning.hum, two, 2026-11-29; closer ones cannot be told apart
_GUESSED = 0.1  # of a power that was not found but lies between such as were; tuned: the same
# Where another hum beats with more of the low lines, no edit is told.
# tuned: bench.material.tuning.hum, two hums, 2026-11-30
_BEATEN, _BEATEN_LINES, _BEATEN_SHARE = 0.03, 8, 0.25
_SILENCE = 1e-13  # guard: digital silence says nothing
_PARTS = 8  # of a window; one of them in digital silence, and it tells of the gate; tuned: by hand, no record


class CombDemodulator:
    """Measure every harmonic's amplitude, and the program beside it, in frames along a phase track.

    Hann windows of 0.16 s, whole periods long so that harmonics do not touch each other; up to 0.24 s where
    the fundamental is low, which holds the four periods that they need from 16.7 Hz on. Lines are ordered by
    harmonic, then by channel.
    """

    def __init__(self, sample_rate: float, channels: int, frequency_hz: float, harmonics: int) -> None:
        self.hop = max(round(FRAME_SECONDS * sample_rate), 1)
        self._channels, self._frequency_hz = channels, frequency_hz
        self._cycles = max(round(frequency_hz / _BESIDE_HZ), _LEAST_CYCLES)
        self.half = min(round(self._cycles / frequency_hz * sample_rate), REACH * self.hop)
        window = hann(2 * self.half)
        self._window = 2.0 / np.sum(window) * window
        self._bins = self._cycles * np.arange(1, harmonics + 1)
        # of two cycles, the second bin beside a harmonic is the next harmonic
        self._beside = (-2, -1, 1, 2) if self._cycles > _LEAST_CYCLES else (-1, 1)
        highest = int(self._bins[-1]) + 2
        self._points = 2 ** int(np.ceil(np.log2(max(6.4 * highest, 256))))
        self.number = np.repeat(np.arange(1.0, harmonics + 1), channels)
        self._seconds = 2 * self.half / sample_rate
        self.beats = False
        self.disturbance = np.full(self.number.size, _ROUNDING)

    def disturb(self, hum: Hum, others: Sequence[Hum]) -> None:
        """Count other hums' lines as noise of this one's; of two at one frequency the weaker tells nothing.

        The noise of a line that beats with another is as large as that other, so that it is estimated over
        many beats, in which the other averages out. Beats of many lines look like edits: `beats` says so.
        """
        own = _surely(hum, int(self.number[-1]))
        own_hz = np.arange(1, own.shape[0] + 1) * hum.frequency_hz
        noise = np.full(own.shape, _ROUNDING)
        for other in others:
            power = _surely(other, int(other.harmonic[-1]) * 3 // 2 + 4)
            apart_hz = np.abs(own_hz[:, np.newaxis] - np.arange(1, power.shape[0] + 1) * other.frequency_hz)
            noise += self._response(apart_hz) ** 2 @ power
            row, column = np.nonzero(apart_hz < _ONE_LINE_HZ)
            stronger = power[column] > own[row]
            if other.frequency_hz < hum.frequency_hz:
                stronger |= power[column] == own[row]
            noise[row] = np.where(stronger, UNHEARD, noise[row])
        self.disturbance = np.minimum(noise, UNHEARD).reshape(-1)
        beaten = (noise > _BEATEN * own)[:_BEATEN_LINES]
        self.beats = bool(np.mean(beaten) > _BEATEN_SHARE)

    def touches(self, frequency_hz: float, harmonics: int) -> tuple[Numbers, Numbers, Array]:
        """Return which harmonics another hum's fall into, which of its these are, and how much of each."""
        own_hz = self.number[:: self._channels, np.newaxis] * self._frequency_hz
        apart_hz = np.abs(own_hz - np.arange(1, harmonics + 1) * frequency_hz)
        response = self._response(apart_hz)
        own, other = np.nonzero(response)
        return own + 1, other + 1, response[own, other]

    def _response(self, apart_hz: Array) -> Array:
        """Return how much of a line so far off a window measures; 0 of what is one line with it."""
        x = apart_hz * self._seconds
        near = (x < 2.0) & (apart_hz >= _ONE_LINE_HZ)
        return np.where(near, np.sinc(x) / np.where(np.abs(1.0 - x) < 1e-6, 1.0, 1.0 - x**2), 0.0)

    def measure(self, audio: Audio, turns: Array, frames: int) -> tuple[Complex, Array]:
        """Return amplitudes and noise variances, shape (frames, lines).

        `audio`, shape (channels, n), and `turns`, in cycles, begin `half` samples before the first frame's
        middle.
        """
        tables = np.zeros((frames, self._channels, self._points))
        fold(audio, turns, self._window, self.hop, self._cycles, tables)
        spectra = fft.rfft(tables, axis=2)
        y = self._at(spectra, 0)
        beside = np.zeros(y.shape)
        for off in self._beside:
            z = self._at(spectra, off)
            beside += (z.real**2 + z.imag**2) / len(self._beside)
        silent = y.real**2 + y.imag**2 + beside < _SILENCE
        silent |= np.tile(self._gated(audio, frames), self._bins.size)
        return y, np.where(silent, UNHEARD, np.minimum(beside + self.disturbance, UNHEARD))

    def _gated(self, audio: Audio, frames: int) -> npt.NDArray[np.bool_]:
        """Return in which frames a channel is digitally silent for a part of the window, shape as given."""
        silent = np.empty((frames, self._channels), np.bool_)
        silent_parts(audio, self.hop, np.arange(_PARTS + 1) * (2 * self.half) // _PARTS, silent)
        return silent

    def _at(self, spectra: Complex, off: int) -> Complex:
        bins = self._bins + off
        values = spectra[:, :, bins] / spline_response(bins, self._points)
        return np.ascontiguousarray(values.transpose(0, 2, 1)).reshape(spectra.shape[0], -1)


def line_powers(hum: Hum, harmonics: int) -> Array:
    """Return the squared amplitude of each line as it was found, or as it may be where it was not."""
    power = np.zeros((harmonics, hum.level_dbfs.shape[0]))
    inside = hum.harmonic <= harmonics
    level = hum.level_dbfs[:, inside].T
    power[hum.harmonic[inside] - 1] = np.where(level > NO_LEVEL, 2.0 * 10 ** (level / 10), 0.0)
    for line in power.T:
        heard = np.flatnonzero(line)
        if not heard.size:
            line[:] = 1e-12
            continue
        known = np.log(line[heard])
        around = np.exp(np.interp(np.arange(harmonics), heard, known))
        line[:] = np.where(line > 0, line, around)
    return power.reshape(-1)


def _surely(hum: Hum, harmonics: int) -> Array:
    """Return the power of each line, shape (harmonics, channels), those that were not found lowered."""
    power = line_powers(hum, harmonics).reshape(harmonics, -1)
    told = np.isin(np.arange(1, harmonics + 1), hum.harmonic)[:, np.newaxis]
    return np.asarray(np.where(told, power, _GUESSED * power))


def grown(power: Array, amplitude: Complex, factor: float) -> Array:
    """Return each line's power as it has grown since it was found, within reason.

    Amplitudes are relative to a level that has stepped by `factor` since; of a fade-in, it is far under the
    level that was found.
    """
    power = power / max(factor, 1.0) ** 2
    return np.asarray(np.clip(amplitude.real**2 + amplitude.imag**2, power, _MOST_GROWN * power))


def over_time(noise: Array) -> Array:
    """Average variances over neighbouring frames, shape (frames, lines); what was not heard stays so."""
    beside = np.concatenate([noise[:1], noise, noise[-1:]])
    mean = 0.25 * beside[:-2] + 0.5 * noise + 0.25 * beside[2:]
    known = (beside[:-2] < UNHEARD) & (beside[2:] < UNHEARD)
    return np.asarray(np.where(known, mean, noise))


def surely(noise: Array) -> Array:
    """Leave out also what shares its window with what was not heard: the beginning of a note, say."""
    beside = np.concatenate([noise[:1], noise[:1], noise, noise[-1:], noise[-1:]])
    most = np.max([beside[k : k + noise.shape[0]] for k in range(5)], axis=0)
    return np.asarray(np.where(most < UNHEARD, noise, UNHEARD))
