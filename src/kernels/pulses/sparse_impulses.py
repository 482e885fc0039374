"""Impulses of a stretch estimated together: samples that are off, each with a variance of its own.

The variances of greatest evidence are found by sparse Bayesian learning (M. Tipping, "Sparse Bayesian
learning and the relevance vector machine", JMLR 1, 2001) with the leave-one-out terms of M. Tipping and
A. Faul, "Fast marginal likelihood maximisation for sparse Bayesian models", AISTATS 2003. Most come out as
zero.
"""

from __future__ import annotations

import numpy as np

from ..compilation.compilation import compiled
from ..prediction.bands import band_cholesky, band_inverse_diagonal, band_solve
from ..prediction.models import Positions, Vector, echoes, span_precision
from ..samples.ranks import SIGMA

# tuned: table crackle, tuning takes, 2026-11-21, no record of each
_ROUNDS = 8
_BESIDE = 3.0  # squared standard deviations by which a sample stands out beside one that does
_NEAR = 4  # samples
_PEAK = 100.0  # the same for what is plain, were it alone
_FAINT = 4.0  # the same for what is looked at at all
_REACH = (12, 25)  # samples before and after one that stands out alone that are looked at
_SCALE_REACH = 8  # cells to either side that a scale is the median of


@compiled
def local_scale(e: Vector, first: int, cell: int, floor: float, scale: Vector) -> float:
    """Follow the standard deviation of an excitation, whatever impulses there are in it.

    Parameters
    ----------
    e
        Excitation, shape (k,), known from `first` on; ``k - first >= cell``.
    first
        See `e`.
    cell
        Samples whose median counts; a scale is the median of 17 of these, and linear in between.
    floor
        Least scale.
    scale
        Filled, shape (k,).

    Returns
    -------
    float
        The scale of all of it.
    """
    cells = (e.size - first) // cell
    levels = np.empty(cells)
    for k in range(cells):
        levels[k] = np.median(np.abs(e[first + k * cell : first + (k + 1) * cell]))
    smooth = np.empty(cells)
    # Not `replace_ranked`: windows are cut short at both ends, and a block has few of them.
    for k in range(cells):
        around = levels[max(k - _SCALE_REACH, 0) : min(k + _SCALE_REACH + 1, cells)]
        smooth[k] = max(SIGMA * np.median(around), floor)
    for t in range(e.size):
        place = (t - first) / cell - 0.5
        k = int(np.floor(place))
        if k < 0 or k >= cells - 1:
            scale[t] = smooth[0] if k < 0 else smooth[cells - 1]
        else:
            scale[t] = smooth[k] + (place - k) * (smooth[k + 1] - smooth[k])
    return float(max(SIGMA * np.median(np.abs(e[first:])), floor))


@compiled
def sparse_impulses(e: Vector, rest: Vector, a: Vector, low: int, high: int, alone: float, n: Vector) -> int:
    """Estimate every impulse that begins in ``low <= t < high`` together, as samples that are off.

    Parameters
    ----------
    e
        Excitation in standard deviations, shape (k,).
    rest
        The same without the impulses in `n`.
    a
        The model, shape (p + 1,).
    low, high
        Where to look, ``high <= k - p``.
    alone
        Squared standard deviations by which a sample must stand out of what the others leave.
    n
        Impulses from an earlier turn, or zeros; filled with the impulses, shape (k,).

    Returns
    -------
    int
        How many samples are off.
    """
    power = np.sum(a * a)
    g = np.zeros(e.size)
    echoes(a, rest, low, g[low:high])
    active, variance = _candidates(g, n, power, low, high, alone)
    if active.size and np.any(n):  # else they are known
        echoes(a, e, low, g[low:high])
    n[:] = 0.0
    for turn in range(_ROUNDS):
        if not active.size:
            break
        band = np.empty((active.size, _bandwidth(active, a.size)))
        span_precision(a, active, e.size - 1, band)
        mean = np.empty(active.size)
        spread = np.empty(active.size)
        for i in range(active.size):
            band[i, 0] += 1.0 / variance[i]
            mean[i] = g[active[i]]
        if not band_cholesky(band):
            return 0
        band_solve(band, mean)
        if turn == _ROUNDS - 1:
            for i in range(active.size):
                n[active[i]] = mean[i]
            break
        band_inverse_diagonal(band, spread)
        ease = min(1.0, 0.25 * (turn + 1))
        kept = _keep(active, variance, mean, spread, g, power, alone, ease)
        active = active[:kept].copy()
        variance = variance[:kept].copy()
    return int(active.size)


@compiled
def _keep(active: Positions, variance: Vector, mean: Vector, spread: Vector, g: Vector, power: float,
          alone: float, ease: float) -> int:  # fmt: skip
    """Keep, in place, the samples that stand out of what the others leave, with their likeliest variances.

    Of what it takes to stand out only the part `ease` is asked for. Returns how many are kept.
    """
    out = np.zeros(g.size)
    for i in range(active.size):
        precision = max(1.0 / spread[i] - 1.0 / variance[i], 1e-12)
        out[active[i]] = (mean[i] / spread[i]) ** 2 / precision
    kept = 0
    for i in range(active.size):
        t = active[i]
        beside = max(np.max(out[t - _NEAR : t]), np.max(out[t + 1 : t + _NEAR + 1]))
        # Neighbours explain each other, so the tallest of them stays until the others have gone.
        peak = abs(g[t]) >= np.max(np.abs(g[t - _NEAR : t + _NEAR + 1]))
        best = ease < 1.0 and peak and g[t] * g[t] > _PEAK * power
        if best or out[t] > ease * (_BESIDE if beside > alone else alone):
            known = max(1.0 - spread[i] / variance[i], 1e-3)
            active[kept] = t
            variance[kept] = max(mean[i] * mean[i] / known, 1e-12)
            kept += 1
    return kept


@compiled
def _bandwidth(active: Positions, reach: int) -> int:
    """Count the most samples that lie within `reach` of one of them, from it on: far fewer than `reach`."""
    widest, stop = 1, 0
    for i in range(active.size):
        while stop < active.size and active[stop] - active[i] < reach:
            stop += 1
        widest = max(widest, stop - i)
    return widest


@compiled
def _candidates(
    g: Vector, n: Vector, power: float, low: int, high: int, alone: float
) -> tuple[Positions, Vector]:
    """Pick the samples to look at, and the variance of each as if it were the only one that is off still."""
    looked = np.zeros(g.size, np.bool_)
    for t in range(low, high):
        if g[t] * g[t] > alone * power:
            looked[max(t - _REACH[0], low) : min(t + _REACH[1], high)] = True
    active = np.empty(g.size, np.int64)
    variance = np.empty(g.size)
    count = 0
    for t in range(low, high):
        if n[t] != 0.0 or (looked[t] and g[t] * g[t] > _FAINT * power):
            active[count] = t
            variance[count] = max((n[t] + g[t] / power) ** 2, 1e-12)
            count += 1
    return active[:count].copy(), variance[:count].copy()
