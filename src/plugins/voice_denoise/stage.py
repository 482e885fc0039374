"""Lower noise over a voice: hiss, surface, fans, a telephone's line; no print is needed."""

from __future__ import annotations

from typing import Any, Literal

from ...analysis.program.program import Program
from ...analysis.program.under_noise import ProgramUnderNoiseAnalyser
from ...contract.parameters.number import number
from ...contract.parameters.words import choice
from ...contract.stage import Framing, Processor, RepairStage, Step
from ...contract.stream import Through
from . import deep, live, network
from .places import Places

_MEMORY_S = 20.0  # derived: what DeepFilterNet's means keep of a level after so long is -170 dB


class VoiceDenoise(RepairStage):
    """Lower noise over speech by two small networks that need no noise print.

    They hear stretches of 4.5 s up to 8 kHz, before and after each moment, over the floor that each band
    keeps falling back to there; so noise may shift. Above, a Wiener gain follows. All channels share their
    gains. On music it stands aside: the analysis hears the recording without its noise, and tells where a
    voice is. Another engine is DeepFilterNet 3 [1]_, of the extra ``wavemend[voice]``. The live one hears the
    past: it holds back 40 ms, needs no analysis, and so cannot stand aside on music.

    References
    ----------
    .. [1] H. Schröter et al., "DeepFilterNet: perceptually motivated real-time speech enhancement", 2023.
    """

    id = "wavemend.voice_denoise"
    name = "Voice denoise"
    version = 3
    place = Step.BROADBAND
    findings_type = Program

    engine: Literal["own", "live", "deepfilter"] = choice(
        default="own",
        restart=True,
        doc="Who tells voice from noise: our own networks, 4 s ahead; a live one, 40 ms late, of the past "
        "alone, with no analysis, so it takes from music too; or DeepFilterNet 3 (of wavemend[voice]).",
    )
    reduction_db: float = number(
        default=30.0,
        low=0.0,
        high=60.0,
        unit="dB",
        role="strength",
        doc="Most that noise is lowered by.",
    )
    mix: float = number(
        default=1.0,
        low=0.0,
        high=1.0,
        doc="Share of the change that is made: 0 is the original, 1 all of it.",
    )

    @property
    def memory_s(self) -> float | None:
        """See `Stage.memory_s`; what the live network holds for good is 76 dB and more under the voice."""
        return None if self.engine == "live" else _MEMORY_S

    def framing(self, sample_rate: float) -> Framing:
        """See `Stage.framing`."""
        if self.engine == "live":
            return live.framing(sample_rate)
        return network.framing(sample_rate) if self.engine == "own" else deep.framing(sample_rate)

    @property
    def needs_findings(self) -> bool:
        """See `Stage.needs_findings`; live nothing is known of a recording but what was heard."""
        return self.engine != "live" and super().needs_findings

    @property
    def settled(self) -> tuple[str, ...]:
        """See `Stage.settled`."""
        return ("engine",) if self.engine == "live" else ()

    def processor(self, sample_rate: float, channels: int, findings: Any) -> Processor:
        """See `Stage.processor`."""
        if self.engine == "live":
            return live.Live(sample_rate, channels)
        if not Places(findings).any:
            return Through(self.framing(sample_rate).latency, channels)
        engine = network.Network if self.engine == "own" else deep.Deep
        return engine(sample_rate, channels, findings)

    def analyser(self, sample_rate: float, channels: int) -> ProgramUnderNoiseAnalyser:
        """See `Stage.analyser`."""
        return ProgramUnderNoiseAnalyser(sample_rate, channels)
