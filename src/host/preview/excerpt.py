"""What a chain makes of the stretch that is heard: exact in a while, and about right at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ...analysis.noise.ranges import PrintRangesAnalyser
from ...audio.arrays import Audio
from ...contract.findings import Findings
from ...contract.marks import Marks
from ...contract.stage import Event, Stage
from ..chain.chain import Chain
from ..chain.members.registry import kind_of
from ..chain.slot import Slot
from .recordings import Recording
from .runs import Change, Run, Setup, Source, Tape

PROVISIONAL_S = 30.0
"""Seconds that a stage is shown until the whole recording was heard; tuned: by hand, holds some pauses."""


class Seat(NamedTuple):
    """A slot of the chain, by a number that it keeps when it is moved."""

    uid: int
    slot: Slot


class Told(NamedTuple):
    """An event, and the seat that told it."""

    uid: int
    event: Event


class Piece(NamedTuple):
    """Samples that are heard.

    Attributes
    ----------
    start
        First sample.
    restored, removed
        Shape (channels, n).
    quick
        Whether stages behind the one that was changed did not hear the change yet: what it does to the sound
        is then added to what they gave before.
    """

    start: int
    restored: Audio
    removed: Audio
    quick: bool = False


class Made(NamedTuple):
    """What was made of a stretch.

    Attributes
    ----------
    piece
        Its samples.
    stages
        The stages that made it, by the number of their seat; None for other effects.
    told
        Their events.
    """

    piece: Piece
    stages: Mapping[int, Stage | None]
    told: Sequence[Told]


def flattened(seats: Sequence[Seat]) -> list[Seat]:
    """Return the active slots, those of nested chains that are wholly wet in their place."""
    flat: list[Seat] = []
    for uid, slot in seats:
        if not slot.active:
            continue
        if isinstance(slot.member, Chain) and slot.mix == 1:
            flat += flattened([Seat(uid, inner) for inner in slot.member.slots])
        else:
            flat.append(Seat(uid, slot))
    return flat


class Excerpt:
    """A chain over a stretch of a recording.

    Parameters
    ----------
    recording
        Which.
    seats
        The active slots; see `flattened`.
    start
        First sample that is heard.
    findings
        Says what a stage knows of the whole recording, by the place of its slot; None where it is not yet
        known.
    marks
        Vetoed and forced events.
    ranges
        Where noise is heard alone.
    before
        An excerpt that was heard last: what is the same in it is not run again.
    """

    def __init__(
        self,
        recording: Recording,
        seats: Sequence[Seat],
        start: int,
        *,
        findings: Callable[[int], Findings | None],
        marks: Mapping[str, Marks],
        ranges: Sequence[tuple[int, int]] = (),
        before: Excerpt | None = None,
    ) -> None:
        self.recording, self.seats, self.start = recording, list(seats), start
        self._tape = Tape(recording.read)
        self._runs: list[Run] = []
        self._keys: list[object] = []
        self._findings, self._marks, self._ranges = findings, marks, ranges
        self._before = before

    def _begins(self) -> list[int]:
        begins = []
        wanted = self.start
        for _, slot in reversed(self.seats):
            wanted = self._setup(slot, None).begin_for(wanted)
            begins.append(wanted)
        return begins[::-1]

    def _setup(self, slot: Slot, findings: Findings | None) -> Setup:
        size = self.recording
        return Setup(slot, size.rate, size.channels, size.frames, findings, self._marks)

    def prepare(self, cancel: threading.Event | None = None) -> None:
        """Open what runs; stages whose findings are not known are shown some seconds of what they hear."""
        upstream: Source = self._tape
        before, self._before = self._before, None
        begins = self._begins()
        same = before is not None
        for index, (seat, begin) in enumerate(zip(self.seats, begins, strict=True)):
            known = self._findings(index)
            key = self._key(seat.slot, known)
            kept = before.kept(index, key, begin) if before and same else None
            same = kept is not None
            if kept is None:
                stage = kind_of(seat.slot.member).stage(seat.slot.member)
                if known is None and stage is not None and stage.needs_findings:
                    known = self._provisional(stage, upstream, cancel)
                kept = Run(self._setup(seat.slot, known), upstream, begin, self.start)
            upstream = kept
            self._runs.append(kept)
            self._keys.append(key)

    def _key(self, slot: Slot, known: Findings | None) -> object:
        stage = kind_of(slot.member).stage(slot.member)
        marks = self._marks.get(stage.id) if stage else None
        settings = kind_of(slot.member).to_json(slot.member) if stage else None
        what = id(slot.member) if stage is None else repr(settings)
        return what, slot.mix, id(known) if known is not None else None, marks, tuple(self._ranges)

    def kept(self, index: int, key: object, begin: int) -> Run | None:
        """Return the run of a slot that is the same, and hears enough before."""
        if index >= len(self._runs) or self._keys[index] != key or self._runs[index].begin > begin:
            return None
        run = self._runs[index]
        return run if begin - run.begin <= 4 * PROVISIONAL_S * self.recording.rate else None

    def _provisional(self, stage: Stage, upstream: Source, cancel: threading.Event | None) -> Findings:
        """Show a stage what lies around the place that is heard."""
        rate, channels = self.recording.rate, self.recording.channels
        count = round(PROVISIONAL_S * rate)
        first = max(min(self.start, self.recording.frames - count), upstream.begin)
        analyser = stage.analyser(rate, channels)
        inside = [
            (max(a, first) - first, min(b, first + count) - first)
            for a, b in self._ranges
            if min(b, first + count) - max(a, first) > 0.25 * rate
        ]
        if inside:
            ranged = stage.range_analyser(rate, channels, inside)
            analyser = ranged if isinstance(ranged, PrintRangesAnalyser) else analyser
        analyser.push(upstream.read(first, first + count, cancel))
        found: Findings = analyser.result()
        return found

    @property
    def ready(self) -> int:
        """Samples up to here can be had at once."""
        return self._runs[-1].given if self._runs else self.recording.frames

    def piece(self, start: int, stop: int, cancel: threading.Event | None = None) -> Piece:
        """Return what the chain makes of a stretch; raises `Cancelled`."""
        stop = min(stop, self.recording.frames)
        if not self._runs:
            audio = self.recording.read(start, stop)
            return Piece(start, audio, np.zeros_like(audio))
        restored = self._runs[-1].read(start, stop, cancel)
        removed = np.sum([run.removed(start, stop) for run in self._runs], axis=0)
        return Piece(start, restored, removed)

    def events(self, start: int, stop: int) -> list[Told]:
        """Return what was told about a stretch that was read."""
        return [
            Told(seat.uid, event)
            for seat, run in zip(self.seats, self._runs, strict=True)
            for event in run.events
            if event.position < stop and event.position + event.length > start
        ]

    def made(self, start: int, stop: int) -> Made:
        """Return a stretch, and who made it."""
        stages = {uid: kind_of(slot.member).stage(slot.member) for uid, slot in self.seats}
        return Made(self.piece(start, stop), stages, self.events(start, stop))

    def change(self, index: int, slot: Slot, start: int) -> Changing | None:
        """Return about what a changed slot gives from `start` on; None where that cannot be said at once."""
        run = self._runs[index]
        change = run.changed(slot, start) if start < min(self.ready, run.given) else None
        return Changing(self, run, change) if change is not None else None


class Changing:
    """About what a changed slot gives: what it changes there, else what was; see `Excerpt.change`."""

    def __init__(self, excerpt: Excerpt, run: Run, change: Change) -> None:
        self._excerpt, self._run, self._change = excerpt, run, change

    def piece(self, start: int, stop: int) -> Piece | None:
        """Return a stretch that begins where the one before ended; None where it was not yet heard."""
        stop = min(stop, self._excerpt.ready, self._run.given, self._excerpt.recording.frames)
        if stop <= start:
            return None
        out, removed = self._change.read(start, stop)
        then = self._excerpt.piece(start, stop)
        change = out - self._run.read(start, stop)
        gone = removed - self._run.removed(start, stop)
        return Piece(start, then.restored + change, then.removed + gone, quick=True)
