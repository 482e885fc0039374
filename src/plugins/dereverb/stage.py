"""Take from a voice what the room added late."""

from __future__ import annotations

from typing import Any, Literal

from ...analysis.program.reverberation import Reverberation, ReverberationAnalyser
from ...contract.parameters.number import number
from ...contract.parameters.words import choice
from ...contract.stage import Framing, Processor, RepairStage, Step
from ...contract.stream import Through
from .prediction import Late, Rooms, framing

_MEMORY_S = 24.0  # derived: two blocks: one that is heard in part, and the one that fades out of it


class Dereverb(RepairStage):
    """Take from a voice what the room added late, and leave the voice and its first reflections.

    Weighted prediction error [1]_: in each band a filter predicts every frame from those that began 16 ms and
    more before it; what it predicts is the room's. Two channels are heard for each other [2]_. Where no voice
    is in a room, every sample stays as it was.

    References
    ----------
    .. [1] T. Nakatani et al., "Speech dereverberation based on variance-normalized delayed linear
       prediction", IEEE Transactions on Audio, Speech, and Language Processing 18 (2010).
    .. [2] T. Yoshioka, T. Nakatani, "Generalization of multi-channel linear prediction methods for blind MIMO
       impulse response shortening", same journal, 20 (2012).
    """

    id = "wavemend.dereverb"
    name = "Dereverb"
    place = Step.HUM
    findings_type = Reverberation

    program: Literal["voices", "all"] = choice(
        default="voices",
        restart=True,
        doc="What is worked on in a room: voices alone, or music too, from which it takes what sustains.",
    )
    strength: float = number(
        default=1.0,
        low=0.0,
        high=1.0,
        role="strength",
        doc="Share of what is found to be late that is taken: 0 is the original, 1 all of it.",
    )

    @property
    def memory_s(self) -> float:
        """See `Stage.memory_s`."""
        return _MEMORY_S

    def framing(self, sample_rate: float) -> Framing:
        """See `Stage.framing`."""
        return framing(sample_rate)

    def processor(self, sample_rate: float, channels: int, findings: Any) -> Processor:
        """See `Stage.processor`."""
        rooms = Rooms(findings, voices=self.program == "voices")
        if not rooms.any:
            return Through(self.framing(sample_rate).latency, channels)
        return Late(sample_rate, channels, rooms)

    def analyser(self, sample_rate: float, channels: int) -> ReverberationAnalyser:
        """See `Stage.analyser`."""
        return ReverberationAnalyser(sample_rate, channels)
