"""Impulses as a point process: picked, measured, counted where they coincide, and compared in time.

Counts follow the theory of counters that are blind around an event (dead time), and of processes known by
the distances between their points (Cox and Lewis, The Statistical Analysis of Series of Events, 1966).
"""

# ruff: noqa: PLR0917 - kernels take plain arrays by position

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from .autoregression import autocorrelation, levinson, prediction_error
from .impulses import SIGMA, _bridge, click_span

Vector = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int64]

START, STOP, SCORE, HEIGHT, RMS = range(5)
"""Columns of a row that describes an impulse; `HEIGHT` is 0 where it was not measured."""

_SPARSE = 4  # medians are taken of every fourth sample
_OUTLIER = 8.0  # scales: what is bridged before a model is fitted again


@njit(cache=True, nogil=True)
def _bridge_outliers(x: Vector, a: Vector, longest: int) -> bool:
    """Interpolate the runs of `x` whose excitation is an outlier; say whether there was any."""
    order = a.size - 1
    e = np.zeros(x.size)
    prediction_error(x, order, x.size, a, e)
    limit = _OUTLIER * SIGMA * np.median(np.abs(e[order::_SPARSE]))
    found = False
    t = order
    while t < x.size:
        if abs(e[t]) <= limit:
            t += 1
            continue
        stop = t + 1
        ahead = stop
        while ahead < x.size and ahead - stop < order // 2:
            if abs(e[ahead]) > 0.5 * limit:
                stop = ahead + 1
            ahead += 1
        if stop - t <= longest and stop < x.size:
            _bridge(x, t, stop, x.size, a, e)
            found = True
        t = stop
    return found


@njit(cache=True, nogil=True)
def whiten(x: Vector, first: int, last: int, block: int, bounds: Positions, order: int, longest: int,
           e: Vector) -> None:  # fmt: skip
    """Write the excitation of whole blocks of `x` into `e`: as `impulses.excitation` does, at half its cost.

    Models are fitted to a block and a quarter of one on each side, and once more with outliers bridged.

    Parameters
    ----------
    x
        The recording, shape (n,).
    first, last
        First sample of the first block, and one past the last.
    block
        Samples a block.
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
    for start in range(first, last, block):
        low, high = max(start - margin, bounds[0]), min(start + block + margin, bounds[1])
        begin, end = max(start, bounds[0] + order), min(start + block, bounds[1])
        e[start : start + block] = 0.0
        if high - low < 2 * edge or begin >= end:
            continue
        stretch = x[low:high].copy()
        for again in range(2):
            tapered = stretch.copy()
            tapered[:edge] *= rise
            tapered[-edge:] *= rise[::-1]
            r = autocorrelation(tapered, order)
            r[0] *= 1.0 + 1e-9
            levinson(r, a)
            if again or not _bridge_outliers(stretch, a, longest):
                break
        prediction_error(x, begin, end, a, e)


@njit(cache=True, nogil=True)
def outline_cells(e: Vector, first: int, last: int, cell: int, median: Vector, peak: Vector,
                  place: Positions) -> None:  # fmt: skip
    """Do what `impulses.describe_cells` does, at half its cost: the median is one of a part of the samples."""
    for k in range(first, last):
        magnitude = np.abs(e[k * cell : (k + 1) * cell])
        median[k] = np.median(magnitude[::_SPARSE])
        at = np.argmax(magnitude)
        peak[k] = magnitude[at]
        place[k] = k * cell + at


@njit(cache=True, nogil=True)
def pick_impulses(e: Vector, score: Vector, support: Vector, scale: Vector, place: Positions, first: int,
                  last: int, low: int, high: int, lengths: Vector, picked: Matrix) -> int:  # fmt: skip
    """Pick one channel's impulses whose peaks lie in cells `first` to `last`.

    Parameters
    ----------
    e
        The channel's excitation, shape (n,).
    score, scale, place
        The channel's cells, from `impulses.score_cells`.
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


@njit(cache=True, nogil=True)
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
        r = autocorrelation(stretch, order)
        r[0] *= 1.0 + 1e-9
        levinson(r, a)
    e = np.zeros(stop)
    prediction_error(x[:stop], start, stop, a, e)
    for t in range(start, stop):
        for k in range(1, min(order, t - start) + 1):
            e[t] -= a[k] * e[t - k]
        out[0] = max(out[0], abs(e[t]))


@njit(cache=True, nogil=True)
def count_lags(times: Vector, fresh: int, width: float, counts: Vector) -> None:
    """Count the distances of each new time from the earlier ones, in bins of `width`.

    Parameters
    ----------
    times
        Increasing, shape (n,); those from number `fresh` on are new.
    width
        Of a bin, in the unit of the times.
    counts
        Added to, shape (bins,); distances past the last bin do not count.
    """
    reach = counts.size * width
    for i in range(fresh, times.size):
        j = i - 1
        while j >= 0 and times[i] - times[j] < reach:
            counts[min(int((times[i] - times[j]) / width), counts.size - 1)] += 1.0
            j -= 1
