"""Impulses in a recording: found where its excitation stands out of what surrounds it on both sides.

A click is short, and what stands before and after it is alike. Attacks differ from it in that what follows
is as loud; glottal pulses, brass and distorted guitars in that the neighbours are as high. So each cell of
about 1.5 ms is compared with the cells to its left and to its right, and the larger of the two counts.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compilation.compilation import compiled
from ..prediction.models import Matrix, Positions, Vector
from ..samples.ranks import SIGMA, replace_ranked

# tuned: table clicks, tuning takes, 2026-11-21, no record of each
SIDE = 14  # cells that are looked at on each side
GUARD = 2  # the nearest of them starts so many cells away
_IRREGULAR = 0.15  # part of its period by which a train's distances may differ


class Cells(NamedTuple):
    """What cells of a channel's excitation hold.

    Attributes
    ----------
    median
        Of the magnitude, shape (cells,).
    peak, place
        Greatest magnitude, and the sample it is at, shape (cells,).
    """

    median: Vector
    peak: Vector
    place: Positions


class Extent(NamedTuple):
    """Where impulses are looked for.

    Attributes
    ----------
    first, last
        The cells that are searched, from `first` up to `last`.
    low, high
        What there is: the cells that lie in the recording, or the samples between which an impulse may lie.
    """

    first: int
    last: int
    low: int
    high: int


@compiled
def describe_cells(e: Vector, first: int, last: int, cell: int, cells: Cells) -> None:
    """Find median and greatest magnitude of each cell ``e[k * cell : (k + 1) * cell]``, and its place."""
    for k in range(first, last):
        magnitude = np.abs(e[k * cell : (k + 1) * cell])
        cells.median[k] = np.median(magnitude)
        at = np.argmax(magnitude)
        cells.peak[k] = magnitude[at]
        cells.place[k] = k * cell + at


@compiled
def surroundings(cells: Cells, k: int, low: int, high: int, out: Vector) -> None:
    """Robust scale, upper quartile of the peaks and highest peak beside cell `k`, the larger side of each.

    Cells before `low` and from `high` on do not exist. `out` has shape (3,).
    """
    out[:] = 0.0
    for side in range(2):
        begin = max(k - GUARD - SIDE + 1, low) if side == 0 else k + GUARD
        end = k - GUARD + 1 if side == 0 else min(k + GUARD + SIDE, high)
        count = end - begin
        if count < 2:
            continue
        out[0] = max(out[0], SIGMA * np.median(cells.median[begin:end]))
        peaks = np.sort(cells.peak[begin:end])
        out[1] = max(out[1], peaks[(3 * count) // 4])
        out[2] = max(out[2], peaks[count - 1])


@compiled
def recurs(cells: Cells, k: int, low: int, high: int) -> bool:
    """Say whether cell `k`'s peak is one of a train: as far from its like on one side as on the other.

    Or, where a train begins or ends, as far from the next as that is from the one after. Pulses of a
    voice, of brass and of synthesisers recur so, however far they stand out; crackle does so by chance only.
    """
    peak, place = cells.peak, cells.place
    distance = np.zeros((2, 2))  # of the first and the second on each side
    for side in range(2):
        step = 2 * side - 1
        count = 0
        q = k + step * GUARD
        while low < q < high - 1 and abs(q - k) < GUARD + SIDE and count < 2:
            alike = 0.4 * peak[k] < peak[q] < 2.5 * peak[k]
            if alike and peak[q] >= peak[q - 1] and peak[q] >= peak[q + 1]:
                distance[side, count] = abs(place[q] - place[k])
                count += 1
            q += step
    left, right = distance[0, 0], distance[1, 0]
    if left > 0.0 and right > 0.0 and abs(left - right) < _IRREGULAR * max(left, right):
        return True
    for side in range(2):
        first = distance[side, 0]
        second = distance[side, 1] - first
        if second > 0.0 and abs(second - first) < _IRREGULAR * max(first, second):
            return True
    return False


@compiled
def side_figures(cells: Cells, begin: int, end: int, out: Matrix) -> None:
    """Write what `surroundings` has of the `SIDE` cells from ``begin + i`` on into ``out[i]``.

    Windows overlap, so each is sorted from the one before.
    """
    middles, peaks = np.empty(SIDE), np.empty(SIDE)
    for j in range(begin, end):
        if j == begin:
            middles[:] = np.sort(cells.median[j : j + SIDE])
            peaks[:] = np.sort(cells.peak[j : j + SIDE])
        else:
            replace_ranked(middles, cells.median[j - 1], cells.median[j + SIDE - 1])
            replace_ranked(peaks, cells.peak[j - 1], cells.peak[j + SIDE - 1])
        out[j - begin, 0] = SIGMA * 0.5 * (middles[SIDE // 2 - 1] + middles[SIDE // 2])
        out[j - begin, 1] = peaks[(3 * SIDE) // 4]
        out[j - begin, 2] = peaks[SIDE - 1]


@compiled
def score_cells(cells: Cells, extent: Extent, thresholds: Vector, least: float, floor: float, score: Vector,
                scale: Vector) -> None:  # fmt: skip
    """Score how far the peak of each of a channel's cells stands out; 1 is a click.

    Parameters
    ----------
    cells
        From `describe_cells`.
    extent
        The cells to score, and those that lie in the recording.
    thresholds
        A click stands ``thresholds[0]`` scales out and ``thresholds[1]`` times over the highest peak nearby;
        or, in crackle, ``thresholds[2]`` scales out and ``thresholds[3]`` times over the upper quartile of
        the peaks, and no pulse in a train.
    least
        Lower scores are 0.
    floor
        Least scale.
    score, scale
        Filled, shape (cells,): the score, 0 where a neighbour's peak is higher, and, where that is `least` or
        more, the magnitude down to which a click is followed.
    """
    first, last, low, high = extent
    median, peak = cells.median, cells.peak
    reach = GUARD + SIDE
    begin, end = max(first - reach + 1, low), min(last + GUARD, high - SIDE + 1)
    sides = np.empty((max(end - begin, 0), 3))
    side_figures(cells, begin, end, sides)
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
            surroundings(cells, k, low, high, around)
        base = max(around[0], floor)
        alone = min(own / (thresholds[0] * base), own / (thresholds[1] * max(around[2], base)))
        among = min(own / (thresholds[2] * base), own / (thresholds[3] * max(around[1], base)))
        if max(alone, among) < least:
            continue
        if among > alone and recurs(cells, k, low, high):
            among = 0.0
        if max(alone, among) >= least:
            score[k] = max(alone, among)
            scale[k] = max(4.0 * base, 1.2 * around[1])
