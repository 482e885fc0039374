"""Slots of a chain run over a stretch of a recording, lazily, with what they gave kept.

::

    recording <- Run (Declick) <- Run (Dehum) <- Run (Denoise) <- who asks for samples
                 begins 42 s       begins 30 s     begins 10 s     before what is heard

Each run begins so much earlier as its stage remembers, so that what comes out is what a render of the whole
recording has there. A stage that remembers for ever begins `LEAD_S` earlier, or with the recording where
that is near. A run keeps copies of its running state, so that a changed setting is heard from any place at
once; see `Run.changed`.
"""

from __future__ import annotations

import copy
import threading
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from ...audio.arrays import Audio
from ...audio.framing import Fifo
from ...contract.findings import Findings
from ...contract.marks import Mark, Marks
from ...contract.stage import Event, Stage
from ...errors import Cancelled
from ..chain.members.registry import kind_of
from ..chain.slot import Slot
from ..chain.stream import ChainStream

LEAD_S = 30.0
"""Seconds heard before by a stage that remembers for ever; tuned: by hand, Dehum's estimates are settled."""
_EFFECT_LEAD_S = 3.0  # tuned: by hand, a filter at 20 Hz and a limiter's release are over
_CHUNK_S = 0.2  # tuned: by hand, what is cancelled ends soon, and Python's share stays small
_SETTLED_S = 0.4  # tuned: by hand, Declick's frame and look-ahead; Dehum's gains change at once
_COPY_EVERY_S = 0.35  # tuned: by hand, what is run again before a changed setting is heard stays short
_COPIED_BYTES = 3e8  # guard: memory, of the running states that a run keeps; then every other one goes


class Source(Protocol):
    """What samples are taken from."""

    @property
    def begin(self) -> int:
        """First sample that it gives."""

    def read(self, start: int, stop: int, cancel: threading.Event | None = None) -> Audio:
        """Return samples, shape (channels, n), fewer where the recording ends; raises `Cancelled`."""


class Tape:
    """A recording as a `Source`."""

    begin = 0

    def __init__(self, read: Callable[[int, int], Audio]) -> None:
        self._read = read

    def read(self, start: int, stop: int, cancel: threading.Event | None = None) -> Audio:
        """See `Source.read`."""
        return self._read(start, stop)


@dataclass(frozen=True)
class Setup:
    """What a slot is run with.

    Attributes
    ----------
    slot
        Whose member runs.
    rate, channels, frames
        Of the recording.
    findings
        What its stage knows of the recording.
    marks
        Events vetoed and forced, by stage.
    """

    slot: Slot
    rate: int
    channels: int
    frames: int
    findings: Findings | None
    marks: Mapping[str, Marks]

    @property
    def stage(self) -> Stage | None:
        """The slot's stage; None for effects, plugins and nested chains."""
        return kind_of(self.slot.member).stage(self.slot.member)

    def begin_for(self, wanted: int) -> int:
        """Return the sample to begin with, so that from `wanted` on nothing differs."""
        stage = self.stage
        lead = _EFFECT_LEAD_S if stage is None else LEAD_S if stage.memory_s is None else stage.memory_s
        begin = wanted - round(lead * self.rate)
        if begin < round(LEAD_S * self.rate):
            return 0
        hop = stage.framing(self.rate).hop if stage else round(_EFFECT_LEAD_S * self.rate)
        return begin // hop * hop


class _StageFeed:
    """A stage's stream, its mix, and its tap, as a slot of a chain has them."""

    def __init__(self, setup: Setup, stage: Stage, begin: int) -> None:
        self._mix, self._taps = setup.slot.mix, stage.repairs and stage.values().get("output") == "repaired"
        counts = stage.memory_s is not None
        self._shift = 0 if counts else begin
        marks = setup.marks.get(stage.id, Marks())
        self._stream = stage.stream(
            setup.rate, setup.channels, setup.findings, _moved(marks, self._shift), begin if counts else 0
        )
        self._dry = Fifo(setup.channels)

    def follow(self, stage: Any, mix: float) -> bool:
        """Take over other settings."""
        self._mix = mix
        return self._stream.follow(stage)

    def step(self, audio: Audio, tell: Callable[[Event], None], ends: bool) -> tuple[Audio, Audio]:
        """Hear samples; return those that are ready, and what was removed from them."""
        self._dry.push(audio)

        def sink(event: Event) -> None:
            tell(replace(event, position=event.position + self._shift))

        wet, removed = self._stream.step(audio, sink), self._tapped()
        if ends:
            wet = np.concatenate([wet, self._stream.flush(sink)], axis=1)
            removed = np.concatenate([removed, self._tapped()], axis=1)
        dry = self._dry.pop(wet.shape[1])
        if self._mix != 1:
            wet = dry + self._mix * (wet - dry)
        return wet, removed if self._taps else np.zeros_like(wet)

    def _tapped(self) -> Audio:
        return self._mix * self._stream.removed()


class _MemberFeed:
    """Any other member, by way of a chain of its own."""

    def __init__(self, setup: Setup) -> None:
        self._stream = ChainStream([setup.slot], setup.rate, setup.channels, {}, marks={})

    def step(self, audio: Audio, tell: Callable[[Event], None], ends: bool) -> tuple[Audio, Audio]:
        """See `_StageFeed.step`."""
        out, removed = self._stream.step(audio), self._stream.removed()
        if ends:
            out = np.concatenate([out, self._stream.flush()], axis=1)
            removed = np.concatenate([removed, self._stream.removed()], axis=1)
        return out, removed


class Run:
    """One slot over a stretch of the recording that grows as it is asked for.

    Parameters
    ----------
    setup
        What runs.
    upstream
        What it hears.
    begin
        First sample that it hears and gives.
    copies_from
        Place from which on copies of the running state are kept.
    """

    def __init__(self, setup: Setup, upstream: Source, begin: int, copies_from: int) -> None:
        self.setup, self.begin = setup, begin
        self.events: list[Event] = []
        self._upstream = upstream
        self._copies_from = copies_from
        stage = setup.stage
        self._feed = _StageFeed(setup, stage, begin) if stage else _MemberFeed(setup)
        self._heard = self._given = begin
        self._out, self._removed = _Growing(setup.channels), _Growing(setup.channels)
        self._copies: list[tuple[int, int, Any]] = []  # given, heard, feed
        chunk = max(round(_CHUNK_S * setup.rate), 1)
        hop = stage.framing(setup.rate).hop if stage else chunk
        self._chunk = max(chunk // hop, 1) * hop
        held = self._chunk + (stage.latency(setup.rate) if stage else 0)  # twice: in the stage, and dry
        self._most_copies = int(np.clip(_COPIED_BYTES / (16 * setup.channels * held), 8, 256))
        self._copy_every = round(_COPY_EVERY_S * setup.rate)

    def read(self, start: int, stop: int, cancel: threading.Event | None = None) -> Audio:
        """See `Source.read`."""
        self._until(stop, cancel)
        return self._out.read(start - self.begin, stop - self.begin)

    def removed(self, start: int, stop: int) -> Audio:
        """Return what was removed from samples that were read."""
        return self._removed.read(start - self.begin, stop - self.begin)

    @property
    def given(self) -> int:
        """Samples up to here are there."""
        return self._given

    def hears(self, start: int, cancel: threading.Event | None = None) -> Audio:
        """Return the chunk that it hears from a sample on."""
        return self._upstream.read(start, start + self._chunk, cancel)

    def _until(self, stop: int, cancel: threading.Event | None) -> None:
        stop = min(stop, self.setup.frames)
        while self._given < stop:
            if cancel is not None and cancel.is_set():
                raise Cancelled("another change came")
            audio = self.hears(self._heard, cancel)
            self._keep_copy()
            ends = self._heard + audio.shape[1] >= self.setup.frames
            out, removed = self._feed.step(audio, self.events.append, ends)
            self._heard += audio.shape[1]
            self._given += out.shape[1]
            self._out.append(out)
            self._removed.append(removed)

    def _keep_copy(self) -> None:
        """Keep the running state, so many times a second as memory allows."""
        first = self._copies_from - round(2 * _SETTLED_S * self.setup.rate) - self._chunk
        if not isinstance(self._feed, _StageFeed) or self._given <= first:
            return
        if self._copies and self._given < self._copies[-1][0] + self._copy_every:
            return
        if len(self._copies) >= self._most_copies:
            del self._copies[1::2]
            self._copy_every *= 2
        self._copies.append((self._given, self._heard, copy.deepcopy(self._feed)))

    def changed(self, slot: Slot, start: int) -> Change | None:
        """Return what other settings give from `start` on.

        They are taken over by the running state as it was there, as where somebody turns a knob. None: the
        change needs a new run, or nothing was kept.
        """
        stage = kind_of(slot.member).stage(slot.member)
        if stage is None:
            return None
        # what was heard and not yet given may have been decided about by the settings of before
        settled = start - min(stage.latency(self.setup.rate), round(_SETTLED_S * self.setup.rate))
        at = bisect_right([given for given, _, _ in self._copies], max(settled, self.begin)) - 1
        if at < 0:
            return None
        given, heard, kept = self._copies[at]
        feed = copy.deepcopy(kept)
        return Change(self, feed, given, heard) if feed.follow(stage, slot.mix) else None


class Change:
    """What a run gives where its settings were changed on the way.

    Parameters
    ----------
    run
        Which.
    feed
        Its running state, with the new settings.
    given, heard
        Samples that it gave, and that it heard.
    """

    def __init__(self, run: Run, feed: _StageFeed, given: int, heard: int) -> None:
        self._run, self._feed, self._heard = run, feed, heard
        self._begin = self.given = given
        self._out, self._removed = _Growing(run.setup.channels), _Growing(run.setup.channels)

    def read(self, start: int, stop: int) -> tuple[Audio, Audio]:
        """Return what is given of a stretch that begins no sooner than the change, and what is removed."""
        run = self._run
        while self.given < min(stop, run.setup.frames):
            audio = run.hears(self._heard)
            self._heard += audio.shape[1]
            out, gone = self._feed.step(audio, _nobody, self._heard >= run.setup.frames)
            self.given += out.shape[1]
            self._out.append(out)
            self._removed.append(gone)
        here = start - self._begin, stop - self._begin
        return self._out.read(*here), self._removed.read(*here)


class _Growing:
    """Samples that are appended, and read anywhere."""

    def __init__(self, channels: int) -> None:
        self._room = np.empty((channels, 0))
        self._length = 0

    def append(self, audio: Audio) -> None:
        needed = self._length + audio.shape[1]
        if needed > self._room.shape[1]:
            room = np.empty((self._room.shape[0], max(needed, 2 * self._room.shape[1])))
            room[:, : self._length] = self._room[:, : self._length]
            self._room = room
        self._room[:, self._length : needed] = audio
        self._length = needed

    def read(self, start: int, stop: int) -> Audio:
        return self._room[:, max(start, 0) : min(max(stop, 0), self._length)].copy()


def _moved(marks: Marks, shift: int) -> Marks:
    """Return marks as a stage sees them that begins at `shift`."""
    if not shift or not marks:
        return marks

    def moved(some: tuple[Mark, ...]) -> tuple[Mark, ...]:
        return tuple(replace(one, position=one.position - shift) for one in some if one.position >= shift)

    return Marks(moved(marks.vetoed), moved(marks.forced))


def _nobody(event: Event) -> None:
    """Tell nobody."""
