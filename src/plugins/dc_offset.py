"""Remove a constant offset: what a converter with a misadjusted zero adds to a whole recording."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..analysis.findings import FindingsError
from ..analysis.framing import Audio
from ..analysis.offset import Offset, OffsetAnalyser
from .parameters import number
from .stage import Framing, Processor, RepairStage, Sink, Step


class _Subtract(Processor):
    def __init__(self, findings: Offset) -> None:
        self._findings = findings

    def step(self, frame: Audio, sink: Sink | None) -> Audio:
        return frame - self._findings.significant(self.settings.threshold_db)[:, np.newaxis]


class DcOffset(RepairStage):
    """Subtract each channel's mean over the whole recording, where it is a real offset.

    A high-pass filter would do it too, and shift the phase of the lowest notes; an offset is a constant,
    and subtracting a constant changes nothing else. Left alone: means below the threshold, and means that
    chance explains (4 standard errors, from the scatter of the means of 0.1-second blocks).
    """

    id = "wavemend.dc_offset"
    name = "DC offset"
    place = Step.PREPARE
    findings_type = Offset

    threshold_db: float = number(
        default=-80.0, low=-120.0, high=-20.0, unit="dB", doc="Offsets below this, in dBFS, are left alone."
    )

    def framing(self, sample_rate: float) -> Framing:
        """See `Stage.framing`."""
        return Framing(hop=1024)

    def processor(self, sample_rate: float, channels: int, findings: Any) -> Processor:
        """See `Stage.processor`."""
        if findings.mean.shape != (channels,):
            raise FindingsError(
                f"an offset of {findings.mean.size} channels cannot serve {channels} channels"
            )
        return _Subtract(findings)

    def analyser(self, sample_rate: float, channels: int) -> OffsetAnalyser:
        """See `Stage.analyser`."""
        return OffsetAnalyser(sample_rate, channels)
