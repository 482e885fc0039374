"""How far a comb is off what it was looked for at, and its lines' levels, by seconds along it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import fft

from ...audio.arrays import Array, Complex
from ...contract.findings import NO_LEVEL
from ...kernels.spectra.stft import hann

# tuned: bench.material.tuning.hum, mains and bass, tuning takes, 2026-11-29
_POINTS = 512  # of the transform of a piece: bins of 0.05 Hz
_LEAST_FRAMES = 25  # of a piece that says anything: a second
_HARMONICS = 8
_STEP_HZ = 0.01
_SHOWN_DB = 8.0  # of noise alone, what is highest stands so far out
_REACH_HZ = 5.0  # beside a line, where a note may be louder than it
_OWN_HZ, _OWN_OFF = (
    0.6,
    0.02,
)  # half the main lobe of 5 s and how far a line may be off, a share of its number
_LOUDER_DB = 6.0
_OVER_DB = (
    3.0,
    7.0,
)  # over what is beside it: ever, and of one piece more; the root of their number lessens it


class CombOffset:
    """Mean spectra, in dB, of what each line does along a given frequency, in pieces of some seconds.

    A mean of levels and not of powers: a note in one piece counts for no more than its share of the time.

    Parameters
    ----------
    number
        Harmonic of each line, ascending, shape (lines,).
    seconds
        From one frame to the next.
    """

    def __init__(self, number: Array, seconds: float) -> None:
        self._number = number
        self._hz = fft.fftshift(fft.fftfreq(_POINTS, seconds))
        self._levels = np.zeros((number.size, _POINTS))
        self.pieces = 0

    def hear(self, y: Complex) -> None:
        """Hear a piece: the lines' amplitudes in frames one after the other, shape (frames, lines)."""
        if y.shape[0] < _LEAST_FRAMES:
            return
        window = hann(y.shape[0])
        spectra = fft.fftshift(fft.fft(y.T * (window / window.sum()), _POINTS, axis=1), axes=1)
        power = 0.5 * (spectra.real**2 + spectra.imag**2)
        self._levels += 10 * np.log10(np.maximum(power, 10 ** (NO_LEVEL / 10)))
        self.pieces += 1

    def add(self, other: CombOffset) -> None:
        """Add what other pieces say."""
        self._levels += other._levels
        self.pieces += other.pieces

    def best_hz(self, most_hz: float) -> float:
        """Return by how many Hz the fundamental is off, at most so many; 0 where nothing was heard."""
        if not self.pieces:
            return 0.0
        off = np.arange(-round(most_hz / _STEP_HZ), round(most_hz / _STEP_HZ) + 1) * _STEP_HZ
        total = np.zeros(off.size)
        levels, beside = self._mean()
        for number, level, nothing in zip(self._number, levels, beside, strict=True):
            if number > _HARMONICS:
                break
            along = np.interp(number * off, self._hz, level)
            shown = max(along.max() - nothing - _SHOWN_DB, 0.0)
            total += shown * 10 ** ((along - along.max()) / 10)
        if not total.any():
            return 0.0
        best = int(np.argmax(total))
        if not 0 < best < off.size - 1:
            return float(off[best])
        left, top, right = total[best - 1 : best + 2]
        curvature = left - 2.0 * top + right
        return float(off[best] + (_STEP_HZ * 0.5 * (left - right) / curvature if curvature < 0.0 else 0.0))

    def lines(self, off_hz: float) -> tuple[Array, npt.NDArray[np.bool_]]:
        """Return each line's level in dBFS, so far off, and whether it stands out and no note outdoes it."""
        if not self.pieces:
            return np.full(self._number.size, NO_LEVEL), np.zeros(self._number.size, np.bool_)
        own, over_db, outdone = self._shown(off_hz)
        return own, (over_db >= self.least_over_db) & ~outdone

    @property
    def least_over_db(self) -> float:
        """By how many dB a line must stand out, the more pieces there are by the less; inf for none."""
        return float(_OVER_DB[0] + _OVER_DB[1] / np.sqrt(self.pieces)) if self.pieces else np.inf

    def standing_out(self, off_hz: float) -> tuple[Array, npt.NDArray[np.bool_]]:
        """Return by how many dB each line stands out of what is beside it, and whether a note outdoes it."""
        if not self.pieces:
            return np.zeros(self._number.size), np.zeros(self._number.size, np.bool_)
        return self._shown(off_hz)[1:]

    def _shown(self, off_hz: float) -> tuple[Array, Array, npt.NDArray[np.bool_]]:
        levels, nothing = self._mean()
        apart = np.abs(self._hz - off_hz * self._number[:, np.newaxis])
        own_hz = (_OWN_HZ + _OWN_OFF * self._number)[:, np.newaxis]
        own = np.where(apart <= own_hz, levels, NO_LEVEL).max(axis=1)
        beside = np.where((apart > own_hz) & (apart < _REACH_HZ), levels, NO_LEVEL).max(axis=1)
        return own, own - nothing, beside > own + _LOUDER_DB

    def _mean(self) -> tuple[Array, Array]:
        """Return the mean levels, shape (lines, bins), and what is usual beside each line, shape (lines,)."""
        mean = self._levels / self.pieces
        return mean, np.asarray(np.median(mean[:, np.abs(self._hz) < 2 * _REACH_HZ], axis=1))
