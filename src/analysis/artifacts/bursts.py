"""What was removed within milliseconds: clicks, and strokes and consonants that were taken for clicks.

A click lies on the sound; behind it the sound goes on as before. A stroke begins something: behind it the
kept sound is louder than before it. Energies are of differences from sample to sample, which lift what is
short out of what is low; blocks are a sixteenth of a hop, 1.5 ms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...audio.arrays import Array, Audio, Mask
from .bands import decibels
from .windows import Window

_PARTS = 16  # guard: blocks in a hop
_MARGIN = 24  # guard: blocks looked at on both sides of a window; less than a frame has
_NEAR = 20  # tuned: bench guard, tuning, 2026-11-30; blocks to both sides, 29 ms, of what is near
_GAP = 2  # tuned: bench guard, tuning, 2026-11-30; blocks beside a burst that may be of it
_STANDS_OUT = 8.0  # tuned: bench guard, tuning, 2026-11-30; times what else was removed near it
_TAKEN = 0.25  # tuned: bench guard, tuning, 2026-11-30; share of the sound there
_STROKE = 8.0  # tuned: bench guard, tuning, 2026-11-30; a click stands further out of what follows it
_FAINT = 2.0  # tuned: bench guard, tuning, 2026-11-30; times the kept sound near it
_CLICK = 4.0  # tuned: bench guard, tuning, 2026-11-30; times the kept sound near it, in either measure
_PEAKY = 12.0  # tuned: bench guard, tuning, 2026-11-30; kurtosis in a frame; noise has 3, a tone 1.5
_LEAST = 1e-12  # guard: no division by nothing
_LEAST_BURST = 1e-9  # guard: energy of a burst that 16 bits hold


@dataclass(frozen=True)
class Bursts:
    """What was removed in bursts in one window of one channel.

    Attributes
    ----------
    impulsive
        Frames in which what was removed is impulses, shape (frames,).
    clicks
        Those of them whose impulses stand out of the kept sound as clicks do.
    rise_db
        Most by which the kept sound is louder behind a burst than before it, of bursts that are no louder
        than what begins with a stroke; -200 where there are none.
    faint_db
        Energy of bursts that hardly stand out of the sound, relative to the sound.
    """

    impulsive: Mask
    clicks: Mask
    rise_db: float
    faint_db: float


def find_bursts(window: Window, channel: int, sure: Mask) -> Bursts:
    """Measure the bursts of one channel in a window; `sure`: samples of `Window.before` that were clicks."""
    before, after = window.before[channel], window.after[channel]
    removed = before - after
    steps = [np.diff(one, prepend=one[:1]) for one in (removed, before, after)]
    block = max(window.hop // _PARTS, 1)
    frames = window.power_before.shape[1]
    took, was, kept = (_energies(one, block, frames, window.hop) for one in steps)
    raw_took, raw_kept = (_energies(one, block, frames, window.hop) for one in (removed, after))
    contrast = np.maximum(took / _around(kept), raw_took / _around(raw_kept))
    impulsive = _kurtosis(steps[0], frames, window.hop) > _PEAKY
    first = _MARGIN + np.arange(frames) * (window.hop // block)
    peak = np.array([contrast[at : at + 2 * window.hop // block].max() for at in first])

    inside = slice(_MARGIN, took.size - _MARGIN)
    behind, ahead = _mean(kept, _GAP + 1, _NEAR + 1), _mean(kept, -_NEAR, -_GAP)
    others = (_mean(took, -_NEAR, _NEAR) * 2 * _NEAR - took - np.roll(took, 1) - np.roll(took, -1))[inside]
    others = others / (2 * _NEAR - 3)
    behind, ahead, near = behind[inside], ahead[inside], _around(kept)[inside]
    took, was = took[inside], was[inside]
    burst = (took > _STANDS_OUT * others) & (took > _TAKEN * was) & (took > _LEAST_BURST)
    if sure.any():
        repaired = _energies(sure.astype(np.float64), block, frames, window.hop)
        burst &= (repaired + np.roll(repaired, 1) + np.roll(repaired, -1) == 0)[inside]
    stroke = burst & (took < _STROKE * np.maximum(behind, _LEAST))
    rise = np.max(behind / np.maximum(ahead, _LEAST), where=stroke, initial=0.0)
    faint = took[burst & (took < _FAINT * near)].sum() / max(float(was.sum()), _LEAST)
    return Bursts(impulsive, impulsive & (peak > _CLICK), float(decibels(rise)), float(decibels(faint)))


def _energies(signal: Audio, block: int, frames: int, hop: int) -> Array:
    """Energy of each block from `_MARGIN` blocks before the window to as many behind it."""
    count = frames * hop // block + 2 * _MARGIN
    start = 2 * hop - _MARGIN * block
    return np.asarray(np.square(signal[start : start + count * block]).reshape(count, block).sum(axis=1))


def _mean(energy: Array, low: int, high: int) -> Array:
    """Mean of the blocks from `low` to before `high` relative to each, cut off at the ends."""
    sums = np.concatenate([[0.0], np.cumsum(energy)])
    at = np.arange(energy.size)
    first, last = (np.clip(at + offset, 0, energy.size) for offset in (low, high))
    return np.asarray((sums[last] - sums[first]) / np.maximum(last - first, 1))


def _around(energy: Array) -> Array:
    return np.maximum(_mean(energy, -_NEAR, _NEAR + 1), _LEAST)


def _kurtosis(signal: Audio, frames: int, hop: int) -> Array:
    """E[x^4] / E[x^2]^2 of each frame; 0 where nothing was removed."""
    squares = np.square(signal[2 * hop : (frames + 3) * hop]).reshape(frames + 1, hop)
    second, fourth = squares.sum(axis=1), np.square(squares).sum(axis=1)
    second, fourth = second[:-1] + second[1:], fourth[:-1] + fourth[1:]
    return np.asarray(2 * hop * fourth / np.maximum(second**2, _LEAST**3))
