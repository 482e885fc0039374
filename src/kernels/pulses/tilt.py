"""How much harder bright clicks are looked for than low ones, or the other way round."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compilation.compilation import compiled
from ..prediction.models import Vector

# To either side of the pivot, beyond which a tilt goes no further; tuned: by hand, 2026-11-21, no record.
_TILT_OCTAVES = 2.0


class Tilt(NamedTuple):
    """How much harder clicks of high frequency are looked for than those of low frequency.

    Attributes
    ----------
    octave
        Logarithm to base 2 of what an octave is worth; 0 where all frequencies are alike.
    pivot
        Radians a sample that are worth nothing.
    """

    octave: float
    pivot: float


@compiled
def tilt_gain(click: Vector, tilt: Tilt) -> float:
    """Return what a click's frequency makes of its score.

    The frequency is the root mean square of its spectrum's, as the energy of the first difference gives it.
    """
    if tilt.octave == 0.0:
        return 1.0
    energy, change, before = 0.0, 0.0, 0.0
    for value in click:
        energy += value * value
        change += (value - before) ** 2
        before = value
    change += before * before
    sine = np.sqrt(change / (4.0 * energy + 1e-300))
    octaves = np.log2(max(2.0 * np.arcsin(min(sine, 1.0)), 1e-9) / tilt.pivot)
    return float(2.0 ** (tilt.octave * min(max(octaves, -_TILT_OCTAVES), _TILT_OCTAVES)))
