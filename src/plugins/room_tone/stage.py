"""Fill digital silence and holes inside a recording with the recording's own noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt

from ...analysis.noise.background import Background, BackgroundAnalyser
from ...contract.parameters.number import integer, number
from ...contract.parameters.switch import switch
from ...contract.stage import Framing, Processor, RepairStage, Step
from ...errors import FindingsError
from .fill import Fill, Through
from .times import Times


class RoomTone(RepairStage):
    """Fill digital silence, muted gaps and gates' holes with the recording's own background.

    The background is heard where the program pauses: its spectrum, and what channels share of it. It is made
    again as Gaussian noise, drawn anew for every frame by its place, so that nothing repeats. It is matched
    to the level beside each hole, and cross-faded with powers that add up to one. Silence before the first
    sound and behind the last stays, unless `ends` is on. See docs/room_tone.md.
    """

    id = "wavemend.room_tone"
    name = "Room tone"
    place = Step.FILL
    findings_type = Background
    takes_marks = True

    level_db: float = number(
        default=0.0,
        low=-40.0,
        high=12.0,
        unit="dB",
        doc="Level of what is filled in, over the recording's own background.",
    )
    gates: bool = switch(
        default=False,
        restart=True,
        doc="Fill stretches too in which the level lies far under the background, as gates leave them.",
    )
    threshold_db: float = number(
        default=12.0,
        low=6.0,
        high=60.0,
        unit="dB",
        doc="How far under the background the level lies in a gate's hole.",
    )
    min_length_ms: float = number(
        default=30.0,
        low=5.0,
        high=500.0,
        unit="ms",
        scale="log",
        restart=True,
        doc="Shorter holes are left alone; DropoutRepair rebuilds what was lost in them.",
    )
    crossfade_ms: float = number(
        default=10.0,
        low=1.0,
        high=200.0,
        unit="ms",
        scale="log",
        restart=True,
        doc="Length of the cross-fades, over the sound before and after a silence.",
    )
    ends: bool = switch(
        default=False,
        doc="Fill silence before the first sound and behind the last one too.",
    )
    seed: int = integer(
        default=0,
        low=0,
        high=999,
        restart=True,
        doc="Of the noise: another number gives other noise of the same kind.",
    )

    def framing(self, sample_rate: float) -> Framing:
        """See `Stage.framing`."""
        times = self._times(sample_rate)
        return Framing(hop=times.hop, latency=times.latency)

    def _times(self, sample_rate: float) -> Times:
        return Times.at(sample_rate, self.min_length_ms, self.crossfade_ms)

    def processor(self, sample_rate: float, channels: int, findings: Any) -> Processor:
        """See `Stage.processor`."""
        heard = len(findings.density_dbfs_hz)
        if heard != channels:
            raise FindingsError(f"a background of {heard} channels cannot fill {channels} channels")
        times = self._times(sample_rate)
        if not findings.found:
            return Through(times, channels)
        return Fill(times, sample_rate, findings, self.gates, self.seed)

    def analyser(self, sample_rate: float, channels: int) -> BackgroundAnalyser:
        """See `Stage.analyser`."""
        return BackgroundAnalyser(sample_rate, channels)

    def learn(self, audio: npt.NDArray[Any], sample_rate: float) -> Background:
        """Fix the background to that of `audio`; where `audio` ends says nothing of other recordings."""
        background: Background = self.analyse(audio, sample_rate).anywhere()
        self.findings = background
        return background

    def range_analyser(
        self, sample_rate: float, channels: int, ranges: Sequence[tuple[int, int]]
    ) -> BackgroundAnalyser:
        """See `Stage.range_analyser`."""
        return BackgroundAnalyser(sample_rate, channels, ranges)
