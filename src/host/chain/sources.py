"""A recording as passes read it: from its start, as often as needed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from ...audio.arrays import Audio


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


class Shelf(Protocol):
    """Room for samples of one channel that wait."""

    def write(self, audio: Audio) -> None:
        """Write the next samples, shape (1, n)."""

    def read(self, start: int, count: int) -> Audio:
        """Return samples that were written, shape (1, count)."""

    def close(self) -> None:
        """Give the room back; a second time does nothing."""


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
