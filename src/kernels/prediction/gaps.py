"""Gaps whose samples are not to be believed at all: rebuilt from the sound around them."""

# ruff: noqa: PLR0917 - kernels take plain arrays by position

from __future__ import annotations

import numpy as np

from ...audio.arrays import Mask
from ..compilation.compilation import compiled
from .models import (
    Positions,
    Vector,
    band_cholesky,
    band_solve,
    prediction_error,
    span_gradient,
    span_precision,
)

MOST_RISE = 4.0
"""A rebuilt gap peaks at most so many times over the whole samples around it; more is an oscillation."""


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
    """Replace the samples of the first `count` gaps by what the sound around all of them predicts.

    Least squares over the excitation, all gaps at once: A. Janssen, R. Veldhuis, L. Vries, "Adaptive
    interpolation of discrete-time signals that can be modeled as autoregressive processes", IEEE Trans.
    ASSP 34(2), 1986.

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
    local = x[start - order : min(stop + order, end)]
    white = np.zeros(local.size)
    prediction_error(local, order, local.size, a, white)
    e = white[order:]
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
    precision = np.empty((size, min(a.size, size)))
    span_precision(a, active, e.size - 1, precision)
    change = np.empty(size)
    span_gradient(a, e, active, e.size - 1, change)
    if not band_cholesky(precision):
        return False
    band_solve(precision, change)
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
