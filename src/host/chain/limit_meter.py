"""How much a limiter turned the recording down, and where: its slot's input against its output."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...audio.arrays import Audio
from ...audio.framing import FrameGrid
from ...contract.stage import Event, Sink

LIMITED = "limited"
"""Kind of the events."""

_WINDOW_S = 0.005  # tuned: by hand, no record; a limiter that looks ahead shifts a peak by less
_LEAST_DB = 0.1  # guard: less is rounding, and nothing that anyone hears
_QUIETEST = 1e-3  # -60 dBFS; tuned: by hand, no record. A limiter that lets go over silence is not news
_GAP_S = 0.25  # places nearer to each other are one; tuned: by hand, no record


@dataclass(frozen=True)
class Limited(Event):
    """A stretch in which a limiter worked: by `depth_db` at most, most of all at sample `loudest`."""

    depth_db: float = 0.0
    loudest: int = 0


class LimitMeter:
    """Compare what goes into a limiter with what comes out; tell of each stretch where it is less.

    In windows of 5 ms the largest input is compared with the largest output, channel by channel.

    Parameters
    ----------
    sample_rate
        Hz.
    channels
        Number of channels.
    """

    def __init__(self, sample_rate: float, channels: int) -> None:
        self._channels = channels
        self._window = max(round(_WINDOW_S * sample_rate), 1)
        self._gap = round(_GAP_S * sample_rate)
        self._grid = FrameGrid(2 * channels, self._window)
        self._position = 0
        self._running: Limited | None = None

    def push(self, before: Audio, after: Audio, sink: Sink) -> None:
        """Compare the next samples, each of shape (channels, n)."""
        for frame in self._grid.push(np.concatenate([before, after])):
            self._compare(frame, sink)

    def finish(self, sink: Sink) -> None:
        """End the recording."""
        rest = self._grid.rest()
        if rest.shape[1]:
            self._compare(rest, sink)
        self._tell(sink)

    def _compare(self, frame: Audio, sink: Sink) -> None:
        peaks = np.abs(frame).max(axis=1)
        before, after = peaks[: self._channels], peaks[self._channels :]
        ratio = np.maximum(before, 1e-30) / np.maximum(after, 1e-30)
        ratio[before < _QUIETEST] = 1.0
        depth = float(20 * np.log10(ratio.max()))
        if depth >= _LEAST_DB:
            self._extend(frame, depth, int(np.argmax(ratio)), sink)
        self._position += frame.shape[1]

    def _extend(self, frame: Audio, depth: float, channel: int, sink: Sink) -> None:
        end = self._position + frame.shape[1]
        running = self._running
        if running and self._position - (running.position + running.length) > self._gap:
            self._tell(sink)
            running = None
        start = running.position if running else self._position
        if running and running.depth_db >= depth:
            depth, loudest = running.depth_db, running.loudest
        else:
            loudest = self._position + int(np.argmax(np.abs(frame[channel])))
        self._running = Limited(LIMITED, start, end - start, depth_db=round(depth, 3), loudest=loudest)

    def _tell(self, sink: Sink) -> None:
        if self._running:
            sink(self._running)
        self._running = None
