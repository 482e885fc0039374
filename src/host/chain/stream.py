"""The running state of a chain over one recording.

Every member becomes a stream whose first sample out belongs to its first sample in, so alignment needs no
arithmetic: wet and dry, and what each repair removed, are aligned by queues alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pedalboard

from ...audio.arrays import Audio
from ...audio.checks import next_block
from ...audio.framing import Fifo
from ...contract.findings import Findings
from ...contract.marks import NO_MARKS, Marks
from ...contract.stage import RepairStage, Stage, Stream
from ..stock.stream import NativeStream
from ..vst3.plugin import VST3, open_together
from ..vst3.stream import VST3Stream
from .limit_meter import LimitMeter, is_at_limit, is_limiter
from .path import ChainSink, Path
from .silence_meter import SilenceMeter, should_sound
from .slot import Slot


class ChainStream:
    """Running state of a chain over one recording; the same surface as a stage's `Stream`.

    `over` is the factor by which the recording itself passes full scale, 1 where it does not: members at
    `Step.LIMIT` get it turned down by that, and it is turned up again behind them. `opened` are the streams
    of its VST3s in order, where they are open already: those of nested chains start with the others.
    """

    def __init__(
        self,
        slots: list[Slot],
        sample_rate: float,
        channels: int,
        findings: Mapping[Path, Findings],
        *,
        marks: Mapping[str, Marks],
        first: int = 0,
        over: float = 1.0,
        opened: Iterator[VST3Stream] | None = None,
    ) -> None:
        self.channels = channels
        self._fed = 0
        if opened is None:
            opened = iter(open_together([*_vst3s(slots)], sample_rate, channels))
        self._links = [
            _Link(
                slot, (first + index,), sample_rate, channels, findings, marks=marks, opened=opened, over=over
            )
            for index, slot in enumerate(slots)
            if slot.active
        ]
        self._removed = np.empty((channels, 0))

    @property
    def latency(self) -> int:
        """Most samples that are held back."""
        return sum(link.latency for link in self._links)

    def follow(self, slots: list[Slot]) -> bool:
        """Take over settings that changed; False where a change needs a new stream."""
        active = [slot for slot in slots if slot.active]
        if len(active) != len(self._links):
            return False
        return all(link.follow(slot) for link, slot in zip(self._links, active, strict=True))

    def step(self, audio: Audio, sink: ChainSink | None = None, removed: Audio | None = None) -> Audio:
        """Process the next samples, shape (channels, n); return those that became ready.

        `removed`, same shape, is what earlier parts of the chain took from these samples.
        """
        audio = next_block(audio, self.channels, self._fed)
        self._fed += audio.shape[1]
        removed = np.zeros_like(audio) if removed is None else np.array(removed, np.float64)
        for link in self._links:
            audio, removed = link.step(audio, removed, sink)
        self._removed = removed
        return audio

    def flush(self, sink: ChainSink | None = None) -> Audio:
        """End the recording: give every sample still held back."""
        audio, removed = np.empty((self.channels, 0)), np.empty((self.channels, 0))
        for link in self._links:
            head, head_removed = link.step(audio, removed, sink)
            tail, tail_removed = link.flush(sink)
            audio = np.concatenate([head, tail], axis=1)
            removed = np.concatenate([head_removed, tail_removed], axis=1)
        self._removed = removed
        return audio

    def removed(self) -> Audio:
        """Return what the repair stages took from the samples of the last `step` or `flush`, summed.

        Each is tapped at the stage itself: a filter or a gain elsewhere in the chain does not count.
        """
        return self._removed


class _Link:
    """One active slot in a running chain: its member's stream, its dry signal, and its tap."""

    def __init__(
        self,
        slot: Slot,
        path: Path,
        sample_rate: float,
        channels: int,
        findings: Mapping[Path, Findings],
        *,
        marks: Mapping[str, Marks],
        opened: Iterator[VST3Stream],
        over: float,
    ) -> None:
        self._path = path
        self._member = slot.member
        self._mix = slot.mix
        self._dry = Fifo(channels)
        self._removed_before = Fifo(channels)
        member = slot.member
        self._over = over if is_at_limit(member) else 1.0
        self._meter = LimitMeter(sample_rate, channels) if is_limiter(member) else None
        self._stream: Stream | ChainStream | NativeStream | VST3Stream
        if isinstance(member, VST3):
            self._stream = next(opened)
        elif isinstance(member, Stage):
            self._stream = member.stream(
                sample_rate, channels, findings.get(path), marks.get(member.id, NO_MARKS)
            )
        elif (inside := slots_of(member)) is not None:
            inner = {p[1:]: f for p, f in findings.items() if p[0] == path[0] and len(p) > 1}
            self._stream = ChainStream(
                inside, sample_rate, channels, inner, marks=marks, over=over, opened=opened
            )
        else:
            self._stream = NativeStream(member, sample_rate, channels)
        alone = not isinstance(self._stream, ChainStream)  # the slots of a nested chain tell of themselves
        self._silence = SilenceMeter(sample_rate, channels) if alone and should_sound(member) else None
        self._taps = isinstance(self._stream, ChainStream) or is_repair(member)

    @property
    def latency(self) -> int:
        return self._stream.latency

    def follow(self, slot: Slot) -> bool:
        self._mix = slot.mix
        if slot.member is not self._member:
            return False
        if isinstance(self._stream, Stream | VST3Stream):
            return self._stream.follow(slot.member)
        inside = slots_of(slot.member)
        return not isinstance(self._stream, ChainStream) or self._stream.follow(inside or [])

    def step(self, audio: Audio, removed: Audio, sink: ChainSink | None) -> tuple[Audio, Audio]:
        self._removed_before.push(removed)
        self._dry.push(audio)
        told = self._tagged(sink)
        return self._mixed(self._stream.step(audio / self._over, told), told)

    def flush(self, sink: ChainSink | None) -> tuple[Audio, Audio]:
        told = self._tagged(sink)
        result = self._mixed(self._stream.flush(told), told)
        if self._meter and told:
            self._meter.finish(told)
        if self._silence and told:
            self._silence.finish(told)
        return result

    def _mixed(self, wet: Audio, sink: Any) -> tuple[Audio, Audio]:
        wet = wet * self._over
        removed = self._removed_before.pop(wet.shape[1])
        dry = self._dry.pop(wet.shape[1])
        if self._taps and not isinstance(self._stream, NativeStream | VST3Stream):
            removed = removed + self._mix * self._over * self._stream.removed()
        out = wet if self._mix == 1 else dry + self._mix * (wet - dry)
        if self._meter and sink:
            self._meter.push(dry, out, sink)
        if self._silence and sink:
            self._silence.push(dry, out)
        return out, removed

    def _tagged(self, sink: ChainSink | None) -> Any:
        if sink is None:
            return None
        path = self._path
        if isinstance(self._stream, ChainStream):
            return lambda inner, event: sink(path + inner, event)
        return lambda event: sink(path, event)


def _vst3s(slots: list[Slot]) -> Iterator[VST3]:
    """Every VST3 that runs, nested ones too, in order."""
    for slot in slots:
        if slot.active and isinstance(slot.member, VST3):
            yield slot.member
        elif slot.active and (inside := slots_of(slot.member)) is not None:
            yield from _vst3s(inside)


def slots_of(member: Any) -> list[Slot] | None:
    """Slots of a nested chain, or of a Pedalboard, which runs as one; None for any other member."""
    if isinstance(member, pedalboard.Chain):  # which a Pedalboard is
        return [Slot(inner) for inner in member]
    slots: list[Slot] | None = getattr(member, "slots", None)
    return slots


def is_repair(member: Any) -> bool:
    """Whether a member only takes damage out, so that what goes out and what it removed add up."""
    return isinstance(member, RepairStage) and member.output == "repaired"
