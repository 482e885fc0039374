"""Remove crackle: small impulses by the hundred, estimated together and taken from the music they hide."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ..audio.arrays import Audio
from ..contract.marks import Marks, covered
from ..contract.parameters.number import number
from ..contract.parameters.words import choice
from ..contract.stage import Event, Framing, Processor, RepairStage, Sink, Step
from ..errors import ParameterError
from ..kernels.prediction.models import hann
from ..kernels.prediction.voids import band_filter
from ..kernels.pulses.crackle import NEVER_SOFT, NEVER_SOFT_YET, Band, CrackleSearch, Rooms, find_crackle
from ..kernels.pulses.crackle_taking import DOUBTED, Prior, Shapes, take_crackle
from ..kernels.pulses.grains import Grains, grains_at, limited
from ..kernels.pulses.rings import RingSearch, ring_poles
from ..kernels.pulses.soft_grains import soft_grains_at
from ..kernels.pulses.stretches import REACH, SOFT, WITHIN, Stretch

_BLOCKS_A_HOP = 4  # tuned: latency against speed, by hand, no record
_FLOOR = 2.0**-16  # derived: half a step of 16 bits; what stands on less is rounding, not sound
# tuned: table crackle on the tuning set, 2026-11-21; no record of each
_AROUND = 64  # blocks before and after one that say how much crackle there is: 1.5 s
_ALONE = 13.0  # at strength 5; see `sparse_impulses`
_EVIDENT = 0.4  # part of the blocks around that must hold an evident impulse, at strength 5
_UNKNOWN = 8  # blocks without any that are added to those around, so that a few say less than many
_HEARD = 32  # guard: impulses a block whose odds are remembered
_FAINT = 0.25  # times the usual height, under which odds say little; see `Prior.doubt`
_SLOWEST_RING_S = 0.18e-3
_STARTS_S = 140e-6  # at whose beginning a ring is looked for
_MEMORY_S = 15.0  # derived: a twentieth of `Band.softness` is left then, 0.98 of it after every four blocks
_TURNS = {"fast": 1, "normal": 2, "best": 4}

# tuned: bench.material.tuning.crackle with SOFT_GRAINS, tuning set, 2026-11-30, of 34, 45, 57 and 80 us
_BELL_S = 45e-6  # standard deviation of the bells that soft crackle is of
_NARROWEST, _WIDEST = 0.7, REACH / 2.5  # guard: samples; narrower has no shape, wider is cut off
_HIGHEST_HZ = 20_000.0  # source: the range of hearing; what lies above says nothing of an impulse
_EDGES = 128  # derived: steps in which a band's end is told to the shapes of impulses


@dataclass(frozen=True)
class _Times:
    """Lengths in samples at one sample rate, and how the processor's buffer lies on the recording.

    ::

        0         block               block + hop                              block + ahead
        |- block -|-------- hop --------|- block -|----- _AROUND blocks -----|------ hop ------|- block -|
         given out      given out now                                                            newest
                            | repaired in this step |        | searched in this step |
    """

    block: int
    order: int

    @classmethod
    def at(cls, sample_rate: float) -> _Times:
        order = min(max(round(32 / 44_100 * sample_rate), 16), 64)
        return cls(block=max(round(512 / 44_100 * sample_rate), 8 * order) * 2, order=order)

    @property
    def hop(self) -> int:
        return _BLOCKS_A_HOP * self.block

    @property
    def ahead(self) -> int:
        return (_AROUND + 2) * self.block

    @property
    def size(self) -> int:
        return self.block + self.hop + self.ahead


class _Channel:
    """One channel: its samples, and what was found in the blocks that are still to be repaired.

    ``stretches[k]`` is what was found in the block that begins at sample ``(k + 2) * block`` of the buffer;
    its places count from the recording's start. Evidence goes as far back as forward.
    """

    def __init__(self, times: _Times, highest: float, softness: tuple[float, float, float]) -> None:
        self.band = Band(np.array([highest, 1.0]), np.zeros(2, np.int64), np.array(softness))
        self.samples = np.zeros(times.size)
        self.without = np.zeros(times.size)  # all that was found, crackle or not
        self.stretches = [_stretch(times) for _ in range(_AROUND + _BLOCKS_A_HOP)]
        self.other = _stretch(times)  # for the kind of crackle that it is not
        self.counts = np.full(2 * _AROUND + _BLOCKS_A_HOP, -1)  # evident impulses a block, -1 where none is
        self.totals = np.zeros(self.counts.size)
        self.heights = np.zeros(self.counts.size)
        self.each = np.zeros(
            (self.counts.size, _HEARD, 2)
        )  # height and odds of impulses that are likely added

    def push(self, frame: npt.NDArray[np.float64]) -> None:
        for samples in (self.samples, self.without):
            samples[: -frame.size] = samples[frame.size :]
            samples[-frame.size :] = frame
        self.stretches = self.stretches[_BLOCKS_A_HOP:] + self.stretches[:_BLOCKS_A_HOP]
        for one in (self.counts, self.totals, self.heights, self.each):
            one[:-_BLOCKS_A_HOP] = one[_BLOCKS_A_HOP:]

    def note(self, block: int, exists: bool, evident: int, height: float) -> None:
        """Note what was found in the block at that place in `stretches`."""
        self.counts[_AROUND + block] = evident if exists else -1
        self.totals[_AROUND + block] = self.stretches[block].place[3]
        self.heights[_AROUND + block] = height
        found, each = self.stretches[block], self.each[_AROUND + block]
        likely = np.flatnonzero(found.odds[: found.place[3]] > 0.0)[:_HEARD]
        each[:] = 0.0
        each[: likely.size, 0], each[: likely.size, 1] = found.tallest[likely], found.odds[likely]

    def share(self, block: int) -> float:
        """Return the part of the blocks around that hold an evident impulse."""
        counts = self.counts[block : block + 2 * _AROUND + 1]
        return int(np.count_nonzero(counts > 0)) / (int(np.count_nonzero(counts >= 0)) + _UNKNOWN)

    def prior(self, block: int, skew: float) -> Prior:
        """Return the prior from the blocks around, of which some hold an evident impulse."""
        window = slice(block, block + 2 * _AROUND + 1)
        counts = self.counts[window]
        a_block = float(np.median(self.totals[window][counts >= 0]))
        height = float(np.median(self.heights[window][counts > 0]))
        return Prior(a_block, height, skew, self._doubt(window, height))

    def _doubt(self, window: slice, height: float) -> float:
        """Return `Prior.doubt` of some blocks."""
        heights, odds = self.each[window, :, 0], self.each[window, :, 1]
        tall = np.greater(heights, _FAINT * height)
        doubted = tall & np.less(odds, DOUBTED)
        return int(doubted.sum()) / max(int(tall.sum()), 1)


def _stretch(times: _Times) -> Stretch:
    size = 2 * times.block
    return Stretch(
        np.empty(times.order + 1), np.empty(size), np.empty(2 * REACH + 1), np.ones(1), np.empty(size),
        np.empty((size, 2), np.int64), np.empty((size, 2), np.int64), np.empty(size), np.empty(size),
        np.empty(size), np.zeros(5, np.int64),
    )  # fmt: skip


def _grains(sample_rate: float, steps: int) -> Grains:
    """Return the shapes of impulses in a band that ends after so many of `_EDGES` parts of half the rate."""
    grains = grains_at(sample_rate)
    return limited(grains, band_filter(WITHIN * steps / _EDGES, REACH)) if steps < _EDGES else grains


class _Repair(Processor):
    def __init__(self, times: _Times, sample_rate: float, channels: int) -> None:
        self._times = times
        slowest = float(np.exp(-1.0 / (_SLOWEST_RING_S * sample_rate)))
        starts = max(round(_STARTS_S * sample_rate), 2)
        self._rings = RingSearch(starts, ring_poles(sample_rate, slowest), slowest)
        self._grains = cache(lambda steps: _grains(sample_rate, steps))
        self._soft_grains = soft_grains_at(sample_rate)
        width = _BELL_S * sample_rate
        self._bell = np.exp(-0.5 * (np.arange(-REACH, REACH + 1) / width) ** 2)
        softness = NEVER_SOFT_YET if _NARROWEST <= width <= _WIDEST else NEVER_SOFT
        highest = min(2.0 * _HIGHEST_HZ / sample_rate, 1.0)
        self._channels = [_Channel(times, highest, softness) for _ in range(channels)]
        self._taper = hann(2 * times.block)
        self._taken = np.empty((2 * times.block, 3))
        self._origin = -times.size
        self._length: int | None = None
        self._vetoes = cache(lambda channel: self.marks.vetoed_in(channel))  # noqa: PLW0108 - they come later

    def begin_at(self, position: int) -> None:
        self._origin += position

    def finish(self, length: int) -> None:
        self._length = length

    def step(self, frame: Audio, sink: Sink | None) -> Audio:
        times = self._times
        self._origin += times.hop
        end = times.size if self._length is None else self._length - self._origin
        bounds = np.array([max(-self._origin, 0), max(min(end, times.size), 0)])
        events: list[Event] = []
        for index, channel in enumerate(self._channels):
            channel.push(frame[index])
            for block in range(_AROUND, _AROUND + _BLOCKS_A_HOP):
                self._find(channel, block, bounds)
            vetoed = self._vetoed(index)
            for block in range(_BLOCKS_A_HOP):
                events += self._take(channel, index, block, vetoed)
        if sink is not None:
            for event in sorted(events, key=lambda event: event.position):
                sink(event)
        out = slice(times.block, times.block + times.hop)
        return np.stack([channel.samples[out] for channel in self._channels])

    def _find(self, channel: _Channel, block: int, bounds: npt.NDArray[np.int64]) -> None:
        start = (block + 2) * self._times.block
        rooms = Rooms(channel.stretches[block], channel.other)
        turns = _TURNS[self.settings.quality]
        search = CrackleSearch(self._times.block, turns, self._alone, _FLOOR, self._taper, self._bell)
        evident, height, swapped = find_crackle(channel.without, start, bounds, search, channel.band, rooms)
        if swapped:
            channel.stretches[block], channel.other = rooms.other, rooms.found
        channel.stretches[block].place[0] += self._origin
        exists = bool(start < bounds[1] and start + self._times.block > bounds[0])
        channel.note(block, exists, evident, height)

    def _take(
        self, channel: _Channel, index: int, block: int, vetoed: npt.NDArray[np.bool_]
    ) -> Iterator[Event]:
        found = channel.stretches[block]
        asked = _EVIDENT * 2.0 ** ((5.0 - self.settings.strength) / 5.0)
        if not found.place[3] or channel.share(block) < asked:
            return
        prior = channel.prior(block, self.settings.amplitude_skew)
        found.place[0] -= self._origin
        soft = found.place[4] == SOFT
        shapes = Shapes(
            self._soft_grains if soft else self._grains(round(_EDGES * found.edge[0])), self._rings
        )
        last = (block + 3) * self._times.block
        count = take_crackle(channel.samples, found, last, prior, shapes, _FLOOR, vetoed, self._taken)
        for first, stop, stands_out in self._taken[:count].tolist():
            confidence = 1.0 - 0.5 / max(stands_out, 1.0)
            yield Event("crackle", int(first) + self._origin, int(stop - first), index, confidence)

    @property
    def _alone(self) -> float:
        return float(_ALONE * 2.0 ** ((5.0 - self.settings.strength) / 10.0))

    def _vetoed(self, channel: int) -> npt.NDArray[np.bool_]:
        return covered(self._vetoes(channel), self._origin, self._times.size)


class Decrackle(RepairStage):
    """Remove crackle, and keep the music that is under it.

    The small impulses of a worn disc, from a few to a thousand a second. They add to the music, so they are
    estimated and taken away, never cut out: samples that are off and damped rings under a short-time
    autoregressive model (sparse Bayesian learning; Godsill and Rayner, Digital Audio Restoration, 1998).
    Samples outside them come back as they were. See docs/decrackle.md.
    """

    id = "wavemend.decrackle"
    name = "Decrackle"
    version = 3
    place = Step.CLICKS
    takes_marks = True

    strength: float = number(
        default=5.0,
        low=0.0,
        high=10.0,
        role="strength",
        doc="Higher takes fainter crackle, and more that is none.",
    )
    amplitude_skew: float = number(
        default=0.0,
        low=-1.0,
        high=1.0,
        doc="Over 0 takes less of the crackle that is fainter than the music and more of the louder; under 0 "
        "the other way round.",
    )
    quality: Literal["fast", "normal", "best"] = choice(
        default="normal",
        doc="How often the music's model is fitted again without the crackle: matters from 200 a second on.",
    )

    def check_marks(self, marks: Marks, sample_rate: float, channels: int) -> None:
        """See `Stage.check_marks`."""
        if marks.forced:
            raise ParameterError("Decrackle takes vetoes alone; force an event on Declick")

    @property
    def memory_s(self) -> float:
        """See `Stage.memory_s`."""
        return _MEMORY_S

    def framing(self, sample_rate: float) -> Framing:
        """See `Stage.framing`."""
        times = _Times.at(sample_rate)
        return Framing(hop=times.hop, latency=times.ahead)

    def processor(self, sample_rate: float, channels: int, findings: Any) -> Processor:
        """See `Stage.processor`."""
        return _Repair(_Times.at(sample_rate), sample_rate, channels)
