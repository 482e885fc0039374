"""What stands out of a recording's excitation: clicks, and bursts of noise such as scratches."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Audio
from ...contract.marks import touched
from ...kernels.impulses.bursts import describe_level, find_bursts, score_runs
from ...kernels.impulses.cells import accept_spans, describe_cells, excitation, find_spans, score_cells
from ...kernels.pulses.clicks import BURST, CLICK, confirm_bursts
from ...kernels.pulses.rings import RingSearch
from .times import Times

_FLOOR = 2.0**-16  # derived: half a step of 16 bits; what stands on less is rounding, not sound
# tuned: table clicks on the tuning set, 2026-11-21; no record of each
_ALONE = (10.0, 3.0)  # a click stands so many scales out, and so many times over the highest peak nearby,
_IN_CRACKLE = (60.0, 5.0)  # or so many scales, and so many times over three quarters of the peaks
_SCORE_A_MS = 1.5  # see `accept_spans`
_PLAIN = 8.0  # what stands out so much is no music, however long
_BURST = 3.0  # times that the lowest part of a scratch's noise stands over all that is beside it


class _Place(NamedTuple):
    """Cells `first` to `last` are searched now; those from `low` to `high` hold the recording's sound."""

    first: int
    last: int
    low: int
    high: int


class _Scores(NamedTuple):
    """Of cells, shape (channels, cells), and of runs of half cells, shape (channels, half cells)."""

    cells: Audio
    scale: Audio
    runs: Audio
    run_size: Audio


class ClickSearch:
    """Buffers of what a recording's excitation is like, which move along with it, and the search in them.

    Parameters
    ----------
    times
        Lengths, and how the buffers lie on the recording.
    sample_rate, channels
        Of the recording.
    rings
        How bursts are told from the rings of clicks.
    doubt
        Part of the usual thresholds at which something is found.
    """

    def __init__(
        self, times: Times, sample_rate: float, channels: int, rings: RingSearch, doubt: float
    ) -> None:
        self._times = times
        self._rings = rings
        self._doubt = doubt
        self._near = round(1e-3 * sample_rate)
        self._gap = max(round(0.25e-3 * sample_rate), 2)
        self._score_a_sample = 1e3 * _SCORE_A_MS / sample_rate
        self._x = np.zeros((channels, times.size))
        self._e = np.zeros((channels, times.size))
        cells = times.size // times.cell
        self._median = np.zeros((channels, cells))
        self._peak = np.zeros((channels, cells))
        self._place = np.zeros((channels, cells), np.int64)
        self._level = np.zeros((channels, 2 * cells))
        self._after = [0] * channels  # what lies before was found already

    @property
    def searched(self) -> npt.NDArray[np.int64]:
        """Samples of the buffer, from one to before another, in which clicks that begin are found now."""
        return self._times.cell * np.array(self._searched_cells)

    @property
    def _searched_cells(self) -> tuple[int, int]:
        times = self._times
        stop = times.size - times.block
        return (stop - times.hop) // times.cell - times.searched, stop // times.cell - times.searched

    def advance(self, frame: Audio) -> None:
        """Take the next samples, shape (channels, hop)."""
        times = self._times
        for buffer, step in (
            (self._x, times.hop),
            (self._e, times.hop),
            (self._median, times.hop // times.cell),
            (self._peak, times.hop // times.cell),
            (self._place, times.hop // times.cell),
            (self._level, times.hop // times.half),
        ):
            buffer[:, :-step] = buffer[:, step:]
        self._place -= times.hop
        self._x[:, -times.hop :] = frame
        self._after = [after - times.hop for after in self._after]

    def find(
        self, repaired: Audio, bounds: npt.NDArray[np.int64], ease: float
    ) -> list[npt.NDArray[np.float64]]:
        """Whiten the newest blocks, and find what stands out where both sides of it are seen by now.

        Parameters
        ----------
        repaired
            The buffer as it was repaired so far, shape (channels, size).
        bounds
            Where in the buffer the recording begins and ends.
        ease
            Factor on the thresholds.

        Returns
        -------
        Of each channel rows of (start, stop, score, kind), shape (n, 4), in samples of the buffer; 1 is the
        least score of what is found without doubt.
        """
        times = self._times
        self._describe(repaired, bounds)
        described = (times.size - times.block) // times.cell
        at = _Place(
            *self._searched_cells,
            low=-(-(bounds[0] + times.order) // times.cell),
            high=min(bounds[1] // times.cell, described),
        )
        scores = self._scores(at, ease * self._doubt)
        return [
            self._in_channel(channel, at, scores, repaired[channel], bounds)
            for channel in range(len(self._e))
        ]

    def _describe(self, repaired: Audio, bounds: npt.NDArray[np.int64]) -> None:
        times = self._times
        cell, half = times.cell, times.half
        stop = times.size - times.block
        start = stop - times.hop
        for x, mended, e, median, peak, place, level in zip(
            self._x, repaired, self._e, self._median, self._peak, self._place, self._level, strict=True
        ):
            excitation(x, mended, start, stop, times.block, bounds, times.order, times.longest, e)
            describe_cells(e, start // cell, stop // cell, cell, median, peak, place)
            describe_level(e, start // half, stop // half, half, level)

    def _scores(self, at: _Place, ease: float) -> _Scores:
        thresholds = ease * np.array(_ALONE + _IN_CRACKLE)
        of_cells, scale = np.zeros_like(self._peak), np.zeros_like(self._peak)
        score_cells(
            self._median, self._peak, self._place, max(at.first, at.low), min(at.last, at.high), at.low,
            at.high, thresholds, _FLOOR, of_cells, scale,
        )  # fmt: skip
        of_runs, run_size = np.zeros_like(self._level), np.zeros_like(self._level)
        for level, of_channel, size in zip(self._level, of_runs, run_size, strict=True):
            score_runs(
                level, max(2 * at.first, 2 * at.low), 2 * min(at.last, at.high), 2 * at.low, 2 * at.high,
                self._times.longest_run, ease * _BURST, _FLOOR, of_channel, size,
            )  # fmt: skip
        return _Scores(of_cells, scale, of_runs, run_size)

    def _in_channel(
        self, channel: int, at: _Place, scores: _Scores, repaired: Audio, bounds: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float64]:
        times = self._times
        first, last = at.first, at.last
        begin = max(self._after[channel], times.past, bounds[0] + times.order)
        end = min(bounds[1], times.size - times.block)
        spans = np.empty((last - first, 3))
        count = find_spans(
            self._e[channel], channel, scores.cells, scores.scale, self._place, first, last, begin, end,
            self._gap, self._near, spans,
        )  # fmt: skip
        bursts = np.empty((last - first, 3))
        runs = find_bursts(
            self._e, channel, self._level, scores.runs, scores.run_size, times.half, 2 * first, 2 * last,
            begin, end, bursts,
        )  # fmt: skip
        if count:
            self._after[channel] = int(spans[count - 1, 1])
        count = accept_spans(
            spans, count, times.longest, times.order, self._score_a_sample / self._doubt, _PLAIN / self._doubt
        )
        clicks = np.column_stack([spans[:count], np.full(count, float(CLICK))])
        if not runs:
            return clicks
        return self._with_bursts(channel, clicks, bursts[:runs], repaired, bounds)

    def _with_bursts(
        self,
        channel: int,
        clicks: npt.NDArray[np.float64],
        bursts: npt.NDArray[np.float64],
        repaired: Audio,
        bounds: npt.NDArray[np.int64],
    ) -> npt.NDArray[np.float64]:
        """Put bursts that are some in place of the clicks that were found within them."""
        times = self._times
        bursts = bursts[bursts[:, 1] - bursts[:, 0] <= times.longest + 2 * times.order]
        count = confirm_bursts(
            repaired, bursts, times.widened(clicks), bounds, times.model, times.order, self._rings
        )
        if not count:
            return clicks
        bursts = bursts[:count]
        self._after[channel] = max(self._after[channel], int(bursts[-1, 1]))
        beside = (bursts[:, :2] + [-times.order, times.order]).astype(np.int64)
        kept = clicks[~touched(clicks, beside)]
        rows = np.concatenate([kept, np.column_stack([bursts, np.full(count, float(BURST))])])
        return rows[np.argsort(rows[:, 0], kind="stable")]
