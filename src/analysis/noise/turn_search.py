"""Whether the floor of a stretch of recording rises and falls once a turn, and how long a turn takes.

Levels that lie near the floor and look like noise are fitted by harmonics of every speed at once, by least
squares with weights, from a few transforms. The speeds that explain most are fitted again as a floor with a
program over it (`turn_floor`), and what that gains in likelihood over a floor that stays is the evidence.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import fft

from ...audio.arrays import Array, Mask
from .turn_floor import BandLevels, MovingFloor, beaten, moving_floor

# source: speeds as people write them (see `analysis.speeds`; transcriptions at 16 2/3, cylinders at 160), and
# by how much a deck is off; discs from before electric recording turn at anything from 60 to 90
_OFF = 0.035
_TURNS_A_MINUTE = (50 / 3, 100 / 3, 45.0, 160.0)
_ACOUSTIC = (60.0, 90.0)

# tuned: bench.material.tuning.turning_noise, tuning takes at 10 and 20 dB, 2026-11-29
_LEAST_TURNS = 4
_FINER = 8  # steps of frequency, against what the stretch resolves
_HARMONICS = 4
_MOST_HARMONICS, _HIGHEST_HZ = 6, 8.0
_CANDIDATES = 3
_LEAST_EXPLAINED, _NEARLY = 0.2, 0.6  # nepers a frame, and of the most
_NEAR_DB = 12.0
_LEAST_SHARE = 0.2
_SWING_DB = (1.5, 20.0)
_LEAST_EVIDENCE, _LEAST_A_FRAME = 25.0, 0.06  # nepers a band
_LEAST_RUN = 5  # bands side by side
_LEAST_IN_ALL = 1.5  # nepers a frame: what a dance's rhythm shows is 0.6, faint surfaces 2.4
_AS_GOOD = 0.6

_EVEN = (0.07, 0.25)  # as in `uneven`; tuned: as the rest


class Revolution(NamedTuple):
    """A turn that a floor follows.

    Attributes
    ----------
    hz
        Turns a second.
    turning
        In which bands, shape (bands,).
    evidence
        In nepers, of those bands.
    """

    hz: float
    turning: Mask
    evidence: float


def revolution(heard: BandLevels, frame_s: float) -> Revolution | None:
    """Return the turn that a stretch's floor follows, None where there is none.

    Parameters
    ----------
    heard
        Levels in frames.
    frame_s
        Seconds from one to the next.
    """
    still = still_floor(heard)
    tried = [_judged(heard, still, hz, frame_s) for hz in _candidates(heard, frame_s)]
    best = max(tried, key=lambda one: one.evidence, default=None)
    if best is None or np.sum(best.turning) < _LEAST_RUN:
        return None
    best = _shortest(heard, still, best, frame_s)
    if best is None or best.evidence < _LEAST_IN_ALL * len(heard.db):
        return None
    step = 1 / (len(heard.db) * frame_s * _FINER)
    for _ in range(2):
        step /= 2
        beside = [_judged(heard, still, best.hz + sign * step, frame_s) for sign in (-1, 1)]
        best = max([best, *beside], key=lambda one: one.evidence)
    return best


def _shortest(heard: BandLevels, still: MovingFloor, found: Revolution, frame_s: float) -> Revolution | None:
    """Return what repeats within the turn, if it explains as much; None where it is a beat, no speed."""
    best = found
    for times in range(2, int(_HIGHEST_HZ / 2 / found.hz) + 1):
        faster = _judged(heard, still, times * found.hz, frame_s)
        if faster.evidence > _AS_GOOD * found.evidence and np.sum(faster.turning) >= _LEAST_RUN:
            best = faster
    return best if _allowed(np.array([best.hz]))[0] else None


def still_floor(heard: BandLevels) -> MovingFloor:
    """Fit a floor that stays."""
    return moving_floor(heard, np.empty((len(heard.db), 0)), np.empty((0, 0)))


def harmonics(hz: float, frames: int, frame_s: float) -> Array:
    """Return cosines and sines of a revolution of so many turns a second, shape (frames, columns)."""
    count = int(np.clip(_HIGHEST_HZ / hz, 2, _MOST_HARMONICS))
    turns = 2 * np.pi * hz * frame_s * (np.arange(frames) - frames / 2)
    each = turns[:, np.newaxis] * np.arange(1, count + 1)
    return np.concatenate([np.cos(each), np.sin(each)], axis=1)


def _judged(heard: BandLevels, still: MovingFloor, hz: float, frame_s: float) -> Revolution:
    """Fit a floor that turns, and tell in which bands what is near it is noise, and turns.

    The evidence is against a floor that stays under a program that comes and goes once a turn: a rhythm.
    """
    columns = harmonics(hz, len(heard.db), frame_s)
    moving = moving_floor(heard, columns, np.zeros((columns.shape[1],) * 2))
    turns = hz * frame_s * np.arange(float(len(heard.db)))
    evidence = moving.likelihood - np.maximum(beaten(heard, still, turns), still.likelihood)
    swing = np.ptp(moving.course_db, axis=0)
    turning = noise_bands(heard, moving) & (swing > _SWING_DB[0]) & (swing < _SWING_DB[1])
    turning &= evidence > max(_LEAST_EVIDENCE, _LEAST_A_FRAME * len(heard.db))
    turning = side_by_side(turning)
    return Revolution(float(hz), turning, float(np.sum(evidence[turning])))


def noise_bands(heard: BandLevels, moving: MovingFloor) -> Mask:
    """Tell in which bands what is near the floor is even over frequency, and often there."""
    near = np.abs(heard.db - moving.level_db - moving.course_db) < 2 * moving.scatter_db
    uneven = np.sum(near * heard.uneven, axis=0) / np.maximum(np.sum(near, axis=0), 1)
    share = moving.alone.mean(axis=0)
    return np.asarray((uneven < _EVEN[0] + _EVEN[1] * heard.few) & (share > _LEAST_SHARE))


def side_by_side(turning: Mask) -> Mask:
    """Return the longest run of bands that turn: a surface is wide. Single bands may be missing in it."""
    edges = np.flatnonzero(np.diff(np.pad(turning | _between(turning), 1).astype(np.intp)))
    if not edges.size:
        return turning
    longest = int(np.argmax(edges[1::2] - edges[::2]))
    at = np.arange(turning.size)
    return np.asarray(turning & (at >= edges[2 * longest]) & (at < edges[2 * longest + 1]))


def _between(turning: Mask) -> Mask:
    return np.asarray(np.pad(turning[:-2] & turning[2:], 1)) if turning.size > 2 else turning


def _candidates(heard: BandLevels, frame_s: float) -> list[float]:
    """Return the speeds that explain most of what lies near the floor, in turns a second."""
    length_s = len(heard.db) * frame_s
    hz, gain = _explained(heard, frame_s)
    found: list[float] = []
    least = max(_LEAST_EXPLAINED * len(heard.db), _NEARLY * gain.max(initial=0.0))
    while gain.max(initial=0.0) >= least and len(found) < _CANDIDATES:
        found.append(float(hz[np.argmax(gain)]))
        gain[np.abs(hz - found[-1]) < 1.0 / length_s] = 0.0
    return found


def _allowed(hz: Array) -> Mask:
    """Tell what may be a speed."""
    rpm = 60 * hz
    near = np.any([np.abs(rpm / one - 1) < _OFF for one in _TURNS_A_MINUTE], axis=0)
    return np.asarray(near | ((rpm > _ACOUSTIC[0]) & (rpm < _ACOUSTIC[1])))


def _explained(heard: BandLevels, frame_s: float) -> tuple[Array, Array]:
    """Return frequencies, and what harmonics of each explain of the levels near the floor, in nepers."""
    over = heard.db - np.quantile(heard.db, 0.1, axis=0)
    weight = heard.flat * (over < _NEAR_DB) / (1 + heard.scatter_db**2)
    over = np.clip(over, -_NEAR_DB / 2, _NEAR_DB)
    frames = len(over)
    size = fft.next_fast_len(_FINER * frames)
    lowest, highest = 0.95 * _TURNS_A_MINUTE[0] / 60, 1.05 * _TURNS_A_MINUTE[-1] / 60
    bins = np.arange(int(lowest * size * frame_s), int(highest * size * frame_s) + 2)
    hz = bins / (size * frame_s)
    possible = _allowed(hz) & (hz * frames * frame_s >= _LEAST_TURNS)
    bins, hz = bins[possible], hz[possible]
    orders = np.arange(-_HARMONICS, _HARMONICS + 1)
    beats = (bins[:, np.newaxis, np.newaxis] * (orders[:, np.newaxis] - orders)) % size
    explained = np.zeros(bins.size)
    for one in np.unique(heard.wide):
        inside = heard.wide == one
        weights = weight[:, inside].sum(axis=1)
        levels = (weight[:, inside] * over[:, inside]).sum(axis=1) / np.maximum(weights, 1e-9)
        levels -= np.sum(weights * levels) / max(np.sum(weights), 1e-9)
        total = np.sum(weights * levels**2)
        if total <= 0.0:
            continue
        normal = fft.fft(weights, size)[beats] + 1e-3 * weights.sum() * np.eye(orders.size)
        right = fft.fft(weights * levels, size)[(bins[:, np.newaxis] * orders) % size]
        fitted = np.linalg.solve(normal, right[..., np.newaxis])[..., 0]
        share = np.real(np.sum(right.conj() * fitted, axis=1)) / total
        alike = np.sum(weights) / max(
            np.sum((over[:, inside] < _NEAR_DB) / (1 + heard.scatter_db[inside] ** 2)), 1e-9
        )
        explained -= 0.5 * alike**2 * np.count_nonzero(weights) * np.log(np.clip(1 - share, 1e-3, 1.0))
    return hz, explained
