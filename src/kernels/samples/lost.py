"""Samples that were lost on the way: exact zeros, or one value that is repeated, in the middle of sound."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .runs import equal_runs

Audio = npt.NDArray[np.float64]
Spans = npt.NDArray[np.int64]

LOOK_AHEAD_S = 20e-3
"""Sound after a run that is looked at; tuned: by hand, lost samples of the tuning set, 2026-11-29, as is what
follows."""

_LEAST_RUN_S, _LEAST_RUN = (
    0.2e-3,
    4,
)  # source: the shortest dropped packet that is heard; guard: less is chance
_TOP_S, _TOP = 5e-3, 0.7  # tuned: likewise; a run so near the peak around it may be a clipped wave
_BESIDE_S, _LEAST_STEPS = 2e-3, 16.0  # tuned: likewise; sound on both sides of a run, in steps of its grid
_EVEN = 0.1  # tuned: likewise; the level on one side over that on the other: sound that ends is no gap
_LEAST_RISE = 4.0  # tuned: likewise; steps of the grid, into a run or out of it; a crest is left slowly
_ODDS = float(np.log(1e6))  # tuned: likewise; that no run of so many samples is chance


def lost_spans(
    x: Audio, zone: tuple[int, int], bounds: tuple[int, int], sample_rate: float, longest: int
) -> Spans:
    """Find samples that were lost, with sound on either side.

    Parameters
    ----------
    x
        Samples, shape (n,).
    zone
        Samples in which a run begins, from one to before another.
    bounds
        Where in `x` the recording begins and ends.
    sample_rate
        Hz.
    longest
        Samples of the longest run.

    Returns
    -------
    Spans
        Rows of start and stop, shape (k, 2). A repeated value's first sample is none of the run: it is true.
    """
    least = max(round(_LEAST_RUN_S * sample_rate), _LEAST_RUN)
    low, high = max(zone[0], bounds[0] + 1), min(zone[1], bounds[1])
    runs: Spans = equal_runs(x, low, high, min(high + longest, bounds[1]), least, longest)
    kept = [run for run in runs.tolist() if _lost(x, run[0], run[1], bounds, sample_rate)]
    spans = np.array(kept, np.int64).reshape(-1, 2)
    held = x[spans[:, 0]] != 0.0
    spans[held, 0] += 1
    return spans


def _lost(x: Audio, start: int, stop: int, bounds: tuple[int, int], sample_rate: float) -> bool:
    """Tell whether a run of equal samples was lost, and is neither a wave's top nor a quiet grid's chance."""
    top, beside, chance = (round(seconds * sample_rate) for seconds in (_TOP_S, _BESIDE_S, LOOK_AHEAD_S))
    beside = max(beside, (stop - start) // 2)
    if start - beside < bounds[0] or stop + beside > bounds[1]:
        return False
    before, after = x[max(start - chance, bounds[0]) : start], x[stop : min(stop + chance, bounds[1])]
    peak = max(np.abs(before[-top:]).max(), np.abs(after[:top]).max())
    if abs(x[start]) > _TOP * peak:
        return False
    moves = np.abs(np.concatenate([np.diff(before), np.diff(after)]))
    moving = moves[moves > 0.0]
    if not moving.size:
        return False
    rise = max(abs(x[start] - x[start - 1]), abs(x[stop] - x[stop - 1]))
    if rise < max(_LEAST_RISE * moving.min(), np.sqrt(np.mean(moves**2))):
        return False
    levels = [np.sqrt(np.mean(part**2)) for part in (before[-beside:], after[:beside])]
    if min(levels) < max(_LEAST_STEPS * moving.min(), _EVEN * max(levels)):
        return False
    equal = max(1.0 - moving.size / moves.size, 1.0 / moves.size)
    return bool(-(stop - start - 1) * np.log(equal) > _ODDS)
