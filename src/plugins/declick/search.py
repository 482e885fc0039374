"""What stands out of a recording's excitation: clicks, and bursts of noise such as scratches."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Audio
from ...contract.marks import touched
from ...kernels.impulses.bursts import Runs, describe_level, find_bursts, score_runs
from ...kernels.impulses.cells import Cells, Extent, describe_cells, score_cells
from ...kernels.impulses.click_figures import HeardBands, Network, click_odds
from ...kernels.impulses.click_weights import BIAS, CONSTANT, INNER, MEAN, OUTER, SCALE
from ...kernels.impulses.evidence import Known
from ...kernels.impulses.spans import Scored, find_spans
from ...kernels.impulses.whitening import Blocks, excitation
from ...kernels.pulses.click_repair import BURST, CLICK
from ...kernels.pulses.confirmed_bursts import confirm_bursts
from ...kernels.pulses.rings import RingSearch
from .candidates import Sizes, Standing, joined
from .groups import GroupSearch, Heard
from .low_band import LowBand
from .strokes import StrokeMemory
from .times import Times

_FLOOR = 2.0**-16  # derived: half a step of 16 bits; what stands on less is rounding, not sound
_LEAST_SCORE = 0.25  # derived: half of `_DOUBTED`, what will do where another channel has a click
# tuned: table clicks on the tuning set, 2026-11-21; no record of each
_ALONE = (10.0, 3.0)  # a click stands so many scales out, and so many times over the highest peak nearby,
_IN_CRACKLE = (60.0, 5.0)  # or so many scales, and so many times over three quarters of the peaks
_SCORE_A_MS = 1.5  # a longer one must stand out more: a drum's stroke drives the sound for milliseconds
_PLAIN = 8.0  # what stands out so much is no music, however long
_BURST = 3.0  # times that the lowest part of a scratch's noise stands over all that is beside it
# tuned: bench.material.tuning against clean takes by the same routes, tuning set, 2026-11-29
_DOUBTED = 0.5  # part of these thresholds from which on what lies around says whether it is a click,
_LIKELY, _SURE = -1.0, 0.0  # and the log odds from which on it is one, and from which on that is not doubted
_JUDGED = -3.0  # and from which on a judge is asked
_STROKE, _STROKES_COST = -1.5, 1.5  # and under which it is a stroke, and what those cost; see `StrokeMemory`
_FEW_S, _FEW_LOW = 0.22e-3, 0.5  # a few samples that are off, of which the low band knows nothing: no stroke
_NETWORK = Network(
    np.array(MEAN), np.array(SCALE), np.array(INNER), np.array(BIAS), np.array(OUTER), CONSTANT
)


class Weighed(NamedTuple):
    """What may be clicks in one channel.

    Attributes
    ----------
    spans
        Rows of (start, stop, score, score in the low band), shape (n, 4).
    odds
        Log odds that each is a click; NaN where they are not known.
    plain, few
        Which stand out as far as asked: where the odds are not known, and where a few samples are off.
    """

    spans: npt.NDArray[np.float64]
    odds: npt.NDArray[np.float64]
    plain: npt.NDArray[np.bool_]
    few: npt.NDArray[np.bool_]

    @property
    def strokes(self) -> int:
        """How many are none by the odds."""
        return int(np.count_nonzero((self.odds < _STROKE) & ~self.few))


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
        self._rate = sample_rate
        self._near = round(1e-3 * sample_rate)
        self._gap = max(round(0.25e-3 * sample_rate), 2)
        self._low = LowBand(times, sample_rate, channels, _FLOOR)
        self._groups = GroupSearch(times, sample_rate, _FLOOR, self._gap)
        self._score_a_sample = 1e3 * _SCORE_A_MS / sample_rate
        self._x = np.zeros((channels, times.size))
        self._e = np.zeros((channels, times.size))
        cells = times.size // times.cell
        self._median = np.zeros((channels, cells))
        self._peak = np.zeros((channels, cells))
        self._place = np.zeros((channels, cells), np.int64)
        self._level = np.zeros((channels, 2 * cells))
        self._enough = 1.0
        self._memory = StrokeMemory(times.hop, sample_rate, _STROKES_COST)
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
        self, repaired: Audio, bounds: npt.NDArray[np.int64], ease: float, enough: float = 1.0
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
        enough
            Least score of what is a click by the odds.

        Returns
        -------
        Of each channel rows of (start, stop, score, kind), shape (n, 4), in samples of the buffer; 1 is the
        least score of what is found without doubt.
        """
        times = self._times
        self._describe(repaired, bounds)
        self._low.advance(self._x, repaired, bounds)
        described = (times.size - times.block) // times.cell
        first, last = self._searched_cells
        low = -(-(bounds[0] + times.order) // times.cell)
        high = min(bounds[1] // times.cell, described)
        extent = Extent(max(first, low), min(last, high), low, high)
        standing = self._standing(extent, bounds, ease)
        self._enough = enough
        grouped = self._grouped(extent, bounds, ease)
        rooms = [self._room(channel, bounds) for channel in range(len(grouped))]
        weighed = [self._weighed(channel, standing, room, bounds) for channel, room in enumerate(rooms)]
        self._memory.strokes(sum(one.strokes for one in weighed))
        clicks = [self._likely(one) for one in weighed]
        self._memory.clicks(sum(len(one) for one in clicks))
        found = []
        for channel, groups in enumerate(grouped):
            rows = self._with_scratches(
                channel, clicks[channel], standing.runs, repaired[channel], (rooms[channel], bounds)
            )
            found.append(self._with_groups(channel, rows, groups))
        return found

    @property
    def _cells(self) -> list[Cells]:
        return [Cells(*held) for held in zip(self._median, self._peak, self._place, strict=True)]

    def _describe(self, repaired: Audio, bounds: npt.NDArray[np.int64]) -> None:
        times = self._times
        cell, half = times.cell, times.half
        stop = times.size - times.block
        start = stop - times.hop
        blocks = Blocks(times.block, times.order, times.longest)
        for x, mended, e, cells, level in zip(
            self._x, repaired, self._e, self._cells, self._level, strict=True
        ):
            excitation(x, mended, start, stop, bounds, blocks, e)
            describe_cells(e, start // cell, stop // cell, cell, cells)
            describe_level(e, start // half, stop // half, half, level)

    def _standing(self, here: Extent, bounds: npt.NDArray[np.int64], ease: float) -> Standing:
        """Return how far all channels' cells, and runs of half cells, stand out of what lies beside them."""
        thresholds = ease * np.array(_ALONE + _IN_CRACKLE)
        scored = Scored(np.zeros_like(self._peak), np.zeros_like(self._peak), self._place)
        for cells, score, scale in zip(self._cells, scored.score, scored.scale, strict=True):
            score_cells(cells, here, thresholds, _LEAST_SCORE, _FLOOR, score, scale)
        runs = Runs(self._level, np.zeros_like(self._level), np.zeros_like(self._level))
        least = ease * self._doubt * _BURST
        halves = Extent(*(2 * place for place in here))
        for of_channel in zip(*runs, strict=True):
            score_runs(Runs(*of_channel), halves, self._times.longest_run, least, _FLOOR)
        low = self._low.scored(self.searched, bounds, thresholds, _LEAST_SCORE)
        return Standing(scored, low, runs)

    def _known(self, bounds: npt.NDArray[np.int64]) -> Known:
        return Known(int(bounds[0]), int(min(bounds[1], self._times.size - self._times.block)), self._rate)

    def _grouped(
        self, extent: Extent, bounds: npt.NDArray[np.int64], ease: float
    ) -> list[npt.NDArray[np.float64]]:
        """Return what stands out in each channel's groups that begin after what was found before."""
        first, last, low, high = extent
        extents = []
        for after in self._after:
            begin = max(first, -(-max(after, self._times.past) // self._times.cell))
            extents.append(Extent(begin, max(last, begin), low, high))
        heard = [Heard(*one) for one in zip(self._x, self._e, self._cells, extents, strict=True)]
        return self._groups.find(heard, self._known(bounds), ease)

    def _with_groups(
        self, channel: int, rows: npt.NDArray[np.float64], groups: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        """Put what stands out in groups among what was found by itself; what nearly touches is one."""
        times = self._times
        groups = groups[groups[:, 1] - groups[:, 0] <= times.longest + 2 * times.spread]
        short = groups[:, 1] - groups[:, 0] < 2 * times.order
        if len(groups) == 1 and short[0] and touched(groups, rows[:, :2].astype(np.int64))[0]:
            return rows  # by itself, it is the click that was found
        groups[:, 2] = np.maximum(groups[:, 2], _PLAIN) / self._doubt
        if not len(groups):
            return rows
        rows = np.concatenate([rows, groups])
        joined: list[npt.NDArray[np.float64]] = []
        for row in rows[np.argsort(rows[:, 0], kind="stable")]:
            last = joined[-1] if joined else None
            if last is not None and self._belong(last, row):
                last[1:3] = np.maximum(last[1:3], row[1:3])
                last[3] = BURST if BURST in (last[3], row[3]) else max(last[3], row[3])
            else:
                joined.append(row)
        spans = np.array(joined)
        self._after[channel] = max(self._after[channel], int(spans[-1, 1]))
        return spans

    @property
    def _longest(self) -> int:
        """Samples of the longest burst, or part of a group: of the longest click, and what rings in it."""
        return self._times.longest + 2 * self._times.order

    def _belong(self, last: npt.NDArray[np.float64], row: npt.NDArray[np.float64]) -> bool:
        """Whether a span overlaps the one before, or is so near that together they are one click."""
        near = row[0] - last[1] <= self._times.order and row[1] - last[0] <= self._longest
        return bool(row[0] <= last[1] or near)

    def _room(self, channel: int, bounds: npt.NDArray[np.int64]) -> tuple[int, int]:
        """Return the samples that something found now may lie in."""
        times = self._times
        begin = max(self._after[channel], times.past, bounds[0] + times.order)
        return int(begin), int(min(bounds[1], times.size - times.block))

    def _weighed(
        self, channel: int, standing: Standing, room: tuple[int, int], bounds: npt.NDArray[np.int64]
    ) -> Weighed:
        """Return what stands out half as far as asked, and what the odds say of it."""
        times = self._times
        scored, low_scored, _ = standing
        first, last = self._searched_cells
        found = np.empty((last - first, 3))
        extent = Extent(first, last, *room)
        count = find_spans(self._e[channel], channel, scored, extent, self._gap, self._near, _DOUBTED, found)
        low = self._low.spans(channel, low_scored, room, self.searched, _DOUBTED)
        scores = scored.score[channel], low_scored.score[channel]
        sizes = Sizes(times.cell, self._low.cell, times.longest, times.order)
        spans = joined(found[:count], low, scores, sizes)
        if len(spans):
            self._after[channel] = int(spans[-1, 1])
        odds = self._odds(channel, spans, bounds)
        lengths = spans[:, 1] - spans[:, 0]
        few = (lengths < _FEW_S * self._rate) & (spans[:, 3] < _FEW_LOW * spans[:, 2])
        asked = spans[:, 2] >= self._doubt * np.clip(self._score_a_sample * lengths, 1.0, _PLAIN)
        return Weighed(spans, odds, asked & np.isnan(odds), asked & few)

    def _odds(
        self, channel: int, spans: npt.NDArray[np.float64], bounds: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float64]:
        """Return the log odds that spans are clicks; NaN where they are not known."""
        others = np.delete(self._e, channel, axis=0)
        heard = HeardBands(self._x[channel], self._e[channel], others, self._low.e[channel], self._low.factor)
        odds = np.empty(len(spans))
        click_odds(heard, spans, self._known(bounds), _NETWORK, odds)
        return odds

    def _likely(self, weighed: Weighed) -> npt.NDArray[np.float64]:
        """Return the clicks; where strokes outnumber them, more is asked of the odds."""
        spans, odds, plain, few = weighed
        doubted = odds - self._memory.doubt
        likely = doubted > _LIKELY if self._doubt == 1.0 else odds > _JUDGED
        likely |= plain | few
        least = np.where(doubted > _SURE, _PLAIN, np.where(doubted > _LIKELY, self._enough, 0.0))
        score = np.maximum(spans[:, 2], least) / self._doubt
        return np.column_stack([spans[:, :2], score, np.full(len(spans), float(CLICK))])[likely]

    def _with_scratches(
        self,
        channel: int,
        clicks: npt.NDArray[np.float64],
        runs: Runs,
        repaired: Audio,
        within: tuple[tuple[int, int], npt.NDArray[np.int64]],
    ) -> npt.NDArray[np.float64]:
        """Look for bursts in a channel's room, and return the clicks with them."""
        room, bounds = within
        first, last = self._searched_cells
        bursts = np.empty((last - first, 3))
        extent = Extent(2 * first, 2 * last, *room)
        scratches = find_bursts(self._e, channel, runs, self._times.half, extent, bursts)
        if not scratches:
            return clicks
        return self._with_bursts(channel, clicks, bursts[:scratches], repaired, bounds)

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
        bursts = bursts[bursts[:, 1] - bursts[:, 0] <= self._longest]
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
