"""Where a spectrum ends: a trend, a Butterworth slope and a floor, fitted to levels over frequency."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter1d, median_filter
from scipy.optimize import least_squares

Array = npt.NDArray[np.float64]

DB_A_DOUBLING = 20 * np.log10(2)
"""What one order of a filter falls by in an octave."""

_ROBUST_DB = 2.5
_STARTS = (6.0, 40.0)
_MOST_ORDERS = 150.0
_STEEPEST_TREND = 9.0  # dB an octave
_REACH_OCTAVES = 2.0
_BELOW_OCTAVES, _ABOVE_OCTAVES = 0.6, 0.3
_SMOOTH_OCTAVES = 1 / 8
_LEAST_DROP_DB = 6.0


class BandLimit(NamedTuple):
    """One end of a band: octaves at -3 dB, order of the slope, drop from the band to the floor in dB.

    `scatter_db` is the mean distance of the levels from the fitted curve.
    """

    octave: float
    order: float
    drop_db: float
    scatter_db: float


def upper_limit(octave: Array, level_db: Array) -> BandLimit | None:
    """Find where the levels fall off to the right, never to come back.

    The curve is ``a + b u - 10 log10(1 + 2^(2 n u))`` over ``u = octave - c``, added in power to a floor:
    a Butterworth low-pass of order n whose -3 dB point is c. Residuals count in decibels, outliers (lines
    of held notes, gaps between them) little.

    Parameters
    ----------
    octave
        Logarithm of the frequency to base 2, ascending, shape (bands,).
    level_db
        Level of each band, shape (bands,).

    Returns
    -------
    BandLimit or None
        None where nothing falls by 6 dB.
    """
    if octave.size < 16:
        return None
    start = _largest_drop(octave, level_db)
    if start is None:
        return None
    near = np.abs(octave - octave[start]) < _REACH_OCTAVES
    fits = [_fit(octave[near], level_db[near], float(octave[start]), order) for order in _STARTS]
    return min(fits, key=lambda fit: fit.scatter_db)


def lower_limit(octave: Array, level_db: Array) -> BandLimit | None:
    """Find where the levels fall off to the left: `upper_limit` in a mirror."""
    found = upper_limit(-octave[::-1], level_db[::-1])
    return None if found is None else found._replace(octave=-found.octave)


def _largest_drop(octave: Array, level_db: Array) -> int | None:
    """Return the band after which all of a third of an octave lies furthest below what was before it."""
    step = float(np.median(np.diff(octave)))
    smooth = median_filter(level_db, max(round(_SMOOTH_OCTAVES / step), 1) | 1, mode="nearest")
    before, after = max(round(_BELOW_OCTAVES / step), 1), max(round(_ABOVE_OCTAVES / step), 1)
    ahead = maximum_filter1d(smooth, after, origin=-((after - 1) // 2), mode="nearest")
    padded = np.concatenate([np.full(before, smooth[0]), smooth])
    behind = np.median(np.lib.stride_tricks.sliding_window_view(padded, before)[: smooth.size], axis=1)
    drop = behind - ahead
    drop[-2:] = 0.0
    best = int(np.argmax(drop))
    return best if drop[best] >= _LEAST_DROP_DB else None


def _curve(u: Array, level: float, trend: float, order: float, floor: float) -> Array:
    slope = np.logaddexp(0.0, 2 * order * np.log(2) * u) * (10 / np.log(10))
    return np.asarray(np.logaddexp((level + trend * u - slope) * 0.1 * np.log(10), floor * 0.1 * np.log(10))
                      * (10 / np.log(10)))  # fmt: skip


def _fit(octave: Array, level_db: Array, start: float, order: float) -> BandLimit:
    below, above = level_db[octave < start], level_db[octave > start]
    first = [start, np.median(below), 0.0, np.log(order), np.quantile(above, 0.2)]
    low = [octave[0], -400.0, -_STEEPEST_TREND, 0.0, -400.0]
    high = [octave[-1], 100.0, _STEEPEST_TREND, np.log(_MOST_ORDERS), 100.0]

    def error(p: Array) -> Array:
        return _curve(octave - p[0], p[1], p[2], float(np.exp(p[3])), p[4]) - level_db

    done = least_squares(error, first, bounds=(low, high), loss="soft_l1", f_scale=_ROBUST_DB,
                         x_scale=[0.1, 3.0, 3.0, 0.5, 3.0], max_nfev=30)  # fmt: skip
    at, level, _, log_order, floor = done.x
    scatter = float(np.mean(np.abs(error(done.x))))
    return BandLimit(float(at), float(np.exp(log_order)), float(level - floor), scatter)
