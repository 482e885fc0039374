"""Every finder over one recording in one pass: the first listening."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..audio.arrays import Audio
from ..audio.checks import check_rate, next_block
from ..contract.findings import Analyser, Findings
from .carrier.bandwidth import BandwidthAnalyser
from .carrier.clipping import ClippingAnalyser
from .carrier.codec import CodecAnalyser
from .carrier.offset import OffsetAnalyser
from .carrier.processed import ProcessedAnalyser
from .carrier.silences import SilencesAnalyser
from .carrier.stereo import StereoAnalyser
from .carrier.word_length import WordLengthAnalyser
from .clicks.clicks import ClicksAnalyser
from .hum.hum import HumAnalyser
from .noise.noise_print import NoisePrintAnalyser
from .noise.rumble import RumbleAnalyser
from .noise.segments import NoiseSegmentsAnalyser
from .program.loudness import LoudnessAnalyser
from .program.program import ProgramAnalyser

FINDERS: Mapping[str, type[Analyser[Any]]] = {
    "program": ProgramAnalyser,
    "clicks": ClicksAnalyser,
    "hum": HumAnalyser,
    "rumble": RumbleAnalyser,
    "noise": NoisePrintAnalyser,
    "noise_segments": NoiseSegmentsAnalyser,
    "offset": OffsetAnalyser,
    "clipping": ClippingAnalyser,
    "bandwidth": BandwidthAnalyser,
    "codec": CodecAnalyser,
    "word_length": WordLengthAnalyser,
    "loudness": LoudnessAnalyser,
    "stereo": StereoAnalyser,
    "silences": SilencesAnalyser,
    "processed": ProcessedAnalyser,
}
"""Analysers by what they look for, in the order of a report: the sound, its damage, its carrier."""


class Survey:
    """All finders side by side, push-style; memory stays constant.

    Parameters
    ----------
    sample_rate
        Hz.
    channels
        Number of channels.
    nominal_bits
        Word length of the file; 0 for floating point or where it is not known.

    Raises
    ------
    AudioValueError
        A rate that no stage takes.
    """

    def __init__(self, sample_rate: float, channels: int, nominal_bits: int = 0) -> None:
        check_rate(sample_rate)
        self._channels = channels
        self._heard = 0
        # the analyser of segments has heard all that the one print is made of
        self._noise = NoiseSegmentsAnalyser(sample_rate, channels)
        self._analysers: dict[str, Analyser[Any]] = {
            "noise_segments": self._noise,
            "word_length": WordLengthAnalyser(sample_rate, channels, nominal_bits),
        }
        for name, kind in FINDERS.items():
            if name != "noise" and name not in self._analysers:
                self._analysers[name] = kind(sample_rate, channels)  # type: ignore[call-arg]  # all are made so

    def push(self, audio: Audio) -> None:
        """Hear the next block, shape (channels, n); refused as `Stream.step` refuses it."""
        block = next_block(audio, self._channels, self._heard)
        self._heard += block.shape[1]
        for analyser in self._analysers.values():
            analyser.hear(block)

    def result(self) -> dict[str, Findings]:
        """Conclude: findings by the names of `FINDERS`. Call once, after the last block."""
        found = {name: analyser.result() for name, analyser in self._analysers.items()}
        found["noise"] = self._noise.noise_print()
        return {name: found[name] for name in FINDERS}
