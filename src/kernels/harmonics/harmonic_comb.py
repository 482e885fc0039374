"""Evidence for a steady harmonic comb in a spectrogram: lines whose level has a floor under the program.

A program comes and goes, hum stays. So at the frequency of a hum line the level is never far below one
value, and wherever the program around it is quieter, it is that value. A note is at its level while it
sounds, and far below it before and after.
"""

from __future__ import annotations

import numpy as np

from ...audio.arrays import Array
from ..compilation.compilation import compiled

FLOOR_QUANTILES = np.array([0.04, 0.1, 0.25])
"""Ranks at which a line's level is looked for: pauses may be short, or the program may never pause.

tuned: bench hum_finder, 2026-11-21, no record of what else was tried.
"""

VISIBLE_DB = 6.0
"""A line this far above its surroundings can be judged; tuned: bench hum_finder, 2026-11-21."""

AGREEMENT = 1.5
"""Evidence of a window that shows the line at its level; overlapping windows partly repeat each other.

tuned: bench hum_finder, 2026-11-21, no record of what else was tried.
"""

# tuned: bench hum_finder, 2026-11-21, no record of each
_NEAR_DB = 2.0
_MISSING_DB = 4.0
_CONTRADICTION = -3.0
_LOUDER = -0.2
_BESIDE = 3  # places on each side at which the surroundings are measured


@compiled
def _line(levels: Array, position: float, reach: int) -> tuple[float, int]:
    """Return the highest level within `reach` bins of a position, and its bin."""
    last = levels.size - 1
    centre = int(np.floor(position + 0.5))
    best = min(max(centre - reach, 0), last)
    for b in range(best + 1, min(centre + reach, last) + 1):
        if levels[b] > levels[best]:
            best = b
    return levels[best], best


@compiled
def _beside(levels: Array, position: float, guard: float) -> float:
    """Return the median level at places from 1 to 1.7 times `guard` bins off, on both sides."""
    last = levels.size - 1
    around = np.empty(2 * _BESIDE)
    for k in range(_BESIDE):
        off = guard * (1.0 + 0.35 * k)
        around[2 * k] = levels[min(max(int(position - off + 0.5), 0), last)]
        around[2 * k + 1] = levels[min(max(int(position + off + 0.5), 0), last)]
    for i in range(1, around.size):  # insertion: a general sort of six costs more
        value, j = around[i], i
        while j and around[j - 1] > value:
            around[j] = around[j - 1]
            j -= 1
        around[j] = value
    middle: float = 0.5 * (around[_BESIDE - 1] + around[_BESIDE])
    return middle


@compiled
def _steadiness(line: Array, beside: Array, ranked: Array) -> tuple[float, float]:
    """Return the evidence that a line has a steady floor, and the level of that floor."""
    best, floor = -np.inf, 0.0
    for quantile in FLOOR_QUANTILES:
        level = ranked[int(quantile * (line.size - 1))]
        score, agreeing, total = 0.0, 0, 0.0
        for w in range(line.size):
            if line[w] < level - _MISSING_DB:
                score += _CONTRADICTION
            elif beside[w] < level - VISIBLE_DB:
                if abs(line[w] - level) < _NEAR_DB:
                    score += AGREEMENT
                    agreeing += 1
                    total += line[w]
                else:
                    score += _LOUDER
        if score > best:
            best, floor = score, total / agreeing if agreeing else level
    return best, floor


@compiled
def comb_evidence(levels: Array, tracks: Array, reach: Array, guard: float) -> tuple[Array, Array]:
    """Weigh, for each candidate fundamental and harmonic, whether a steady line is there.

    Parameters
    ----------
    levels
        Spectrogram in dB, shape (windows, bins).
    tracks
        Candidate fundamentals along the recording, in bins, shape (candidates, windows).
    reach
        How many bins a line may lie off its harmonic, shape (harmonics,).
    guard
        Bins from a line to where its surroundings begin.

    Returns
    -------
    Array
        Evidence, shape (candidates, harmonics): `AGREEMENT` for each window that shows the line at its
        floor, less for each that contradicts it. 0 where the harmonic lies above the last bin.
    Array
        Level of each floor in dB, same shape.
    """
    windows, bins = levels.shape
    candidates, harmonics = tracks.shape[0], reach.size
    evidence = np.zeros((candidates, harmonics))
    floor = np.full((candidates, harmonics), -200.0)
    line, beside = np.empty(windows), np.empty(windows)
    for c in range(candidates):
        for h in range(harmonics):
            if (h + 1) * tracks[c].max() + 2 * guard > bins:
                break
            for w in range(windows):
                position = (h + 1) * tracks[c, w]
                line[w] = _line(levels[w], position, int(reach[h]))[0]
                beside[w] = _beside(levels[w], position, guard)
            evidence[c, h], floor[c, h] = _steadiness(line, beside, np.sort(line))
    return evidence, floor


@compiled
def track_fundamental(
    levels: Array, candidate: float, floor: Array, reach: Array, guard: float
) -> tuple[Array, Array]:
    """Measure the fundamental in each window from the peaks of the lines that show there.

    Peaks are interpolated by a parabola through three levels in dB (Smith and Serra, PARSHL, 1987). A
    peak's frequency over its number is an estimate of the fundamental whose variance falls with the square
    of the number and with the line's power over its surroundings.

    Parameters
    ----------
    levels
        Spectrogram in dB, shape (windows, bins).
    candidate
        Fundamental in bins.
    floor
        Level of each line in dB, shape (harmonics,); lines that are not there are at -200 or below.
    reach, guard
        See `comb_evidence`.

    Returns
    -------
    Array
        Fundamental in bins, shape (windows,); the candidate where no line shows.
    Array
        Weight of each window, shape (windows,).
    """
    windows, bins = levels.shape
    track, weight = np.full(windows, candidate), np.zeros(windows)
    for w in range(windows):
        total = 0.0
        for h in range(floor.size):
            position = (h + 1) * candidate
            if floor[h] <= -200.0 or position + 2 * guard > bins:
                continue
            level, peak = _line(levels[w], position, int(reach[h]))
            above = level - _beside(levels[w], position, guard)
            inside = 0 < peak < bins - 1 and abs(level - floor[h]) < _NEAR_DB + 1.0
            if above < VISIBLE_DB or not inside:
                continue
            left, right = levels[w, peak - 1], levels[w, peak + 1]
            curvature = left - 2.0 * level + right
            if curvature >= 0.0 or left > level or right > level:
                continue  # the edge of something louder
            trust = (h + 1) ** 2 * min(10.0 ** (above / 10.0), 1000.0)
            total += trust * (peak + 0.5 * (left - right) / curvature) / (h + 1)
            weight[w] += trust
        if weight[w] > 0.0:
            track[w] = total / weight[w]
    return track, weight
