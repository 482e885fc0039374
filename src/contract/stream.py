"""The running state of one recording: blocks of any size in, frames on an absolute grid, blocks out.

::

    blocks in   |--------|---|-------------|-- ...      any sizes
    frames      |-----|-----|-----|-----|-----|         hop samples each, from the recording's start
    processor    out lags in by `latency` samples
    blocks out   first sample out belongs to first sample in; `flush` gives the rest

A processor sees frames alone, so **any partition of the recording into blocks gives the same bits** by
construction.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol, Self

import numpy as np

from ..audio.arrays import Audio
from ..audio.checks import next_block
from ..audio.framing import Fifo, FrameGrid
from .findings import Findings
from .marks import NO_MARKS, Marks
from .parameters.parameter import Parameter


class Settings(Protocol):
    """What a stream knows of its stage."""

    repairs: ClassVar[bool]
    schema: ClassVar[Mapping[str, Parameter]]

    @property
    def findings(self) -> Findings | None:
        """Findings that were fixed on purpose."""

    def values(self) -> dict[str, Any]:
        """Every parameter's value by id."""

    def copy(self) -> Self:
        """Return a snapshot."""


@dataclass(frozen=True)
class Event:
    """Something a stage did at one place in the recording.

    Attributes
    ----------
    kind
        What it was, in a word: ``"click"``.
    position, length
        Absolute first sample, and number of samples.
    channel
        Index of the channel, or None where all channels are meant.
    confidence
        0 to 1.
    """

    kind: str
    position: int
    length: int
    channel: int | None = None
    confidence: float = 1.0


Sink = Callable[[Event], None]


class Framing(NamedTuple):
    """How a processor sees the recording.

    Attributes
    ----------
    hop
        Samples in every frame.
    latency
        Samples by which the processor's output lags its input.
    """

    hop: int
    latency: int = 0

    @property
    def held_back(self) -> int:
        """Most samples a stream holds back: the latency, and an unfinished frame."""
        return self.latency + self.hop - 1


class Processor(ABC):
    """A stage's signal processing over one recording, frame by frame: what an author writes.

    Attributes
    ----------
    settings
        Snapshot of the stage. It is replaced between frames when an automatable parameter changes, so
        read it in `step`.
    marks
        What an engineer decided about single events; only for stages with ``takes_marks = True``.
    """

    settings: Any
    marks: Marks = NO_MARKS

    @abstractmethod
    def step(self, frame: Audio, sink: Sink | None) -> Audio:
        """Process one frame, shape (channels, hop); return as many samples, lagging by the latency.

        The frame must not be changed in place. Events go to `sink` with absolute positions.
        """

    def begin_at(self, position: int) -> None:
        """Learn that the first frame begins at this sample of the recording; only with a `Stage.memory_s`."""
        raise NotImplementedError(f"{type(self).__name__} hears every recording from its start")

    def finish(self, length: int) -> None:  # noqa: B027 - most stages need not know
        """Learn that the recording ends at sample `length`; what frames hold past it is padding zeros."""


class Through(Processor):
    """Gives back what came in, `latency` samples later: a recording that has nothing to repair.

    Parameters
    ----------
    latency
        Samples: as late as the repaired recording would be.
    channels
        Of the recording.
    """

    def __init__(self, latency: int, channels: int) -> None:
        self._held = np.zeros((channels, latency))

    def step(self, frame: Audio, sink: Sink | None) -> Audio:
        """See `Processor.step`."""
        heard = np.concatenate([self._held, frame], axis=1)
        self._held = heard[:, frame.shape[1] :]
        return heard[:, : frame.shape[1]]


class Stream:
    """Running state of one stage over one recording. Made by `Stage.stream`.

    The first sample out belongs to the first sample in: samples come out as soon as they are ready, and
    at most `latency` samples are held back. After `flush` as many came out as went in.
    """

    def __init__(
        self, stage: Settings, processor: Processor, framing: Framing, channels: int, begins: int = 0
    ) -> None:
        self._begins = begins
        self._stage = stage
        self._processor = processor
        self._framing = framing
        self.channels = channels
        self._grid = FrameGrid(channels, framing.hop)
        self._dry = Fifo(channels)
        self._to_skip = framing.latency
        self._fed = 0
        self._given = 0
        self._ended = False
        self._removed = np.empty((channels, 0))

    @property
    def latency(self) -> int:
        """Most samples that are held back."""
        return self._framing.held_back

    def follow(self, stage: Settings) -> bool:
        """Take over changed settings from the next frame on; False where a change needs a new stream."""
        if stage == self._stage:
            return True
        mine, theirs = self._stage.values(), stage.values()
        changed = [name for name in theirs if theirs[name] != mine[name]]
        if stage.findings != self._stage.findings or any(stage.schema[name].restart for name in changed):
            return False
        self._stage = self._processor.settings = stage.copy()
        return True

    def step(self, audio: Audio, sink: Sink | None = None) -> Audio:
        """Process the next samples.

        Parameters
        ----------
        audio
            Shape (channels, n), float32 or float64, any n and any memory order; it is not kept.
        sink
            Called with every `Event`, absolute positions.

        Returns
        -------
        Audio
            Shape (channels, m): the samples that became ready.

        Raises
        ------
        AudioValueError
            NaN or infinity inside.
        AudioShapeError
            Another number of channels than the stream's.
        """
        if self._ended:
            raise RuntimeError("the stream was flushed: its recording has ended; open a new one")
        kept = next_block(audio, self.channels, self._begins + self._fed)
        self._fed += kept.shape[1]
        if self._stage.repairs:
            self._dry.push(kept)
        return self._emit([self._process(frame, sink) for frame in self._grid.push(kept)])

    def flush(self, sink: Sink | None = None) -> Audio:
        """End the recording: give every sample still held back, shape (channels, m)."""
        self._ended = True
        self._processor.finish(self._begins + self._fed)
        hop = self._framing.hop
        rest = self._grid.rest()
        missing = self._fed - self._given
        outputs = []
        ready = -self._to_skip  # less than nothing while the latency fills
        while missing and ready < missing:
            frame = np.zeros((self.channels, hop))
            frame[:, : rest.shape[1]] = rest
            rest = rest[:, :0]
            outputs.append(self._process(frame, sink))
            ready += hop
        return self._emit(outputs, missing)

    def removed(self) -> Audio:
        """Return what the samples of the last `step` or `flush` lost: input minus repaired, exactly.

        Only for stages with ``repairs = True``.
        """
        return self._removed

    def _process(self, frame: Audio, sink: Sink | None) -> Audio:
        """Process one frame; return what of it belongs to the recording, and keep nothing of the rest."""
        out = self._processor.step(frame, sink)
        skipped = min(self._to_skip, out.shape[1])
        self._to_skip -= skipped
        return out[:, skipped:].copy() if skipped else out

    def _emit(self, outputs: list[Audio], limit: int | None = None) -> Audio:
        out = np.concatenate(outputs, axis=1) if outputs else np.empty((self.channels, 0))
        outputs.clear()  # at a recording's end they are seconds of it
        out = out[:, :limit]
        self._given += out.shape[1]
        if self._stage.repairs:
            self._removed = self._dry.pop(out.shape[1]) - out
            if self._stage.values()["output"] == "removed":
                return self._removed
        return out
