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

import errno
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Protocol, Self

import numpy as np

from ..audio.arrays import Audio
from ..audio.framing import Fifo
from ..contract.findings import Findings
from ..contract.marks import Marks
from ..contract.stage import Stage
from ..errors import AudioFileError, Cancelled
from .chain import Chain, Slot
from .chain_stream import ChainSink, ChainStream, Path

READ_BLOCK = 65_536
"""Samples read at once; results never depend on it."""

Progress = Callable[[float, str], None]
"""Called with the share done (0 to 1) and what is being done."""


class Source(Protocol):
    """A recording that can be read from its start as often as needed."""

    @property
    def channels(self) -> int:
        """Number of channels."""

    @property
    def frames(self) -> int:
        """Samples a channel."""

    def blocks(self, size: int) -> Iterator[Audio]:
        """Yield the recording in blocks, shape (channels, at most size)."""


class Spool(Source, Protocol):
    """A source that can be rewritten from its start while it is read."""

    def rewind(self) -> None:
        """Start writing at the first sample again."""

    def write(self, audio: Audio) -> None:
        """Write the next samples, shape (channels, n); never past what a running `blocks` has read."""


@dataclass(frozen=True)
class Guidance:
    """What an engineer decided about one recording before it is rendered.

    Attributes
    ----------
    marks
        Events vetoed and forced, by the id of the stages they are for.
    print_ranges
        Stretches (start, stop) in samples that hold noise alone: what stages learn a noise print from.
    """

    marks: Mapping[str, Marks] = field(default_factory=dict)
    print_ranges: Sequence[tuple[int, int]] = ()


NO_GUIDANCE = Guidance()


class ArraySource:
    """A recording in memory, shape (channels, n)."""

    def __init__(self, audio: Audio) -> None:
        self.channels, self.frames = audio.shape
        self._audio = audio
        self._written = 0

    def blocks(self, size: int) -> Iterator[Audio]:
        """See `Source.blocks`."""
        for start in range(0, self.frames, size):
            yield self._audio[:, start : start + size].copy()

    def rewind(self) -> None:
        """See `Spool.rewind`."""
        self._written = 0

    def write(self, audio: Audio) -> None:
        """See `Spool.write`."""
        self._audio[:, self._written : self._written + audio.shape[1]] = audio
        self._written += audio.shape[1]


class FileSpool:
    """A recording in a nameless temporary file: gone with the process, however that ends.

    Parameters
    ----------
    folder
        Where the file lies; beside the target, because that is where room was made.
    channels, frames
        Size of the recording.
    """

    def __init__(self, folder: FilePath, channels: int, frames: int) -> None:
        self.channels = channels
        self.frames = 0
        self._expected = frames  # an estimate where a lossy source has not been decoded to its end
        self._folder = folder
        self._frame_bytes = 8 * channels
        self._written = 0
        self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 - lives as long as the spool

    def rewind(self) -> None:
        """See `Spool.rewind`."""
        self._written = 0

    def write(self, audio: Audio) -> None:
        """See `Spool.write`; raises `AudioFileError` where the disk is full."""
        data = memoryview(audio.T.tobytes())
        self._file.seek(self._written * self._frame_bytes)
        self._written += audio.shape[1]
        self.frames = max(self.frames, self._written)
        try:
            while data:
                data = data[self._file.write(data) :]
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise
            needed = self._expected * self._frame_bytes / 1e9
            raise AudioFileError(
                f"{self._folder}: no space left for the working copy of the recording "
                f"({needed:.2f} GB are needed); free some, or write somewhere else"
            ) from None

    def blocks(self, size: int) -> Iterator[Audio]:
        """See `Source.blocks`."""
        for start in range(0, self.frames, size):
            count = min(size, self.frames - start)
            self._file.seek(start * self._frame_bytes)
            data = self._file.read(count * self._frame_bytes)
            while len(data) < count * self._frame_bytes:  # the kernel reads at most 2 GB at once
                data += self._file.read(count * self._frame_bytes - len(data))
            yield np.frombuffer(data, np.float64).reshape(count, self.channels).T.copy()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()


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
    """

    def __init__(
        self,
        chain: Chain,
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
        self._reached = 0  # index of the slot whose input the source holds
        self._spool: Spool | None = None
        self._learners = [(path, stage) for path, stage in chain.stages() if stage.needs_findings]
        self._done = 0

    def learn(self) -> None:
        """Find what every stage needs to know, in the order of the chain; afterwards `final` can run."""
        for path, stage in self._learners:
            self.findings[path] = self._learn_one(path, stage)

    def final(self, *, report: bool = True) -> Iterator[tuple[Audio, Audio]]:
        """Run the last pass: yield restored blocks, and what was removed from them, shape (channels, n).

        It may be run again (after an over, say); with ``report=False`` the events are not told twice.
        """
        self._done = len(self._learners) * self._source.frames
        yield from self._run(self._stream(len(self._chain)), self._sink if report else None, "restoring")

    def _learn_one(self, path: Path, stage: Stage) -> Findings:
        ranges = self._guidance.print_ranges
        analyser = stage.range_analyser(self._sample_rate, self._channels, ranges) if ranges else None
        analyser = analyser or stage.analyser(self._sample_rate, self._channels)
        doing = f"listening for {stage.name}"
        before = self._reached
        blocks = self._run(self._stream(path[0]), self._sink, doing)
        if any(slot.active for slot in self._chain.slots[before : path[0]]):
            blocks = self._through_spool(blocks)
        inner = self._inner(path)
        for audio, _ in blocks:
            analyser.push(inner.step(audio) if inner else audio)
        if inner:
            analyser.push(inner.flush())
        self._reached = path[0]
        if self._spool is not None:
            self._source = self._spool
        findings: Findings = analyser.result()
        return findings

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
        )

    def _inner(self, path: Path) -> ChainStream | None:
        """Open what stands before a stage inside its nested chain, level by level."""
        chain = self._chain
        slots: list[Slot] = []
        findings: dict[Path, Findings] = {}
        for depth in range(1, len(path)):
            chain = chain[path[depth - 1]]
            for known, found in self.findings.items():
                if len(known) > depth and known[:depth] == path[:depth] and known[depth] < path[depth]:
                    findings[(len(slots) + known[depth], *known[depth + 1 :])] = found
            slots += chain.slots[: path[depth]]
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

    def _through_spool(self, blocks: Iterator[tuple[Audio, Audio]]) -> Iterator[tuple[Audio, Audio]]:
        if self._spool is None:
            self._spool = self._new_spool(self._channels * (1 + self._tap))
        self._spool.rewind()
        for audio, removed in blocks:
            self._spool.write(np.concatenate([audio, removed]) if self._tap else audio)
            yield audio, removed

    def _run(self, stream: ChainStream, sink: ChainSink | None, doing: str) -> Iterator[tuple[Audio, Audio]]:
        for block in self._source.blocks(self._block_size):
            self._tell(block.shape[1], doing)
            audio, removed = block[: self._channels], block[self._channels :]
            yield stream.step(audio, sink, removed if removed.size else None), stream.removed()
        yield stream.flush(sink), stream.removed()

    def _tell(self, samples: int, doing: str) -> None:
        if self._cancel is not None and self._cancel.is_set():
            raise Cancelled("cancelled; nothing was written")
        if self._progress is not None:
            total = max(self._source.frames * (len(self._learners) + 1), 1)
            self._progress(min(self._done / total, 1.0), doing)
        self._done += samples


def render_array(chain: Chain, source: ArraySource, sample_rate: float) -> Audio:
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
