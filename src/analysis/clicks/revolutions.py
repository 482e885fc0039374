"""Whether a record's clicks return with its revolution, and with which."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...audio.arrays import Array
from ...kernels.impulses.point_process import LEAST_DEVIATIONS, count_lags, reach_of, returning_period
from ..speeds import DISCS

PERIODS_S = tuple(speed.turn_s for speed in DISCS)
"""Of the records' speeds that are told apart."""

_BIN_S = 1e-3  # source: the histogram that the constants of `returning_period` are for
_LAGS = reach_of(PERIODS_S[0], _BIN_S)
_STRONGEST_A_SECOND, _ONE_CLICK_S = 32, 2e-3  # tuned: by hand, 2026-11-21, no record


class Revolution(NamedTuple):
    """A record's speed, the measured period, and 0 to 1; zeros where clicks do not return."""

    rpm: float
    period_s: float
    confidence: float


class Revolutions:
    """Histogram of the distances between a recording's strongest clicks, as far as three revolutions.

    Distances, unlike phases, keep no memory of a drift: a record's speed may wander.
    """

    def __init__(self) -> None:
        self._lags = np.zeros(_LAGS)
        self._times = np.zeros(0)
        self._waiting = np.zeros((2, 0))

    def add(self, times: Array, scores: Array, heard_s: float) -> None:
        """Take clicks with their scores; all before `heard_s` are known now."""
        waiting = np.concatenate([self._waiting, [times, scores]], axis=1)
        second = np.floor(waiting[0])
        for at in np.unique(second[second < int(heard_s)]):
            self._count(waiting[:, second == at])
        self._waiting = waiting[:, second >= int(heard_s)]

    def _count(self, clicks: Array) -> None:
        """Count the distances of the strongest clicks of one second from those before."""
        strongest = np.argsort(-clicks[1], kind="stable")[:_STRONGEST_A_SECOND]
        fresh = np.sort(clicks[0, strongest])
        fresh = fresh[np.r_[True, np.diff(fresh) > _ONE_CLICK_S]]
        known = self._times[self._times > fresh[0] - _LAGS * _BIN_S]
        self._times = np.concatenate([known, fresh])
        count_lags(self._times, known.size, _BIN_S, self._lags)

    def result(self) -> Revolution:
        """Name the revolution, after the last click."""
        self.add(np.zeros(0), np.zeros(0), self._waiting[0].max(initial=0.0) + 1.0)
        which, period, deviations = returning_period(self._lags, _BIN_S, PERIODS_S)
        if which < 0:
            return Revolution(0.0, 0.0, 0.0)
        return Revolution(DISCS[which].rpm, period, 1.0 - 0.5 * LEAST_DEVIATIONS / deviations)
