"""Stages for tests: one that uses everything the contract offers, and ones that break a single promise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from wavemend.authoring import (
    Analyser,
    Audio,
    Event,
    Findings,
    FindingsError,
    Framing,
    Processor,
    RepairStage,
    Sink,
    Stage,
    Step,
    choice,
    fingerprint,
    integer,
    number,
    switch,
)


@dataclass(frozen=True, eq=False)
class Peak(Findings):
    """Greatest magnitude of a recording; fields of every type."""

    peaks: np.ndarray[Any, np.dtype[np.float64]]
    loudest: float
    channels: int
    label: str | None

    def __post_init__(self) -> None:
        if self.peaks.shape != (self.channels,) or self.loudest < 0:
            raise FindingsError("Peak needs one peak a channel")

    @property
    def found(self) -> bool:
        return self.loudest > 0

    def describe(self) -> str:
        return f"peak {self.loudest:.3g}"


class PeakAnalyser(Analyser[Peak]):
    def __init__(self, sample_rate: float, channels: int) -> None:
        super().__init__(sample_rate, channels, hop=500)
        self._peaks = np.zeros(channels)

    def _frame(self, frame: Audio) -> None:
        self._peaks = np.maximum(self._peaks, np.abs(frame).max(axis=1))

    def _conclude(self, rest: Audio) -> Peak:
        if rest.shape[1]:
            self._frame(rest)
        label = "loud" if self._peaks.max() > 0.5 else None
        return Peak(self._peaks, float(self._peaks.max()), self.channels, label)


class _Clip(Processor):
    """Clips at a part of the peak, looking ahead by a latency that is no multiple of the hop."""

    def __init__(self, stage: Clip, sample_rate: float, channels: int, findings: Peak) -> None:
        self._limit = findings.peaks[:, np.newaxis]
        self._past = np.zeros((channels, stage.framing(sample_rate).latency))
        self._position = -self._past.shape[1]
        self._length: int | None = None

    def finish(self, length: int) -> None:
        self._length = length

    def step(self, frame: Audio, sink: Sink | None) -> Audio:
        hop = frame.shape[1]
        held = np.concatenate([self._past, frame], axis=1)
        now, self._past = held[:, :hop], held[:, hop:]
        limit = np.maximum(self._limit * self.settings.depth, 0.31)
        clipped = np.clip(now, -limit, limit) if self.settings.enabled else now
        changed = np.flatnonzero((clipped != now).any(axis=0)) + self._position
        self._position += hop
        if sink and changed.size:
            sink(Event("clip", int(changed[0]), int(changed[-1] - changed[0]) + 1))
        return clipped


class Clip(RepairStage):
    """Clip what is above a part of the peak, and above 0.31.

    Useless as a repair, but it has latency, findings, events and every kind of parameter.
    """

    id = "example.clip"
    name = "Clip"
    place = Step.CLICKS
    findings_type = Peak

    depth: float = number(
        default=0.5, low=0.1, high=1.0, scale="log", role="strength", doc="Part of the peak."
    )
    lookahead_ms: float = number(default=16.0, low=0.0, high=40.0, unit="ms", restart=True, doc="Latency.")
    hop: int = integer(default=300, low=1, high=2000, restart=True, doc="Frame size.")
    enabled: bool = switch(default=True, doc="Whether anything is clipped.")
    colour: Literal["warm", "cold"] = choice(default="warm", doc="Heard by nobody.")
    curve: str = fingerprint(doc="Of a file with the curve to clip by; none is.")

    def framing(self, sample_rate: float) -> Framing:
        return Framing(self.hop, round(self.lookahead_ms * sample_rate / 1000))

    def processor(self, sample_rate: float, channels: int, findings: Any) -> Processor:
        if findings.channels != channels:
            raise FindingsError(f"peaks of {findings.channels} channels cannot serve {channels} channels")
        return _Clip(self, sample_rate, channels, findings)

    def analyser(self, sample_rate: float, channels: int) -> PeakAnalyser:
        return PeakAnalyser(sample_rate, channels)


class _Gain(Processor):
    def step(self, frame: Audio, sink: Sink | None) -> Audio:
        return frame * self.settings.gain


class Gain(Stage):
    """Multiply. The simplest stage; the broken ones below are it with one promise broken."""

    id = "example.gain"
    name = "Gain"
    place = Step.EQ

    gain: float = number(default=0.5, low=0.0, high=2.0, doc="Factor.")

    def framing(self, sample_rate: float) -> Framing:
        return Framing(64)

    def processor(self, sample_rate: float, channels: int, findings: Any) -> Processor:
        return _Gain()


class Late(Gain):
    """Delays without reporting it."""

    def processor(self, sample_rate: float, channels: int, findings: Any) -> Processor:
        class Delay(Processor):
            past = np.zeros((channels, 64))

            def step(self, frame: Audio, sink: Sink | None) -> Audio:
                now, self.past = self.past, frame
                return now

        return Delay()


class Leaking(Gain):
    """Remembers the last recording."""

    loudest: ClassVar[list[float]] = [0.0]

    def processor(self, sample_rate: float, channels: int, findings: Any) -> Processor:
        class Remember(Processor):
            def step(self, frame: Audio, sink: Sink | None) -> Audio:
                Leaking.loudest[0] += 1e-3
                return frame * Leaking.loudest[0]

        return Remember()


class Deaf(Gain):
    """Reads an automatable parameter once, at the start."""

    def processor(self, sample_rate: float, channels: int, findings: Any) -> Processor:
        class Fixed(Processor):
            gain = self.gain

            def step(self, frame: Audio, sink: Sink | None) -> Audio:
                return frame * self.gain

        return Fixed()


class Stretching(Gain):
    """Has a latency that an automatable parameter changes."""

    def framing(self, sample_rate: float) -> Framing:
        return Framing(64 + int(self.gain * 10))


class Unstable(Gain):
    """Gives NaN for silence."""

    def processor(self, sample_rate: float, channels: int, findings: Any) -> Processor:
        class Normalise(Processor):
            def step(self, frame: Audio, sink: Sink | None) -> Audio:
                with np.errstate(invalid="ignore", divide="ignore"):
                    return frame / np.abs(frame).max()

        return Normalise()


class Telling(Gain):
    """Tells an event beyond the recording's end."""

    def processor(self, sample_rate: float, channels: int, findings: Any) -> Processor:
        class Tell(_Gain):
            def step(self, frame: Audio, sink: Sink | None) -> Audio:
                if sink:
                    sink(Event("click", 10**9, 5))
                return super().step(frame, sink)

        return Tell()


class Touching(RepairStage):
    """Changes what needs no repair."""

    id = "example.touching"
    name = "Touching"
    place = Step.CLICKS

    def framing(self, sample_rate: float) -> Framing:
        return Framing(64)

    def processor(self, sample_rate: float, channels: int, findings: Any) -> Processor:
        class Touch(Processor):
            def step(self, frame: Audio, sink: Sink | None) -> Audio:
                return frame + 0.0  # loses the sign of zero

        return Touch()


class Learning(Clip):
    """Keeps the findings of the first recording behind everybody's back."""

    def analyser(self, sample_rate: float, channels: int) -> PeakAnalyser:
        stage = self

        class Keep(PeakAnalyser):
            def _conclude(self, rest: Audio) -> Peak:
                stage.findings = found = super()._conclude(rest)
                return found

        return Keep(sample_rate, channels)


class Hoarding(Clip):
    """Has an analyser that depends on the blocks it was pushed."""

    def analyser(self, sample_rate: float, channels: int) -> PeakAnalyser:
        class PerBlock(PeakAnalyser):
            blocks = 0

            def push(self, audio: Audio) -> None:
                super().push(audio)
                self.blocks += 1

            def _conclude(self, rest: Audio) -> Peak:
                self._peaks = self._peaks / self.blocks
                return super()._conclude(rest)

        return PerBlock(sample_rate, channels)
