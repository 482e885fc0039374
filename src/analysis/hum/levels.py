"""Steps in a hum's level: where all of its harmonics change by one gain."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Array, Complex
from ...kernels.harmonics.kalman import Estimates, filter_both_ways

Numbers = npt.NDArray[np.int64]

# tuned: by hand with bench hum, 2026-11-21; the split is not recorded
_GAINS = 2.0 ** (np.arange(-12, 13) / 8)
_FINE = 2.0 ** (np.arange(-8, 9) / 32)
_EVIDENCE = 9.0
_SHARE = 0.5  # of what the step leaves unexplained: notes begin in all lines at once, too
_LEAST_OCTAVES = 0.2
_MODEL = 0.01  # of a line's power that one gain does not explain
_KNOWN = 4.0  # times its variance that the power on either side of a step must be
_AFTER = 25  # frames behind a step, at least
_EDGE = 12  # steps so close to the last that could be found may lie behind it


class LevelStep:
    """Two smoothed views of each frame, from before and from behind, and the steps between them.

    A step between two frames shows in all lines at once: what is estimated from what follows is one gain
    times what is foreseen from what was before. That is weighed against no step by a heavy-tailed likelihood,
    so that no single line can decide it.

    Parameters
    ----------
    y, noise
        Measured amplitudes along the hum's phase and their variances, shape (frames, lines).
    walk, mean, variance
        See `smooth_amplitudes`.
    """

    def __init__(self, y: Complex, noise: Array, walk: Array, mean: Complex, variance: Array) -> None:
        self._past, self._future = np.empty(y.shape, np.complex128), np.empty(y.shape, np.complex128)
        self._past_error, self._future_error = np.empty(y.shape), np.empty(y.shape)
        past, future = Estimates(self._past, self._past_error), Estimates(self._future, self._future_error)
        filter_both_ways(y, noise, walk, mean, variance, past, future)

    def search(self, first: int) -> tuple[int, float, float] | None:
        """Return row, gain and confidence of the plainest step from row `first` on, if there is one."""
        frames = len(self._past)
        rows = np.arange(first, frames - _AFTER)
        if rows.size <= _EDGE:
            return None
        costs = self._costs(rows, rows, _GAINS)
        known = np.ones(rows.size, bool)
        sides = (self._past, self._past_error), (self._future, self._future_error)
        for amplitude, error in sides:
            power = np.sum(amplitude[rows].real ** 2 + amplitude[rows].imag ** 2, axis=1)
            known &= power > _KNOWN * np.sum(error[rows], axis=1)
        least = costs.min(axis=1)
        unexplained = np.maximum(least - self._past.size // frames, 0.0)
        evidence = np.where(known, costs[:, _GAINS.size // 2] - least - _SHARE * unexplained, 0.0)
        best = int(np.argmax(evidence))
        if evidence[best] < _EVIDENCE or best >= rows.size - _EDGE:
            return None
        gain = float(_GAINS[int(np.argmin(costs[best]))])
        if abs(np.log2(gain)) < _LEAST_OCTAVES:
            return None
        return int(rows[best]), gain, float(1.0 - 0.5 * _EVIDENCE / evidence[best])

    def before(self, row: int) -> Complex:
        """Return the amplitudes that were foreseen at a row, shape (lines,)."""
        return np.asarray(self._past[row])

    def gain(self, row: int, sides: int, about: float) -> float:
        """Return the gain, near `about`, of a step at `row`, from what lies so many frames from it."""
        frames = len(self._past)
        before, behind = max(row - sides, 0), min(row + sides, frames - 1)
        gains = about * _FINE
        return float(gains[int(np.argmin(self._costs(np.array([before]), np.array([behind]), gains)))])

    def _costs(self, before: Numbers, behind: Numbers, gains: Array) -> Array:
        past, future = self._past[before], self._future[behind]
        # the same for every gain, or a larger one would explain more by being less sure
        variance = (
            self._future_error[behind] + self._past_error[before] + _MODEL * (past.real**2 + past.imag**2)
        )
        costs = np.empty((before.size, gains.size))
        for k, gain in enumerate(gains):
            off = future - gain * past
            costs[:, k] = np.sum(2.0 * np.log1p(0.5 * (off.real**2 + off.imag**2) / variance), axis=1)
        return costs
