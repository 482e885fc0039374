"""Steady combs of lines in a stretch of a recording: where, how likely, and how high each line is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..kernels.harmonic_comb import AGREEMENT, comb_evidence, track_fundamental

Array = npt.NDArray[np.float64]

NO_LEVEL = -200.0
"""Level, dBFS, of a harmonic that was not heard in a channel."""

LOWEST_HZ, HIGHEST_HZ = 40.0, 70.0
AIRCRAFT_HZ = 400.0

LOW_HZ = 880.0  # twelve harmonics of 70 Hz, and what surrounds them
HIGH_HZ = 8000.0
MOST_HARMONICS = 240
SAME_HZ = 0.5

_GUARD_HZ = 2.9  # the main lobe, 1.33 Hz, and what the frequency may be off
_HIGH_GUARD_HZ = 8.0
_LOW_HARMONICS = 12
_TRUST = 1000.0  # beyond it, wandering and not noise limits what a window says about the frequency
_GRID_HZ = 0.15
_UNUSUAL = 0.55
_UNBROKEN = 13.0
_LEAST_EVIDENCE = 3.0
_LEAST_LEVEL = -110.0  # under any converter's noise: what stands there is arithmetic


class Stretch(NamedTuple):
    """Levels in dB, shape (channels, windows, bins), those of the mean power, and the bins' width in Hz."""

    levels: Array
    together: Array
    bin_hz: float


class Comb(NamedTuple):
    """A comb in one stretch: score, frequency and its variance in Hz, and what lies at its lines."""

    score: float
    frequency_hz: float
    variance: float
    evidence: Array
    floor: Array
    track: Array


def search(levels: Array, bin_hz: float, known: list[float]) -> list[Comb]:
    """Return the likeliest combs of a stretch, and those that earlier ones had.

    Parameters
    ----------
    levels
        Shape (windows, bins), in dB.
    bin_hz
        Width of the bins.
    known
        Fundamentals, in Hz, that are looked at in any case.
    """
    mains = np.arange(LOWEST_HZ, HIGHEST_HZ + 0.01, _GRID_HZ)
    aircraft = np.arange(AIRCRAFT_HZ - 5, AIRCRAFT_HZ + 5.1, 0.5)
    candidates: list[float] = list(known)
    for grid, count in ((mains, 5), (aircraft, 1)):
        tracks = np.repeat(grid[:, np.newaxis] / bin_hz, levels.shape[0], axis=1)
        evidence, _ = _weigh(levels, tracks, _reach(bin_hz, 0.08, 0.6), _GUARD_HZ / bin_hz)
        strength = np.sum(np.sqrt(np.maximum(evidence, 0.0)), axis=1)
        for _ in range(count):
            # between equals, the middle: a lone strong line gives a plateau
            top = np.flatnonzero(strength >= strength.max() - 1e-9)
            best = grid[top[(top.size - 1) // 2]]
            candidates.append(float(best))
            strength[np.abs(grid - best) < SAME_HZ] = -1.0
    return [comb for candidate in candidates if (comb := _refine(levels, bin_hz, candidate)) is not None]


def _refine(levels: Array, bin_hz: float, candidate_hz: float) -> Comb | None:
    """Follow a candidate through the stretch, and weigh the comb where it really lies."""
    windows, guard = levels.shape[0], _GUARD_HZ / bin_hz
    wide, tight = _reach(bin_hz, 0.08, 0.6), _reach(bin_hz, 0.04, 0.5)
    wide[:3] = np.rint(0.6 / bin_hz)  # a lone strong line looks as good from beside
    frequency, reach = candidate_hz / bin_hz, wide
    variance, track = 0.0, np.full(windows, frequency)
    for _ in range(3):
        evidence, floor = _weigh(levels, np.full((1, windows), frequency), reach, guard)
        floor = np.where(evidence[0] > 0, floor[0], NO_LEVEL)
        track, weight = track_fundamental(levels, frequency, floor, reach, guard)
        weight = np.minimum(weight, _TRUST)
        if not weight.any():
            return None
        frequency = float(np.sum(weight * track) / np.sum(weight))
        variance = float(np.sum(weight * (track - frequency) ** 2) / np.sum(weight))
        reach = tight
    evidence, floor = _weigh(levels, np.full((1, windows), frequency), tight, guard)
    shown = np.flatnonzero(weight)
    track = np.interp(np.arange(windows), shown, track[shown]) * bin_hz
    score = _score(evidence[0], frequency * bin_hz, windows)
    return Comb(score, frequency * bin_hz, variance * bin_hz**2, evidence[0], floor[0], track)


def _score(evidence: Array, frequency_hz: float, windows: int) -> float:
    """Return how much speaks for hum: many harmonics count for more than one strong one, which notes have."""
    off = min(abs(frequency_hz - usual) for usual in (50.0, 60.0, AIRCRAFT_HZ))
    score = float(np.sum(np.sqrt(np.maximum(evidence, 0.0)))) * (1.0 if off < 0.6 else _UNUSUAL)
    if off < 0.3 and windows >= 16:  # no note of A = 440 Hz lies there, nor lasts so long
        unbroken = float(evidence[:2].max()) / (AGREEMENT * windows)
        score += _UNBROKEN * min(max((unbroken - 0.5) / 0.4, 0.0), 1.0)
    return score


def harmonic_levels(comb: Comb, low: Stretch, high: Stretch) -> Array:
    """Return the level of each harmonic in each channel, shape (channels, harmonics), in dBFS.

    The low rate gives the first twelve, the full one the others; -200 where a harmonic does not show.
    """
    level = np.full((low.levels.shape[0], MOST_HARMONICS), NO_LEVEL)
    tracks = np.full((1, low.levels.shape[1]), comb.frequency_hz / low.bin_hz)
    reach = _reach(low.bin_hz, 0.04, 0.5)
    for channel, levels in enumerate(low.levels):
        evidence, floor = _weigh(levels, tracks, reach, _GUARD_HZ / low.bin_hz)
        shows = (evidence[0] >= _LEAST_EVIDENCE) & (comb.evidence > 0)
        level[channel, : shows.size] = np.where(shows, floor[0], NO_LEVEL)
    if not high.levels.size:
        return level
    count = min(int(HIGH_HZ / comb.frequency_hz), MOST_HARMONICS)
    reach = _reach(high.bin_hz, 0.03, 4.0, count)
    # row k of the full rate lies one and a half hops after the middle of row 2 k of the low one
    at = 2.0 * np.arange(high.levels.shape[1]) + 1.5
    track = np.interp(at, np.arange(comb.track.size), comb.track)[np.newaxis] / high.bin_hz
    known = np.count_nonzero(np.arange(1, _LOW_HARMONICS + 1) * comb.frequency_hz < LOW_HZ - 20.0)
    for channel, levels in enumerate(high.levels):
        evidence, floor = _weigh(levels, track, reach, _HIGH_GUARD_HZ / high.bin_hz)
        shows = evidence[0] >= 2 * _LEAST_EVIDENCE
        shows[:known] = False
        level[channel, :count] = np.where(shows, floor[0], level[channel, :count])
    return level


def _weigh(levels: Array, tracks: Array, reach: Array, guard: float) -> tuple[Array, Array]:
    evidence, floor = comb_evidence(levels, tracks, reach, guard)
    return np.where(floor > _LEAST_LEVEL, evidence, 0.0), np.maximum(floor, NO_LEVEL)


def _reach(bin_hz: float, hz_a_harmonic: float, most_hz: float, harmonics: int = _LOW_HARMONICS) -> Array:
    """Return how many bins a line may be off: what the fundamental is off, times the harmonic's number."""
    off_hz = np.minimum(hz_a_harmonic * np.arange(1, harmonics + 1), most_hz)
    return np.asarray(np.maximum(np.rint(off_hz / bin_hz), 1.0))
