"""Remove crackle: small impulses by the hundred, estimated together and taken from the music they hide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..analysis.framing import Audio
from ..errors import ParameterError
from ..kernels.crackle import Limits, remove_crackle
from ..kernels.rings import RingSearch, ring_poles
from .marks import Marks
from .parameters import choice, number
from .stage import Event, Framing, Processor, RepairStage, Sink, Step

_BLOCKS_A_HOP = 4
_FLOOR = 2.0**-16  # half a step of 16 bits: what stands on less is rounding, not sound
_STANDS_OUT = 6.0  # at strength 5; see `Limits`
_ODDS = 60.0
_CLEARED = 0.65
_SLOWEST_RING_S = 0.25e-3
_STARTS_S = 140e-6  # at whose beginning a ring is looked for
_ROUNDS = {"fast": 1, "normal": 3, "best": 6}


@dataclass(frozen=True)
class _Times:
    """Lengths in samples at one sample rate, and how the processor's buffer lies on the recording.

    ::

        0                   hop         hop + block   hop + 2 blocks
        |------- hop --------|--- block ---|--- block ---|
             given out now                     newest
                   | repaired in this step |
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
        return 2 * self.block

    @property
    def size(self) -> int:
        return self.hop + self.ahead


class _Repair(Processor):
    def __init__(self, times: _Times, sample_rate: float, channels: int) -> None:
        self._times = times
        slowest = float(np.exp(-1.0 / (_SLOWEST_RING_S * sample_rate)))
        starts = max(round(_STARTS_S * sample_rate), 2)
        self._search = RingSearch(starts, ring_poles(sample_rate, slowest), slowest)
        self._x = np.zeros((channels, times.size))
        self._found = np.empty((times.block, 3))
        self._origin = -times.size
        self._length: int | None = None

    def finish(self, length: int) -> None:
        self._length = length

    def step(self, frame: Audio, sink: Sink | None) -> Audio:
        times = self._times
        self._x[:, : -times.hop] = self._x[:, times.hop :]
        self._x[:, -times.hop :] = frame
        self._origin += times.hop
        end = times.size if self._length is None else self._length - self._origin
        bounds = np.array([max(-self._origin, 0), max(min(end, times.size), 0)])
        ease = 2.0 ** ((5.0 - self.settings.strength) / 2.5)
        limits = Limits(
            stands_out=_STANDS_OUT * ease,
            odds=_ODDS,
            skew=self.settings.amplitude_skew,
            floor=_FLOOR,
            cleared=_CLEARED / ease**0.3,
        )
        rounds = _ROUNDS[self.settings.quality]
        events = []
        for channel, x in enumerate(self._x):
            vetoed = self._vetoed(channel)
            for start in range(times.block, times.block + times.hop, times.block):
                count = remove_crackle(
                    x, start, times.block, bounds, times.order, rounds, self._search, limits, vetoed,
                    self._found,
                )  # fmt: skip
                for first, stop, score in self._found[:count].tolist():
                    position = int(first) + self._origin
                    events.append(Event("crackle", position, int(stop - first), channel, 1.0 - 0.5 / score))
        if sink is not None:
            for event in sorted(events, key=lambda event: event.position):
                sink(event)
        return self._x[:, : times.hop].copy()

    def _vetoed(self, channel: int) -> npt.NDArray[np.bool_]:
        vetoed = np.zeros(self._times.size, np.bool_)
        for start, stop in (self.marks.vetoed_in(channel) - self._origin).tolist():
            vetoed[max(start, 0) : max(stop, 0)] = True
        return vetoed


class Decrackle(RepairStage):
    """Remove crackle, and keep the music that is under it.

    The small impulses of a worn disc, from a few to a thousand a second. They add to the music, so they are
    estimated and taken away, never cut out: samples that are off and damped rings under a short-time
    autoregressive model (sparse Bayesian learning; Godsill and Rayner, Digital Audio Restoration, 1998).
    Samples outside them come back as they were. See docs/decrackle.md.
    """

    id = "wavemend.decrackle"
    name = "Decrackle"
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
    quality: str = choice(
        default="normal",
        options=("fast", "normal", "best"),
        doc="How often the music's model is fitted again without the crackle: matters from 200 a second on.",
    )

    def check_marks(self, marks: Marks, sample_rate: float, channels: int) -> None:
        """See `Stage.check_marks`."""
        if marks.forced:
            raise ParameterError("Decrackle takes vetoes alone; force an event on Declick")

    def framing(self, sample_rate: float) -> Framing:
        """See `Stage.framing`."""
        times = _Times.at(sample_rate)
        return Framing(hop=times.hop, latency=times.ahead)

    def processor(self, sample_rate: float, channels: int, findings: Any) -> Processor:
        """See `Stage.processor`."""
        return _Repair(_Times.at(sample_rate), sample_rate, channels)
