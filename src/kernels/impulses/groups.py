"""Groups: several clicks within some milliseconds, or noise that swells and fades, within sound that stays.

The clicks of a group are each other's neighbours, so none of them stands out of what is beside it (see
`cells`). So runs of cells are compared with what lies beyond the run, on both sides, by their highest peak.
"""

from __future__ import annotations

import numpy as np

from ..compilation.compilation import compiled
from ..prediction.models import Matrix, Positions, Vector
from ..samples.runs import run_end
from .cells import SIDE, Cells, Extent, side_figures

BEYOND = 1
"""Cells next to a run that count neither for it nor for what lies beside it: it begins and rings in them.
tuned: by hand, as in `cells`.
"""

# tuned: bench.material.tuning, groups and swelling noise by four routes, tuning set, 2026-11-29
_LEAST_PART = 0.02  # of a group's highest peak, down to which the clicks in it are followed,
_PEAK, _PEAK_PART = (
    1.5,
    0.06,
)  # and how high each is at least: over what is beside the group, and of that peak
_A_CELL = 0.97  # what each cell more must bring, so that a run takes in no peak of the sound's own


@compiled
def find_groups(cells: Cells, extent: Extent, longest: int, thresholds: Vector, floor: float,
                groups: Matrix) -> int:  # fmt: skip
    """Find the runs of a channel's cells that stand out of what lies beyond them on both sides.

    Parameters
    ----------
    cells
        From `describe_cells`.
    extent
        The cells that a run may begin in, and those that lie in the recording and are described.
    longest
        Cells of the longest run.
    thresholds
        Its highest peak stands ``thresholds[0]`` scales out, and ``thresholds[1]`` times over the highest
        peak beside it.
    floor
        Least scale.
    groups
        Filled with rows of (first cell, one past the last, score, magnitude down to which the clicks in it
        are followed), apart from each other; the score is 1 where both thresholds are met, and under that
        nothing is found.

    Returns
    -------
    int
        How many.
    """
    first, last, low, high = extent
    peak = cells.peak
    begin = max(first - BEYOND - SIDE, low)
    end = min(last + longest + BEYOND, high - SIDE + 1)
    if end <= begin:
        return 0
    sides = np.empty((end - begin, 3))
    side_figures(cells, begin, end, sides)
    best = np.zeros((last - first, 4))
    for i in range(first, last):
        left = i - BEYOND - SIDE - begin
        if left < 0:
            continue
        highest = 0.0
        for j in range(i + 1, i + longest + 1):
            right = j + BEYOND - begin
            if right >= sides.shape[0]:
                break
            highest = max(highest, peak[j - 1])
            base = max(sides[left, 0], sides[right, 0], floor)
            top = max(sides[left, 2], sides[right, 2], base)
            score = min(highest / (thresholds[0] * base), highest / (thresholds[1] * top))
            follow = max(4.0 * base, 1.2 * max(sides[left, 1], sides[right, 1]))
            # A run begins and ends with something of its own: the shortest of equal ones.
            merit = score * _A_CELL ** (j - i)
            if score >= 1.0 and merit > best[i - first, 0] and peak[i] > follow and peak[j - 1] > follow:
                best[i - first, 0], best[i - first, 1] = merit, j - i
                best[i - first, 2], best[i - first, 3] = follow, score
    count = 0
    i = first
    while i < last and count < groups.shape[0]:
        own = best[i - first, 0]
        if own == 0.0:
            i += 1
            continue
        higher = False
        for q in range(i + 1, min(i + int(best[i - first, 1]), last)):
            higher |= best[q - first, 0] > own
        if higher:
            i += 1
            continue
        length = int(best[i - first, 1])
        groups[count, 0], groups[count, 1] = i, i + length
        groups[count, 2], groups[count, 3] = best[i - first, 3], best[i - first, 2]
        count += 1
        i += length
    return count


@compiled
def group_spans(e: Vector, group: Vector, cell: int, bounds: Positions, gap: int, spans: Matrix) -> int:
    """Find what stands out in a group.

    Parameters
    ----------
    e
        Excitation, shape (n,).
    group
        See `find_groups`.
    cell
        Samples a cell.
    bounds
        Samples from one to before another that count.
    gap
        Pauses of fewer samples do not end what stands out.
    spans
        Filled with rows of (start, stop).

    Returns
    -------
    int
        How many.
    """
    start, stop = max(int(group[0]) * cell, bounds[0]), min(int(group[1]) * cell, bounds[1])
    highest = 0.0
    for t in range(start, stop):
        highest = max(highest, abs(e[t]))
    least = max(group[3], _LEAST_PART * highest)
    own = max(_PEAK * group[3], _PEAK_PART * highest)
    count = 0
    t = start
    while t < stop and count < spans.shape[0]:
        if not abs(e[t]) > least:
            t += 1
            continue
        end = run_end(e, t, bounds[1], least, gap)
        if np.max(np.abs(e[t:end])) > own:
            spans[count, 0], spans[count, 1] = t, end
            count += 1
        t = end
    return count
