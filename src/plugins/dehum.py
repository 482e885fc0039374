"""Remove mains hum and buzz: followed, estimated line by line, and subtracted."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import fft, signal

from ..analysis.findings import Analyser, FindingsError
from ..analysis.framing import Audio
from ..analysis.hum import Hum, HumAnalyser
from ..analysis.hum_comb import NO_LEVEL
from ..analysis.hum_edits import Edit
from ..analysis.hum_given import GivenHumAnalyser
from ..analysis.hum_lines import PAST, HumLines
from ..analysis.hum_track import FRAME_SECONDS, REACH, STEP, HumTracker
from ..kernels.demodulation import spline_response, unfold
from .parameters import choice, integer, number
from .stage import Event, Framing, Processor, RepairStage, Sink, Step

_MOST_HARMONICS = 200
_HIGHEST_HZ = 8000.0
_LEAST_OF_VERSION_1_HZ = 40.0
_WALK = {"adaptive": 0.06, "static": 0.003}  # of a harmonic's amplitude in a second
_TABLE = 2048
_STILL_SECONDS = 1e-3
_TOGETHER_SECONDS = 0.2
_NOTCH_Q = 30.0
_NOTCH_HOP = 1024

Array = npt.NDArray[np.float64]


class _Subtract(Processor):
    """Estimate the hum of what was heard seconds ago, and take it from there.

    ::

        buffer   |-- given out now --|---------- HumLines.LAG frames ----------|
                                              heard by the lines |  REACH, HumTracker.LAG
    """

    def __init__(self, stage: Dehum, sample_rate: float, channels: int, hum: Hum) -> None:
        count = stage.count_of(hum, sample_rate)
        self._tracker = HumTracker(sample_rate, channels, hum)
        self._lines = HumLines(sample_rate, channels, hum, count, _WALK[stage.mode])
        self._hop = self._tracker.hop
        self._still = max(round(_STILL_SECONDS * sample_rate), 1)
        self._together = round(_TOGETHER_SECONDS * sample_rate)
        self._numbers = np.arange(1, count + 1)
        self._hums = (hum.level_dbfs > NO_LEVEL).any(axis=1)
        self._held = np.zeros((channels, (HumLines.LAG + STEP) * self._hop))
        self._frames = 0
        self._length: int | None = None

    def finish(self, length: int) -> None:
        self._length = length
        self._tracker.finish(length)

    def step(self, frame: Audio, sink: Sink | None) -> Audio:
        hop, held = self._hop, self._held
        held[:, : -frame.shape[1]] = held[:, frame.shape[1] :]
        held[:, -frame.shape[1] :] = frame
        self._frames += STEP
        self._tracker.hear(frame)
        self._hear_lines()
        amplitudes, phase = self._lines.estimate(held, self._tracker.turns)
        start = (self._frames - HumLines.LAG - STEP) * hop
        count = STEP * hop
        turns = self._tracker.turns(start, count)
        knots = np.arange(STEP + 1) * hop
        turns += np.interp(np.arange(count), knots, phase) / (2 * np.pi)
        hum = self._wave(amplitudes, turns) * self._lines.gains(start, count)
        if sink is not None:
            for edit in self._edits(start, start + count):
                sink(Event("edit", edit.sample, 1, confidence=edit.confidence))
        self._lines.forget(start)
        self._tracker.forget(start + count - hop * (PAST + REACH + STEP))
        output = held[:, :count].copy()
        hum[self._is_still(output)] = 0.0
        output[self._hums] -= hum[self._hums]
        return output

    def _edits(self, start: int, stop: int) -> list[Edit]:
        """Return where the hum breaks off; a jump and a step at one edit are told once."""
        if self._length is not None:
            stop = min(stop, self._length)
        jumps = self._tracker.jumps
        steps = [
            step
            for step in self._lines.steps
            if start <= step.sample < stop
            and not jumps(step.sample - self._together, step.sample + self._together)
        ]
        return sorted([*jumps(start, stop), *steps])

    def _hear_lines(self) -> None:
        hop, half = self._hop, self._lines.comb.half
        first = self._frames - HumTracker.LAG - REACH - STEP + 1
        start, count = first * hop - half, (STEP - 1) * hop + 2 * half
        at = start - (self._frames * hop - self._held.shape[1])
        middles = (first + np.arange(STEP)) * hop
        end = np.inf if self._length is None else self._length
        heard = (middles >= half) & (middles + half <= end)
        self._lines.hear(self._held[:, at : at + count], self._tracker.turns(start, count), heard)

    def _wave(self, amplitudes: npt.NDArray[np.complex128], turns: Array) -> Audio:
        settings = self.settings
        reduction_db = np.maximum(settings.reduction_db - settings.slope * np.log2(self._numbers), 0.0)
        share = 1.0 - 10 ** (-reduction_db / 20)
        spectra = np.zeros((STEP + 1, self._hums.size, _TABLE // 2 + 1), np.complex128)
        scale = share * (_TABLE / 2) / spline_response(self._numbers, _TABLE)
        spectra[:, :, self._numbers] = amplitudes * scale
        wave = np.empty((self._hums.size, turns.size))
        unfold(fft.irfft(spectra, _TABLE, axis=2), turns, self._hop, wave)
        return wave

    def _is_still(self, audio: Audio) -> npt.NDArray[np.bool_]:
        """Return which samples lie in digital silence, where no hum is either."""
        count = -(-audio.shape[1] // self._still)
        blocks = np.zeros((audio.shape[0], count * self._still), bool)
        blocks[:, : audio.shape[1]] = audio != 0.0
        sounds = blocks.reshape(audio.shape[0], count, self._still).any(axis=2)
        return np.asarray(~np.repeat(sounds, self._still, axis=1)[:, : audio.shape[1]])


class _Notch(Processor):
    """Peaking filters that cut each harmonic (R. Bristow-Johnson, Cookbook formulae for audio EQ, 1998)."""

    def __init__(self, stage: Dehum, sample_rate: float, hum: Hum) -> None:
        heard = hum.harmonic[hum.harmonic <= stage.count_of(hum, sample_rate)]
        self._numbers = heard
        self._radians = 2 * np.pi * hum.frequency_hz * heard / sample_rate
        self._hums = (hum.level_dbfs > NO_LEVEL).any(axis=1)
        self._state = np.zeros((heard.size, int(np.count_nonzero(self._hums)), 2))

    def step(self, frame: Audio, sink: Sink | None) -> Audio:
        output = frame.copy()
        if self._numbers.size:
            output[self._hums], self._state = signal.sosfilt(
                self._sections(), frame[self._hums], axis=1, zi=self._state
            )
        return output

    def _sections(self) -> Array:
        settings = self.settings
        cut_db = np.maximum(settings.reduction_db - settings.slope * np.log2(self._numbers), 0.0)
        root = 10 ** (-cut_db / 40)
        alpha, cosine = np.sin(self._radians) / (2 * _NOTCH_Q), np.cos(self._radians)
        # as wide as a notch of this Q, however deep
        up, down = alpha * root**2, alpha
        numerator = np.stack([1 + up, -2 * cosine, 1 - up], axis=1)
        denominator = np.stack([1 + down, -2 * cosine, 1 - down], axis=1)
        return np.asarray(np.concatenate([numerator, denominator], axis=1) / denominator[:, :1])


class _Pass(Processor):
    """Nothing was found: nothing changes."""

    def __init__(self, channels: int, latency: int) -> None:
        self._held = np.zeros((channels, latency))

    def step(self, frame: Audio, sink: Sink | None) -> Audio:
        heard = np.concatenate([self._held, frame], axis=1)
        self._held = heard[:, frame.shape[1] :]
        return heard[:, : frame.shape[1]]


class Dehum(RepairStage):
    """Take away mains hum and buzz, and leave notes at the same frequencies.

    What is found is one fundamental with its harmonics. One phase track drives all of them: it follows the
    wandering mains, and edits where it jumps. Each harmonic's level and phase along it are estimated from the
    seconds before and after, the program around it counted as noise, and subtracted. See docs/dehum.md.
    """

    id = "wavemend.dehum"
    name = "Dehum"
    version = 2
    place = Step.HUM
    findings_type = Hum

    base_frequency_hz: float = number(
        default=0.0,
        low=0.0,
        high=1000.0,
        unit="Hz",
        restart=True,
        doc="The hum's fundamental; 0 finds it in the recording. Give it where the hum is too faint to be "
        "found, or lies where none is looked for: railways, mains at another speed of the tape.",
    )
    mode: str = choice(
        default="adaptive",
        options=("adaptive", "static", "notch"),
        restart=True,
        doc="adaptive: follows each harmonic's level and phase. static: these hold still for minutes. notch: "
        "classic notch filters, which turn the phase of what is near them.",
    )
    harmonics: int = integer(
        default=_MOST_HARMONICS,
        low=1,
        high=_MOST_HARMONICS,
        restart=True,
        doc="Harmonics above this number are left alone, as is all above 8 kHz.",
    )
    reduction_db: float = number(
        default=40.0,
        low=0.0,
        high=60.0,
        unit="dB",
        role="strength",
        doc="Most that the hum is lowered by.",
    )
    slope: float = number(
        default=0.0,
        low=0.0,
        high=12.0,
        unit="dB",
        doc="By how much less an octave higher harmonics are lowered.",
    )

    @classmethod
    def upgrade(cls, version: int, values: dict[str, Any]) -> dict[str, Any]:
        """See `Parametric.upgrade`; version 1 searched the recording where less than 40 Hz was named."""
        if version < 2 and values.get("base_frequency_hz", 0.0) < _LEAST_OF_VERSION_1_HZ:
            return {**values, "base_frequency_hz": 0.0}
        return values

    def count_of(self, hum: Hum, sample_rate: float) -> int:
        """Return how many harmonics are looked for: those that were found, and some above."""
        highest = min(_HIGHEST_HZ, 0.45 * sample_rate)
        found = int(hum.harmonic[-1]) * 3 // 2 + 4
        return max(min(int(highest / hum.frequency_hz), self.harmonics, found), 1)

    def framing(self, sample_rate: float) -> Framing:
        """See `Stage.framing`."""
        if self.mode == "notch":
            return Framing(hop=_NOTCH_HOP)
        hop = max(round(FRAME_SECONDS * sample_rate), 1)
        return Framing(hop=STEP * hop, latency=HumLines.LAG * hop)

    def processor(self, sample_rate: float, channels: int, findings: Any) -> Processor:
        """See `Stage.processor`."""
        heard = findings.level_dbfs.shape[0]
        if heard != channels:
            raise FindingsError(f"hum of {heard} channels cannot serve {channels} channels")
        if not findings.found:
            return _Pass(channels, self.framing(sample_rate).latency)
        if self.mode == "notch":
            return _Notch(self, sample_rate, findings)
        return _Subtract(self, sample_rate, channels, findings)

    def analyser(self, sample_rate: float, channels: int) -> Analyser[Hum]:
        """See `Stage.analyser`."""
        if self.base_frequency_hz > 0.0:
            return GivenHumAnalyser(sample_rate, channels, self.base_frequency_hz)
        return HumAnalyser(sample_rate, channels)
