"""The running state of a chain over one recording.

Every member becomes a stream whose first sample out belongs to its first sample in, so alignment needs no
arithmetic: wet and dry, and what each repair removed, are aligned by queues alone.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ...audio.arrays import Audio
from ...audio.checks import next_block
from ...audio.crew import Crew
from ...audio.framing import Fifo
from ...contract.findings import Findings
from ...contract.marks import Marks
from ...contract.stage import Step
from .cuts import Cuts, in_parts
from .limit_meter import LimitMeter
from .load import Load, nothing
from .members.kind import MemberKind, MemberStream, Opening
from .members.registry import kind_of
from .path import ChainSink, Path
from .silence_meter import SilenceMeter
from .slot import Slot
from .sources import Shelf
from .walking import running, slots_in


class ChainStream:
    """Running state of a chain over one recording; the same surface as a stage's `Stream`.

    `over` is the factor by which the recording itself passes full scale, 1 where it does not: members at
    `Step.LIMIT` get it turned down by that, and it is turned up again behind them. Without `tap`
    nobody asks what was removed. `opened` are the streams of its members in order, where they are open
    already: those of nested chains start with the others.
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
        tap: bool = True,
        opened: Iterator[MemberStream] | None = None,
    ) -> None:
        self.channels = channels
        self._fed = 0
        if opened is None:
            found = ((findings.get(path), member) for path, member in running(slots, first=first))
            opened = _opened([(m, Opening(sample_rate, channels, f, marks)) for f, m in found])
        self._links = [
            _Link(slot, first + index, sample_rate, channels, opened=opened, over=over)
            for index, slot in enumerate(slots)
            if slot.active
        ]
        for link in self._links:
            link.taps, link.carries = link.taps and tap, tap
            link.cuts = _cuts_of(link, Opening(sample_rate, channels, findings.get(link.path), marks))
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
        return self._through(Load(audio, np.zeros_like(audio) if removed is None else removed, sink))

    def flush(self, sink: ChainSink | None = None) -> Audio:
        """End the recording: give every sample still held back."""
        nothing = np.empty((self.channels, 0))
        return self._through(Load(nothing, nothing, sink, ends=True))

    def _through(self, load: Load) -> Audio:
        load = _along(self._links, self._checked(load))
        self._removed = load.removed
        return load.audio

    def run(
        self, loads: Generator[Load], crew: Crew, new_shelf: Callable[[], Shelf] | None
    ) -> Generator[Load]:
        """Yield what the chain makes of a whole recording; a crew works on it.

        Each stage has a thread of its own, or several where it may be cut and there is a `new_shelf` (see
        `in_parts`). The rest, from the first plugin from elsewhere on, is done by the thread that asks, which
        opened the stream: whoever wrote such a plugin may count on one thread that does all.
        """
        loads = crew.doing(crew.reading(loads), self._checked)
        links = iter(self._links)
        rest = []
        for link in links:
            if not link.is_ours:
                rest = [link, *links]
            elif link.cuts is not None:
                loads = crew.ahead(in_parts(crew.ahead(loads), link.cuts, crew, new_shelf))
            else:
                loads = crew.doing(crew.ahead(loads), partial(_along, [link]))
        return crew.doing(crew.ahead(loads), partial(_along, rest))

    def _checked(self, load: Load) -> Load:
        audio = next_block(load.audio, self.channels, self._fed)
        self._fed += audio.shape[1]
        removed = np.array(load.removed, np.float64) if any(load.removed.strides) else load.removed
        return load._replace(audio=audio, removed=removed)

    def removed(self) -> Audio:
        """Return what the repair stages took from the samples of the last `step` or `flush`, summed.

        Each is tapped at the stage itself: a filter or a gain elsewhere in the chain does not count.
        """
        return self._removed


def _cuts_of(link: _Link, opening: Opening) -> Cuts | None:
    """Say how a link's stage is cut; None where it is not, or is no stage."""
    slot, rate = link.slot, opening.sample_rate
    stage = kind_of(slot.member).stage(slot.member)
    if stage is None or stage.memory_s is None:
        return None

    def step(begins: int) -> Callable[[Load], Load]:
        opened = _opened([(slot.member, replace(opening, begins=begins))])
        part = _Link(slot, link.path[0], rate, opening.channels, opened=opened, over=link.over)
        part.silence = None
        part.taps, part.carries = link.taps, link.carries
        return partial(_along, [part])

    return Cuts(
        channels=opening.channels,
        step=step,
        path=link.path,
        meter=partial(SilenceMeter, rate, opening.channels) if link.silence else None,
        sample_rate=rate,
        memory_s=stage.memory_s,
        hop=stage.framing(rate).hop,
        latency=stage.latency(rate),
    )


def _along(links: Sequence[_Link], load: Load) -> Load:
    """Take a load through links, one after another."""
    audio, removed, sink, ends = load
    for link in links:
        head, head_removed = link.step(audio, removed, sink)
        if ends:
            tail, tail_removed = link.flush(sink)
            head = np.concatenate([head, tail], axis=1)
            both = [head_removed, tail_removed]
            head_removed = np.concatenate(both, axis=1) if link.carries else nothing(head.shape)
        audio, removed = head, head_removed
    return load._replace(audio=audio, removed=removed)


class _Link:
    """One active slot in a running chain: its member's stream, its dry signal, and its tap."""

    def __init__(
        self,
        slot: Slot,
        index: int,
        sample_rate: float,
        channels: int,
        *,
        opened: Iterator[MemberStream],
        over: float,
    ) -> None:
        member, kind = slot.member, kind_of(slot.member)
        self.slot = slot
        self.path: Path = (index,)
        self.over = over
        self.cuts: Cuts | None = None
        self.is_ours = all(kind_of(inner).stage(inner) is not None for _, inner in running([slot]))
        self._member = member
        self._mix = slot.mix
        self._dry = Fifo(channels)
        self._removed_before = Fifo(channels)
        self._over = over if kind.place(member) == Step.LIMIT else 1.0
        self._meter = LimitMeter(sample_rate, channels) if kind.limits(member) else None
        inside = slots_in(member)
        self._nested = (
            None
            if inside is None
            else ChainStream(inside, sample_rate, channels, {}, marks={}, over=over, opened=opened)
        )
        self._stream: Any = next(opened) if self._nested is None else self._nested
        # The slots of a nested chain tell of themselves.
        alone = self._nested is None and kind.sounds(member)
        self.silence = SilenceMeter(sample_rate, channels) if alone else None
        self.taps = self._nested is not None or kind.repairs(member)
        self.carries = True  # what was removed is wanted of somewhere in the chain

    @property
    def latency(self) -> int:
        latency: int = self._stream.latency
        return latency

    def follow(self, slot: Slot) -> bool:
        self._mix = slot.mix
        if slot.member is not self._member:
            return False
        if self._nested is not None:
            return self._nested.follow(slots_in(slot.member) or [])
        followed: bool = self._stream.follow(slot.member)
        return followed

    def step(self, audio: Audio, removed: Audio, sink: ChainSink | None) -> tuple[Audio, Audio]:
        if self.carries:
            self._removed_before.push(removed)
        self._dry.push(audio)
        told = self._tagged(sink)
        return self._mixed(self._stream.step(audio / self._over, told), told)

    def flush(self, sink: ChainSink | None) -> tuple[Audio, Audio]:
        told = self._tagged(sink)
        result = self._mixed(self._stream.flush(told), told)
        if self._meter and told:
            self._meter.finish(told)
        if self.silence and told:
            self.silence.finish(told)
        return result

    def _mixed(self, wet: Audio, sink: Any) -> tuple[Audio, Audio]:
        wet = wet * self._over
        removed = self._removed_before.pop(wet.shape[1]) if self.carries else nothing(wet.shape)
        dry = self._dry.pop(wet.shape[1])
        if self.taps:
            taken, share = self._stream.removed(), self._mix * self._over
            removed = removed + (taken if share == 1 else share * taken)
        out = wet if self._mix == 1 else dry + self._mix * (wet - dry)
        if self._meter and sink:
            self._meter.push(dry, out, sink)
        if self.silence and sink:
            self.silence.push(dry, out)
        return out, removed

    def _tagged(self, sink: ChainSink | None) -> Any:
        if sink is None:
            return None
        here = self.path
        if self._nested is not None:
            return lambda inner, event: sink(here + inner, event)
        return lambda event: sink(here, event)


def _opened(members: Sequence[tuple[Any, Opening]]) -> Iterator[MemberStream]:
    """Open the streams of members, in order; those of one kind at once, because some start together."""
    by_kind: dict[MemberKind[Any], list[int]] = {}
    for number, (member, _) in enumerate(members):
        by_kind.setdefault(kind_of(member), []).append(number)
    opened: dict[int, MemberStream] = {}
    for kind, numbers in by_kind.items():
        streams = kind.streams([members[number] for number in numbers])
        opened.update(zip(numbers, streams, strict=True))
    return iter([opened[number] for number in range(len(members))])
