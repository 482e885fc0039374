"""Flat tops: runs of equal samples that are a wave's extreme and that the wave reaches at full speed.

A smooth crest is flat too, within a quantisation step, but then the wave leaves it slowly: a parabola that
stays within a tolerance for n samples moves by less than twice that in the next one. So steps into and out of
the run are compared with the tolerance.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Counts
from ..compilation.compilation import compiled

Vector = npt.NDArray[np.float64]
Measures = tuple[float, float, float, float]

# tuned: bench format_finder, 2026-11-21, no record of each
LEAST_RUN = 3
_STEEP = 8.0  # tolerances, in and out together
_JUMP = 0.5  # of the level, in one sample: a square wave's edge
_CEILING = 0.997  # of the frame's extreme


@compiled
def measure(x: Vector, first: int, least: float, steps: float, upper: Counts, lower: Counts) -> Measures:
    """Measure a frame in one pass, and count its samples by amplitude.

    Parameters
    ----------
    x
        Shape (n,).
    first
        Samples before this one were counted with an earlier frame.
    least
        Smaller steps than this are not looked at.
    steps
        Steps of amplitude to full scale.
    upper, lower
        Samples at or above 0, and below it, by amplitude; updated in place.

    Returns
    -------
    tuple
        Highest and lowest sample (0 at least and at most); smallest difference of successive samples that is
        at least `least`, or `least` where there is none; mean square of the samples that were counted.
    """
    high, low, smallest, power = 0.0, 0.0, np.inf, 0.0
    last = upper.size - 1
    before = x[0] if x.size else 0.0
    for i in range(x.size):
        value = x[i]
        step = abs(value - before)
        before = value
        if least <= step < smallest:
            smallest = step
        high, low = max(high, value), min(low, value)
        if i >= first:
            power += value * value
            place = int(min(abs(value) * steps, last))
            if value >= 0:
                upper[place] += 1
            else:
                lower[place] += 1
    return high, low, smallest if smallest < np.inf else least, power / max(x.size - first, 1)


@compiled
def plateaus(x: Vector, first: int, sign: float, peak: float, tolerance: float, runs: Vector) -> int:
    """Find the flat tops of ``sign * x`` that end at `first` or later.

    Parameters
    ----------
    x
        Shape (n,).
    first
        Earlier ends were reported before; nothing that touches the beginning of `x` is reported.
    sign
        1 for upper, -1 for lower extremes.
    peak
        Maximum of ``sign * x``.
    tolerance
        How far samples of a run may lie from its first.
    runs
        Out, shape (most, 4): start, number of samples, level (with the sign taken off), 1 where the wave
        jumps there like a square wave.

    Returns
    -------
    int
        How many were found; at most `most` are written.
    """
    count = 0
    least = max(_CEILING * peak, tolerance)
    i = 1
    while i < x.size - 1:
        level = sign * x[i]
        if level < least or level <= tolerance:
            i += 1
            continue
        stop = i + 1
        while stop < x.size and abs(sign * x[stop] - level) <= tolerance:
            stop += 1
        rise = level - sign * x[i - 1]
        if stop >= x.size or rise <= tolerance:
            i = stop
            continue
        fall = sign * x[stop - 1] - sign * x[stop]
        if stop - i >= LEAST_RUN and stop >= first and fall > tolerance and rise + fall > _STEEP * tolerance:
            if count < runs.shape[0]:
                runs[count, 0] = i
                runs[count, 1] = stop - i
                runs[count, 2] = level
                runs[count, 3] = 1.0 if max(rise, fall) > _JUMP * level else 0.0
            count += 1
        i = stop
    return int(min(count, runs.shape[0]))
