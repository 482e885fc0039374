"""Bursts in an excitation: milliseconds of noise that begin and end at once, as scratches do.

An impulse stands out of its neighbours; the cells of a burst are each other's neighbours. So runs of cells
are compared with what lies beyond the run, on both sides. A drum's stroke, too, drives the sound for
milliseconds, but what follows it falls by degrees, so what lies after the run is nearly as high as its last
cells.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compilation.compilation import compiled
from ..prediction.models import Matrix, Vector
from .cells import Extent

# tuned: table clicks, its scratches, tuning takes, 2026-11-21, no record of each
SIDE = 20  # cells that are looked at on each side
BEFORE, AFTER = 1, 2  # cells next to the run that are not: it begins within one, and rings on into the others
SHORTEST = 3  # cells

# Standard deviation of noise over the least of four mean magnitudes of eight samples.
_GAUSSIAN = 1.75  # derived: 1.71 on average, rounded up


class Runs(NamedTuple):
    """The best run of cells that begins at each cell: of one channel, or, with one axis more, of several.

    Attributes
    ----------
    level
        From `describe_level`, shape (cells,).
    score, size
        From `score_runs`, shape (cells,): how far the run stands out, 1 being a burst, and its cells.
    """

    level: Vector
    score: Vector
    size: Vector


@compiled
def describe_level(e: Vector, first: int, last: int, cell: int, level: Vector) -> None:
    """Find the level of each cell ``e[k * cell : (k + 1) * cell]``: an impulse in it does not raise it.

    It is the least of the mean magnitudes of the cell's quarters, as a standard deviation of noise.
    """
    part = cell // 4
    for k in range(first, last):
        least = np.inf
        for quarter in range(4):
            begin = k * cell + quarter * part
            total = 0.0
            for t in range(begin, begin + part):
                total += abs(e[t])
            least = min(least, total)
        level[k] = _GAUSSIAN * least / part


@compiled
def score_runs(runs: Runs, extent: Extent, longest: int, threshold: float, floor: float) -> None:
    """Score the run of a channel's cells that stands out best of those beginning at each cell.

    Parameters
    ----------
    runs
        Whose score and size are filled.
    extent
        The cells where runs may begin, and those that lie in the recording and are described.
    longest
        Cells of the longest run.
    threshold
        The lowest cell of a burst is so many times over the highest cell beyond it.
    floor
        Least level.
    """
    level, score, size = runs
    first, last, low, high = extent
    for k in range(first, last):
        score[k] = 0.0
        if k - BEFORE - SIDE < low or k + longest + AFTER + SIDE > high:
            continue
        inside = level[k]
        quiet = 0.25 * threshold * max(level[k - BEFORE - 1], floor)
        if not inside > quiet:
            continue
        left = max(np.max(level[k - BEFORE - SIDE : k - BEFORE]), floor)
        if not inside > 0.25 * threshold * left:
            continue
        for length in range(SHORTEST, longest + 1):
            inside = min(inside, level[k + length - 1])
            if not inside > 0.25 * threshold * left:
                break
            beyond = k + length + AFTER
            own = inside / (threshold * max(left, np.max(level[beyond : beyond + SIDE])))
            if own > score[k]:
                score[k] = own
                size[k] = length


@compiled
def find_bursts(e: Matrix, channel: int, runs: Runs, cell: int, extent: Extent, spans: Matrix) -> int:
    """Find the spans of one channel's bursts.

    A burst found in another channel at the same place halves what is asked of this one.

    Parameters
    ----------
    e
        All channels' excitation, shape (channels, n).
    runs
        All channels'.
    cell
        Samples a cell.
    extent
        The cells that a burst begins in, and the samples between which a span may lie.
    spans
        Filled with rows of (start, stop, score).

    Returns
    -------
    int
        How many.
    """
    level, score, size = runs
    first, last, low, high = extent
    count = 0
    k = first
    while k < last:
        own = score[channel, k]
        best = k
        for q in range(k + 1, min(k + int(size[channel, k]) + 1, last)):
            if score[channel, q] > own:
                own, best = score[channel, q], q
        if own < 0.5:
            k += 1
            continue
        if best > k:
            k = best
            continue
        length = int(size[channel, k])
        if own < 1.0:
            shared = False
            for other in range(score.shape[0]):
                for q in range(max(k - 2, first), min(k + 3, last)):
                    shared |= other != channel and score[other, q] >= 1.0
            if not shared:
                k += 1
                continue
            own *= 2.0
        start, stop = _ends(e[channel], level[channel], k, length, cell, low, high)
        if count < spans.shape[0] and stop > start:
            spans[count, 0], spans[count, 1], spans[count, 2] = start, stop, own
            count += 1
        k += length + AFTER
    return count


@compiled
def _ends(e: Vector, level: Vector, k: int, length: int, cell: int, low: int, high: int) -> tuple[int, int]:
    """Follow a run of cells to both sides, sample by sample, halfway (in decibels) down to what is beyond."""
    inside = np.min(level[k : k + length])
    outside = max(level[k - BEFORE - 1], level[k + length + AFTER])
    limit = np.sqrt(inside * max(outside, 1e-3 * inside))
    start = k * cell
    for t in range(max((k - BEFORE - 1) * cell, low), k * cell):
        if abs(e[t]) > limit:
            start = t
            break
    start -= cell // 4
    stop = (k + length) * cell
    for t in range(min(stop + AFTER * cell, high) - 1, stop - 1, -1):
        if abs(e[t]) > limit:
            stop = t + 1
            break
    return max(start, low), min(stop, high)
