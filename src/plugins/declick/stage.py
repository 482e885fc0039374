"""Remove clicks: found where the sound's excitation stands out, estimated as what adds to it, taken away."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ...analysis.clicks.judge import judge_latency
from ...audio.arrays import Audio
from ...audio.framing import Fifo
from ...contract.marks import Marks, touched
from ...contract.parameters.fingerprint import fingerprint
from ...contract.parameters.number import number
from ...contract.parameters.words import choice
from ...contract.stage import Event, Framing, Processor, RepairStage, Sink, Step
from ...errors import ParameterError
from ...kernels.impulses.bursts import AFTER, SIDE, describe_level, find_bursts, score_runs
from ...kernels.impulses.cells import accept_spans, describe_cells, excitation, find_spans, score_cells
from ...kernels.pulses.clicks import BURST, CLICK, FORCED, Tilt, confirm_bursts, repair_spans
from ...kernels.pulses.rings import RingSearch, ring_poles
from ...kernels.pulses.thumps import ThumpSearch, thump_search
from .judged import DOUBTED, JudgedClicks

UNREPAIRABLE = "unrepairable gap"
"""Kind of the event that is told for a forced event whose samples could not be rebuilt, and stay."""

_CELLS_A_BLOCK = 16  # so that the cells on either side of a cell lie within a block; see `cells.SIDE`
_BLOCKS_A_HOP = 8
_FLOOR = 2.0**-16  # half a step of 16 bits: what stands on less is rounding, not sound
_ALONE = (10.0, 3.0)  # a click stands so many scales out, and so many times over the highest peak nearby,
_IN_CRACKLE = (60.0, 5.0)  # or so many scales, and so many times over three quarters of the peaks
_SCORE_A_MS = 1.5  # see `accept_spans`
_PLAIN = 8.0  # what stands out so much is no music, however long
_BURST = 3.0  # times that the lowest part of a scratch's noise stands over all that is beside it
_PIVOT_HZ = 2000.0  # between the frequencies of pops and of ticks
_OCTAVE = 0.5  # octaves of score that an octave of frequency is worth at full skew
_LEAST_EVIDENCE = 12.0
_LEAST_ODDS = 16.0  # log odds that a click adds to the sound, against the sound being louder itself
_LEAST_THUMP = 12.0


@dataclass(frozen=True)
class _Times:
    """Lengths in samples at one sample rate, and how the processor's buffer lies on the recording.

    ::

        0              past          past + hop                               size
        |---- past ----|---- hop ----|---------------- ahead -----------------|
                       given out now | repaired | found       | whitened | newest
                                                |-- model... --|- block --|- block -|
    """

    cell: int
    order: int
    model: int
    longest: int
    lead: int
    widening: int
    thumps: ThumpSearch

    @classmethod
    def at(cls, sample_rate: float, settings: Declick) -> _Times:
        order = min(max(round(32 / 44_100 * sample_rate), 16), 64)
        return cls(
            cell=2 * max(round(32 / 44_100 * sample_rate), 4),
            order=order,
            model=max(round(1000 / 44_100 * sample_rate), 6 * order),
            longest=max(round(settings.max_length_ms * 1e-3 * sample_rate), 1),
            lead=max(round(70e-6 * sample_rate), 2),
            widening=round(settings.widening_ms * 1e-3 * sample_rate),
            thumps=thump_search(sample_rate, _LEAST_THUMP),
        )

    @property
    def half(self) -> int:
        return self.cell // 2  # bursts are found in half cells

    @property
    def longest_run(self) -> int:
        return (self.longest + self.order) // self.half + 1

    @property
    def searched(self) -> int:
        halves = self.longest_run + AFTER + SIDE
        return max(_CELLS_A_BLOCK, -(-halves // 2))

    @property
    def block(self) -> int:
        return _CELLS_A_BLOCK * self.cell

    @property
    def hop(self) -> int:
        return _BLOCKS_A_HOP * self.block

    @property
    def ahead(self) -> int:
        beyond = max(self.model, self.thumps.longest)
        found = -(-self.searched // _CELLS_A_BLOCK)
        return self.block * (
            1 + found - (-(beyond + 2 * (self.longest + self.widening) + self.lead) // self.block)
        )

    @property
    def past(self) -> int:
        return self.block * (1 - (-max(self.model, self.thumps.past) // self.block))

    @property
    def size(self) -> int:
        return self.past + self.hop + self.ahead


class _Repair(Processor):
    def __init__(
        self, times: _Times, sample_rate: float, channels: int, judged: JudgedClicks | None, delay: int
    ) -> None:
        self._judged = judged
        self._doubt = DOUBTED if judged else 1.0
        self._waiting = Fifo(channels)
        self._waiting.push(np.zeros((channels, delay)))
        self._times = times
        self._rate = sample_rate
        self._near = round(1e-3 * sample_rate)
        self._gap = max(round(0.25e-3 * sample_rate), 2)
        # The slowest ring falls by 60 dB in twice the longest click.
        slowest = float(np.exp(-np.log(1000.0) / (2 * max(times.longest, 8))))
        poles = ring_poles(sample_rate, slowest)
        self._search = RingSearch(2 * times.lead, poles, slowest, times.widening)
        self._pivot = 2.0 * np.pi * _PIVOT_HZ / sample_rate
        self._x = np.zeros((channels, times.size))
        self._repaired = np.zeros((channels, times.size))
        self._e = np.zeros((channels, times.size))
        cells = times.size // times.cell
        self._median = np.zeros((channels, cells))
        self._peak = np.zeros((channels, cells))
        self._place = np.zeros((channels, cells), np.int64)
        self._level = np.zeros((channels, 2 * cells))
        self._pending = [np.zeros((0, 4)) for _ in range(channels)]
        self._after = [0] * channels
        self._origin = -times.size - delay
        self._length: int | None = None
        self._by_channel = cache(
            lambda channel: (self.marks.vetoed_in(channel), self.marks.forced_in(channel))
        )

    def finish(self, length: int) -> None:
        self._length = length
        if self._judged:
            self._judged.finish(length)

    def step(self, frame: Audio, sink: Sink | None) -> Audio:
        times = self._times
        if self._judged:
            self._judged.hear(frame)
        self._waiting.push(frame)
        self._advance(self._waiting.pop(times.hop))
        end = times.size if self._length is None else self._length - self._origin
        bounds = np.array([max(-self._origin, 0), max(min(end, times.size), 0)])
        self._find(bounds)
        for channel in range(len(self._pending)):
            self._mend(channel, bounds, sink)
        return self._repaired[:, times.past : times.past + times.hop].copy()

    @property
    def _ease(self) -> float:
        return float(2.0 ** ((5.0 - self.settings.sensitivity) / 4.0))

    @property
    def _eased(self) -> float:
        """Part of the thresholds at which clicks are looked for, so that a skew can favour some."""
        return float(2.0 ** -abs(self.settings.frequency_skew))

    def _advance(self, frame: Audio) -> None:
        times = self._times
        for buffer, step in (
            (self._x, times.hop),
            (self._repaired, times.hop),
            (self._e, times.hop),
            (self._median, times.hop // times.cell),
            (self._peak, times.hop // times.cell),
            (self._place, times.hop // times.cell),
            (self._level, times.hop // times.half),
        ):
            buffer[:, :-step] = buffer[:, step:]
        self._place -= times.hop
        self._x[:, -times.hop :] = frame
        self._repaired[:, -times.hop :] = frame
        self._origin += times.hop

    def _find(self, bounds: npt.NDArray[np.int64]) -> None:
        """Whiten the next blocks, and find the clicks in the cells that are now seen from both sides."""
        times = self._times
        cell = times.cell
        stop = times.size - times.block
        start = stop - times.hop
        for x, repaired, e, median, peak, place, level in zip(
            self._x, self._repaired, self._e, self._median, self._peak, self._place, self._level, strict=True
        ):
            excitation(x, repaired, start, stop, times.block, bounds, times.order, times.longest, e)
            describe_cells(e, start // cell, stop // cell, cell, median, peak, place)
            describe_level(e, start // times.half, stop // times.half, times.half, level)
        low = -(-(bounds[0] + times.order) // cell)
        high = min(bounds[1] // cell, stop // cell)
        first, last = start // cell - times.searched, stop // cell - times.searched
        ease = self._ease * self._eased * self._doubt
        thresholds = ease * np.array(_ALONE + _IN_CRACKLE)
        score, scale = np.zeros_like(self._peak), np.zeros_like(self._peak)
        score_cells(
            self._median, self._peak, self._place, max(first, low), min(last, high), low, high,
            thresholds, _FLOOR, score, scale,
        )  # fmt: skip
        run_score, run_size = np.zeros_like(self._level), np.zeros_like(self._level)
        for level, of_channel, size in zip(self._level, run_score, run_size, strict=True):
            score_runs(
                level, max(2 * first, 2 * low), 2 * min(last, high), 2 * low, 2 * high, times.longest_run,
                ease * _BURST, _FLOOR, of_channel, size,
            )  # fmt: skip
        spans = np.empty((last - first, 3))
        for channel in range(len(self._e)):
            begin = max(self._after[channel] - self._origin, times.past, bounds[0] + times.order)
            end = min(bounds[1], stop)
            count = find_spans(
                self._e[channel], channel, score, scale, self._place, first, last, begin, end, self._gap,
                self._near, spans,
            )  # fmt: skip
            bursts = np.empty((last - first, 3))
            runs = find_bursts(
                self._e, channel, self._level, run_score, run_size, times.half, 2 * first, 2 * last,
                begin, end, bursts,
            )  # fmt: skip
            if count:
                self._after[channel] = int(spans[count - 1, 1]) + self._origin
            per_sample = 1e3 * _SCORE_A_MS / self._rate
            count = accept_spans(
                spans, count, times.longest, times.order, per_sample / self._doubt, _PLAIN / self._doubt
            )
            found = np.column_stack([spans[:count], np.full(count, float(CLICK))])
            if runs:
                found = self._with_bursts(channel, found, bursts[:runs], bounds)
            found[:, :2] += self._origin
            if self._judged:
                found = self._believed(self._judged, channel, found)
            searched = self._origin + cell * np.array([first, last])
            found = self._marked(channel, found, searched)
            self._pending[channel] = np.concatenate([self._pending[channel], found])

    def _believed(
        self, judged: JudgedClicks, channel: int, found: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        """Return those of the clicks that are some by the judge's word, or by their own height and it."""
        found[:, 2] *= self._doubt
        found = found[judged.believed(channel, found, self._origin)]
        found[:, 2] = np.maximum(found[:, 2], 1.0 / self._eased)
        return found

    def _with_bursts(
        self,
        channel: int,
        clicks: npt.NDArray[np.float64],
        bursts: npt.NDArray[np.float64],
        bounds: npt.NDArray[np.int64],
    ) -> npt.NDArray[np.float64]:
        """Put bursts that are some in place of the clicks that were found within them."""
        times = self._times
        bursts = bursts[bursts[:, 1] - bursts[:, 0] <= times.longest + 2 * times.order]
        count = confirm_bursts(
            self._repaired[channel], bursts, self._widened(clicks), bounds, times.model, times.order,
            self._search,
        )  # fmt: skip
        if not count:
            return clicks
        bursts = bursts[:count]
        self._after[channel] = max(self._after[channel], int(bursts[-1, 1]) + self._origin)
        beside = (bursts[:, :2] + [-times.order, times.order]).astype(np.int64)
        kept = clicks[~touched(clicks, beside)]
        rows = np.concatenate([kept, np.column_stack([bursts, np.full(count, float(BURST))])])
        return rows[np.argsort(rows[:, 0], kind="stable")]

    def _marked(
        self, channel: int, found: npt.NDArray[np.float64], searched: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float64]:
        """Put the forced events that begin in the searched samples in place of what was found there."""
        if not self.marks.forced:
            return found
        forced = self._by_channel(channel)[1]
        kept = found[~touched(found, forced)]
        here = forced[(forced[:, 0] >= searched[0]) & (forced[:, 0] < searched[1])]
        rows = np.concatenate([kept, np.column_stack([here, np.full((len(here), 2), [np.inf, FORCED])])])
        return rows[np.argsort(rows[:, 0], kind="stable")]

    def _widened(self, pending: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        """Return the spans of pending clicks widened; a forced one is as it was said."""
        spans = pending[:, :2].astype(np.int64)
        found = pending[:, 3] != FORCED
        further = np.minimum((spans[found, 1] - spans[found, 0]) // 2, self._times.order)
        spans[found, 1] += self._times.lead + further + self._times.widening
        spans[found, 0] -= self._times.lead + self._times.widening
        return spans

    def _untouchable(self, channel: int, spans: npt.NDArray[np.int64], end: int) -> npt.NDArray[np.int64]:
        """Return where, after each span, the next vetoed one begins."""
        if not self.marks.vetoed:
            return np.full(len(spans), end)
        begins = np.append(self._by_channel(channel)[0][:, 0] - self._origin, np.iinfo(np.int64).max)
        return np.asarray(np.minimum(begins[np.searchsorted(begins, spans[:, 1])], end))

    def _mend(self, channel: int, bounds: npt.NDArray[np.int64], sink: Sink | None) -> None:
        """Repair the pending clicks whose surroundings have been searched for clicks."""
        times = self._times
        pending = self._pending[channel]
        spans = self._widened(pending) - self._origin
        if self.marks.vetoed:
            pending = pending[~touched(spans, self._by_channel(channel)[0] - self._origin)]
            spans = self._widened(pending) - self._origin
        forced = pending[:, 3] == FORCED
        spans[1:, 0] = np.where(forced[:-1], np.maximum(spans[1:, 0], spans[:-1, 1]), spans[1:, 0])
        spans[:-1, 1] = np.minimum(spans[:-1, 1], spans[1:, 0])
        spans = np.clip(spans, max(times.past, bounds[0]), bounds[1])
        count = int(np.searchsorted(spans[:, 0], times.size - times.ahead + times.longest + times.lead))
        if not count:
            return
        done = np.zeros((count, 2), np.int64)
        repaired = self._repaired[channel]
        repair_spans(
            repaired,
            spans,
            count,
            bounds,
            times.model,
            times.order,
            self._search,
            times.thumps,
            _LEAST_EVIDENCE,
            _LEAST_ODDS * self._ease,
            pending[:count, 3].astype(np.int64),
            pending[:count, 2] * self._eased,
            Tilt(self.settings.frequency_skew * _OCTAVE, self._pivot),
            self._untouchable(channel, spans[:count], int(bounds[1])),
            done,
        )
        self._pending[channel] = pending[count:]
        if sink is None:
            return
        for (start, stop), (first, last), (_, _, score, kind) in zip(
            done.tolist(), spans[:count].tolist(), pending[:count].tolist(), strict=True
        ):
            if stop > start:
                sink(Event("click", start + self._origin, stop - start, channel, 1.0 - 0.5 / score))
            elif kind == FORCED:
                sink(Event(UNREPAIRABLE, first + self._origin, last - first, channel, 0.0))


class Declick(RepairStage):
    """Remove clicks, ticks and pops, and keep the music that is under them.

    Most clicks of a disc add to the music. Each is found where the prediction error of a short-time
    autoregressive model stands out of its surroundings on both sides, and estimated as an additive pulse:
    a ring, or samples that are off (Godsill and Rayner, Digital Audio Restoration, 1998). Samples outside
    the clicks come back as they were. See docs/declick.md.
    """

    id = "wavemend.declick"
    name = "Declick"
    version = 2
    place = Step.CLICKS
    takes_marks = True

    sensitivity: float = number(
        default=5.0,
        low=0.0,
        high=10.0,
        role="strength",
        doc="Higher finds fainter clicks, and more that are none.",
    )
    algorithm: Literal["autoregressive", "learned"] = choice(
        default="autoregressive",
        restart=True,
        doc="learned lets a trained network judge what is doubtful; it can be trained on one's own discs.",
    )
    model: str = fingerprint(doc="Network of one's own for the learned algorithm; the packaged one if empty.")
    max_length_ms: float = number(
        default=6.0,
        low=0.1,
        high=20.0,
        unit="ms",
        scale="log",
        restart=True,
        doc="Longer clicks are left alone.",
    )
    frequency_skew: float = number(
        default=0.0,
        low=-1.0,
        high=1.0,
        doc="Over 0 looks harder for bright ticks and less hard for low pops; under 0 the other way round.",
    )
    widening_ms: float = number(
        default=0.0,
        low=0.0,
        high=5.0,
        unit="ms",
        restart=True,
        doc="What is added to either side of every repaired span.",
    )

    @classmethod
    def upgrade(cls, version: int, values: dict[str, Any]) -> dict[str, Any]:
        """See `Parametric.upgrade`; version 1 had neither a choice of algorithm nor skew nor widening."""
        new = {name: parameter.default for name, parameter in cls.schema.items()}
        return {**new, **values} if version < 2 else values

    def check_marks(self, marks: Marks, sample_rate: float, channels: int) -> None:
        """See `Stage.check_marks`."""
        longest = _Times.at(sample_rate, self).longest
        for channel in range(channels):
            for start, stop in marks.forced_in(channel).tolist():
                if stop - start > longest:
                    raise ParameterError(
                        f"the forced event at sample {start} is {1e3 * (stop - start) / sample_rate:.3g} ms "
                        f"long; Declick repairs up to max_length_ms={self.max_length_ms:g}: raise that, or "
                        "force a shorter one"
                    )

    def framing(self, sample_rate: float) -> Framing:
        """See `Stage.framing`."""
        times = _Times.at(sample_rate, self)
        return Framing(hop=times.hop, latency=times.ahead + self._delay(sample_rate))

    def _delay(self, sample_rate: float) -> int:
        return judge_latency(sample_rate) if self.algorithm == "learned" else 0

    def processor(self, sample_rate: float, channels: int, findings: Any) -> Processor:
        """See `Stage.processor`."""
        learned = self.algorithm == "learned"
        judged = JudgedClicks(sample_rate, channels, self.model) if learned else None
        delay = self._delay(sample_rate)
        return _Repair(_Times.at(sample_rate, self), sample_rate, channels, judged, delay)
