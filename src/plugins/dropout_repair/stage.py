"""Bring back what is missing for a moment: levels that fell on tape, and samples that were lost."""

from __future__ import annotations

from typing import Any

from ...contract.marks import Marks, check_lengths
from ...contract.parameters.number import number
from ...contract.stage import Framing, Processor, RepairStage, Step
from .repair import Repair
from .times import Times


class DropoutRepair(RepairStage):
    """Repair dropouts of 2 to 20 ms, and samples that were lost: zeros, or one value that stands still.

    A dropout is a fall of all of the sound at once, back to what it was. Its gain is the one under which the
    sound is as predictable as around it, by an autoregressive model (Godsill and Rayner, Digital Audio
    Restoration, 1998); what is too deep is interpolated. Samples outside the gaps come back as they were.
    See docs/dropout_repair.md.
    """

    id = "wavemend.dropout_repair"
    name = "Dropout repair"
    version = 2
    place = Step.CLICKS
    takes_marks = True

    sensitivity: float = number(
        default=5.0,
        low=0.0,
        high=10.0,
        role="strength",
        doc="Higher finds shallower dropouts, and more moments that are none.",
    )
    max_length_ms: float = number(
        default=25.0,
        low=1.0,
        high=50.0,
        unit="ms",
        scale="log",
        restart=True,
        doc="Longer gaps are left alone.",
    )

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
        return Framing(hop=times.hop, latency=times.latency)

    def _times(self, sample_rate: float) -> Times:
        return Times.at(sample_rate, self.max_length_ms)

    def processor(self, sample_rate: float, channels: int, findings: Any) -> Processor:
        """See `Stage.processor`."""
        return Repair(self._times(sample_rate), sample_rate, channels)
