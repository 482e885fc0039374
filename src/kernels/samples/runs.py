"""Runs of samples that never move: gaps that a dropped connection, a gate or an editor leaves."""

# ruff: noqa: PLR0917 - kernels take plain arrays by position
from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..compilation.compilation import compiled

Vector = npt.NDArray[np.float64]


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
