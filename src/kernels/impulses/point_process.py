"""Impulses as a point process: counted where they hide each other or coincide, and compared in time.

Counts follow the theory of counters that are blind around an event (dead time), and of processes known by
the distances between their points (Cox and Lewis, The Statistical Analysis of Series of Events, 1966).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..compilation.compilation import compiled
from .counting import SCORE, START

Vector = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int64]

LEAST_DEVIATIONS = 6.0
"""How far the distances of points that return stand out at least; tuned: bench click_finder, 2026-11-21."""

# tuned: bench click_finder, its discs, 2026-11-21, no record of each
_OFF = np.arange(-8, 9) * 1e-3  # of a period: speeds of machines
_TURNS, _LEAST_LAGS = 3, 5.0
_HALF = 9  # bins on each side of a period: what its points jitter by
_RING = (25, 150)  # bins away, on each side, where distances are by chance
_BEAT_S, _BEAT_SHARE, _BEAT_DEVIATIONS = 0.2, 0.7, 5.0  # shortest beat, and how many points return with it


@compiled
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
