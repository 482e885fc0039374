"""Runs of samples that never move, as a dropped connection or an editor leaves, or that stand out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..compilation.compilation import compiled

Vector = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int64]


@compiled
def still_runs(x: Vector, start: int, state: Vector, least: int, window: float, runs: Vector) -> int:
    """Find runs of equal samples, across calls, with the level before and the place where they end.

    Parameters
    ----------
    x
        The next samples, shape (n,).
    start
        Position of the first of them.
    state
        Kept between calls, shape (4,): last sample, position where its run began, recursive mean square of
        the sound, and its value when the run began; zeros at first.
    least
        Shortest run reported, in samples.
    window
        Time constant of the mean square, in samples.
    runs
        Out, shape (most, 3): position, number of samples, mean square before.

    Returns
    -------
    int
        How many runs ended in `x`; later ones than `most` are left out.
    """
    last, begun, power, before = state[0], state[1], state[2], state[3]
    keep = 1.0 - 1.0 / window
    count = 0
    for i in range(x.size):
        value = x[i]
        if value != last:
            length = start + i - begun
            if length >= least and count < runs.shape[0]:
                runs[count, 0] = begun
                runs[count, 1] = length
                runs[count, 2] = before
                count += 1
            last = value
            begun = start + i
            before = power
        power = keep * power + (1.0 - keep) * value * value
    state[0], state[1], state[2], state[3] = last, begun, power, before
    return count


@compiled
def run_end(x: Vector, begin: int, high: int, limit: float, pause: int) -> int:
    """Follow a run of samples of more than `limit` in magnitude that begins at `begin`.

    Fewer than `pause` samples under the limit do not end it, nor count for it where they are its last.

    Returns
    -------
    int
        One past its last sample, `high` at most.
    """
    stop = begin + 1
    ahead = stop
    while ahead < high and ahead - stop < pause:
        if abs(x[ahead]) > limit:
            stop = ahead + 1
        ahead += 1
    return stop


@compiled
def equal_runs(x: Vector, first: int, last: int, end: int, least: int, longest: int) -> Positions:
    """Find runs of equal samples that begin in some samples.

    Parameters
    ----------
    x
        Shape (n,).
    first, last
        A run begins at one of these, from one, 1 at least, to before the other.
    end
        Samples from here on do not count; a run that touches it is none.
    least, longest
        Samples of the shortest run and of the longest.

    Returns
    -------
    Positions
        Rows of (start, stop), shape (k, 2).
    """
    runs = np.empty((max(last - first, 0) // least + 1, 2), np.int64)
    count = 0
    t = first
    while t < last:
        stop = t + 1
        if x[t] != x[t - 1]:
            while stop < end and x[stop] == x[t]:
                stop += 1
            if stop < end and least <= stop - t <= longest:
                runs[count, 0], runs[count, 1] = t, stop
                count += 1
        t = stop
    return runs[:count]
