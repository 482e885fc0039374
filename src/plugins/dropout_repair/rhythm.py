"""Holes that keep time: gates, stutters, chopped loops, pumping. What recurs by the clock was played."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ...contract.marks import Spans


class Pace(NamedTuple):
    """How evenly holes must come to keep time.

    Attributes
    ----------
    beats
        How many there are in a row, at least.
    astray_s
        Seconds by which the middle of one may lie beside its beat, times how many beats it is away.
    alike
        How much longer one may be than another.
    """

    beats: int
    astray_s: float
    alike: float


# tuned: gates, stutters, chopped loops, tremolos and games' music made up for it, against gaps of
# bench.material.tuning, which come at random, by hand, 2026-11-30
CUTS, FALLS = Pace(3, 0.7e-3, 1.3), Pace(4, 2.5e-3, 2.0)
_SLOWEST_S = 0.65  # from one beat to the next; source: a reel that plays at 19 cm/s takes longer for a turn


class Rhythm:
    """Holes of the last seconds in any channel, and which of them keep time.

    Parameters
    ----------
    pace
        See `Pace`.
    sample_rate
        Of the recording, Hz.
    """

    def __init__(self, pace: Pace, sample_rate: float) -> None:
        self._pace, self._astray = pace, pace.astray_s * sample_rate
        self._slowest = _SLOWEST_S * sample_rate
        self._middles, self._sizes = np.empty(0), np.empty(0)

    def hear(self, spans: Spans) -> None:
        """Add holes, rows of start and stop; what is long past is forgotten."""
        if len(spans):
            middles = spans.mean(axis=1)
            recent = self._middles > middles.min() - 2 * self._pace.beats * self._slowest
            self._middles = np.concatenate([self._middles[recent], middles])
            self._sizes = np.concatenate([self._sizes[recent], np.diff(spans, axis=1)[:, 0]])

    def kept(self, spans: Spans) -> npt.NDArray[np.bool_]:
        """Say of each row of start and stop, shape (k, 2), whether the hole keeps time; shape (k,)."""
        return np.array(
            [self._keeps(sum(span) / 2.0, span[1] - span[0]) for span in spans.tolist()], np.bool_
        )

    def _keeps(self, middle: float, size: int) -> bool:
        pace = self._pace
        alike = np.maximum(self._sizes, size) <= pace.alike * np.minimum(self._sizes, size)
        away = self._middles[alike] - middle
        steps = away[(np.abs(away) > size) & (np.abs(away) <= self._slowest)]
        beats = np.delete(np.arange(1 - pace.beats, pace.beats), pace.beats - 1)  # beside its own
        beside = np.abs(away - steps[:, np.newaxis, np.newaxis] * beats[:, np.newaxis])
        beside = beside <= self._astray * np.abs(beats)[:, np.newaxis]
        there = np.insert(beside.any(axis=2), pace.beats - 1, True, axis=1)
        in_row = np.lib.stride_tricks.sliding_window_view(there, pace.beats, axis=1)
        return bool(in_row.all(axis=2).any())
