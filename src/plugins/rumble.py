"""Take away what a turntable's bearing, a warped disc or a handled microphone adds below the music."""

from __future__ import annotations

from typing import Any, Literal

from scipy import signal

from ..audio.arrays import Audio
from ..contract.parameters.number import number
from ..contract.parameters.words import choice
from ..contract.stage import Framing, Processor, Sink, Stage, Step

_HOP = 1024  # samples a step; tuned: for speed, by hand, no record
_DB_PER_OCTAVE_AND_ORDER = 6  # derived: 20 log10(2), in whole decibels as slopes are named


class _HighPass(Processor):
    def __init__(self, stage: Rumble, sample_rate: float) -> None:
        order = int(stage.slope_db_per_octave) // _DB_PER_OCTAVE_AND_ORDER
        self._sections = signal.butter(order, stage.cutoff_hz, "highpass", fs=sample_rate, output="sos")
        self._state: Any = None

    def step(self, frame: Audio, sink: Sink | None) -> Audio:
        if self._state is None:
            # As if the first sample had lasted for ever: a recording that does not start at zero would
            # otherwise start with a thump.
            settled = signal.sosfilt_zi(self._sections)
            self._state = settled[:, None, :] * frame[None, :, :1]
        filtered: Audio
        filtered, self._state = signal.sosfilt(self._sections, frame, axis=1, zi=self._state)
        return filtered


class Rumble(Stage):
    """High-pass filter for turntable rumble, warps and handling noise.

    A Butterworth filter: flattest above the cut-off (S. Butterworth, "On the theory of filter
    amplifiers", Experimental Wireless, 1930). Minimum phase, so nothing rings ahead of a note. It is a
    filter and not a repair: it changes every recording it is put on, so a preset holds it only where
    rumble is expected.
    """

    id = "wavemend.rumble"
    name = "Rumble"
    place = Step.HUM

    cutoff_hz: float = number(
        default=20.0,
        low=5.0,
        high=300.0,
        unit="Hz",
        scale="log",
        restart=True,
        doc="Frequency at which the filter takes 3 dB; below it the slope takes over.",
    )
    slope_db_per_octave: Literal["12", "18", "24", "36", "48"] = choice(
        default="24",
        restart=True,
        doc="Steepness below the cut-off in dB per octave; steeper turns the phase of low notes more.",
    )

    def framing(self, sample_rate: float) -> Framing:
        """See `Stage.framing`."""
        return Framing(hop=_HOP)

    def processor(self, sample_rate: float, channels: int, findings: Any) -> Processor:
        """See `Stage.processor`."""
        return _HighPass(self, sample_rate)
