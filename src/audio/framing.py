"""Blocks of any size in, frames on an absolute grid out: why results never depend on the partition."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import numpy as np

from .arrays import Audio


class Fifo:
    """Queue of samples: blocks of any size in, blocks of any size out.

    Parameters
    ----------
    channels
        Number of channels of every block.
    """

    def __init__(self, channels: int) -> None:
        self._channels = channels
        self._blocks: deque[Audio] = deque()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def push(self, block: Audio) -> None:
        """Append `block`, shape (channels, n); it is kept as it is, so the caller must not change it."""
        if block.shape[1]:
            self._blocks.append(block)
            self._length += block.shape[1]

    def pop(self, count: int) -> Audio:
        """Take the `count` oldest samples, shape (channels, count)."""
        if count > self._length:
            raise ValueError(f"{count} samples asked for, {self._length} held")
        parts = []
        missing = count
        while missing:
            block = self._blocks.popleft()
            if block.shape[1] > missing:
                self._blocks.appendleft(block[:, missing:])
                block = block[:, :missing]
            parts.append(block)
            missing -= block.shape[1]
        self._length -= count
        if len(parts) == 1:
            return parts[0]
        return np.concatenate(parts, axis=1) if parts else np.empty((self._channels, 0))


class FrameGrid:
    """Cut a stream of blocks into frames that start at multiples of `hop` from the recording's start."""

    def __init__(self, channels: int, hop: int) -> None:
        self.hop = hop
        self._fifo = Fifo(channels)

    def push(self, block: Audio) -> Iterator[Audio]:
        """Add `block`, shape (channels, n); yield each frame, shape (channels, hop), that it completes.

        Frames are C-contiguous, so that their arithmetic cannot depend on the block they lay in.
        """
        self._fifo.push(block)
        while len(self._fifo) >= self.hop:
            yield np.ascontiguousarray(self._fifo.pop(self.hop))

    def rest(self) -> Audio:
        """Take what is left of an unfinished frame, shape (channels, less than hop)."""
        return np.ascontiguousarray(self._fifo.pop(len(self._fifo)))
