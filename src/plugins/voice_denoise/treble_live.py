"""Above 8 kHz in the live engine: the Wiener gain of `treble`, from the past alone."""

from __future__ import annotations

import numpy as np

from ...analysis.noise.voice_gains import FLOOR_SHARE
from ...analysis.noise.voice_live import MEMORY, Flags, Means, Ranks
from ...audio.arrays import Array

_WIDTH = 9  # bins in a band; tuned: by hand, 2026-11-30, no record
# derived: white noise's mean is 1.34 times the low quantile of its means over a band and 9 frames; a tenth
# is for its own fluctuation
_OVER = 1.5
_LATEST = 3  # frames that a gain is made of; tuned: by hand, 2026-11-30, no record
_BELOW = 160  # bins under 8 kHz, half of them, whose gains say whether anyone speaks; source: `treble`


class Treble:
    """Gains of the bins that the network does not hear.

    Parameters
    ----------
    bins
        How many there are.
    """

    def __init__(self, bins: int) -> None:
        self._bins = bins
        self._edges = np.arange(0, bins, _WIDTH)
        self._widths = np.diff([*self._edges, bins])
        self._middles = self._edges + (self._widths - 1) / 2
        self._means = Means(self._edges.size)
        self._floor = Ranks(MEMORY, self._edges.size, FLOOR_SHARE)
        self._latest = np.zeros((_LATEST, self._edges.size))

    def hear(self, power: Array, below: Array, known: Flags) -> Array:
        """Return gains, 0 to 1, of the newest frame, shape (1, bins).

        Parameters
        ----------
        power
            Of its bins, shape (1, bins).
        below
            Gains of those that the network hears, shape (1, heard).
        known
            Whether it is more than digital silence, shape (1,).
        """
        if not self._bins:
            return power
        bands = np.add.reduceat(power, self._edges, axis=1) / self._widths
        self._latest = np.concatenate([self._latest[1:], bands])
        floor, count = self._floor.hear(*self._means.hear(bands, known))
        if not count[0]:
            return np.ones_like(power)
        around = sum(self._latest) / _LATEST
        over = np.maximum(1.0 - _OVER * floor[0] / np.maximum(around, 1e-30), 0.0)
        voiced = below[:, -_BELOW:].mean()
        # where nothing is taken below, nothing is here
        gains = np.maximum(np.minimum(over, voiced), 2.0 * voiced - 1.0)
        return np.asarray(np.interp(np.arange(self._bins), self._middles, gains)[np.newaxis])
