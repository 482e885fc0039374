"""Dips: moments in which all of a sound falls and comes back, in every band at once and to where it was."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...audio.arrays import Array, Complex, Counts
from ..compilation.compilation import compiled

LEAST = 1e-11
"""Least power of a band, -110 dBFS; guard: silence has no logarithm."""

_NONE = 99.0  # guard: dB; over every threshold
_CORE = 4  # tuned: by hand, tuning set, 2026-11-29; a dip's middle is such a part of its length
_LOWEST, _HIGHEST = -30.0, 20.0  # tuned: likewise; dB, so that no band has more to say than others
_BACK_DB = 1.0  # tuned: likewise; so little under what is beside it a dip has ended


class DipSearch(NamedTuple):
    """What a dip is.

    Attributes
    ----------
    lengths
        Lengths that are tried, in frames, shape (k,).
    side, near
        Frames on either side that a dip is measured by, and in which nothing may be as low as it.
    apart
        Frames on either side of a dip in which there is no second one.
    depth_db, shallowest_db
        The mean over the bands is so deep at least, and the shallowest of them.
    uneven_db
        Bands differ so much at most, root mean square, between before it and after it.
    lone_db
        What is lowest before it, or after it, lies so much over it, at least: else it is one of many.
    floor_db, range_db
        Bands count that are so loud before and after it, and so far at most under the loudest.
    """

    lengths: Counts
    side: int
    near: int
    apart: int
    depth_db: float
    shallowest_db: float
    uneven_db: float
    lone_db: float
    floor_db: float
    range_db: float


class Levels(NamedTuple):
    """Running sums over the frames, shape (frames + 1, bands).

    Attributes
    ----------
    power
        Of powers.
    level_db
        Of levels.
    """

    power: Array
    level_db: Array


@compiled
def band_power(spectra: Complex, edges: Counts, power: Array) -> None:
    """Write the power of bands, `LEAST` at least.

    Parameters
    ----------
    spectra
        Shape (channels, frames, bins).
    edges
        Bins from each of which to before the next a band lies, shape (bands + 1,).
    power
        Filled, shape (channels, frames, bands).
    """
    for channel in range(power.shape[0]):
        for t in range(power.shape[1]):
            for b in range(power.shape[2]):
                total = 0.0
                for k in range(edges[b], edges[b + 1]):
                    value = spectra[channel, t, k]
                    total += value.real * value.real + value.imag * value.imag
                power[channel, t, b] = max(total, LEAST)


@compiled
def _running(values: Array) -> Array:
    sums = np.zeros((values.shape[0] + 1, values.shape[1]))
    for t in range(values.shape[0]):
        for b in range(values.shape[1]):
            sums[t + 1, b] = sums[t, b] + values[t, b]
    return sums


@compiled
def _middle_db(sums: Levels, t: int, width: int, b: int) -> float:
    """Return the level of `width` frames around one."""
    start = t - width // 2
    return float(10.0 * np.log10(max((sums.power[start + width, b] - sums.power[start, b]) / width, LEAST)))


@compiled
def _sides(sums: Levels, t: int, half: int, side: int, b: int) -> tuple[float, float]:
    """Return the mean level before and after a dip."""
    before = (sums.level_db[t - half, b] - sums.level_db[t - half - side, b]) / side
    after = (sums.level_db[t + half + side, b] - sums.level_db[t + half, b]) / side
    return before, after


@compiled
def _measure(
    sums: Levels, t: int, length: int, how: DipSearch, bounds: tuple[int, int], counts: Counts
) -> tuple[float, float, float]:
    """Measure the dip of a length around a frame: mean depth, the shallowest band's, unevenness; in dB.

    `counts` says then which bands count.
    """
    bands = counts.size
    half, width = (length + 1) // 2 + 1, max(length // _CORE, 1)
    counts[:] = 0
    if t - half - how.side < bounds[0] or t + half + how.side > bounds[1]:
        return _NONE, _NONE, _NONE
    loudest = -np.inf
    for b in range(bands):
        loudest = max(loudest, min(_sides(sums, t, half, how.side, b)))
    least = max(how.floor_db, loudest - how.range_db)
    rough, valid, first = 0.0, 0, t - width // 2
    for b in range(bands):
        aside = min(_sides(sums, t, half, how.side, b))
        if aside >= least:
            # a mean of levels is no more than the level of a mean, and takes no logarithm
            level = (sums.level_db[first + width, b] - sums.level_db[first, b]) / width
            rough += min(max(level - aside, _LOWEST), _HIGHEST)
            counts[b] = 1
            valid += 1
    if not valid or rough > -how.depth_db * valid:
        return _NONE, _NONE, _NONE
    mean, shallowest, uneven = 0.0, -_NONE, 0.0
    for b in range(bands):
        if counts[b]:
            before, after = _sides(sums, t, half, how.side, b)
            depth = _middle_db(sums, t, width, b) - min(before, after)
            depth = min(max(depth, _LOWEST), _HIGHEST)
            mean += depth
            shallowest = max(shallowest, depth)
            uneven += (before - after) ** 2
    return mean / valid, shallowest, np.sqrt(uneven / valid)


@compiled
def _lowest_beside(
    sums: Levels, t: int, length: int, how: DipSearch, bounds: tuple[int, int], counts: Counts
) -> tuple[float, float]:
    """Return how far over a dip's middle the lowest moments before and after it lie, dB."""
    width, half = max(length // _CORE, 1), length // 2 + 3
    here, valid = 0.0, float(np.sum(counts))
    for b in range(counts.size):
        if counts[b]:
            here += _middle_db(sums, t, width, b)
    before, after = _NONE * valid, _NONE * valid
    for u in range(max(t - half - how.near, bounds[0] + width), min(t + half + how.near, bounds[1] - width)):
        if abs(u - t) < half:
            continue
        total = -here
        for b in range(counts.size):
            if counts[b]:
                total += _middle_db(sums, u, width, b)
        if u < t:
            before = min(before, total)
        else:
            after = min(after, total)
    return before / valid, after / valid


@compiled
def find_dips(
    power: Array,
    level_db: Array,
    frames: tuple[int, int],
    bounds: tuple[int, int],
    how: DipSearch,
    dips: Array,
) -> int:
    """Find dips whose middles lie in some frames.

    Parameters
    ----------
    power, level_db
        Of each band, shape (frames, bands), full scale 1.0; no power is under `LEAST`.
    frames
        The frames, from one to before another.
    bounds
        Frames that the recording has, likewise.
    how
        See `DipSearch`.
    dips
        Filled with rows of frame, length, mean depth and how far over it is what is lowest nearby, in dB;
        shape (most, 4).

    Returns
    -------
    int
        How many were found.
    """
    sums = Levels(_running(power), _running(level_db))
    counts = np.zeros(power.shape[1], np.int64)
    size = frames[1] - frames[0] + 2 * how.apart
    start = frames[0] - how.apart
    depths, lengths = np.full(size, _NONE), np.zeros(size, np.int64)
    for i in range(size):
        for length in how.lengths:
            depth, _, _ = _measure(sums, start + i, length, how, bounds, counts)
            if depth < depths[i]:
                depths[i], lengths[i] = depth, length
    count = 0
    for i in range(how.apart, size - how.apart):
        depth, t, length = depths[i], start + i, lengths[i]
        if depth > -how.depth_db or depth > np.min(depths[i : i + how.apart + 1]):
            continue
        if np.min(depths[i - how.apart : i]) <= depth:
            continue
        depth, shallowest, uneven = _measure(sums, t, length, how, bounds, counts)
        if shallowest > -how.shallowest_db or uneven > how.uneven_db:
            continue
        before, after = _lowest_beside(sums, t, length, how, bounds, counts)
        if max(before, after) >= how.lone_db and count < dips.shape[0]:
            dips[count, 0], dips[count, 1] = t, length
            dips[count, 2], dips[count, 3] = depth, min(before, after)
            count += 1
    return count


@compiled
def dip_ends(
    power: Array, level_db: Array, t: int, length: int, longest: int, how: DipSearch, bounds: tuple[int, int]
) -> tuple[int, int]:
    """Return the frames in which the dip of a length around a frame begins, and before which it ends.

    There the level is back, in the mean of the bands, at what it is beside the dip. It is no longer than
    `longest`; the others are those of `find_dips`.
    """
    bands = power.shape[1]
    half = (length + 1) // 2 + 1
    aside = np.empty(bands)
    for b in range(bands):
        before = np.mean(level_db[max(t - half - how.side, bounds[0]) : t - half, b])
        after = np.mean(level_db[t + half : min(t + half + how.side, bounds[1]), b])
        aside[b] = min(before, after)
    least = max(how.floor_db, np.max(aside) - how.range_db)
    ends = np.empty(2, np.int64)
    for way in range(2):
        u = t
        while abs(u - t) < longest // 2 + 2:
            u += 2 * way - 1
            if u < bounds[0] + 1 or u + 1 >= bounds[1]:
                break
            total, valid = 0.0, 0
            for b in range(bands):
                if aside[b] >= least:
                    mean = (power[u - 1, b] + power[u, b] + power[u + 1, b]) / 3.0
                    total += 10.0 * np.log10(mean) - aside[b]
                    valid += 1
            if not valid or total / valid > -_BACK_DB:
                break
        ends[way] = u
    return ends[0], ends[1] + 1
