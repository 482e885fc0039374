"""Program that went with what was removed: power that was not there all the time, and is gone.

Noise and hum stand still, and whoever removes them takes no more than that. What was taken over it belonged
to the program: harmonics, a voice, breath and consonants, the body of a note.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Array, Mask
from .bands import decibels, in_bands
from .windows import Window

_OVER_FLOOR = 8.0  # tuned: bench guard, tuning, 2026-11-30; noise's power passes 8 means once in 3000 cells
HEARD = 10**-4.5  # tuned: bench guard, tuning, 2026-11-30; of the loudest band; less is masked
_LEAST_HEARD = 1e-8  # guard: -80 dBFS in a band
_GONE = 0.1  # tuned: bench guard, tuning, 2026-11-30; share of a band that counts where bands are counted
_LEAST = 1e-20  # guard: no division by nothing


def lost_program(
    window: Window, channel: int, clicks: Mask, edges: npt.NDArray[np.intp]
) -> tuple[float, float]:
    """Measure what one channel lost in a window, but for frames in which clicks were removed.

    Returns
    -------
    float
        What is gone of the band that lost most, relative to it, dB.
    float
        Share of the bands that can be heard which lost over a tenth.
    """
    before, after = window.power_before[channel], window.power_after[channel]
    lost: Array = np.maximum(np.maximum(before - after, 0.0) - _OVER_FLOOR * window.floor[channel], 0.0)
    gone = in_bands(lost[~clicks].sum(axis=0), edges)
    was = in_bands(before.sum(axis=0), edges)
    heard = (was > HEARD * was.max()) & (was > _LEAST_HEARD * before.shape[0])
    if not heard.any():
        return float(decibels(0.0)), 0.0
    share = gone[heard] / np.maximum(was[heard], _LEAST)
    return float(decibels(share.max())), float(np.mean(share > _GONE))
