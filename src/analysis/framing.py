"""Blocks of any size in, frames on an absolute grid out: why results never depend on the partition."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ..errors import AudioShapeError, AudioTypeError, AudioValueError
from .positions import first_not_finite

Audio = npt.NDArray[np.float64]
"""Samples, shape (channels, n), full scale 1.0."""

LOWEST_RATE, HIGHEST_RATE = 4_000.0, 768_000.0


def check_rate(sample_rate: object) -> float:
    """Return the sample rate in Hz, or raise `AudioTypeError` or `AudioValueError`."""
    if isinstance(sample_rate, bool) or not isinstance(sample_rate, int | float | np.integer | np.floating):
        raise AudioTypeError(f"sample_rate={sample_rate!r} must be a number in Hz")
    if not LOWEST_RATE <= sample_rate <= HIGHEST_RATE:
        raise AudioValueError(
            f"sample_rate={sample_rate!r} is not allowed; it must be {LOWEST_RATE:g} to {HIGHEST_RATE:g} Hz; "
            "resample it first"
        )
    return float(sample_rate)


def refuse_non_finite(audio: Audio, start: int = 0, source: str = "audio") -> None:
    """Raise `AudioValueError` where `audio`, shape (channels, n), holds NaN or infinity.

    `start` is the absolute position of its first sample, for the message.
    """
    found = first_not_finite(audio, start)
    if found:
        raise AudioValueError(f"{source} holds {found}; samples must be finite")


def next_block(audio: npt.NDArray[np.floating], channels: int, start: int) -> Audio:
    """Copy the next block of a recording of `channels`, whose first sample is number `start`.

    The copy is float64 and C-contiguous whatever the caller's array is: NumPy sums another memory order
    in another order, to other bits, and the caller may use its buffer again.

    Raises
    ------
    AudioShapeError
        Not of shape (channels, n).
    AudioValueError
        NaN or infinity inside.
    """
    if audio.ndim != 2 or audio.shape[0] != channels:
        raise AudioShapeError(
            f"a block of shape {audio.shape} came into a recording of {channels} channels; "
            f"it must be ({channels}, n)"
        )
    block = np.array(audio, np.float64, order="C")
    refuse_non_finite(block, start)
    return block


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
