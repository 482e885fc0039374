"""What is left of the noise: whether it twitters, and whether it moves with the program.

Only cells of the spectrogram are looked at that hold no more than noise, under the program too: those near
the floor, in bands whose floor is as even as noise's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Array, Mask
from .bands import decibels, in_bands
from .windows import Window

_NOISE = 6.0  # tuned: bench guard, tuning, 2026-11-30; times the floor: noise lies under it, 400 in 401
_EVEN = 0.75  # tuned: bench guard, tuning, 2026-11-30; flatness of the floor in a band
_LEAST_CELLS = 2  # guard: cells a frame of a band, in the mean, below which a band tells nothing
_LEAST_BANDS = 3  # guard: below which a window tells nothing
_LEAST_SHARE = 0.1  # tuned: bench guard, tuning, 2026-11-30; of all cells, below which a window tells nothing
_LEAST_FRAME = 1e-3  # guard: of the median frame's power; less is a gap
_HEARD_DB = -45.0  # tuned: bench guard, tuning, 2026-11-30; residue beside the sound; less is masked
_LEAST_HEARD_DB = -75.0  # tuned: bench guard, tuning, 2026-11-30; dBFS
_LOWERED_DB, _MOVED_DB = -8.0, -3.0  # tuned: bench guard, tuning, 2026-11-30; less reduction harms nothing
_BRIGHT = 4  # guard: the upper three quarters of the bins are where noise is heard apart from the program
_LEAST_BRIGHT = 30  # guard: cells in a frame, below which it tells no level
_LEAST = 1e-20  # guard: no division by nothing


@dataclass(frozen=True)
class Residue:
    """The residual noise of one channel in one window.

    Attributes
    ----------
    twitter
        Log kurtosis ratio of the noise's power after and before; 0 where it was only scaled. Source: Uemura
        et al., Automatic optimization scheme of spectral subtraction based on musical noise assessment via
        higher-order statistics, 2008.
    counts
        Whether there is noise that was lowered, and is heard: elsewhere `twitter` says nothing.
    swing_db
        By how much its gain moves within the window, from the tenth to the ninetieth percentile, dB.
    """

    twitter: float
    counts: bool
    swing_db: float


NOTHING = Residue(0.0, False, 0.0)


def measure_residue(window: Window, channel: int, impulsive: Mask, edges: npt.NDArray[np.intp]) -> Residue:
    """Measure the residual noise of one channel in a window, but for frames with impulses removed."""
    before, after = window.power_before[channel], window.power_after[channel]
    floor = window.floor[channel]
    frame = before.sum(axis=1)
    sound = ~impulsive & (frame > _LEAST_FRAME * np.median(frame))
    cells = (before < _NOISE * floor) & (floor > _LEAST) & sound[:, np.newaxis]
    scale = np.where(floor > _LEAST, floor, 1.0)
    lowered_by = np.maximum(before - after, 0.0)[sound].sum(axis=0) + _LEAST
    even = (_flatness(scale, edges) > _EVEN) & (_flatness(lowered_by, edges) > _EVEN)
    mean_before, kurtosis_before, count = _statistics(before / scale * cells, cells, edges)
    mean_after, kurtosis_after, _ = _statistics(after / scale * cells, cells, edges)
    good = even & (count > _LEAST_CELLS * before.shape[0]) & (mean_before > _LEAST) & (mean_after > _LEAST)
    if np.count_nonzero(good) < _LEAST_BANDS or count.sum() < _LEAST_SHARE * before.size:
        return NOTHING
    weights = count[good]
    twitter = np.average(np.log(kurtosis_after[good] / kurtosis_before[good]), weights=weights)
    lowered = np.average(decibels(mean_after[good] / mean_before[good]), weights=weights)
    within = cells[:, edges[0] : edges[-1]] & np.repeat(good, np.diff(edges))
    residue = (after[:, edges[0] : edges[-1]] * within).sum()
    heard = decibels(residue / max(float(after.sum()), _LEAST)) > _HEARD_DB
    heard &= decibels(residue / len(after)) > _LEAST_HEARD_DB
    swing = _swing(before, after, within, edges) if heard and lowered < _MOVED_DB else 0.0
    return Residue(float(twitter), bool(heard and lowered < _LOWERED_DB), swing)


def _flatness(floor: Array, edges: npt.NDArray[np.intp]) -> Array:
    """Geometric over arithmetic mean in each band."""
    width = np.diff(edges)
    return np.asarray(np.exp(in_bands(np.log(floor), edges) / width) * width / in_bands(floor, edges))


def _statistics(values: Array, cells: Mask, edges: npt.NDArray[np.intp]) -> tuple[Array, Array, Array]:
    """Return mean, E[P^4] / E[P^2]^2 and number of the chosen cells of each band."""
    squares = np.square(values)
    sums = [in_bands(one.sum(axis=0), edges) for one in (values, squares, np.square(squares))]
    count = in_bands(cells.sum(axis=0).astype(np.float64), edges)
    return sums[0] / np.maximum(count, 1), sums[2] * count / np.maximum(sums[1] ** 2, _LEAST**3), count


def _swing(before: Array, after: Array, within: Mask, edges: npt.NDArray[np.intp]) -> float:
    """Return how far the noise's gain moves, dB, means of three frames."""
    first = within.shape[1] // _BRIGHT
    bright = within[:, first:]
    was, is_ = ((one[:, edges[0] + first : edges[-1]] * bright).sum(axis=1) for one in (before, after))
    told = bright.sum(axis=1) > _LEAST_BRIGHT
    if np.count_nonzero(told) <= len(told) // 2:
        return 0.0
    gain = np.convolve(is_[told] / np.maximum(was[told], _LEAST), np.ones(3) / 3, "valid")
    low, high = np.percentile(decibels(gain), (10, 90))
    return float(high - low)
