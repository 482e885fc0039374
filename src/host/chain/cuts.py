"""A long recording's way through one stage in parts, each from a stream that began a little earlier.

::

    part 0    |----------- 4 min -----------|- latency -|
    part 1              |-- memory_s, thrown away --|----------- 4 min -----------|- latency -|
    out       |---------- of part 0 --------|---------- of part 1 ----------|---- of part 2 ...

Where the cuts are depends on the recording alone, never on who works on it: one after the other, or several
at a time, the parts come out the same. Only stages are cut that forget; see `Stage.memory_s`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from functools import partial
from threading import Thread
from typing import NamedTuple

import numpy as np

from ...audio.arrays import Audio
from ...audio.crew import Belt, Crew
from ...audio.framing import Fifo
from .load import Load, Told
from .path import Path
from .silence_meter import SilenceMeter
from .sources import Shelf

LENGTH_S = 240.0
"""Seconds of a part; derived: 16 times the longest memory a stage has, so that hearing twice costs little."""


_AT_HAND = 2  # guard: memory; a disk costs more than a part that is taken as soon as it is given


def has_parts(frames: int, sample_rate: float) -> bool:
    """Whether a recording is longer than one part."""
    return frames > LENGTH_S * sample_rate


class Cuts(NamedTuple):
    """How a stage is cut.

    Attributes
    ----------
    channels
        Of the recording.
    step
        Opens a stream of it that begins at a sample, as a step from load to load.
    path
        Where it sits.
    meter
        Opens a meter of a silent output; None: silence is right.
    sample_rate
        Hz.
    memory_s
        Of the stage.
    hop, latency
        Samples of its frames, and that it holds back at most.
    """

    channels: int
    step: Callable[[int], Callable[[Load], Load]]
    path: Path
    meter: Callable[[], SilenceMeter] | None
    sample_rate: float
    memory_s: float
    hop: int
    latency: int

    @property
    def length(self) -> int:
        """Samples of a part."""
        return round(LENGTH_S * self.sample_rate)

    def begin_of(self, number: int) -> int:
        """Return the sample that a part is heard from."""
        before = round(self.memory_s * self.sample_rate)
        return max(number * self.length - before, 0) // self.hop * self.hop


class Part:
    """One part on its way through a stream of its own."""

    def __init__(self, cuts: Cuts, number: int) -> None:
        self.number = number
        self.begin = cuts.begin_of(number)
        self.start, self.stop = number * cuts.length, (number + 1) * cuts.length
        self.last_heard = self.stop + cuts.latency
        self.is_last = False
        self.meter = cuts.meter() if cuts.meter else None
        self._step = cuts.step(self.begin)
        self._dry = Fifo(cuts.channels)
        self._given = self.begin
        self._told = Told()

    def process(self, load: Load) -> Load:
        """Take the next samples through the stage; return those that are of the part.

        What the stage tells meanwhile waits for the next samples of the part.
        """
        self._dry.push(load.audio)
        told = Told()
        audio, removed, _, ends = self._step(load._replace(sink=None if load.sink is None else told))
        dry = self._dry.pop(audio.shape[1])
        first, last = (min(max(at - self._given, 0), audio.shape[1]) for at in (self.start, self.stop))
        self._given += audio.shape[1]
        audio, removed = audio[:, first:last], removed[:, first:last]
        if self.meter:
            self.meter.push(dry[:, first:last], audio)
        if isinstance(load.sink, Told):
            self._told.events += load.sink.events
        self._told.events += [one for one in told.events if self.start <= one[1].position < self.stop]
        given = self._told
        if audio.shape[1] or ends:
            self._told = Told()
        return Load(audio, removed, None if load.sink is None else given, ends and self.is_last)


class _Router:
    """Hands each load to the parts that hear it."""

    def __init__(self, cuts: Cuts) -> None:
        self._cuts = cuts
        self._position = 0
        self._next = 0
        self._live: list[Part] = []

    def route(self, load: Load) -> Iterator[tuple[Part, Load]]:
        """Yield each part that hears a load, with what it hears, in order."""
        begin, end = self._position, self._position + load.audio.shape[1]
        self._live = [part for part in self._live if not self.is_over(part)]
        self._position = end
        while not self._next or self._cuts.begin_of(self._next) < end:
            self._live.append(Part(self._cuts, self._next))
            self._next += 1
        if load.ends:
            self._live = [part for part in self._live if part.start < end or not part.number]
            self._live[-1].is_last = True
        # what was told before goes with the part that will give the load's first sample
        teller = [part for part in self._live if part.start <= begin][-1]
        for part in self._live:
            heard = slice(max(part.begin - begin, 0), None)
            told = load.sink if part is teller or load.sink is None else Told()
            yield part, Load(load.audio[:, heard], load.removed[:, heard], told, load.ends)

    def is_over(self, part: Part) -> bool:
        """Whether a part has heard all that it needs."""
        return part.last_heard <= self._position


def in_parts(
    loads: Generator[Load], cuts: Cuts, crew: Crew, new_shelf: Callable[[], Shelf] | None
) -> Generator[Load]:
    """Yield what a stage makes of all loads, in parts: several at once where there is room for them.

    Parameters
    ----------
    loads
        From the recording's start to its end.
    cuts
        How the stage is cut.
    crew
        Who works on it.
    new_shelf
        Makes room for what waits; None: one load after the other is worked on.
    """
    given = _in_turn(loads, cuts, crew) if new_shelf is None else _at_once(loads, cuts, crew, new_shelf)
    heard: SilenceMeter | None = None
    last: Part | None = None
    try:
        for part, load in given:
            if last and last is not part:
                heard = last.meter.after(heard) if last.meter else None
            last = part
            if load.ends and load.sink and part.meter:
                part.meter.after(heard).finish(partial(load.sink, cuts.path))
            yield load
    finally:
        given.close()


def _in_turn(loads: Generator[Load], cuts: Cuts, crew: Crew) -> Generator[tuple[Part, Load]]:
    router = _Router(cuts)
    try:
        for load in loads:
            for part, heard in router.route(load):
                with crew.at_work():
                    given = part.process(heard)
                if given.audio.shape[1] or heard.ends:
                    yield part, given
    finally:
        loads.close()


def _at_once(
    loads: Generator[Load], cuts: Cuts, crew: Crew, new_shelf: Callable[[], Shelf]
) -> Generator[tuple[Part, Load]]:
    """Each part on a thread of its own; no more is read ahead than for one part beyond the cores."""
    feed = _Feed(loads, cuts, crew, new_shelf)
    feeder = Thread(target=feed.order.carry, args=(feed.lanes(),), name="wavemend feed")
    tickets = feed.tickets.items()
    feeder.start()
    try:
        for lane in feed.order.items():
            for load in lane.outbox.items():
                yield lane.part, load
            lane.close()
            feed.opened.remove(lane)  # with all that the stage held for it
            next(tickets)
    finally:
        feed.order.stop()
        feed.tickets.stop()
        for lane in [*feed.opened]:  # one more may be opened meanwhile
            lane.stop()
        feeder.join()
        for lane in feed.opened:
            lane.close()


class _Feed:
    """Hands every load to the lanes of the parts that hear it.

    Attributes
    ----------
    order
        The lanes, as they are opened.
    tickets
        One for each part that has heard all it needs; who has taken all of a part takes one back.
    opened
        All lanes that were opened and are not done with.
    """

    def __init__(
        self, loads: Generator[Load], cuts: Cuts, crew: Crew, new_shelf: Callable[[], Shelf]
    ) -> None:
        self.order: Belt[_Lane] = Belt()
        self.tickets: Belt[None] = Belt(crew.size)
        self.opened: list[_Lane] = []
        self._loads = loads
        self._router = _Router(cuts)
        self._new_lane = partial(_Lane, crew, new_shelf)
        self._finished: deque[Belt[None]] = deque(maxlen=crew.size)  # of the lanes opened last

    def lanes(self) -> Generator[_Lane]:
        """Yield each lane when it is opened, and go on."""
        live: dict[Part, _Lane] = {}
        try:
            for load in self._loads:
                over = []
                for part, heard in self._router.route(load):
                    if part not in live:
                        live[part] = self._opened(part)
                        yield live[part]
                    live[part].inbox.put(heard)
                    if self._router.is_over(part):
                        over.append(part)
                # of parts that would begin where the recording has ended, too
                ended = [live.pop(part) for part in ([*live] if load.ends else over)]
                for lane in ended:
                    lane.inbox.end()
                for _ in ended:
                    self.tickets.put(None)
        except Exception as error:
            for lane in live.values():
                lane.inbox.end(error)
            raise
        finally:
            self._loads.close()

    def _opened(self, part: Part) -> _Lane:
        """Open a lane, which waits for the one that is as many lanes before it as there are cores."""
        full = len(self._finished) == self._finished.maxlen
        lane = self._new_lane(part, self._finished[0] if full else None)
        self._finished.append(lane.finished)
        self.opened.append(lane)
        return lane


class _Lane:
    """A part, the thread that it is worked on by, and what waits before and behind it, on disk."""

    def __init__(
        self, crew: Crew, new_shelf: Callable[[], Shelf], part: Part, earlier: Belt[None] | None
    ) -> None:
        self.part = part
        self.inbox, self.outbox = _ShelfBelt(new_shelf()), _ShelfBelt(new_shelf())
        self._crew = crew
        self.finished: Belt[None] = Belt()  # ends when the part is
        self._earlier = earlier
        self._thread = Thread(target=self.outbox.carry, args=(self._process(),), name="wavemend part")
        self._thread.start()

    def _process(self) -> Generator[Load]:
        if self._earlier:
            list(self._earlier.items())
        try:
            for heard in self.inbox.items():
                with self._crew.at_work():
                    given = self.part.process(heard)
                if given.audio.shape[1] or heard.ends:
                    yield given
        finally:
            self.finished.end()

    def stop(self) -> None:
        """Have the thread end soon, and those that wait for it."""
        self.inbox.stop()
        self.outbox.stop()
        self.finished.stop()

    def close(self) -> None:
        """End the thread, and give the disk space back; a second time does nothing."""
        self.inbox.stop()
        self.outbox.stop()
        self._thread.join()
        self.inbox.close()
        self.outbox.close()


class _ShelfBelt(Belt[Load]):
    """Loads on their way, any number of them; the samples of all but a few lie on a shelf."""

    def __init__(self, shelf: Shelf) -> None:
        super().__init__()
        self._shelf = shelf
        self._taken = 0
        self._at_hand: deque[bool] = deque()  # of each: whether it is held as it is

    def _lay(self, item: Load) -> Load:
        self._at_hand.append(len(self._at_hand) < _AT_HAND)
        if self._at_hand[-1]:
            return item
        audio, removed = (np.ascontiguousarray(each) for each in item[:2])
        self._shelf.write(audio.reshape(1, -1))
        empty = np.broadcast_to(0.0, audio.shape)
        if not removed.view(np.int64).any():
            return item._replace(audio=empty, removed=empty[:, :0])
        self._shelf.write(removed.reshape(1, -1))
        return item._replace(audio=empty, removed=empty)

    def _fetch(self, item: Load) -> Load:
        if self._at_hand.popleft():
            return item
        audio = self._next(item.audio.shape)
        removed = self._next(item.removed.shape) if item.removed.size else np.zeros(audio.shape)
        return item._replace(audio=audio, removed=removed)

    def _next(self, shape: tuple[int, ...]) -> Audio:
        count = int(np.prod(shape))
        samples = self._shelf.read(self._taken, count)
        self._taken += count
        return samples.reshape(shape)

    def close(self) -> None:
        """Give the disk space back."""
        self._shelf.close()
