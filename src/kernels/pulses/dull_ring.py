"""Rings within a limited band: what cut it off made their beginnings soft, and left the rest as it was.

Far enough under the edge of the band nothing was changed. So the ring is fitted to what a low-pass leaves of
the excitation, the same low-pass being put into the model of the sound, and what is taken away is that ring
as it comes through the edge.

Excitations are in units of their standard deviation, and indices count from the click's first sample.
"""

from __future__ import annotations

import numpy as np

from ..compilation.compilation import compiled
from ..prediction.models import Vector, add_filtered
from .rings import RingSearch, fit_ring

_INSIDE = (
    0.4  # of the band; tuned: known spans of the tuning set's material for clicks, 2026-11-29; 0.25 to 0.75
)
_LEAST_GAIN = 20.0  # guard: with less energy there is nothing to fit


@compiled
def low_pass(edge: float, half: int) -> Vector:
    """Return the taps of a low-pass, shape (2 half + 1,): a sinc under a Hann window.

    Parameters
    ----------
    edge
        Where it falls to a half, as a part of half the sample rate.
    half
        Samples to either side of its middle.
    """
    taps = np.empty(2 * half + 1)
    for k in range(taps.size):
        window = 0.5 + 0.5 * np.cos(np.pi * (k - half) / (half + 1.0))
        taps[k] = window * edge * np.sinc(edge * (k - half))
    return taps


@compiled
def dull_ring(e: Vector, a: Vector, search: RingSearch, pulse: Vector) -> float:
    """Estimate the ring in a click whose band ends under half the sample rate.

    Parameters
    ----------
    e
        Excitation from the click's first sample on, shape (k,).
    a
        Model of the sound, shape (p + 1,).
    search
        Where to look, `search.edge` < 1.
    pulse
        Filled with the ring, shape (m,).

    Returns
    -------
    float
        The energy that it explains of the low-passed excitation; 0 where there is none.
    """
    half = (search.grain if search.grain else a.size - 1) // 2
    taps = low_pass(_INSIDE * search.edge, half)
    dull = np.zeros(e.size)
    add_filtered(e, 0, taps, 0, dull)
    model = np.zeros(a.size + 2 * half)
    padded = np.zeros(model.size)
    padded[: a.size] = a
    add_filtered(padded, 0, taps, 0, model)
    pulse[:] = 0.0
    if e.size < search.first + search.starts + model.size // 2:
        return 0.0
    gain, start, pole, c = fit_ring(dull[search.first :], model, search)
    if not gain > _LEAST_GAIN:
        return 0.0
    start += search.first
    ring = np.zeros(pulse.size + half)
    for t in range(start, ring.size):
        ring[t] = c.real
        c *= pole
    through = np.zeros(ring.size)
    add_filtered(ring, 0, low_pass(search.edge, half), 0, through)
    pulse[:] = through[half:]
    return float(gain)
