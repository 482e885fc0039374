"""Impulses picked out of a recording's excitation and counted.

A repair wants every sample of every click; a count wants the clicks. So medians are of fewer samples here.
The scores are those of `cells`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compilation.compilation import compiled
from ..prediction.models import Matrix, Positions, Vector, autocorrelation_model
from ..samples.ranks import SIGMA
from .cells import Cells, Extent
from .spans import Scored, add_span, click_span

START, STOP, SCORE, HEIGHT, RMS = range(5)
"""Columns of a row that describes an impulse; `HEIGHT` is 0 where it was not measured."""

_SAMPLES = 16  # of a cell that its median is of; tuned: by hand, for speed, 2026-11-21; a power of 2
_RIDGE = 1e-9  # guard: no band may be empty


class Lengths(NamedTuple):
    """What is asked of an impulse's length.

    Attributes
    ----------
    pause
        Samples of the longest pause inside it.
    longest
        Samples.
    a_sample, most
        Score asked for a sample of length, and the most asked for any: a drum's stroke drives the sound for
        milliseconds.
    """

    pause: int
    longest: int
    a_sample: float
    most: float


class Outlined(NamedTuple):
    """A channel's excitation, shape (n,), in cells of so many samples, and what they hold."""

    e: Vector
    cell: int
    cells: Cells


@compiled
def outline_cells(e: Vector, first: int, last: int, cell: int, cells: Cells) -> None:
    """Find what `describe_cells` does at a third of its cost: medians are of a part of the samples."""
    size = _SAMPLES if cell >= _SAMPLES else _SAMPLES // 2
    few = np.empty((size, last - first))
    for k in range(first, last):
        samples = e[k * cell : (k + 1) * cell]
        most, at = -1.0, 0
        for t in range(cell):
            magnitude = abs(samples[t])
            if magnitude > most:
                most, at = magnitude, t
        cells.peak[k] = most
        cells.place[k] = k * cell + at
        for i in range(size):
            few[i, k - first] = abs(samples[i * (cell // size)])
    _sort_columns(few)
    for k in range(first, last):
        cells.median[k] = 0.5 * (few[size // 2 - 1, k - first] + few[size // 2, k - first])


@compiled
def _sort_columns(rows: Matrix) -> None:
    """Sort each column by Batcher's merge exchange (Knuth, algorithm 5.2.2M): no branch waits for a value."""
    size = rows.shape[0]  # a power of 2
    p = size // 2
    while p > 0:
        q, r, apart = size // 2, 0, p
        while True:
            for i in range(size - apart):
                if i & p == r:
                    low, high = rows[i], rows[i + apart]
                    for k in range(low.size):
                        one, other = low[k], high[k]
                        low[k] = one if one < other else other
                        high[k] = other if one < other else one
            if q == p:
                break
            apart, q, r = q - p, q // 2, p
        p //= 2


@compiled
def pick_impulses(e: Vector, scored: Scored, support: Vector, extent: Extent, lengths: Lengths,
                  picked: Matrix) -> int:  # fmt: skip
    """Pick one channel's impulses.

    Not `find_spans`: a count weighs length at once, believes other channels by the cell, and joins no
    neighbours.

    Parameters
    ----------
    e
        The channel's excitation, shape (n,).
    scored
        The channel's cells.
    support
        Highest score of the other channels near each cell: where that is 1 or more, this one's counts twice.
    extent
        The cells that peaks lie in, and the samples between which an impulse may lie.
    lengths
        See `Lengths`.
    picked
        Filled with rows of start, stop, and score over what is asked for, shape (most, 5).

    Returns
    -------
    int
        How many.
    """
    score, scale, place = scored
    first, last, low, high = extent
    count = 0
    for k in range(first, last):
        own = score[k]
        if own <= 0.0 or place[k] < low or place[k] >= high:
            continue
        if own < 1.0 and support[k] >= 1.0:
            own = min(2.0 * own, 1.0)
        start, stop = click_span(e, place[k], scale[k], lengths.pause, low, high)
        if stop - start > lengths.longest:
            continue
        own /= max(min(lengths.a_sample * (stop - start), lengths.most), 1.0)
        count = add_span(picked, count, start, stop, own)
    return count


@compiled
def merge_impulses(one: Matrix, other: Matrix, near: float, least: float, merged: Matrix) -> int:
    """Merge two bands' impulses, each in order of time; those up to `near` samples apart are one.

    Of such the first band's place is kept and the higher score. Rows under the score `least` are left out.
    """
    count = 0
    i, j = 0, 0
    while i < one.shape[0] or j < other.shape[0]:
        if j < other.shape[0] and (i == one.shape[0] or other[j, START] < one[i, START] - near):
            merged[count] = other[j]
            j += 1
        else:
            merged[count] = one[i]
            while j < other.shape[0] and other[j, START] <= one[i, STOP] + near:
                merged[count, SCORE] = max(merged[count, SCORE], other[j, SCORE])
                j += 1
            i += 1
        if merged[count, SCORE] >= least:
            count += 1
    return count


@compiled
def pulse_height(
    x: Vector, start: int, stop: int, bounds: Positions, order: int, before: int, near: int
) -> tuple[float, float]:
    """Measure how high an additive impulse in ``x[start:stop]`` peaks, and the RMS around it.

    What comes before it is fitted by an autoregressive model and continued; the impulse is what differs.

    Parameters
    ----------
    x
        Shape (n,).
    start, stop
        Where the impulse lies.
    bounds
        Where the recording begins and ends in `x`.
    order, before
        Order of the model, and samples it is fitted to.
    near
        Samples on each side that the RMS is taken of.

    Returns
    -------
    height, rms
        In the unit of `x`.
    """
    low, high = bounds[0], bounds[1]
    begin = max(start - before, low)
    power, count = 0.0, 0
    for t in range(max(start - near, low), start):
        power += x[t] * x[t]
        count += 1
    for t in range(stop, min(stop + near, high)):
        power += x[t] * x[t]
        count += 1
    a = np.zeros(order + 1)
    a[0] = 1.0
    if start - begin > 2 * order:
        arch = np.sin(np.pi * (np.arange(start - begin) + 0.5) / (start - begin))
        autocorrelation_model(x[begin:start] * arch, _RIDGE, a)
    height = 0.0
    e = np.zeros(stop - start)
    for t in range(start, stop):
        total = x[t]
        for k in range(1, min(order, t) + 1):
            total += a[k] * x[t - k]
        for k in range(1, min(order, t - start) + 1):
            total -= a[k] * e[t - start - k]
        e[t - start] = total
        height = max(height, abs(total))
    return height, np.sqrt(power / max(count, 1))


@compiled
def _excursions(outlined: Outlined, first: int, last: int, share: float, scales: float, floor: float,
                gap: int) -> tuple[int, int]:  # fmt: skip
    """Count rises of the excitation over so many scales, and the samples in which one could have come.

    The scale is that under which a `share` of 16 cells' medians lies; rises `gap` samples apart or less
    are one.
    """
    e, cell, cells = outlined
    count, idle = 0, 0
    since = gap + 1
    for begin in range(first, last, 16):
        ranked = np.sort(cells.median[begin : min(begin + 16, last)])
        limit = scales * max(SIGMA * ranked[int(share * ranked.size)], floor)
        for k in range(begin, begin + ranked.size):
            if cells.peak[k] <= limit:
                idle += min(max(since + cell - gap, 0), cell)
                since += cell
                continue
            for t in range(k * cell, (k + 1) * cell):
                if abs(e[t]) > limit:
                    if since > gap:
                        count += 1
                    since = 0
                else:
                    since += 1
                    if since > gap:
                        idle += 1
    return count, idle


@compiled
def excursion_rates(outlined: Outlined, first: int, last: int, scales: Vector, dense: float, floor: float,
                    gap: int, out: Vector) -> None:  # fmt: skip
    """Estimate how many impulses a sample there are where they are too dense to stand out of each other.

    They come at Poisson times, so that they begin at their rate in the time that is free of them, however
    long each lasts: a counter that is blind after an event, and a longer time where another comes within it
    (Cox and Lewis). Dense ones also hide the scale: without impulses are exp(-rate cell) of the cells, and
    the scale is the median of those.

    Parameters
    ----------
    outlined
        See `Outlined`.
    first, last
        The cells.
    scales
        Scales of what counts as an excursion: plain, and faint.
    dense
        Faint ones a sample from which the scale is corrected.
    floor
        Least scale.
    gap
        Excursions so many samples apart or less are one.
    out
        Filled with plain ones a sample, faint ones, and faint ones under the corrected scale, shape (3,).
    """
    for i in range(2):
        count, idle = _excursions(outlined, first, last, 0.5, scales[i], floor, gap)
        out[i] = count / max(idle, 1)
    out[2] = out[1]
    if out[1] > dense:
        share = 0.5 * np.exp(-out[1] * outlined.cell)
        count, idle = _excursions(outlined, first, last, share, scales[1], floor, gap)
        out[2] = count / max(idle, 1)
