"""One recording's way through a chain: as many passes as stages need to hear it first, and one more.

::

    chain      Declick   Denoise*  Limiter         * needs findings
    pass 1     source -> Declick -> spool
                                 -> Denoise's analyser
    pass 2     spool  -> Denoise -> Limiter -> out

Each stage runs once; the spool holds the recording as it stands before the stage that is learned next, and
is rewritten in place, because output never overtakes input.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import Protocol

import numpy as np

from ...audio.arrays import Audio
from ...audio.crew import Crew
from ...audio.framing import Fifo
from ...contract.findings import Findings
from ...contract.stage import Stage
from ...errors import Cancelled
from ..processes.memory import give_back
from .cuts import has_parts
from .guidance import NO_GUIDANCE, Guidance
from .load import Load, Told, nothing
from .path import ChainSink, Path
from .progress import READ_BLOCK, Progress
from .slot import Slot
from .sources import ArraySource, Shelf, Source, Spool
from .stream import ChainStream
from .walking import slots_in

Blocks = Generator[tuple[Audio, Audio]]
"""Restored blocks, and what was removed from them, each of shape (channels, n)."""


class Run(Protocol):
    """What passes know of a chain."""

    slots: list[Slot]

    def stages(self) -> Iterator[tuple[Path, Stage]]:
        """Every active stage, nested ones too, with its path."""


class Passes:
    """The passes of one recording through one chain.

    Parameters
    ----------
    chain
        What to run.
    source
        The recording.
    sample_rate
        Hz.
    new_spool
        Opens a spool for a number of channels; called at most once.
    guidance
        What is known of this recording beforehand: see `Guidance`.
    tap
        Also carry along what the repair stages removed.
    sink
        Called with the path of the stage and each event; every stage reports once.
    progress, cancel
        Called a block; `Cancelled` is raised once `cancel` is set.
    block_size
        Samples read at once.
    over
        Factor by which the recording passes full scale; 1 where it does not.
    crew
        Who does it. Results never depend on how many they are.
    new_shelf
        Opens room for samples that wait; None: no part of the recording is worked on before its time.
    """

    def __init__(
        self,
        chain: Run,
        source: Source,
        sample_rate: float,
        *,
        new_spool: Callable[[int], Spool],
        guidance: Guidance = NO_GUIDANCE,
        tap: bool = False,
        sink: ChainSink | None = None,
        progress: Progress | None = None,
        cancel: threading.Event | None = None,
        block_size: int = READ_BLOCK,
        over: float = 1.0,
        crew: Crew | None = None,
        new_shelf: Callable[[], Shelf] | None = None,
    ) -> None:
        self.findings: dict[Path, Findings] = {}
        self._chain = chain
        self._source = source
        self._sample_rate = sample_rate
        self._channels = source.channels
        self._new_spool = new_spool
        self._guidance = guidance
        self._tap = tap
        self._sink = sink
        self._progress = progress
        self._cancel = cancel
        self._block_size = block_size
        self._over = over
        self.crew = crew or Crew()
        self._new_shelf = new_shelf
        self._reached = 0  # index of the slot whose input the source holds
        self._spool: Spool | None = None
        self._learners = [(path, stage) for path, stage in chain.stages() if stage.needs_findings]
        self._done = 0

    def learn(self) -> None:
        """Find what every stage needs to know, in the order of the chain; afterwards `final` can run."""
        for path, stage in self._learners:
            give_back()  # each pass needs other pieces than the one before
            self.findings[path] = self._learn_one(path, stage)
        give_back()

    def final(self, *, report: bool = True) -> Blocks:
        """Run the last pass: yield restored blocks, and what was removed from them, shape (channels, n).

        It may be run again (after an over, say); with ``report=False`` the events are not told twice. Who
        asks has no core of the crew meanwhile, but the one it takes.
        """
        self._done = len(self._learners) * self._source.frames
        stream, sink = self._stream(len(self._chain.slots)), self._sink if report else None
        yield from self._run(stream, sink, "restoring")

    def _learn_one(self, path: Path, stage: Stage) -> Findings:
        ranges = self._guidance.print_ranges
        analyser = stage.range_analyser(self._sample_rate, self._channels, ranges) if ranges else None
        analyser = analyser or stage.analyser(self._sample_rate, self._channels)
        doing = f"listening for {stage.name}"
        before = self._reached
        blocks = self._run(self._stream(path[0]), self._sink, doing)
        if any(slot.active for slot in self._chain.slots[before : path[0]]):
            blocks = self._through_spool(blocks)
        with (
            self.crew.behind(analyser.push) as hear,
            closing(self._through(blocks, self._inner(path))) as heard,
        ):
            for audio in heard:
                hear(audio)
        self._reached = path[0]
        if self._spool is not None:
            self._source = self._spool
        findings: Findings = analyser.result()
        return findings

    def _through(self, blocks: Blocks, inner: ChainStream | None) -> Generator[Audio]:
        """Yield what a learner hears of blocks."""
        with closing(blocks):
            for audio, _ in blocks:
                if inner is None:
                    yield audio
                    continue
                with self.crew.at_work():
                    heard = inner.step(audio)
                yield heard
        if inner is not None:
            yield inner.flush()

    def _stream(self, end: int) -> ChainStream:
        """Open the slots from the one reached to the one before `end`."""
        slots = self._chain.slots[self._reached : end]
        return ChainStream(
            slots,
            self._sample_rate,
            self._channels,
            self.findings,
            marks=self._guidance.marks,
            first=self._reached,
            over=self._over,
            tap=self._tap,
        )

    def _inner(self, path: Path) -> ChainStream | None:
        """Open what stands before a stage inside its nested chain, level by level."""
        here: list[Slot] = self._chain.slots
        slots: list[Slot] = []
        findings: dict[Path, Findings] = {}
        for depth in range(1, len(path)):
            here = slots_in(here[path[depth - 1]].member) or []
            for known, found in self.findings.items():
                if len(known) > depth and known[:depth] == path[:depth] and known[depth] < path[depth]:
                    findings[(len(slots) + known[depth], *known[depth + 1 :])] = found
            slots += here[: path[depth]]
        if not any(slot.active for slot in slots):
            return None
        return ChainStream(
            slots,
            self._sample_rate,
            self._channels,
            findings,
            marks=self._guidance.marks,
            over=self._over,
        )

    def _through_spool(self, blocks: Blocks) -> Blocks:
        if self._spool is None:
            self._spool = self._new_spool(self._channels * (1 + self._tap))
        self._spool.rewind()
        with closing(blocks):
            for audio, removed in blocks:
                with self.crew.at_work():
                    self._spool.write(np.concatenate([audio, removed]) if self._tap else audio)
                yield audio, removed

    def _run(self, stream: ChainStream, sink: ChainSink | None, doing: str) -> Blocks:
        self._tell(0, doing)
        long = has_parts(self._source.frames, self._sample_rate) and self.crew.size > 1
        run = stream.run(self._loads(sink is not None), self.crew, self._new_shelf if long else None)
        with closing(run) as loads:
            for load in loads:
                with self.crew.at_work():
                    self._tell(load.audio.shape[1], doing)
                    if sink and isinstance(load.sink, Told):
                        load.sink.tell(sink)
                yield from _pieces(load.audio, load.removed)

    def _loads(self, tells: bool) -> Generator[Load]:
        """Read the source; an empty load ends it."""
        channels = self._channels
        for block in self._source.blocks(self._block_size):
            audio, removed = block[:channels], block[channels:]
            yield Load(audio, removed if removed.size else nothing(audio.shape), Told() if tells else None)
        empty = np.empty((channels, 0))
        yield Load(empty, empty, Told() if tells else None, ends=True)

    def _tell(self, samples: int, doing: str) -> None:
        if self._cancel is not None and self._cancel.is_set():
            raise Cancelled("cancelled; nothing was written")
        self._done += samples
        if self._progress is not None:
            total = max(self._source.frames * (len(self._learners) + 1), 1)
            self._progress(min(self._done / total, 1.0), doing)


def _pieces(audio: Audio, removed: Audio) -> Blocks:
    """Yield blocks no longer than those that are read: at the end a stage gives the seconds that it held."""
    for at in range(0, max(audio.shape[1], 1), READ_BLOCK):
        yield audio[:, at : at + READ_BLOCK], removed[:, at : at + READ_BLOCK]


def render_array(chain: Run, source: ArraySource, sample_rate: float) -> Audio:
    """Run a recording in memory through a chain; returns shape (channels, n), as long as it came."""
    passes = Passes(
        chain,
        source,
        sample_rate,
        new_spool=lambda channels: ArraySource(np.empty((channels, source.frames))),
    )
    passes.learn()
    out = Fifo(source.channels)
    for audio, _ in passes.final():
        out.push(audio)
    return out.pop(len(out))
