"""Remove mains hum and buzz: followed, estimated line by line, and subtracted."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Literal

import numpy as np
from scipy import fft, signal

from ..analysis.hum.beating import Told
from ..analysis.hum.demodulator import FRAME_SECONDS, REACH, STEP
from ..analysis.hum.edits import Edit
from ..analysis.hum.found import Hum
from ..analysis.hum.given import GivenHumAnalyser
from ..analysis.hum.hum import HumAnalyser
from ..analysis.hum.lines import PAST, HumLines
from ..analysis.hum.presence import AHEAD, Edge, HumPresence, is_still
from ..analysis.hum.track import HumTracker
from ..audio.arrays import Array, Audio, Complex
from ..audio.framing import Fifo
from ..contract.findings import NO_LEVEL, Analyser
from ..contract.parameters.number import integer, number
from ..contract.parameters.words import choice
from ..contract.stage import Event, Framing, Processor, RepairStage, Sink, Step
from ..errors import FindingsError
from ..kernels.filters.biquads import peaking_cuts
from ..kernels.harmonics.demodulation import spline_response, unfold

_MOST_HARMONICS = 200  # derived: 8000 Hz over 40 Hz, the lowest base but for a named one
_HIGHEST_HZ = 8000.0  # tuned: by hand, no record
_LEAST_OF_VERSION_1_HZ = 40.0  # source: this stage's version 1, which took no lower base frequency
_TABLE = 2048  # samples of a cycle; derived: ten for the highest harmonic's, as `spline_response` allows for
# tuned: table hum on the tuning set, 2026-11-21; no record of each
_WALK = {"adaptive": 0.06, "static": 0.003}  # of a harmonic's amplitude in a second
_STILL_SECONDS = 1e-3  # no change for so long is digital silence
_TOGETHER_SECONDS = 0.2  # a jump and a step so close are one edit
_FADE_SECONDS = 2.5e-3  # to either side of an edit, of what is subtracted; tuned: by hand, no record
# tuned: by hand, no record
_NOTCH_Q = 30.0
_NOTCH_HOP = 1024  # samples a step


class _Stretch:
    """Hum from one place to another: what it was `HumLines.LAG` frames before what was heard last.

    Parameters
    ----------
    stage, sample_rate, channels, hum
        As in `Stage.processor`.
    others
        Hums beside it.
    origin
        Sample of the recording that is heard first.
    begin
        Sample of the recording that the hum begins with.
    """

    def __init__(
        self, stage: Dehum, sample_rate: float, channels: int, hum: Hum, *, others: Sequence[Hum] = (),
        origin: int = 0, begin: int = 0,
    ) -> None:  # fmt: skip
        count = stage.count_of(hum, sample_rate)
        self.settings = stage
        self.begin, self.stop = begin, np.inf
        self._origin, self._begin = origin, max(begin - origin, 0)
        self._tracker = HumTracker(sample_rate, channels, hum, self._begin, others)
        self._lines = HumLines(sample_rate, channels, hum, count, walk=_WALK[stage.mode], others=others)
        self._hop = self._tracker.hop
        self._together = round(_TOGETHER_SECONDS * sample_rate)
        self._fade = max(round(_FADE_SECONDS * sample_rate), 1)
        self._numbers = np.arange(1, count + 1)
        self._channels = channels
        self._held = np.zeros((channels, (HumLines.LAG + STEP) * self._hop))
        self._frames = 0
        self._end: float = np.inf
        self._share: Array | None = None

    def finish(self, sample: int) -> None:
        """Learn where the hum, or the recording, ends."""
        self.stop = min(self.stop, sample)
        end = max(int(self.stop) - self._origin, 0)
        self._end = end
        self._tracker.finish(end)

    def hear(self, frame: Audio, sink: Sink | None, others: Sequence[Told] = ()) -> Audio:
        """Hear the next `STEP` frames, `others` told; return the hum of those `HumLines.LAG` before."""
        hop, held = self._hop, self._held
        held[:, : -frame.shape[1]] = held[:, frame.shape[1] :]
        held[:, -frame.shape[1] :] = frame
        self._frames += STEP
        self._tracker.hear(frame)
        self._hear_lines()
        shifted = [other._replace(first=other.first - self._origin // hop) for other in others]
        self._lines.set_apart(shifted, self._tracker.turns_at)
        amplitudes, phase = self._lines.estimate(held, self._tracker.turns)
        start = (self._frames - HumLines.LAG - STEP) * hop
        count = STEP * hop
        hum = self._faded(amplitudes, phase, start, count) * self._lines.gains(start, count, self._fade)
        if sink is not None:
            for edit in self._edits(start, start + count):
                sink(Event("edit", self._origin + edit.sample, 1, confidence=edit.confidence))
        self._lines.forget(start - self._fade)
        self._tracker.forget(start + count - hop * (PAST + REACH + STEP))
        at = self._origin + start + np.arange(count)
        hum[:, (at < self.begin) | (at >= self.stop)] = 0.0
        return hum

    def told(self) -> Told:
        """Return the hum as it is told last, its frames counted from the recording's first."""
        told = self._lines.told(self._tracker.turns_at)
        at = self._origin + self._hop * (told.first + np.arange(told.cycles.size))
        told.amplitude[(at < self.begin) | (at >= self.stop)] = 0.0
        return told._replace(first=told.first + self._origin // self._hop)

    def is_over(self) -> bool:
        """Whether all of the hum has been told."""
        return bool((self._frames - HumLines.LAG) * self._hop >= self._end)

    def _edits(self, start: int, stop: int) -> list[Edit]:
        """Return where the hum breaks off; a jump and a step at one edit are told once."""
        start, stop = max(start, self._begin), int(min(stop, self._end))
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
        heard = (middles >= self._begin + half) & (middles + half <= self._end)
        self._lines.hear(self._held[:, at : at + count], self._tracker.turns(start, count), heard)

    def _faded(self, amplitudes: Complex, phase: Array, start: int, count: int) -> Audio:
        """Return the wave of amplitudes along a phase; where that jumps, one fades into the other."""
        tables = self._tables(amplitudes)
        own = np.interp(np.arange(count), np.arange(STEP + 1) * self._hop, phase) / (2 * np.pi)

        def wave(late: int) -> Audio:
            out = np.empty((self._channels, count))
            unfold(tables, self._tracker.turns(start, count, late) + own, self._hop, out)
            return out

        fade = self._fade
        jumps = self._tracker.jumps(start - fade, start + count + fade)
        if not jumps:
            return wave(0)
        n = start + np.arange(count)
        share = np.zeros(count)
        for jump in jumps:
            inside = np.abs(n - jump.sample) < fade
            share[inside] = (n[inside] - jump.sample + fade) / (2.0 * fade)
        return (1.0 - share) * wave(fade) + share * wave(-fade)

    def _tables(self, amplitudes: Complex) -> Array:
        settings = self.settings
        reduction_db = np.maximum(settings.reduction_db - settings.slope * np.log2(self._numbers), 0.0)
        shares = np.empty((STEP + 1, 1, self._numbers.size))
        shares[:] = share = 1.0 - 10 ** (-reduction_db / 20)
        if self._share is not None:  # where it was moved, it comes or goes along the frame
            shares[0] = self._share
        self._share = share
        spectra = np.zeros((STEP + 1, self._channels, _TABLE // 2 + 1), np.complex128)
        scale = shares * (_TABLE / 2) / spline_response(self._numbers, _TABLE)
        spectra[:, :, self._numbers] = amplitudes * scale
        return np.asarray(fft.irfft(spectra, _TABLE, axis=2))


class _Followed:
    """One hum, from each place where it begins to where it ends."""

    def __init__(
        self, stage: Dehum, sample_rate: float, channels: int, hum: Hum, others: Sequence[Hum]
    ) -> None:
        self._open = partial(_Stretch, stage, sample_rate, channels, hum, others=others)
        self.settings = stage
        self.presence = HumPresence(sample_rate, channels, hum, others)
        self._stretches = [self._open()]
        self._without = ~(hum.level_dbfs > NO_LEVEL).any(axis=1)
        self._length: int | None = None

    def finish(self, length: int) -> None:
        """Learn where the recording ends."""
        self._length = length
        self.presence.finish(length)
        for stretch in self._stretches:
            stretch.finish(length)

    def switch(self, edge: Edge, origin: int, before: Audio | None, sink: Sink | None) -> None:
        """End the last stretch of hum, or begin another, that hears first what lies before it."""
        if not edge.begins:
            self._stretches[-1].finish(edge.sample)
            return
        new = self._open(origin=origin, begin=edge.sample)
        new.settings = self.settings
        if self._length is not None:
            new.finish(self._length)
        if before is not None:
            new.hear(before, sink)
        self._stretches.append(new)

    def told(self) -> list[Told]:
        """Return what each stretch tells last."""
        return [stretch.told() for stretch in self._stretches]

    def hear(self, frame: Audio, sink: Sink | None, others: Sequence[Told]) -> Audio:
        """See `_Stretch.hear`."""
        hum = np.zeros(frame.shape)
        for stretch in self._stretches:
            stretch.settings = self.settings
            hum += stretch.hear(frame, sink, others)
        self._stretches = [stretch for stretch in self._stretches if not stretch.is_over()]
        hum[self._without] = 0.0
        return hum


class _Subtract(Processor):
    """Follow each hum from each place where it begins to where it ends, and take it from there.

    ::

        held     |-- given out now --|--- HumLines.LAG frames ---|--- AHEAD steps: where it is ---|
                                     heard by the stretch of hum |
    """

    def __init__(self, stage: Dehum, sample_rate: float, channels: int, hum: Hum) -> None:
        each = hum.each()
        self._hums = [
            _Followed(stage, sample_rate, channels, one, [other for other in each if other is not one])
            for one in each
        ]
        self._size = STEP * max(round(FRAME_SECONDS * sample_rate), 1)
        self._still = max(round(_STILL_SECONDS * sample_rate), 1)
        self._lag = HumLines.LAG * self._size // STEP
        self._held = np.zeros((channels, self._lag + (AHEAD + 1) * self._size))
        self._steps = 0

    def finish(self, length: int) -> None:
        for hum in self._hums:
            hum.finish(length)

    def step(self, frame: Audio, sink: Sink | None) -> Audio:
        size, held = self._size, self._held
        held[:, :-size] = held[:, size:]
        held[:, -size:] = frame
        self._steps += 1
        output = held[:, :size].copy()
        edges = [hum.presence.hear(frame) for hum in self._hums]
        if self._steps <= AHEAD:
            return output
        followed = self._steps - 1 - AHEAD
        before = held[:, self._lag - size : self._lag] if followed else None
        removed = np.zeros(output.shape)
        for hum, found in zip(self._hums, edges, strict=True):
            hum.settings = self.settings
            for edge in found:
                hum.switch(edge, max(followed - 1, 0) * size, before, sink)
            others = [told for other in self._hums if other is not hum for told in other.told()]
            removed += hum.hear(held[:, self._lag : self._lag + size], sink, others)
        if not removed.any():
            return output
        removed[is_still(output, self._still)] = 0.0
        hums = removed.any(axis=1)
        output[hums] -= removed[hums]
        return output


class _Notch(Processor):
    """Peaking filters that cut each harmonic."""

    def __init__(self, stage: Dehum, sample_rate: float, hum: Hum) -> None:
        told = [(one, one.harmonic[one.harmonic <= stage.count_of(one, sample_rate)]) for one in hum.each()]
        heard = self._numbers = np.concatenate([numbers for _, numbers in told])
        lines_hz = np.concatenate([one.frequency_hz * numbers for one, numbers in told])
        self._radians = 2 * np.pi * lines_hz / sample_rate
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
        cut_db = self.settings.reduction_db - self.settings.slope * np.log2(self._numbers)
        return peaking_cuts(self._radians, np.maximum(cut_db, 0.0), _NOTCH_Q)


class _Pass(Processor):
    """Nothing was found: nothing changes."""

    def __init__(self, channels: int, latency: int) -> None:
        self._held = Fifo(channels)
        self._held.push(np.zeros((channels, latency)))

    def step(self, frame: Audio, sink: Sink | None) -> Audio:
        self._held.push(frame)
        return self._held.pop(frame.shape[1])


class Dehum(RepairStage):
    """Take away mains hum and buzz, and leave notes at the same frequencies.

    What is found is one fundamental with its harmonics. One phase track drives all of them: it follows the
    wandering mains, and edits where it jumps. Each harmonic's level and phase along it are estimated from the
    seconds before and after, the program around it counted as noise, and subtracted. See docs/dehum.md.
    """

    id = "wavemend.dehum"
    name = "Dehum"
    version = 8
    place = Step.HUM
    findings_type = Hum

    base_frequency_hz: float = number(
        default=0.0,
        low=0.0,
        high=1000.0,
        unit="Hz",
        restart=True,
        doc="The hum's fundamental; 0 finds it in the recording. Give it where the hum is too faint to be "
        "found, or lies where none is looked for: railways, mains at another speed of the tape. What is "
        "named is moved by 0.5 % of it at most, or 0.1 Hz.",
    )
    mode: Literal["adaptive", "static", "notch"] = choice(
        default="adaptive",
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
        found = 1 if hum.is_line else int(hum.harmonic[-1]) * 3 // 2 + 4
        return max(min(int(highest / hum.frequency_hz), self.harmonics, found), 1)

    def framing(self, sample_rate: float) -> Framing:
        """See `Stage.framing`."""
        if self.mode == "notch":
            return Framing(hop=_NOTCH_HOP)
        hop = max(round(FRAME_SECONDS * sample_rate), 1)
        return Framing(hop=STEP * hop, latency=(HumLines.LAG + AHEAD * STEP) * hop)

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
