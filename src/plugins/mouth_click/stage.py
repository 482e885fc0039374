"""The stage."""

from __future__ import annotations

from typing import Any

from ...contract.marks import Marks
from ...contract.parameters.number import number
from ...contract.stage import Framing, Processor, RepairStage, Step
from ...errors import ParameterError
from .repair import Repair
from .times import Times


class MouthClick(RepairStage):
    """Take the clicks of a speaker's mouth away, and keep the speech that is under them.

    One to three short bursts of 1.5 to 5 kHz in pauses and soft parts: found by how they stand alone in
    time and band, estimated as a few poles driven by noise of any course that adds to the speech (Godsill
    and Rayner, Digital Audio Restoration, 1998, chapter 9), and taken away. Everything else comes back as
    it was. See docs/mouth_click.md.
    """

    id = "wavemend.mouth_click"
    name = "Mouth click"
    place = Step.CLICKS
    takes_marks = True

    sensitivity: float = number(
        default=5.0,
        low=0.0,
        high=10.0,
        role="strength",
        doc="Higher finds fainter clicks, and more of the speech's own that sound like some.",
    )

    def check_marks(self, marks: Marks, sample_rate: float, channels: int) -> None:
        """See `Stage.check_marks`."""
        if marks.forced:
            raise ParameterError("MouthClick takes vetoes alone; force an event on Declick")

    def framing(self, sample_rate: float) -> Framing:
        """See `Stage.framing`."""
        times = Times.at(sample_rate)
        return Framing(hop=times.hop * times.factor, latency=times.latency)

    def processor(self, sample_rate: float, channels: int, findings: Any) -> Processor:
        """See `Stage.processor`."""
        return Repair(Times.at(sample_rate), sample_rate, channels)
