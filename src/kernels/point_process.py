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
from .impulses import SIGMA, bridge_outliers, click_span

Vector = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int64]

START, STOP, SCORE, HEIGHT, RMS = range(5)
"""Columns of a row that describes an impulse; `HEIGHT` is 0 where it was not measured."""

_SPARSE, _SAMPLES = 4, 16  # medians are of every fourth sample of a block, and of 16 samples of a cell
_OUTLIER = 8.0  # scales: what is bridged before a model is fitted again

LEAST_DEVIATIONS = 6.0
"""How far the distances of points that return stand out at least."""

_OFF = np.arange(-8, 9) * 1e-3
_TURNS, _LEAST_LAGS = 3, 5.0
_HALF = 9  # bins on each side of a period: what its points jitter by
_RING = (25, 150)  # bins away, on each side, where distances are by chance
_BEAT_S, _BEAT_SHARE, _BEAT_DEVIATIONS = 0.2, 0.7, 5.0  # shortest beat, and how many points return with it


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
        low = max(min(start - margin, bounds[1] - 2 * edge), bounds[0])
        high = min(start + block + margin, bounds[1])
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
            if again or not bridge_outliers(stretch, a, longest, _OUTLIER, _SPARSE, order // 2):
                break
        prediction_error(x, begin, end, a, e)


@njit(cache=True, nogil=True)
def outline_cells(e: Vector, first: int, last: int, cell: int, median: Vector, peak: Vector,
                  place: Positions) -> None:  # fmt: skip
    """Do what `impulses.describe_cells` does, at half its cost: medians are of a part of the samples."""
    for k in range(first, last):
        magnitude = np.abs(e[k * cell : (k + 1) * cell])
        median[k] = np.median(magnitude[:: max(cell // _SAMPLES, 1)])
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


@njit(cache=True, nogil=True)
def count_excursions(e: Vector, first: int, last: int, cell: int, median: Vector, scales: float, floor: float,
                     gap: int) -> int:  # fmt: skip
    """Count how often the excitation rises out of its scale, in cells `first` to `last`.

    Where impulses are so dense that nothing stands out of its neighbours, this still counts them.

    Parameters
    ----------
    e, median
        The excitation, shape (n,), and its median magnitude in each cell, shape (cells,).
    cell
        Samples a cell.
    scales, floor
        Factor on the median over 16 cells, and the least scale.
    gap
        Excursions so many samples apart or less are one.
    """
    count = 0
    since = gap + 1
    for begin in range(first, last, 16):
        end = min(begin + 16, last)
        limit = scales * max(SIGMA * np.median(median[begin:end]), floor)
        for t in range(begin * cell, end * cell):
            if abs(e[t]) > limit:
                if since > gap:
                    count += 1
                since = 0
            else:
                since += 1
    return count


def undo_blindness(counts: Vector | Positions, blind_s: float, seconds: float, most: float) -> Vector:
    """Undo what impulses hide: of those at Poisson times only the highest of its surroundings shows.

    Expected to show are (1 - exp(-rate blind)) / blind a second, at times within `blind_s` of which a higher
    one hides them. `most` is the greatest part of the ceiling that is believed.
    """
    shown = counts.astype(np.float64)
    hidden = np.minimum(shown * blind_s / seconds, most)
    undone: Vector = shown * np.where(hidden > 0, -np.log1p(-hidden) / np.maximum(hidden, 1e-12), 1.0)
    return undone


def coincidences(times: list[Vector], within_s: float, apart_s: float = 0.0) -> tuple[int, int]:
    """Count the impulses that are in several channels, and all distinct ones; channels moved apart first."""
    moved = [one + apart_s * channel for channel, one in enumerate(times)]
    joined = np.concatenate(moved)
    if not joined.size:
        return 0, 0
    order = np.argsort(joined, kind="stable")
    channel = np.repeat(np.arange(len(times)), [one.size for one in times])[order]
    begins = np.r_[0, np.flatnonzero(np.diff(joined[order]) > within_s) + 1]
    several = np.maximum.reduceat(channel, begins) != np.minimum.reduceat(channel, begins)
    return int(several.sum()), int(begins.size)


def distinct_scores(picked: Matrix, within_s: float) -> Vector:
    """Return the highest score of each distinct impulse among the rows of all channels."""
    if not len(picked):
        return np.zeros(0)
    picked = picked[np.argsort(picked[:, START], kind="stable")]
    begins = np.r_[0, np.flatnonzero(np.diff(picked[:, START]) > within_s) + 1]
    return np.maximum.reduceat(picked[:, SCORE], begins)


def reach_of(period: float, width: float) -> int:
    """Return how many bins of `width` `returning_period` needs for periods up to this nominal one."""
    return int(_TURNS * period * (1 + _OFF[-1]) / width) + _RING[1] + 3


def _excess(sums: Vector, period: float, turns: int) -> tuple[float, float]:
    """Return how many more distances lie at 1 to `turns` periods than around them, and in deviations."""
    inside, around = 0.0, 0.0
    near, far = _RING
    for turn in range(1, turns + 1):
        middle = int(turn * period)
        inside += sums[middle + _HALF + 1] - sums[middle - _HALF]
        chance = sums[middle + far + 1] - sums[middle + near + 1] + sums[middle - near] - sums[middle - far]
        around += chance * (2 * _HALF + 1) / (2 * (far - near))
    return float(inside - around), float((inside - around) / np.sqrt(around + 1.0))


def returning_period(lags: Vector, width: float, nominal: tuple[float, ...]) -> tuple[int, float, float]:
    """Find the period, one of few or near one, that points return with.

    Parameters
    ----------
    lags
        Distances up to three periods, from `count_lags`, in `reach_of` bins.
    width
        Of a bin, in seconds; the constants of this search are for 1 ms.
    nominal
        Periods in seconds; a machine's speed may be off by 0.8 %.

    Returns
    -------
    int, float, float
        Number of the nominal period (-1 for none), the period itself, and how far its distances stand out,
        in standard deviations. None where a shorter distance is as common: a beat it is a multiple of.
    """
    sums = np.concatenate([[0.0], np.cumsum(lags)])
    which, best, most = -1, 0.0, 0.0
    for number, middle in enumerate(nominal):
        for period in middle * (1 + _OFF) / width:
            excess, deviations = _excess(sums, period, _TURNS)
            if deviations > most and excess >= _LEAST_LAGS:
                which, best, most = number, float(period), deviations
    if most < LEAST_DEVIATIONS:
        return -1, 0.0, 0.0
    own, _ = _excess(sums, best, 1)
    for lag in np.arange(_BEAT_S / width, 0.95 * best, _HALF):
        excess, deviations = _excess(sums, lag, 1)
        if excess > _BEAT_SHARE * own and deviations > _BEAT_DEVIATIONS:
            return -1, 0.0, 0.0
    return which, best * width, most
