"""What is under a burst of noise: the noise adds to the music, is white, and begins and ends at once.

The noise-pulse model (Godsill and Rayner, Digital Audio Restoration, 1998, chapter 9) with one variance,
whose begin, end and variance are those of greatest evidence. Excitations are in units of their standard
deviation, and indices count from the first sample in which it may begin.
"""

from __future__ import annotations

import numpy as np

from ..compilation.compilation import compiled
from ..prediction.bands import band_cholesky, band_solve
from ..prediction.models import Matrix, Vector, span_equations

# tuned: table clicks, its scratches, tuning takes, 2026-11-21, no record of each
_FACTORS = np.array(
    [0.03, 0.12, 0.5, 2.0]
)  # variances tried, over the mean square of the samples' own estimates
_FINER = np.array([0.35, 0.6, 1.0, 1.7, 2.8])  # and then, over the best of those
_SHORTEST = 2  # orders: what is shorter is a click like any other
_MOST_LIKELY = 0.4  # log evidence a sample by which noise that adds must beat a louder excitation
_PRICE = 12.0  # log evidence that the choice of begin, end and variance costs


@compiled
def burst_pulse(e: Vector, a: Vector, n: Vector) -> tuple[int, float]:
    """Estimate a click that is white noise of one variance.

    Parameters
    ----------
    e
        Excitation, shape (k,).
    a
        Model of the sound, shape (p + 1,).
    n
        Filled with the click, shape (m,), m <= k: it lies within.

    Returns
    -------
    length, evidence
        Samples until it ends, and the logarithm of the evidence for it, less what the choice costs.
    """
    room = n.size
    precision, g = span_equations(a, e, np.arange(room), e.size - 1)
    power = np.sum(a * a)
    variance = np.mean(g * g) / (power * power) + 1e-12
    shortest = _SHORTEST * (a.size - 1)
    begin, end = 0, room
    evidence = -np.inf
    for turn in range(2):
        best = variance
        evidence = -np.inf
        for factor in _FACTORS if turn == 0 else _FINER:
            own, last = _best_end(precision[begin:], g[begin:], variance * factor, shortest)
            if own > evidence:
                evidence, best, end = own, variance * factor, begin + last
        variance = best
        backwards = np.empty((end, precision.shape[1]))
        for j in range(end):
            for d in range(min(precision.shape[1], end - j)):
                backwards[j, d] = precision[end - 1 - j - d, d]
        evidence, last = _best_end(backwards, g[:end][::-1].copy(), variance, shortest)
        begin = end - last
    n[:] = 0.0
    own = own_evidence(e[begin:])
    if not evidence - own > max(_PRICE, _MOST_LIKELY * (end - begin)):
        return 0, -np.inf
    band = precision[begin:end, : min(precision.shape[1], end - begin)].copy()
    band[:, 0] += 1.0 / variance
    if not band_cholesky(band):
        return 0, -np.inf
    n[begin:end] = g[begin:end]
    band_solve(band, n[begin:end])
    return end, evidence - _PRICE


@compiled
def own_evidence(e: Vector) -> float:
    """Return the greatest log evidence that the sound itself is louder, from its first sample on to some end.

    The innovational outlier of A. J. Fox, "Outliers in time series", Journal of the Royal Statistical Society
    B 34(3), 1972: an excitation of greater variance. What is added drives the whole length of the
    prediction-error filter, what the sound does by itself only samples of its own.
    """
    best, energy = 0.0, 0.0
    for t in range(e.size):
        energy += e[t] * e[t]
        count = t + 1.0
        if energy > count:
            best = max(best, 0.5 * (energy - count - count * np.log(energy / count)))
    return best


@compiled
def _best_end(precision: Matrix, g: Vector, variance: float, shortest: int) -> tuple[float, int]:
    """Find where noise that begins at 0 ends: greatest log evidence, and the samples it lasts.

    The factor of a leading block is the leading block of the factor, so that one serves every end.
    """
    size, width = precision.shape
    if size < shortest:
        return -np.inf, size
    band = precision.copy()
    band[:, 0] += 1.0 / variance
    if not band_cholesky(band):
        return -np.inf, size
    z = g.copy()
    best, end, evidence = -np.inf, size, 0.0
    price = 0.5 * np.log(variance)
    for j in range(size):
        z[j] /= band[j, 0]
        for d in range(1, min(width, size - j)):
            z[j + d] -= band[j, d] * z[j]
        evidence += 0.5 * z[j] * z[j] - np.log(band[j, 0]) - price
        if evidence > best and j + 1 >= shortest:
            best, end = evidence, j + 1
    return best, end
