"""Groups of clicks and bursts of noise that stand out of a recording together, and what it has had so far."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ...kernels.impulses.cells import Cells, Extent
from ...kernels.impulses.evidence import Known, group_odds
from ...kernels.impulses.groups import find_groups, group_spans
from ...kernels.pulses.click_repair import GROUP
from .strokes import StrokeMemory
from .times import Times

# tuned: bench.material.tuning against clean takes by the same routes, tuning set, 2026-11-29
_STANDS_OUT = (10.0, 2.0)  # scales, and times over the highest peak beside it
_SURE, _UNLIKELY = 1.5, -1.0  # log odds from which on it is a group, and under which it is a stroke
_STROKES_COST = 2.0  # log odds; see `StrokeMemory`
_SHARED = 0.0  # and from which on, where another channel has one at the same place

_SPANS = 64  # guard: more in one group are left


Found = tuple[list[npt.NDArray[np.float64]], npt.NDArray[np.float64]]
"""Rows of (start, stop, score, kind) of what stands out in each of a channel's groups, and its log odds."""


class Heard(NamedTuple):
    """What is known of a channel.

    Attributes
    ----------
    x, e
        Sound and excitation, shape (n,).
    cells
        Of the excitation.
    extent
        The cells that a group may begin in, and those that are known; see `find_groups`.
    """

    x: npt.NDArray[np.float64]
    e: npt.NDArray[np.float64]
    cells: Cells
    extent: Extent


class GroupSearch:
    """Finds groups, and doubts them in what has strokes: drums and machines make sounds that are alike.

    Parameters
    ----------
    times
        Lengths.
    sample_rate
        Of the recording.
    floor
        Least scale of an excitation.
    gap
        Pauses of fewer samples do not end what stands out.
    """

    def __init__(self, times: Times, sample_rate: float, floor: float, gap: int) -> None:
        self._gap = gap
        self._times = times
        self._rate = sample_rate
        self._floor = floor
        self._memory = StrokeMemory(times.hop, sample_rate, _STROKES_COST)

    def find(self, channels: Sequence[Heard], known: Known, ease: float) -> list[npt.NDArray[np.float64]]:
        """Find the groups that begin in the cells that are searched now.

        Parameters
        ----------
        channels
            What is known of each.
        known
            Where sound and excitation are known.
        ease
            Factor on the thresholds.

        Returns
        -------
        Of each channel rows of (start, stop, score, kind), shape (n, 4): what stands out in its groups.
        """
        found = [self._in_channel(heard, known, ease) for heard in channels]
        every = np.concatenate([odds for _, odds in found])
        self._memory.strokes(int(np.count_nonzero(every < _UNLIKELY)))
        doubt = self._memory.doubt
        sure = [odds > _SURE + doubt for _, odds in found]
        self._memory.clicks(sum(int(np.count_nonzero(one)) for one in sure))
        return [
            np.concatenate(
                [
                    np.empty((0, 4)),
                    *compress(groups, sure[k] | ((odds > _SHARED + doubt) & self._shared(k, found, sure))),
                ]
            )
            for k, (groups, odds) in enumerate(found)
        ]

    def _shared(
        self, channel: int, found: Sequence[Found], sure: Sequence[npt.NDArray[np.bool_]]
    ) -> npt.NDArray[np.bool_]:
        """Say of each of a channel's groups whether another channel surely has one at the same place."""
        shared = np.zeros(len(found[channel][0]), np.bool_)
        for other, (groups, _) in enumerate(found):
            for group in compress(groups, sure[other] & (other != channel)):
                for k, own in enumerate(found[channel][0]):
                    shared[k] |= own[0, 0] < group[-1, 1] and group[0, 0] < own[-1, 1]
        return shared

    def _in_channel(self, heard: Heard, known: Known, ease: float) -> Found:
        """Return what there is in one channel."""
        times = self._times
        x, e, cells, extent = heard
        groups = np.empty((extent.last - extent.first, 4))
        thresholds = ease * np.array(_STANDS_OUT)
        count = find_groups(cells, extent, times.longest_group, thresholds, self._floor, groups)
        rows: list[npt.NDArray[np.float64]] = []
        measured = np.empty((count, 3))
        bounds = np.array([known.low, known.high])
        for group in groups[:count]:
            spans = np.empty((_SPANS, 2))
            size = group_spans(e, group, times.cell, bounds, self._gap, spans)
            if not size:  # no part of it stands out
                continue
            measured[len(rows)] = spans[0, 0], spans[size - 1, 1], group[2]
            rows.append(np.column_stack([spans[:size], np.tile([group[2], float(GROUP)], (size, 1))]))
        odds = np.empty(len(rows))
        group_odds(x, e, measured[: len(rows)], known, odds)
        return rows, odds
