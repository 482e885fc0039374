"""The waveform as it is drawn: lowest and highest samples a column, whatever the zoom."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Audio
from .recordings import Recording

_BIN = 4096  # derived: 250 000 bins of 3 h at 96 kHz, 4 MB in stereo
_READ_AT_ONCE = 1 << 22  # guard: samples that are read for one picture
_GLANCE = 512  # tuned: by hand, samples of each column of a recording that was not heard yet

Columns = npt.NDArray[np.float32]
"""Lowest and highest sample, shape (channels, columns, 2)."""


class Peaks:
    """Lowest and highest samples of a recording, known as far as it was heard.

    Parameters
    ----------
    recording
        Which; where columns are narrow, or it was not heard yet, it is read.
    """

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        bins = -(-recording.frames // _BIN)
        self._bins = np.zeros((recording.channels, bins, 2), np.float32)
        self._known = 0
        self._rest: Audio = np.empty((recording.channels, 0))

    def push(self, audio: Audio) -> None:
        """Hear the next block, shape (channels, n)."""
        joined = np.concatenate([self._rest, audio], axis=1)
        whole = joined.shape[1] // _BIN
        if whole:
            bins = joined[:, : whole * _BIN].reshape(joined.shape[0], whole, _BIN)
            room = self._bins[:, self._known : self._known + whole]
            room[..., 0], room[..., 1] = (
                bins.min(axis=2)[:, : room.shape[1]],
                bins.max(axis=2)[:, : room.shape[1]],
            )
            self._known += room.shape[1]
        self._rest = joined[:, whole * _BIN :].copy()

    def finish(self) -> None:
        """Learn that the recording has ended."""
        if self._rest.shape[1] and self._known < self._bins.shape[1]:
            self._bins[:, self._known, 0] = self._rest.min(axis=1)
            self._bins[:, self._known, 1] = self._rest.max(axis=1)
            self._known += 1

    def columns(self, start: int, stop: int, count: int) -> tuple[Columns, bool]:
        """Return `count` columns of a stretch, and whether every sample counts in them."""
        edges = np.linspace(start, stop, count + 1).astype(np.int64)
        if stop - start <= _READ_AT_ONCE and (stop - start) / count < 4 * _BIN:
            return columns_of(self._recording.read(start, stop), start, edges), True
        first, last = edges[:-1] // _BIN, np.maximum(-(-edges[1:] // _BIN), edges[:-1] // _BIN + 1)
        if last[-1] <= self._known:
            pairs = [self._bins[:, a:b] for a, b in zip(first, last, strict=True)]
            return _joined(pairs), True
        pieces = []
        for a, b, left in zip(first, last, edges[:-1], strict=True):
            if b <= self._known:
                pieces.append(self._bins[:, a:b])
            else:
                glance = self._recording.read(int(left), int(left) + _GLANCE)
                pieces.append(np.stack([glance.min(axis=1), glance.max(axis=1)], axis=1)[:, np.newaxis])
        return _joined(pieces), False


def columns_of(audio: Audio, start: int, edges: npt.NDArray[np.int64]) -> Columns:
    """Return columns of samples that begin at `start`; columns lie between `edges`."""
    count, size = edges.size - 1, audio.shape[1]
    if not size:
        return np.zeros((audio.shape[0], count, 2), np.float32)
    first = np.clip(edges[:-1] - start, 0, size - 1)
    low = np.minimum.reduceat(audio, first, axis=1)
    high = np.maximum.reduceat(audio, first, axis=1)
    return np.stack([low, high], axis=2).astype(np.float32)


def _joined(pieces: list[npt.NDArray[np.float32]]) -> Columns:
    return np.stack(
        [np.stack([p[..., 0].min(axis=1), p[..., 1].max(axis=1)], axis=1) for p in pieces], axis=1
    )
