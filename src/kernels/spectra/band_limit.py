"""Where a spectrum ends: a program that is known by its likely shape alone, a Butterworth slope and a floor.

What a recording's spectrum would be without the filter is not known. So it is a part of the fit, held to what
programs are like by prior distributions: a trend in decibels an octave, and bumps of some decibels every half
octave. A steep slope stands out against them and is placed exactly; a gentle one might be the program's own,
and the standard error of the fit says how far that leaves its place open.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.ndimage import maximum_filter1d, median_filter

from ...audio.arrays import Array
from ..compilation.compilation import compiled

Normal = tuple[float, Array, Array, float]

DB_A_DOUBLING = 20 * np.log10(2)
"""What one order of a filter falls by in an octave; derived: power doubles twice."""

# tuned: bench band_finder, 2026-11-21, no record of each
_REACH_OCTAVES = 2.0
_BELOW_OCTAVES, _ABOVE_OCTAVES = 0.6, 0.3
_SMOOTH_OCTAVES = 1 / 8
_LINES = 3  # blocks of an eighth octave beyond an end that may hold whistles; tuned: media, 2026-11-29
_COMES_BACK = 0.6  # of the drop; tuned: bench.material.tuning.media, 2026-11-29
_LEAST_DROP_DB = 6.0
_STARTS = (3.0, 30.0)
_MOST_ORDERS = 150.0
_BUMP_OCTAVES, _BUMP_WIDTH_OCTAVES, _BUMP_DB = 0.5, 0.45, 4.0
_TREND_SCATTER_DB, _PLACE_SCATTER_OCTAVES, _LEVEL_SCATTER_DB = 4.0, 1.5, 40.0
_USUAL_ORDER, _ORDER_SCATTER = 6.0, 1.5  # the latter of the natural logarithm
_ROBUST_DB = 2.5
_WEIGHT_AN_OCTAVE = 10.0  # independent observations: neighbouring bands tell much the same
_ITERATIONS, _TRIES = 25, 6  # guard: steps, and tries of each, so that none goes on for ever
_DAMPING, _DAMPING_STEP, _LEAST_DAMPING = 1e-2, 5.0, 1e-6  # guard: of Levenberg and Marquardt's steps
_ENOUGH = 1e-3
_FIXED = 5  # derived: parameters before the bumps: place, level, trend, logarithm of the order, floor


class BandLimit(NamedTuple):
    """One end of a band: octaves at -3 dB, order of the slope, drop from the band to the floor in dB.

    `error_octaves` is the standard error of the first, `scatter_db` the mean distance of the levels from the
    fitted curve.
    """

    octave: float
    order: float
    drop_db: float
    error_octaves: float
    scatter_db: float


def upper_limit(
    octave: Array, level_db: Array, trend_db_octave: float, doubt_db: float, *, lines: int = _LINES
) -> BandLimit | None:
    """Find where the levels fall off to the right, never to come back.

    What lies between the partials of a voice falls off as well, but the next partial comes back.

    The curve is ``a + b u + bumps - 10 log10(1 + 2^(2 n (u - c)))``, added in power to a floor: a Butterworth
    low-pass of order n whose -3 dB point is c. Residuals count in decibels, outliers (lines of held notes,
    gaps between them) little. The most probable parameters are found by Levenberg and Marquardt's method; the
    error is that of the normal distribution which touches the posterior there (Laplace's approximation: D.
    MacKay, Information Theory, Inference, and Learning Algorithms, 2003, ch. 27).

    Parameters
    ----------
    octave
        Logarithm of the frequency to base 2, ascending, shape (bands,).
    level_db
        Level of each band, shape (bands,).
    trend_db_octave
        What the program itself rises by in an octave, on average.
    doubt_db
        In what the program would be at the end of its band, beside what the fit knows of: the error grows by
        as many octaves as the slope takes to fall that far.
    lines
        In how many eighths of an octave beyond it something may come back: whistles, hum.

    Returns
    -------
    BandLimit or None
        None where nothing falls by 6 dB.
    """
    if octave.size < 16:
        return None
    start = _largest_drop(octave, level_db, lines)
    if start is None:
        return None
    near = np.abs(octave - octave[start]) < _REACH_OCTAVES
    weight = _WEIGHT_AN_OCTAVE * np.gradient(octave)[near]
    u = octave[near] - octave[start]
    fits = [_fit(u, level_db[near], weight, trend_db_octave, order) for order in _STARTS]
    _, best = min(fits, key=lambda fit: fit[0])
    # at its knee the slope is half of what it becomes
    doubt = doubt_db / (0.5 * DB_A_DOUBLING * best.order)
    error = float(np.hypot(best.error_octaves, doubt))
    return best._replace(octave=float(octave[start]) + best.octave, error_octaves=error)


def lower_limit(octave: Array, level_db: Array, trend_db_octave: float, doubt_db: float) -> BandLimit | None:
    """Find where the levels fall off to the left: `upper_limit` in a mirror."""
    found = upper_limit(
        -octave[::-1], level_db[::-1], -trend_db_octave, doubt_db, lines=octave.size
    )  # hum may have any number of lines
    return None if found is None else found._replace(octave=-found.octave)


def _largest_drop(octave: Array, level_db: Array, lines: int) -> int | None:
    """Return the band after which all of a third of an octave lies furthest below what was before it."""
    step = float(np.median(np.diff(octave)))
    smooth = median_filter(level_db, max(round(_SMOOTH_OCTAVES / step), 1) | 1, mode="nearest")
    before, after = max(round(_BELOW_OCTAVES / step), 1), max(round(_ABOVE_OCTAVES / step), 1)
    ahead = maximum_filter1d(smooth, after, origin=-((after - 1) // 2), mode="nearest")
    padded = np.concatenate([np.full(before, smooth[0]), smooth])
    behind = np.median(np.lib.stride_tricks.sliding_window_view(padded, before)[: smooth.size], axis=1)
    drop = behind - ahead
    drop[-2:] = 0.0
    highest = maximum_filter1d(level_db, before, origin=(before - 1) // 2, mode="nearest")
    drop[highest - _later_peaks(octave, level_db, lines) < _COMES_BACK * drop] = 0.0
    best = int(np.argmax(drop))
    return best if drop[best] >= _LEAST_DROP_DB else None


def _later_peaks(octave: Array, level_db: Array, lines: int) -> Array:
    """Return what the levels come back to beyond each band, but for so many eighths of an octave."""
    block = np.floor(octave / _SMOOTH_OCTAVES).astype(int)
    starts = np.flatnonzero(np.diff(block, prepend=block[0] - 1))
    peaks = np.maximum.reduceat(level_db, starts)
    later = np.full(starts.size + 1, -np.inf)
    for place in range(starts.size - lines - 1, -1, -1):
        later[place] = np.sort(peaks[place:])[-lines - 1]
    beyond = np.searchsorted(octave[starts], octave + _ABOVE_OCTAVES)
    return np.asarray(later[beyond])


def _fit(u: Array, level_db: Array, weight: Array, trend: float, order: float) -> tuple[float, BandLimit]:
    """Fit the curve over octaves `u`, 0 at the largest drop; return the cost, and the limit in those."""
    centres = np.arange(u[0], u[-1] + _BUMP_OCTAVES, _BUMP_OCTAVES)
    bumps = np.exp(-0.5 * ((u[:, np.newaxis] - centres) / _BUMP_WIDTH_OCTAVES) ** 2)
    below, above = level_db[u < 0], level_db[u > 0]
    known = [0.0, float(np.median(below)), trend, np.log(_USUAL_ORDER), float(np.quantile(above, 0.2))]
    spread = [_PLACE_SCATTER_OCTAVES, _LEVEL_SCATTER_DB, _TREND_SCATTER_DB, _ORDER_SCATTER, _LEVEL_SCATTER_DB]
    likely = np.concatenate([known, np.zeros(centres.size)])
    firmness = np.concatenate([spread, np.full(centres.size, _BUMP_DB)]) ** -2.0
    guess = likely.copy()
    guess[3] = np.log(order)
    cost, slope, curvature, scatter = _normal_equations(guess, u, level_db, weight, bumps, likely, firmness)
    damping = _DAMPING
    for _ in range(_ITERATIONS):
        before = cost
        for _ in range(_TRIES):
            step = np.linalg.solve(curvature + damping * np.diag(np.diag(curvature)), slope)
            there = guess + step
            there[0] = np.clip(there[0], u[0], u[-1])
            there[3] = np.clip(there[3], 0.0, np.log(_MOST_ORDERS))
            tried = _normal_equations(there, u, level_db, weight, bumps, likely, firmness)
            if tried[0] < cost:
                guess, (cost, slope, curvature, scatter) = there, tried
                damping = max(damping / _DAMPING_STEP, _LEAST_DAMPING)
                break
            damping *= _DAMPING_STEP
        if before - cost <= _ENOUGH * cost:
            break
    at, level, trend, log_order, floor = guess[:_FIXED]
    rise = np.exp(-0.5 * ((at - centres) / _BUMP_WIDTH_OCTAVES) ** 2) @ guess[_FIXED:]
    drop = float(level + trend * at + rise - floor)
    error = float(np.sqrt(np.linalg.inv(curvature)[0, 0]))
    return cost, BandLimit(float(at), float(np.exp(log_order)), drop, error, scatter)


@compiled
def _normal_equations(
    p: Array, u: Array, level_db: Array, weight: Array, bumps: Array, likely: Array, firmness: Array
) -> Normal:
    """Cost at `p`, half its negative gradient, its curvature, and the residuals' weighted mean."""
    count = p.size
    slope = firmness * (likely - p)
    curvature = np.diag(firmness)
    cost = np.sum(firmness * (p - likely) ** 2)
    decibels = 10 / np.log(10.0)
    steepness = 2 * np.exp(p[3]) * np.log(2.0)
    row = np.empty(count)
    off, total = 0.0, 0.0
    for i in range(u.size):
        z = min(max(steepness * (u[i] - p[0]), -500.0), 500.0)
        beyond = 1 / (1 + np.exp(-z))
        fall = decibels * (max(z, 0.0) + np.log1p(np.exp(-abs(z))))
        program = p[1] + p[2] * u[i] - fall
        for k in range(_FIXED, count):
            program += p[k] * bumps[i, k - _FIXED]
        above = (program - p[4]) / decibels
        model = p[4] + decibels * (max(above, 0.0) + np.log1p(np.exp(-abs(above))))
        share = np.exp((program - model) / decibels)
        row[0] = share * decibels * beyond * steepness
        row[1] = share
        row[2] = share * u[i]
        row[3] = -share * decibels * beyond * z
        row[4] = 1 - share
        for k in range(_FIXED, count):
            row[k] = share * bumps[i, k - _FIXED]
        residual = level_db[i] - model
        robust = np.sqrt(1 + (residual / _ROBUST_DB) ** 2)
        cost += weight[i] * 2 * (robust - 1)
        counts = weight[i] / (robust * _ROBUST_DB**2)
        for k in range(count):
            slope[k] += counts * residual * row[k]
            for j in range(k + 1):
                curvature[k, j] += counts * row[k] * row[j]
        off += weight[i] * abs(residual)
        total += weight[i]
    for k in range(count):
        for j in range(k):
            curvature[j, k] = curvature[k, j]
    return cost, slope, curvature, off / total
