"""Remove clicks: found where the sound's excitation stands out, estimated as what adds to it, taken away."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ..analysis.framing import Audio
from ..errors import ParameterError
from ..kernels.click_repair import repair_spans
from ..kernels.impulses import accept_spans, describe_cells, excitation, find_spans, score_cells
from ..kernels.rings import RingSearch, ring_poles
from .marks import Marks, touched
from .parameters import number
from .stage import Event, Framing, Processor, RepairStage, Sink, Step

_CELLS_A_BLOCK = 16  # so that the cells on either side of a cell lie within a block; see `impulses.SIDE`
_BLOCKS_A_HOP = 8
_FLOOR = 2.0**-16  # half a step of 16 bits: what stands on less is rounding, not sound
_ALONE = (14.0, 4.0)  # a click stands so many scales out, and so many times over the highest peak nearby,
_IN_CRACKLE = (60.0, 5.0)  # or so many scales, and so many times over three quarters of the peaks
_SCORE_A_MS = 1.5  # see `accept_spans`
_PLAIN = 8.0  # what stands out so much is no music, however long
_LEAST_EVIDENCE = 12.0
_FORCED = np.inf  # score of an event that a person forced


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

    @classmethod
    def at(cls, sample_rate: float, max_length_ms: float) -> _Times:
        order = min(max(round(32 / 44_100 * sample_rate), 16), 64)
        return cls(
            cell=max(round(64 / 44_100 * sample_rate), 8),
            order=order,
            model=max(round(1000 / 44_100 * sample_rate), 6 * order),
            longest=max(round(max_length_ms * 1e-3 * sample_rate), 1),
            lead=max(round(70e-6 * sample_rate), 2),
        )

    @property
    def block(self) -> int:
        return _CELLS_A_BLOCK * self.cell

    @property
    def hop(self) -> int:
        return _BLOCKS_A_HOP * self.block

    @property
    def ahead(self) -> int:
        return self.block * (2 - (-(self.model + 2 * self.longest + self.lead) // self.block))

    @property
    def past(self) -> int:
        return self.block * (1 - (-self.model // self.block))

    @property
    def size(self) -> int:
        return self.past + self.hop + self.ahead


class _Repair(Processor):
    def __init__(self, times: _Times, sample_rate: float, channels: int) -> None:
        self._times = times
        self._rate = sample_rate
        self._near = round(1e-3 * sample_rate)
        self._gap = max(round(0.25e-3 * sample_rate), 2)
        # The slowest ring falls by 60 dB in twice the longest click.
        slowest = float(np.exp(-np.log(1000.0) / (2 * max(times.longest, 8))))
        self._search = RingSearch(2 * times.lead, ring_poles(sample_rate, slowest), slowest)
        self._x = np.zeros((channels, times.size))
        self._repaired = np.zeros((channels, times.size))
        self._e = np.zeros((channels, times.size))
        cells = times.size // times.cell
        self._median = np.zeros((channels, cells))
        self._peak = np.zeros((channels, cells))
        self._place = np.zeros((channels, cells), np.int64)
        self._pending = [np.zeros((0, 3)) for _ in range(channels)]
        self._after = [0] * channels
        self._origin = -times.size
        self._length: int | None = None
        self._by_channel = cache(
            lambda channel: (self.marks.vetoed_in(channel), self.marks.forced_in(channel))
        )

    def finish(self, length: int) -> None:
        self._length = length

    def step(self, frame: Audio, sink: Sink | None) -> Audio:
        times = self._times
        self._advance(frame)
        end = times.size if self._length is None else self._length - self._origin
        bounds = np.array([max(-self._origin, 0), max(min(end, times.size), 0)])
        self._find(bounds)
        for channel in range(len(self._pending)):
            self._mend(channel, bounds, sink)
        return self._repaired[:, times.past : times.past + times.hop].copy()

    def _advance(self, frame: Audio) -> None:
        times = self._times
        for buffer, step in (
            (self._x, times.hop),
            (self._repaired, times.hop),
            (self._e, times.hop),
            (self._median, times.hop // times.cell),
            (self._peak, times.hop // times.cell),
            (self._place, times.hop // times.cell),
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
        for x, repaired, e, median, peak, place in zip(
            self._x, self._repaired, self._e, self._median, self._peak, self._place, strict=True
        ):
            excitation(x, repaired, start, stop, times.block, bounds, times.order, times.longest, e)
            describe_cells(e, start // cell, stop // cell, cell, median, peak, place)
        low = -(-(bounds[0] + times.order) // cell)
        high = min(bounds[1] // cell, stop // cell)
        first, last = start // cell - _CELLS_A_BLOCK, stop // cell - _CELLS_A_BLOCK
        ease = 2.0 ** ((5.0 - self.settings.sensitivity) / 4.0)
        thresholds = ease * np.array(_ALONE + _IN_CRACKLE)
        score, scale = np.zeros_like(self._peak), np.zeros_like(self._peak)
        score_cells(
            self._median, self._peak, self._place, max(first, low), min(last, high), low, high,
            thresholds, _FLOOR, score, scale,
        )  # fmt: skip
        spans = np.empty((last - first, 3))
        for channel, e in enumerate(self._e):
            begin = max(self._after[channel] - self._origin, times.past, bounds[0] + times.order)
            end = min(bounds[1], stop)
            count = find_spans(
                e, channel, score, scale, self._place, first, last, begin, end, self._gap, self._near, spans
            )
            if count:
                self._after[channel] = int(spans[count - 1, 1]) + self._origin
            per_sample = 1e3 * _SCORE_A_MS / self._rate
            count = accept_spans(spans, count, times.longest, times.order, per_sample, _PLAIN)
            spans[:count, :2] += self._origin
            searched = self._origin + cell * np.array([first, last])
            found = self._marked(channel, spans[:count], searched)
            self._pending[channel] = np.concatenate([self._pending[channel], found])

    def _marked(
        self, channel: int, found: npt.NDArray[np.float64], searched: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float64]:
        """Put the forced events that begin in the searched samples in place of what was found there."""
        if not self.marks.forced:
            return found
        forced = self._by_channel(channel)[1]
        kept = found[~touched(found, forced)]
        here = forced[(forced[:, 0] >= searched[0]) & (forced[:, 0] < searched[1])]
        rows = np.concatenate([kept, np.column_stack([here, np.full(len(here), _FORCED)])])
        return rows[np.argsort(rows[:, 0], kind="stable")]

    def _widened(self, pending: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        """Return the spans of pending clicks widened; a forced one is as it was said."""
        spans = pending[:, :2].astype(np.int64)
        found = pending[:, 2] != _FORCED
        spans[found, 1] += self._times.lead + (spans[found, 1] - spans[found, 0]) // 2
        spans[found, 0] -= self._times.lead
        return spans

    def _mend(self, channel: int, bounds: npt.NDArray[np.int64], sink: Sink | None) -> None:
        """Repair the pending clicks whose surroundings have been searched for clicks."""
        times = self._times
        pending = self._pending[channel]
        spans = self._widened(pending) - self._origin
        if self.marks.vetoed:
            pending = pending[~touched(spans, self._by_channel(channel)[0] - self._origin)]
            spans = self._widened(pending) - self._origin
        forced = pending[:, 2] == _FORCED
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
            _LEAST_EVIDENCE,
            forced,
            done,
        )
        self._pending[channel] = pending[count:]
        if sink is None:
            return
        for (start, stop), score in zip(done.tolist(), pending[:count, 2].tolist(), strict=True):
            if stop > start:
                sink(Event("click", start + self._origin, stop - start, channel, 1.0 - 0.5 / score))


class Declick(RepairStage):
    """Remove clicks, ticks and pops, and keep the music that is under them.

    Most clicks of a disc add to the music. Each is found where the prediction error of a short-time
    autoregressive model stands out of its surroundings on both sides, and estimated as an additive pulse:
    a ring, or samples that are off (Godsill and Rayner, Digital Audio Restoration, 1998). Samples outside
    the clicks come back as they were. See docs/declick.md.
    """

    id = "wavemend.declick"
    name = "Declick"
    place = Step.CLICKS
    takes_marks = True

    sensitivity: float = number(
        default=5.0,
        low=0.0,
        high=10.0,
        role="strength",
        doc="Higher finds fainter clicks, and more that are none.",
    )
    max_length_ms: float = number(
        default=6.0,
        low=0.1,
        high=20.0,
        unit="ms",
        scale="log",
        restart=True,
        doc="Longer clicks are left alone.",
    )

    def check_marks(self, marks: Marks, sample_rate: float, channels: int) -> None:
        """See `Stage.check_marks`."""
        longest = _Times.at(sample_rate, self.max_length_ms).longest
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
        times = _Times.at(sample_rate, self.max_length_ms)
        return Framing(hop=times.hop, latency=times.ahead)

    def processor(self, sample_rate: float, channels: int, findings: Any) -> Processor:
        """See `Stage.processor`."""
        return _Repair(_Times.at(sample_rate, self.max_length_ms), sample_rate, channels)
