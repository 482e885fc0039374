"""Impulses picked out of a recording's excitation: what `cells` does for repair, at a third of its cost.

A repair wants every sample of every click; a count wants the clicks. So the models here are fitted to less,
medians are of fewer samples, and what neighbours share is computed once. The scores are those of `cells`.
"""

# ruff: noqa: PLR0917 - kernels take plain arrays by position

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..compilation.compilation import compiled
from ..prediction.models import levinson
from .cells import GUARD, SIDE, SIGMA, bridge_outliers, click_span, recurs, surroundings

Vector = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int64]

START, STOP, SCORE, HEIGHT, RMS = range(5)
"""Columns of a row that describes an impulse; `HEIGHT` is 0 where it was not measured."""

_SPARSE, _SAMPLES = 4, 16  # medians are of every fourth sample of a block, and of 16 samples of a cell
_OUTLIER = 8.0  # scales: what is bridged before a model is fitted again
_AT_ONCE = 8  # samples whose lagged products are summed at once


@compiled
def _lagged_products(x: Vector, order: int) -> Vector:
    """Return what `models.autocorrelation` does, up to rounding: four times as fast."""
    r = np.zeros(order + 1)
    reach = np.zeros(x.size + order + _AT_ONCE)  # zeros past the end spare a test on every lag
    reach[: x.size] = x
    for t in range(0, x.size, _AT_ONCE):
        y = reach[t:]
        a, b, c, d, e, f, g, h = y[0], y[1], y[2], y[3], y[4], y[5], y[6], y[7]
        for lag in range(order + 1):
            r[lag] += ((a * y[lag] + b * y[lag + 1]) + (c * y[lag + 2] + d * y[lag + 3])) + (
                (e * y[lag + 4] + f * y[lag + 5]) + (g * y[lag + 6] + h * y[lag + 7])
            )
    return r


@compiled
def _excitation(x: Vector, start: int, stop: int, a: Vector, e: Vector) -> None:
    """Write the excitation of ``x[start:stop]``, whose past lies in `x`, into `e`: four lags a pass."""
    size = stop - start
    out = e[:size]
    out[:] = x[start:stop]
    lag = 1
    while lag + 4 <= a.size:
        b, c, d, f = a[lag], a[lag + 1], a[lag + 2], a[lag + 3]
        one, two = x[start - lag : stop - lag], x[start - lag - 1 : stop - lag - 1]
        three, four = x[start - lag - 2 : stop - lag - 2], x[start - lag - 3 : stop - lag - 3]
        for t in range(size):
            out[t] += (b * one[t] + c * two[t]) + (d * three[t] + f * four[t])
        lag += 4
    while lag < a.size:
        b = a[lag]
        one = x[start - lag : stop - lag]
        for t in range(size):
            out[t] += b * one[t]
        lag += 1


@compiled
def _fit(stretch: Vector, rise: Vector, a: Vector) -> None:
    """Fit a model to a stretch that is faded in by `rise` and out (autocorrelation method)."""
    tapered = stretch.copy()
    tapered[: rise.size] *= rise
    tapered[-rise.size :] *= rise[::-1]
    r = _lagged_products(tapered, a.size - 1)
    r[0] *= 1.0 + 1e-9
    levinson(r, a)


@compiled
def whiten(x: Vector, first: int, last: int, block: int, bounds: Positions, order: int, longest: int,
           e: Vector) -> None:  # fmt: skip
    """Write the excitation of whole blocks of `x` into `e`, as `impulses.excitation` does.

    Models are fitted to a block and an eighth of one on each side, and once more with outliers bridged.

    Parameters
    ----------
    x
        The recording, shape (n,).
    first, last
        First sample of the first block, and one past the last.
    block
        Samples a block, at least 8 `order`.
    bounds
        Where the recording begins and ends in `x`.
    order, longest
        Order of the models; longest run of outliers that is bridged.
    e
        Filled from `first` to `last`, with 0 where a prediction would reach past the recording's start.
    """
    a = np.empty(order + 1)
    margin, edge = block // 8, block // 4
    rise = 0.5 - 0.5 * np.cos(np.pi * (np.arange(edge) + 0.5) / edge)
    error = np.empty(block + 2 * max(margin, edge))
    for start in range(first, last, block):
        low = max(min(start - margin, bounds[1] - 2 * edge), bounds[0])
        high = min(start + block + margin, bounds[1])
        begin, end = max(start, bounds[0] + order), min(start + block, bounds[1])
        e[start : start + block] = 0.0
        if high - low < 2 * edge or begin >= end:
            continue
        stretch = x[low:high]
        _fit(stretch, rise, a)
        _excitation(stretch, order, stretch.size, a, error)
        magnitude = np.abs(error[: stretch.size - order])
        if magnitude.max() > _OUTLIER * SIGMA * np.median(magnitude[::_SPARSE]):
            bridged = stretch.copy()
            if bridge_outliers(bridged, a, longest, _OUTLIER, _SPARSE, order // 2):
                _fit(bridged, rise, a)
                _excitation(stretch, order, stretch.size, a, error)
        e[begin:end] = error[begin - low - order : end - low - order]


@compiled
def outline_cells(e: Vector, first: int, last: int, cell: int, median: Vector, peak: Vector,
                  place: Positions) -> None:  # fmt: skip
    """Find what `impulses.describe_cells` does; medians are of a part of the samples."""
    size = _SAMPLES if cell >= _SAMPLES else _SAMPLES // 2
    few = np.empty((size, last - first))
    for k in range(first, last):
        samples = e[k * cell : (k + 1) * cell]
        most, at = -1.0, 0
        for t in range(cell):
            magnitude = abs(samples[t])
            if magnitude > most:
                most, at = magnitude, t
        peak[k] = most
        place[k] = k * cell + at
        for i in range(size):
            few[i, k - first] = abs(samples[i * (cell // size)])
    _sort_columns(few)
    for k in range(first, last):
        median[k] = 0.5 * (few[size // 2 - 1, k - first] + few[size // 2, k - first])


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
def _replace(ranked: Vector, old: float, new: float) -> None:
    """Replace a value of `ranked`, which increases."""
    i = np.searchsorted(ranked, old)
    while i + 1 < ranked.size and ranked[i + 1] < new:
        ranked[i] = ranked[i + 1]
        i += 1
    while i > 0 and ranked[i - 1] > new:
        ranked[i] = ranked[i - 1]
        i -= 1
    ranked[i] = new


@compiled
def _windows(median: Vector, peak: Vector, begin: int, end: int, out: Matrix) -> None:
    """Write what `impulses.surroundings` has of the `SIDE` cells from ``begin + i`` on into ``out[i]``."""
    middles, peaks = np.empty(SIDE), np.empty(SIDE)
    for j in range(begin, end):
        if j == begin:
            middles[:] = np.sort(median[j : j + SIDE])
            peaks[:] = np.sort(peak[j : j + SIDE])
        else:
            _replace(middles, median[j - 1], median[j + SIDE - 1])
            _replace(peaks, peak[j - 1], peak[j + SIDE - 1])
        out[j - begin, 0] = SIGMA * 0.5 * (middles[SIDE // 2 - 1] + middles[SIDE // 2])
        out[j - begin, 1] = peaks[(3 * SIDE) // 4]
        out[j - begin, 2] = peaks[SIDE - 1]


@compiled
def score_peaks(median: Vector, peak: Vector, place: Positions, first: int, last: int, low: int,
                high: int, thresholds: Vector, least: float, floor: float, score: Vector,
                scale: Vector) -> None:  # fmt: skip
    """Score the cells of one channel from `first` to `last` as `impulses.score_cells` does.

    Both sides of a cell are windows that other cells share, so each is sorted once, from the one before.
    Scores under `least` are 0.
    """
    reach = GUARD + SIDE
    begin, end = max(first - reach + 1, low), min(last + GUARD, high - SIDE + 1)
    sides = np.empty((max(end - begin, 0), 3))
    _windows(median, peak, begin, end, sides)
    around = np.empty(3)
    score[first:last] = 0.0
    for k in range(first, last):
        own = peak[k]
        if not own > least * thresholds[0] * max(median[k], floor):
            continue
        if (k > low and peak[k - 1] > own) or (k + 1 < high and peak[k + 1] >= own):
            continue
        left, right = k - reach + 1 - begin, k + GUARD - begin
        if left >= 0 and right < sides.shape[0]:
            for i in range(3):
                around[i] = max(sides[left, i], sides[right, i])
        else:
            surroundings(median, peak, k, low, high, around)
        base = max(around[0], floor)
        alone = min(own / (thresholds[0] * base), own / (thresholds[1] * max(around[2], base)))
        among = min(own / (thresholds[2] * base), own / (thresholds[3] * max(around[1], base)))
        if max(alone, among) < least:
            continue
        if among > alone and recurs(peak, place, k, low, high):
            among = 0.0
        if max(alone, among) >= least:
            score[k] = max(alone, among)
            scale[k] = max(4.0 * base, 1.2 * around[1])


@compiled
def pick_impulses(e: Vector, score: Vector, support: Vector, scale: Vector, place: Positions, first: int,
                  last: int, low: int, high: int, lengths: Vector, picked: Matrix) -> int:  # fmt: skip
    """Pick one channel's impulses whose peaks lie in cells `first` to `last`.

    Parameters
    ----------
    e
        The channel's excitation, shape (n,).
    score, scale, place
        The channel's cells, from `score_peaks`.
    support
        Highest score of the other channels near each cell: where that is 1 or more, this one's counts twice.
    low, high
        Samples between which an impulse may lie.
    lengths
        Longest pause inside an impulse; its longest length, in samples; score asked for a sample of length,
        and the most asked for any length: a drum's stroke drives the sound for milliseconds.
    picked
        Filled with rows of start, stop, and score over what is asked for, shape (most, 5).

    Returns
    -------
    int
        How many.
    """
    count = 0
    for k in range(first, last):
        own = score[k]
        if own <= 0.0 or place[k] < low or place[k] >= high:
            continue
        if own < 1.0 and support[k] >= 1.0:
            own = min(2.0 * own, 1.0)
        start, stop = click_span(e, place[k], scale[k], int(lengths[0]), low, high)
        if stop - start > lengths[1]:
            continue
        own /= max(min(lengths[2] * (stop - start), lengths[3]), 1.0)
        if count and start <= picked[count - 1, STOP]:
            picked[count - 1, STOP] = max(picked[count - 1, STOP], stop)
            picked[count - 1, SCORE] = max(picked[count - 1, SCORE], own)
        elif count < picked.shape[0]:
            picked[count, START] = start
            picked[count, STOP] = stop
            picked[count, SCORE] = own
            picked[count, HEIGHT:] = 0.0
            count += 1
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
def pulse_height(x: Vector, start: int, stop: int, low: int, high: int, order: int, before: int, near: int,
                 out: Vector) -> None:  # fmt: skip
    """Measure how high an additive impulse in ``x[start:stop]`` peaks, and the RMS around it.

    What comes before it is fitted by an autoregressive model and continued; the impulse is what differs.

    Parameters
    ----------
    x
        Shape (n,); it exists from `low` to `high`.
    order, before
        Order of the model, and samples it is fitted to.
    near
        Samples on each side that the RMS is taken of.
    out
        Filled with the height and the RMS, shape (2,).
    """
    begin = max(start - before, low)
    out[:] = 0.0
    power, count = 0.0, 0
    for t in range(max(start - near, low), start):
        power += x[t] * x[t]
        count += 1
    for t in range(stop, min(stop + near, high)):
        power += x[t] * x[t]
        count += 1
    out[1] = np.sqrt(power / max(count, 1))
    a = np.zeros(order + 1)
    a[0] = 1.0
    if start - begin > 2 * order:
        stretch = x[begin:start] * np.sin(np.pi * (np.arange(start - begin) + 0.5) / (start - begin))
        r = _lagged_products(stretch, order)
        r[0] *= 1.0 + 1e-9
        levinson(r, a)
    e = np.zeros(stop - start)
    for t in range(start, stop):
        total = x[t]
        for k in range(1, min(order, t) + 1):
            total += a[k] * x[t - k]
        for k in range(1, min(order, t - start) + 1):
            total -= a[k] * e[t - start - k]
        e[t - start] = total
        out[0] = max(out[0], abs(total))


@compiled
def _excursions(e: Vector, first: int, last: int, cell: int, median: Vector, peak: Vector, share: float,
                scales: float, floor: float, gap: int) -> tuple[int, int]:  # fmt: skip
    """Count rises of the excitation over so many scales, and the samples in which one could have come.

    The scale is that under which a `share` of 16 cells' medians lies; rises `gap` samples apart or less
    are one.
    """
    count, idle = 0, 0
    since = gap + 1
    for begin in range(first, last, 16):
        ranked = np.sort(median[begin : min(begin + 16, last)])
        limit = scales * max(SIGMA * ranked[int(share * ranked.size)], floor)
        for k in range(begin, begin + ranked.size):
            if peak[k] <= limit:
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
def excursion_rates(e: Vector, first: int, last: int, cell: int, median: Vector, peak: Vector, scales: Vector,
                    dense: float, floor: float, gap: int, out: Vector) -> None:  # fmt: skip
    """Estimate how many impulses a sample there are where they are too dense to stand out of each other.

    They come at Poisson times, so that they begin at their rate in the time that is free of them, however
    long each lasts: a counter that is blind after an event, and a longer time where another comes within it
    (Cox and Lewis). Dense ones also hide the scale: without impulses are exp(-rate cell) of the cells, and
    the scale is the median of those.

    Parameters
    ----------
    e, median, peak
        The excitation, shape (n,), and the median and highest magnitude in each cell, shape (cells,).
    first, last
        The cells.
    cell
        Samples a cell.
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
        count, idle = _excursions(e, first, last, cell, median, peak, 0.5, scales[i], floor, gap)
        out[i] = count / max(idle, 1)
    out[2] = out[1]
    if out[1] > dense:
        share = 0.5 * np.exp(-out[1] * cell)
        count, idle = _excursions(e, first, last, cell, median, peak, share, scales[1], floor, gap)
        out[2] = count / max(idle, 1)
