"""Steady combs of lines in a stretch of a recording: where, how likely, and how high each line is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter1d

from ...audio.arrays import Array
from ...contract.findings import NO_LEVEL
from ...kernels.harmonics.harmonic_comb import AGREEMENT, FLOOR_QUANTILES, comb_evidence, track_fundamental
from .floor import (
    HARMONICS,
    LEAST_DBFS,
    MAINS_HZ,
    MAINS_OFF_HZ,
    FloorComb,
    Powers,
    floors_over_time,
    search_floors,
)
from .spectrogram import StretchLevels

LOWEST_HZ, HIGHEST_HZ = 40.0, 70.0  # source: mains, and what a transfer off its speed makes of them
AIRCRAFT_HZ = 400.0  # source: mains of aircraft, and of film sound
RAILWAYS_HZ = {16.7: 3, 25.0: 2}
"""Mains of railways, and which of their harmonics lies where other mains do; source: EN 50163."""

# tuned: by hand with bench hum_finder, 2026-11-21; the split is not recorded
LOW_HZ = 880.0  # derived: twelve harmonics of 70 Hz, and what surrounds them
HIGH_HZ = 8000.0
MOST_HARMONICS = 240  # guard: memory is bounded
SAME_HZ = 0.5

# tuned: by hand with bench hum_finder, 2026-11-21; the split is not recorded
_GUARD_HZ = 2.9  # derived: the main lobe, 1.33 Hz, and what the frequency may be off
_HIGH_GUARD_HZ = 8.0
LOW_HARMONICS = 12
_ALIKE = 0.1  # how much of what a window tells holds for the whole recording
_DRIFT_WINDOWS = 4.0
_PAIR_WINDOWS = 5.0  # from one to another that shares none of its samples, and one more
_GRID_HZ = 0.01  # source: eight recordings of a grid, whose range in 10 s was at most that
_PAIRS_LESS = 1.6  # derived: exp(1.9 s / 4 s), what a walk with a time constant of 4 s forgets between them
_TRUST = 300.0  # beyond it, wandering and not noise limits what a window says about the frequency
_GRIDS_HZ = (
    (np.arange(LOWEST_HZ, HIGHEST_HZ + 0.01, 0.15), 5),
    (np.arange(AIRCRAFT_HZ - 5, AIRCRAFT_HZ + 5.1, 0.5), 1),
    *((np.arange(hz - 0.15, hz + 0.16, 0.05), 1) for hz in RAILWAYS_HZ),
)
_MOST_CONTRAST_DB = 40.0
_FLOOR_GUARD_HZ = 1.45
_FLOOR_CONTRAST_DB = 3.0
_CLAIMED = 18.0
_UNUSUAL = 0.55
# A transfer off its speed: it lies so far under the program, and its fundamental shows in this share of the
# windows at least. tuned: bench.material.tuning.hum, transport, against 47 clean tuning takes, 2026-11-30
_UNDER_DB, _ALONG, _MOST_WANDER = 12.0, 0.3, 0.003  # the last of the frequency; tuned: the same
_LOBE_HZ, _SKIRT_DB = 1.4, 3.0  # derived: half the main lobe of 1.5 s, and where it has fallen by half
# So close to the mains no clean take had 0.6 of what is claimed. tuned: 68 tuning takes of 10 s, 2026-11-29
_USUAL, _USUAL_OFF_HZ, _USUAL_LINES = 1.25, 0.2, 3
_UNBROKEN, _LEAST_EVIDENCE = 13.0, 3.0
_RAILWAYS_OFF_HZ = 0.1  # tuned: the same; a rhythm of dance music is a comb as well
_LEAST_OWN = 1.0  # of a claim; tuned: bench.material.tuning.hum, railway, 2026-11-29
# Of a second hum, where the first was taken away: how far off it is, its score where a second line of its own
# shows in so much of the time, and elsewhere; where the first's lines were, nothing is left.
# tuned: bench.material.tuning.hum, two hums, and one of five kinds alone, 16 takes each at 20 and 30 dB,
# 2026-11-30
_BESIDE_HZ, _BESIDE_SCORE, _BESIDE_ALONG, _TAKEN_HZ = 0.52, (0.55, 1.15), 0.3, 0.5
_APART_HZ = 1.9  # derived: the main lobe, and how far off a line is looked for; lines that lie closer are one


class Comb(NamedTuple):
    """A comb in one stretch: score (1 is claimed), frequency and its variance in Hz, what lies at its lines.

    `points` are the measurements of the fundamental: window, Hz and weight, shape (3, measurements).
    `floor_dbfs` is each harmonic's level in each channel where only the floors show it, else -200, shape
    (channels, harmonics). `faint`: its fundamental shows, and all of it lies far under the program,
    as no bass does.
    """

    score: float
    frequency_hz: float
    variance: float
    evidence: Array
    floor: Array
    track: Array
    points: Array
    floor_dbfs: Array
    faint: bool


def search(low: StretchLevels, long: Powers, known: list[float], *, everywhere: bool = True) -> list[Comb]:
    """Return the likeliest combs of a stretch, and those that earlier ones had.

    Parameters
    ----------
    low
        Windows of 1.5 s.
    long
        Windows of 3 s, see `search_floors`; the bins are the same.
    known
        Fundamentals, in Hz, that are looked at in any case.
    everywhere
        Whether others than those and the mains' are looked for, which takes the most time.
    """
    others = _candidates(low.together, low.bin_hz) if everywhere else MAINS_HZ
    found = (_refine(low, at) for at in (*known, *others))
    combs = [comb for comb in found if comb is not None and not _of_other_mains(comb, low.together.shape[0])]
    for weak in search_floors(long, low.bin_hz):
        near = [k for k, comb in enumerate(combs) if abs(comb.frequency_hz - weak.frequency_hz) < SAME_HZ]
        seen = max(near, key=lambda k: combs[k].score, default=None)
        if weak.score < 0.5:
            continue
        comb = _follow_floor(weak, low, long)
        if min(abs(comb.frequency_hz - mains) for mains in MAINS_HZ) > MAINS_OFF_HZ:
            continue
        if seen is None or combs[seen].score < 0.5:
            combs.append(comb)
        else:
            points = np.concatenate([combs[seen].points, comb.points], axis=1)
            frequency, variance = _mean_over_time(*points)
            score = max(combs[seen].score, weak.score)
            combs[seen] = combs[seen]._replace(score=score, frequency_hz=frequency, variance=variance)
    return combs


def search_piece(low: StretchLevels, mains_hz: float) -> Comb | None:
    """Return the comb at one of the mains' frequencies in a short piece, if one is there at all."""
    comb = _refine(low, mains_hz)
    return comb if comb is not None and abs(comb.frequency_hz - mains_hz) <= MAINS_OFF_HZ else None


def _candidates(levels: Array, bin_hz: float) -> list[float]:
    """Return fundamentals, in Hz, at whose harmonics the floors over time stand out most."""
    levels = levels[::2].astype(np.float32)  # half of the overlapping windows are enough to choose from
    ranks = (FLOOR_QUANTILES * (levels.shape[0] - 1)).astype(int)
    reach = _reach(bin_hz, 0.08, 0.6).astype(int)
    floors = {
        each: floors_over_time(maximum_filter1d(levels, 2 * each + 1, axis=1), ranks)
        for each in set(reach.tolist())
    }
    apart = np.rint(_GUARD_HZ / bin_hz * np.array([1.0, 1.35, 1.7])).astype(int)
    candidates: list[float] = []
    for grid, count in _GRIDS_HZ:
        strength = np.zeros(grid.size)
        for harmonic, each in enumerate(reach.tolist(), 1):
            at = np.rint(harmonic * grid / bin_hz).astype(int)
            inside = at + 2 * apart[0] < levels.shape[1]
            floor, last = floors[each], levels.shape[1] - 1
            beside = np.median([floor[:, np.minimum(at + k, last)] for k in (*-apart, *apart)], axis=0)
            contrast = (floor[:, np.minimum(at, last)] - beside).max(axis=0)
            strength += np.sqrt(np.clip(np.where(inside, contrast, 0.0), 0.0, _MOST_CONTRAST_DB))
        for _ in range(count):
            # between equals, the middle: a lone strong line gives a plateau
            top = np.flatnonzero(strength >= strength.max() - 1e-9)
            best = grid[top[(top.size - 1) // 2]]
            candidates.append(float(best))
            strength[np.abs(grid - best) < SAME_HZ] = -1.0
    return candidates


def _refine(low: StretchLevels, candidate_hz: float) -> Comb | None:
    """Follow a candidate through the stretch, and weigh the comb where it really lies."""
    levels, bin_hz = low.together, low.bin_hz
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
        frequency, variance = _mean_over_time(np.arange(float(windows)), track, weight, bin_hz)
        reach = tight
    evidence, floor = _weigh(levels, np.full((1, windows), frequency), tight, guard)
    shown = np.flatnonzero(weight)
    faint = LOWEST_HZ <= frequency * bin_hz <= HIGHEST_HZ and evidence[0][0] >= _ALONG * AGREEMENT * windows
    faint &= variance <= (_MOST_WANDER * frequency) ** 2
    faint = faint and _under_db(low, frequency, evidence[0], floor[0]) >= _UNDER_DB
    return Comb(
        score=_score(evidence[0], frequency * bin_hz, windows, faint=faint) / _CLAIMED,
        frequency_hz=frequency * bin_hz,
        variance=variance * bin_hz**2,
        evidence=evidence[0],
        floor=floor[0],
        track=np.interp(np.arange(windows), shown, track[shown]) * bin_hz,
        points=np.stack([shown, track[shown] * bin_hz, weight[shown]]),
        floor_dbfs=np.full((low.levels.shape[0], HARMONICS), NO_LEVEL),
        faint=faint,
    )


def _follow_floor(comb: FloorComb, low: StretchLevels, long: Powers) -> Comb:
    """Return what the floors show as a comb of this stretch."""
    bin_hz, guard = low.bin_hz, _FLOOR_GUARD_HZ / low.bin_hz
    levels = 10 * np.log10(np.maximum(long[:, comb.view].astype(np.float64), 1e-20))
    lines = np.where(comb.contrast > _FLOOR_CONTRAST_DB, comb.level[comb.view], NO_LEVEL)
    reach = _reach(bin_hz, 0.08, 0.5, HARMONICS)
    frequency, variance, shown = comb.frequency_hz / bin_hz, 0.0, np.empty(0, np.int64)
    track, weight = np.full(long.shape[0], frequency), np.zeros(long.shape[0])
    times = 2.0 * np.arange(long.shape[0]) + 2.0  # they begin with every other short one, and last for five
    for _ in range(2):
        track, weight = track_fundamental(levels, frequency, lines, reach, guard)
        weight = np.minimum(weight, _TRUST)
        shown = np.flatnonzero(weight)
        if not shown.size:
            break
        frequency, variance = _mean_over_time(times, track, weight, bin_hz)
    windows, channels = low.together.shape[0], low.levels.shape[0]
    known = np.full(windows, frequency)
    if shown.size:
        known = np.interp(np.arange(windows), times[shown], track[shown])
    heard = np.where(lines > NO_LEVEL, np.minimum(comb.level[:channels], comb.level[comb.view]), NO_LEVEL)
    nothing = np.zeros(LOW_HARMONICS)
    return Comb(
        score=comb.score,
        frequency_hz=frequency * bin_hz,
        variance=variance * bin_hz**2,
        evidence=nothing,
        floor=nothing,
        track=known * bin_hz,
        points=np.stack([times[shown], track[shown] * bin_hz, weight[shown]]),
        floor_dbfs=heard,
        faint=False,
    )


def _under_db(low: StretchLevels, at: float, evidence: Array, floor: Array) -> float:
    """Return how far a comb's lines, together, lie under what is heard with them; `at` is its first bin."""
    # of a sine, the bins of a Hann window of 1.5 s add up to its mean square in 1 Hz
    program = low.bin_hz * float(np.mean(np.sum(10 ** (low.together / 10), axis=1)))
    comb = float(np.sum(10 ** (floor[evidence > 0.0] / 10)))
    level, first, reach = np.median(low.together, axis=0), round(at), round(_LOBE_HZ / low.bin_hz)
    if level[first - 1 : first + 2].max() < level[first - reach : first + reach].max() - _SKIRT_DB:
        return 0.0  # of a louder line
    return float(10 * np.log10(max(program - comb, 1e-20) / max(comb, 1e-20)))


def _mean_over_time(
    times: npt.NDArray[np.floating], track: Array, weight: Array, bin_hz: float = 1.0
) -> tuple[float, float]:
    """Return the mean of a track over its windows, and its variance.

    A machine drifts on while the program hides it: each window takes its value from those close by. `times`
    count windows of 1.5 s; the track is in bins of `bin_hz`.
    """
    apart = np.abs(times - np.arange(times.max() + 1.0)[:, np.newaxis])
    near = weight * (_ALIKE + np.exp(-apart / _DRIFT_WINDOWS))
    mean = float(np.mean(near @ track / np.sum(near, axis=1)))
    off = track - mean
    spread = float(np.sum(weight * off**2) / np.sum(weight))
    if min(abs(mean * bin_hz - mains) for mains in MAINS_HZ) >= MAINS_OFF_HZ:
        return mean, spread
    # Of a grid's windows that share no samples, what each is off by itself averages out.
    pairs = np.outer(weight, weight) * (np.abs(np.abs(times[:, np.newaxis] - times) - _PAIR_WINDOWS) <= 1.0)
    if pairs.any():
        variance = max(float(_PAIRS_LESS * (off @ pairs @ off) / np.sum(pairs)), 0.0)
        spread = variance if variance * bin_hz**2 < _GRID_HZ**2 else spread
    return mean, spread


def _of_other_mains(comb: Comb, windows: int) -> bool:
    """Return whether a low comb is no railway's, or shows hardly a line that other mains do not have."""
    for hz, times in RAILWAYS_HZ.items():
        if abs(comb.frequency_hz - hz) < _RAILWAYS_OFF_HZ:
            own = _own_evidence(comb, [times * comb.frequency_hz], _APART_HZ)
            return _score(own, comb.frequency_hz, windows, faint=comb.faint) < _LEAST_OWN * _CLAIMED
    return comb.frequency_hz < LOWEST_HZ - SAME_HZ


def search_beside(low: StretchLevels, others_hz: list[float]) -> Comb | None:
    """Return the likeliest comb of a stretch that others were taken from, if it is hum by itself.

    Lines where the others' were say nothing: there, nothing is left.
    """
    windows = low.together.shape[0]
    found: list[Comb] = []
    for at in _candidates(low.together, low.bin_hz):
        comb = _refine(low, at)
        if comb is None or _of_other_mains(comb, windows):
            continue
        if min(abs(comb.frequency_hz - other) for other in others_hz) < _BESIDE_HZ:
            continue
        evidence = _own_evidence(comb, others_hz, _TAKEN_HZ)
        score = _score(evidence, comb.frequency_hz, windows, faint=comb.faint) / _CLAIMED
        second = float(np.sort(evidence)[-2]) / (AGREEMENT * windows)
        if score >= _BESIDE_SCORE[0 if second >= _BESIDE_ALONG else 1]:
            found.append(comb._replace(evidence=evidence, score=max(score, 1.0)))
    return max(found, key=lambda comb: comb.score, default=None)


def weighed_again(comb: Comb, low: StretchLevels) -> Comb:
    """Return a comb as a stretch says that others were taken from, where it shows there as well."""
    again = _refine(low, comb.frequency_hz)
    if again is None or abs(again.frequency_hz - comb.frequency_hz) > _APART_HZ / LOW_HARMONICS:
        return comb
    return again._replace(score=max(again.score, comb.score), floor_dbfs=comb.floor_dbfs)


def _own_evidence(comb: Comb, others_hz: list[float], apart_hz: float) -> Array:
    lines = np.arange(1, comb.evidence.size + 1) * comb.frequency_hz
    evidence = comb.evidence.copy()
    for other in others_hz:
        off = np.abs(lines - other * np.maximum(np.rint(lines / other), 1.0))
        evidence[off < apart_hz] = 0.0
    return evidence


def _score(evidence: Array, frequency_hz: float, windows: int, *, faint: bool) -> float:
    """Return how much speaks for hum: many harmonics count for more than one strong one, which notes have."""
    off = min(abs(frequency_hz - usual) for usual in (*MAINS_HZ, AIRCRAFT_HZ, *RAILWAYS_HZ))
    score = float(np.sum(np.sqrt(np.maximum(evidence, 0.0)))) * (1.0 if off < 0.6 or faint else _UNUSUAL)
    lines = np.count_nonzero(evidence >= 2.0 * _LEAST_EVIDENCE)
    if lines >= _USUAL_LINES and min(abs(frequency_hz - mains) for mains in MAINS_HZ) < _USUAL_OFF_HZ:
        score *= _USUAL
    if (off < 0.3 or faint) and windows >= 16:  # no note of A = 440 Hz lies there, nor lasts so long
        unbroken = float(evidence[:2].max()) / (AGREEMENT * windows)
        score += _UNBROKEN * min(max((unbroken - 0.5) / 0.4, 0.0), 1.0)
    return score


def harmonic_levels(comb: Comb, low: StretchLevels, high: StretchLevels) -> Array:
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
    weak = level[:, :HARMONICS]
    weak[...] = np.where(weak > NO_LEVEL, weak, comb.floor_dbfs)
    if not high.levels.size:
        return level
    count = min(int(HIGH_HZ / comb.frequency_hz), MOST_HARMONICS)
    reach = _reach(high.bin_hz, 0.03, 4.0, count)
    # row k of the full rate lies one and a half hops after the middle of row 2 k of the low one
    at = 2.0 * np.arange(high.levels.shape[1]) + 1.5
    track = np.interp(at, np.arange(comb.track.size), comb.track)[np.newaxis] / high.bin_hz
    known = np.count_nonzero(np.arange(1, LOW_HARMONICS + 1) * comb.frequency_hz < LOW_HZ - 20.0)
    for channel, levels in enumerate(high.levels):
        evidence, floor = _weigh(levels, track, reach, _HIGH_GUARD_HZ / high.bin_hz)
        shows = evidence[0] >= 2 * _LEAST_EVIDENCE
        shows[:known] = False
        level[channel, :count] = np.where(shows, floor[0], level[channel, :count])
    return level


def _weigh(levels: Array, tracks: Array, reach: Array, guard: float) -> tuple[Array, Array]:
    evidence, floor = comb_evidence(levels, tracks, reach, guard)
    return np.where(floor > LEAST_DBFS, evidence, 0.0), np.maximum(floor, NO_LEVEL)


def _reach(bin_hz: float, hz_a_harmonic: float, most_hz: float, harmonics: int = LOW_HARMONICS) -> Array:
    """Return how many bins a line may be off: what the fundamental is off, times the harmonic's number."""
    off_hz = np.minimum(hz_a_harmonic * np.arange(1, harmonics + 1), most_hz)
    return np.asarray(np.maximum(np.rint(off_hz / bin_hz), 1.0))
