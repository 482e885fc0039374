"""Samples that are not to be believed: interpolated from the sound around them.

Least squares over the excitation (LSAR): A. Janssen, R. Veldhuis, L. Vries, "Adaptive interpolation of
discrete-time signals that can be modeled as autoregressive processes", IEEE Trans. ASSP 34(2), 1986.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...audio.arrays import Mask
from ..compilation.compilation import compiled
from ..samples.ranks import SIGMA
from ..samples.runs import run_end
from .bands import band_cholesky, band_solve
from .models import Positions, Vector, autocorrelation_model, excitation_of, prediction_error, span_equations

MOST_RISE = 4.0
"""A rebuilt gap peaks at most so many times over what is whole around it; guard: more is an oscillation."""

_RIDGE = 1e-9  # guard: what lies within a resonance is almost singular


class Outliers(NamedTuple):
    """Which runs of samples are bridged before a model is fitted again.

    Attributes
    ----------
    scales
        Robust scales of the excitation, over which it is an outlier.
    sparse
        Every such sample counts for the scale.
    longest
        Samples of the longest run.
    reach
        Outliers up to so many samples apart are one run.
    """

    scales: float
    sparse: int
    longest: int
    reach: int


@compiled
def interpolation(a: Vector, e: Vector, active: Positions, last: int, ridge: float, change: Vector) -> bool:
    """Find what to take from the active samples so that the excitation is least.

    Parameters
    ----------
    a, active, last
        See `span_precision`.
    e
        Excitation with the samples as they are, as far as `last`.
    ridge
        Added to the diagonal, as a part of it.
    change
        Filled, shape (m,).

    Returns
    -------
    bool
        False where there is no solution; `change` is then spoilt.
    """
    band, change[:] = span_equations(a, e, active, last)
    for i in range(active.size):
        band[i, 0] *= 1.0 + ridge
    if not band_cholesky(band):
        return False
    band_solve(band, change)
    return True


@compiled
def gaps_together(gaps: Positions, first: int, count: int, order: int, longest: int) -> int:
    """Return one past the last gap that must be rebuilt along with the gap `first`.

    Gaps closer than the model's order know of each other; `longest` is the most samples from the first to the
    last. Gaps are rows of (start, stop), ascending; those from `count` on do not count.
    """
    last = first
    while (
        last + 1 < count
        and gaps[last + 1, 0] - gaps[last, 1] < order
        and gaps[last + 1, 1] - gaps[first, 0] <= longest
    ):
        last += 1
    return last + 1


@compiled
def rebuild(x: Vector, gaps: Positions, count: int, end: int, a: Vector, limit: float) -> bool:
    """Replace the samples of the first `count` gaps by what the sound around all of them predicts, at once.

    Parameters
    ----------
    x
        Samples, shape (n,), changed in place. The p before the first gap are whole.
    gaps
        Rows of (start, stop), ascending and apart. Those from `count` on are unknown too, but stay.
    end
        Samples from here on do not count.
    a
        Model of the sound, shape (p + 1,).
    limit
        Greatest magnitude that is believed.

    Returns
    -------
    bool
        False where there is no solution, or none within the limit; `x` is then unchanged.
    """
    order = a.size - 1
    start, stop = gaps[0, 0], gaps[-1, 1]
    e = excitation_of(x, start, min(stop + order, end), a)
    size, written = 0, 0
    for k in range(gaps.shape[0]):
        size += gaps[k, 1] - gaps[k, 0]
        if k < count:
            written = size
    active = np.empty(size, np.int64)
    at = 0
    for k in range(gaps.shape[0]):
        for t in range(gaps[k, 0] - start, gaps[k, 1] - start):
            active[at] = t
            at += 1
    change = np.empty(size)
    if not interpolation(a, e, active, e.size - 1, 0.0, change):
        return False
    for i in range(written):
        if not abs(x[start + active[i]] - change[i]) <= limit:
            return False
    for i in range(written):
        x[start + active[i]] -= change[i]
    return True


@compiled
def believed_peak(x: Vector, start: int, stop: int, damaged: Mask) -> float:
    """Return `MOST_RISE` times the highest magnitude of the whole samples of ``x[start:stop]``."""
    peak = 0.0
    for t in range(start, stop):
        if not damaged[t]:
            peak = max(peak, abs(x[t]))
    return MOST_RISE * peak


@compiled
def bridge(x: Vector, start: int, stop: int, end: int, a: Vector, e: Vector) -> None:
    """Interpolate ``x[start:stop]``, the excitation `e` of all of `x` following as far as `end`."""
    change = np.empty(stop - start)
    if interpolation(a, e, np.arange(start, stop), end - 1, _RIDGE, change):
        x[start:stop] -= change
        prediction_error(x, start, min(stop + a.size - 1, end), a, e)


@compiled
def bridge_outliers(x: Vector, a: Vector, outliers: Outliers) -> bool:
    """Interpolate the runs of `x` whose excitation is an outlier; say whether there was any."""
    e = np.zeros(x.size)
    order = a.size - 1
    prediction_error(x, order, x.size, a, e)
    limit = outliers.scales * SIGMA * np.median(np.abs(e[order :: outliers.sparse]))
    found = False
    t = order
    while t < x.size:
        if abs(e[t]) <= limit:
            t += 1
            continue
        stop = run_end(e, t, x.size, 0.5 * limit, outliers.reach)
        if stop - t <= outliers.longest and stop < x.size:
            bridge(x, t, stop, x.size, a, e)
            found = True
        t = stop
    return found


@compiled
def whole_model(x: Vector, taper: Vector, ridge: float, outliers: Outliers, a: Vector) -> float:
    """Fit a model to a stretch, and once more with outliers bridged: clicks do not hide in what shows them.

    Parameters
    ----------
    x
        The stretch, shape (n,), changed in place where there are outliers.
    taper
        What it is faded by, shape (n,).
    ridge, a
        See `autocorrelation_model`.
    outliers
        See `Outliers`.

    Returns
    -------
    float
        Energy of the prediction error of the tapered stretch.
    """
    energy = autocorrelation_model(x * taper, ridge, a)
    if bridge_outliers(x, a, outliers):
        energy = autocorrelation_model(x * taper, ridge, a)
    return float(energy)
