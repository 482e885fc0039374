"""Flat tops: runs of equal samples that are a wave's extreme and that the wave reaches at full speed.

A smooth crest is flat too, within a quantisation step, but then the wave leaves it slowly: a parabola that
stays within a tolerance for n samples moves by less than twice that in the next one. So steps into and out of
the run are compared with the tolerance.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

Vector = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

LEAST_RUN = 3
_STEEP = 8.0  # tolerances, in and out together
_JUMP = 0.5  # of the level, in one sample: a square wave's edge
_CEILING = 0.997  # of the frame's extreme


@njit(cache=True, nogil=True)
def smallest_step(x: Vector, least: float) -> float:
    """Smallest difference of successive samples that is at least `least`; `least` where there is none."""
    found = np.inf
    for i in range(1, x.size):
        step = abs(x[i] - x[i - 1])
        if least <= step < found:
            found = step
    return found if found < np.inf else least


@njit(cache=True, nogil=True)
def plateaus(x: Vector, first: int, sign: float, tolerance: float, runs: Vector) -> int:
    """Find the flat tops of ``sign * x`` that end at `first` or later.

    Parameters
    ----------
    x
        Shape (n,).
    first
        Earlier ends were reported before; nothing that touches the beginning of `x` is reported.
    sign
        1 for upper, -1 for lower extremes.
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
    peak = 0.0
    for i in range(x.size):
        peak = max(peak, sign * x[i])
    count = 0
    i = 1
    while i < x.size - 1:
        level = sign * x[i]
        if level < _CEILING * peak or level <= tolerance:
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


@njit(cache=True, nogil=True)
def count_amplitudes(x: Vector, steps: float, upper: Counts, lower: Counts) -> None:
    """Count samples by amplitude, `steps` to full scale, those above 0 and those below 0 apart."""
    last = upper.size - 1
    for i in range(x.size):
        place = int(min(abs(x[i]) * steps, last))
        if x[i] >= 0:
            upper[place] += 1
        else:
            lower[place] += 1
