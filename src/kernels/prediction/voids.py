"""The void above a recording's band: where it begins, and the noise that fills it for a model's sake.

What passed a codec, a resampler or a narrow medium has nothing above a cliff in its spectrum. A model that
follows the cliff down predicts by what the filter made, which is everywhere the same, of clicks as of music:
nothing stands out any more, and estimates are made of nothing. White noise a little under the sound at the
top of the band (Kay, Modern Spectral Estimation, 1988, section 7.3: noise compensation the other way round)
leaves the band to the model, and nothing to be gained from the void.
"""

from __future__ import annotations

import numpy as np

from ..compilation.compilation import compiled
from .models import Vector

_POINTS = 4  # derived: points of the spectrum for each of the order / 2 lines that a model resolves
_LOWEST_LINE = 3  # tuned: by hand; a cliff further down, under 4 kHz, is as likely a resonance's own
# tuned: bench.material.tuning, all kinds at 5 and 15 times by four routes, music, tuning set, 2026-11-29;
# of 15, 20 and 24 dB. Low-passes, resamplers and codecs fall by 25 to 48 dB within a line
_CLIFF_DB = 20.0
_FOLLOWS = 0.25  # how much of a newly seen edge is believed; tuned: by hand, 2026-11-29
_SMOOTH = 1  # tuned: likewise; points on either side that a level is the mean of


@compiled
def _levels(a: Vector, points: int) -> Vector:
    """Return the model's spectrum in dB over that of its excitation, at the middles of `points` bands."""
    level = np.empty(points)
    for m in range(points):
        z = np.exp(-1j * np.pi * (m + 0.5) / points)
        value = 0.0 + 0.0j
        for k in range(a.size - 1, -1, -1):
            value = value * z + a[k]
        level[m] = -20.0 * np.log10(abs(value) + 1e-300)
    return level


@compiled
def find_void(a: Vector) -> tuple[float, float]:
    """Find where a model's spectrum falls off a cliff and does not come up again.

    Parameters
    ----------
    a
        The model, shape (p + 1,).

    Returns
    -------
    edge, level
        Where the void begins, as a part of half the sample rate, and the level at the top of the band over
        the excitation's, in dB; 1 and 0 where the band is full.
    """
    points = _POINTS * (a.size - 1) // 2
    level = _levels(a, points)
    smooth = np.empty(points)
    for m in range(points):
        smooth[m] = np.mean(level[max(m - _SMOOTH, 0) : min(m + _SMOOTH + 1, points)])
    deepest, edge, top = _CLIFF_DB, 1.0, 0.0
    above = -np.inf
    for m in range(points - 1 - _POINTS, _LOWEST_LINE * _POINTS - 1, -1):
        above = max(above, smooth[m + _POINTS])
        if smooth[m] - above > deepest:
            deepest = smooth[m] - above
            edge, top = (m + 0.5 + _POINTS) / points, smooth[m]
    return edge, top


@compiled
def filling_noise(a: Vector, variance: float, under_db: float) -> float:
    """Return the variance of the white noise that fills the void, 0 where there is none.

    Parameters
    ----------
    a, variance
        The model, and its excitation's variance.
    under_db
        How far under the top of the band the noise lies.
    """
    edge, level = find_void(a)
    if edge >= 1.0:
        return 0.0
    return float(variance * 10.0 ** (0.1 * (level - under_db)))


@compiled
def filling_noise_from(a: Vector, variance: float, edge: float, under_db: float) -> float:
    """Return the variance of the white noise that fills the void above an edge that is known; see above.

    `edge` is a part of half the sample rate. The level is that of the line under it.
    """
    points = _POINTS * (a.size - 1) // 2
    level = _levels(a, points)
    under = min(max(int(edge * points) - _POINTS, 0), points - 1)
    return float(variance * 10.0 ** (0.1 * (level[under] - under_db)))


@compiled
def followed_edge(a: Vector, band: Vector) -> float:
    """Return where the band ends by a model, or where it was last if this one shows no end.

    Parameters
    ----------
    a
        The model, shape (p + 1,).
    band
        Parts of half the sample rate, shape (2,): how high sound goes at most, and where the recording's band
        has ended so far, which follows what is seen; 1 where that is nothing.
    """
    edge = find_void(a)[0]
    if edge >= 1.0:
        return float(band[1])
    edge = min(edge, band[0])
    band[1] += (edge - band[1]) * (_FOLLOWS if band[1] < 1.0 else 1.0)
    return float(edge)


@compiled
def band_filter(edge: float, reach: int) -> Vector:
    """Return a low-pass that ends with a band: a sinc under a Hann window, shape (2 reach + 1,).

    Its sum of squares is what is left of the energy of one sample that is off.
    """
    taps = np.empty(2 * reach + 1)
    for k in range(-reach, reach + 1):
        phase = np.pi * edge * k
        window = 0.5 + 0.5 * np.cos(np.pi * k / (reach + 1.0))
        taps[reach + k] = window * (edge if k == 0 else edge * np.sin(phase) / phase)
    return taps
