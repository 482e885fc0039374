"""Above 8 kHz, where the network hears nothing: a Wiener gain, as voices below let it through."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter1d

from ...audio.arrays import Array

# tuned: by hand, 2026-11-30, no record
_AROUND = 9  # frames averaged before the floor is read
_FLOOR_SHARE = 0.1  # of the frames lie under it
_OVER = 2.0  # times the floor is expected
_CELL = (3, 9)  # frames and bins that a gain is made of
_BELOW = 160  # bins under 8 kHz, half of them, whose gains say whether anyone speaks


def treble_gains(power: Array, below: Array) -> Array:
    """Return gains, 0 to 1, of the bins that the network does not hear, shape (frames, bins - heard).

    Parameters
    ----------
    power
        Of all bins, shape (frames, bins).
    below
        Gains of those that it hears, shape (frames, heard).
    """
    treble = power[:, below.shape[1] :]
    if not treble.shape[1]:
        return treble
    means = uniform_filter1d(treble, _AROUND, axis=0, mode="nearest")
    heard = np.flatnonzero(power.sum(axis=1) > 0.0)
    if not heard.size:
        return np.ones_like(treble)
    at = int(_FLOOR_SHARE * heard.size)
    floor = _OVER * uniform_filter1d(np.partition(means[heard], at, axis=0)[at], _CELL[1], mode="nearest")
    around = uniform_filter1d(uniform_filter1d(treble, _CELL[0], axis=0), _CELL[1], axis=1)
    over = np.maximum(1.0 - floor / np.maximum(around, 1e-30), 0.0)
    voiced = below[:, -_BELOW:].mean(axis=1, keepdims=True)
    # where nothing is taken below, nothing is here
    return np.asarray(np.maximum(np.minimum(over, voiced), 2.0 * voiced - 1.0))
