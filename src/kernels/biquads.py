"""Second-order sections run over all channels at once: recursive, so their state goes from frame to frame."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

Audio = npt.NDArray[np.float64]


@njit(cache=True, nogil=True)
def filtered_energy(audio: Audio, sections: Audio, state: Audio) -> Audio:
    """Sum of squares of each channel after a cascade of second-order sections.

    Transposed direct form II. What is filtered is not kept: loudness asks for its energy alone.

    Parameters
    ----------
    audio
        Shape (channels, n).
    sections
        b0, b1, b2, a1, a2 of two sections with a0 = 1, shape (2, 5).
    state
        Two values a section and channel, shape (channels, 2, 2); zeros at first, updated in place.

    Returns
    -------
    Audio
        Shape (channels,).
    """
    energy = np.zeros(audio.shape[0])
    b0, b1, b2, a1, a2 = sections[0]
    c0, c1, c2, d1, d2 = sections[1]
    for channel in range(audio.shape[0]):
        p, q = state[channel, 0]
        r, s = state[channel, 1]
        total = 0.0
        for t in range(audio.shape[1]):
            x = audio[channel, t]
            y = b0 * x + p
            p = b1 * x - a1 * y + q
            q = b2 * x - a2 * y
            z = c0 * y + r
            r = c1 * y - d1 * z + s
            s = c2 * y - d2 * z
            total += z * z
        # denormal numbers would make silence a hundred times slower than sound
        state[channel, 0, 0], state[channel, 0, 1] = _flush(p), _flush(q)
        state[channel, 1, 0], state[channel, 1, 1] = _flush(r), _flush(s)
        energy[channel] = total
    return energy


@njit(cache=True, nogil=True)
def _flush(value: float) -> float:
    return 0.0 if abs(value) < 1e-200 else value
