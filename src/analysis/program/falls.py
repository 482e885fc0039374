"""How fast sound falls in a room: never faster than the room lets it, so its fastest falls tell the decay.

After J. Y. C. Wen, E. A. P. Habets, P. A. Naylor, "Blind estimation of reverberation time based on the
distribution of signal decay rates", ICASSP 2008.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import uniform_filter1d

from ...audio.arrays import Array

_OCTAVES = (1 / 8, 1 / 4, 1 / 2, 1.0)  # derived: of the highest frequency, edges of three bands
# tuned: takes of the tuning set in made-up rooms, 2026-11-30
_FALL_S = 0.1
_AVERAGED = 3  # frames
_LOUD_QUANTILE, _FLOOR_QUANTILE, _RATE_QUANTILE = 0.95, 0.03, 0.9
_LOUD_DB, _OVER_FLOOR_DB = 20.0, 6.0  # under what is loud at the start, over the floor at the end, at most
_LEAST_FALLS = 10
_SCALE, _POWER, _WITHIN = 1.45, 2.0, 1.6
_LEAST_S, _MOST_S = 0.15, 3.0

_NOTHING = 1e-12  # of the loudest frame; guard: of silence there is no logarithm


class Falls:
    """Rates at which the bands of a voice fall.

    Parameters
    ----------
    hz
        Frequency of each bin.
    hop_s
        Seconds between frames.
    """

    def __init__(self, hz: Array, hop_s: float) -> None:
        self._edges = np.searchsorted(hz, np.array(_OCTAVES) * hz[-1] * (1 + 1e-9))
        self._apart = max(round(_FALL_S / hop_s), 1)
        self._seconds = self._apart * hop_s

    def rate(self, power: Array) -> float:
        """Return the rate that one fall in ten is faster than, dB/s, mean over bands; 0 of too little.

        Parameters
        ----------
        power
            Shape (frames, bins).
        """
        rates = [
            rate
            for first, last in zip(self._edges[:-1], self._edges[1:], strict=True)
            if (rate := self._of_band(power[:, first:last].sum(axis=1))) is not None
        ]
        return float(np.mean(rates)) if rates else 0.0

    def _of_band(self, power: npt.NDArray[np.float64]) -> float | None:
        if power.size <= self._apart or power.max() <= 0.0:
            return None
        mean = uniform_filter1d(power, _AVERAGED, mode="nearest")
        level = 10 * np.log10(np.maximum(mean, _NOTHING * mean.max()))
        floor, loud = np.quantile(level, [_FLOOR_QUANTILE, _LOUD_QUANTILE])
        before, after = level[: -self._apart], level[self._apart :]
        falls = (before - after)[
            (before > loud - _LOUD_DB) & (after > floor + _OVER_FLOOR_DB) & (before > after)
        ]
        if falls.size < _LEAST_FALLS:
            return None
        return float(np.quantile(falls, _RATE_QUANTILE)) / self._seconds


def decay_s(rate: float) -> tuple[float, float, float]:
    """Return how long a room rings, and its bounds, in seconds, from the rate of `Falls` in dB/s."""
    about = _SCALE * (60.0 / rate) ** _POWER
    return tuple(  # type: ignore[return-value]  # three of them
        round(float(np.clip(one, _LEAST_S, _MOST_S)), 2) for one in (about, about / _WITHIN, about * _WITHIN)
    )
