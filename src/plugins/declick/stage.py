"""Remove clicks: found where the sound's excitation stands out, estimated as what adds to it, taken away."""

from __future__ import annotations

from typing import Any, Literal

from ...analysis.clicks.judge import judge_latency
from ...contract.marks import Marks, check_lengths
from ...contract.parameters.fingerprint import fingerprint
from ...contract.parameters.number import number
from ...contract.parameters.words import choice
from ...contract.stage import Framing, Processor, RepairStage, Step
from .judged import JudgedClicks
from .repair import Repair
from .strokes import MEMORY_S
from .times import Times


class Declick(RepairStage):
    """Remove clicks, ticks and pops, and keep the music that is under them.

    Most clicks of a disc add to the music. Each is found where the prediction error of a short-time
    autoregressive model stands out of its surroundings on both sides, and estimated as an additive pulse:
    a ring, or samples that are off (Godsill and Rayner, Digital Audio Restoration, 1998). Samples outside
    the clicks come back as they were. See docs/declick.md.
    """

    id = "wavemend.declick"
    name = "Declick"
    version = 8
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
        check_lengths(
            marks,
            sample_rate,
            channels,
            longest=self._times(sample_rate).longest,
            stage=type(self).__name__,
            max_length_ms=self.max_length_ms,
        )

    def framing(self, sample_rate: float) -> Framing:
        """See `Stage.framing`."""
        times = self._times(sample_rate)
        return Framing(hop=times.hop, latency=times.ahead + self._delay(sample_rate))

    @property
    def memory_s(self) -> float | None:
        """See `Stage.memory_s`; the judge of `learned` counts from where it began to hear."""
        return None if self.algorithm == "learned" else MEMORY_S

    def _times(self, sample_rate: float) -> Times:
        return Times.at(sample_rate, self.max_length_ms, self.widening_ms)

    def _delay(self, sample_rate: float) -> int:
        return judge_latency(sample_rate) if self.algorithm == "learned" else 0

    def processor(self, sample_rate: float, channels: int, findings: Any) -> Processor:
        """See `Stage.processor`."""
        learned = self.algorithm == "learned"
        judged = JudgedClicks(sample_rate, channels, self.model) if learned else None
        delay = self._delay(sample_rate)
        return Repair(self._times(sample_rate), sample_rate, channels, judged, delay)
