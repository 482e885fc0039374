"""One recording's way through a VST3: fixed blocks on an absolute grid, delay taken out again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from ...audio.arrays import Audio
from ...audio.checks import first_not_finite, next_block
from ...audio.clock import clock
from ...audio.framing import Fifo, FrameGrid
from ...contract.stage import Event, Sink
from ...errors import PluginError
from .controls import Settings
from .process.hosting import Hosted

MOST_DBFS = 40.0
"""guard: a plugin that works gives no more than this, unless the recording itself is louder."""


MISREPORTED = "misreported delay"
"""Kind of the event."""


@dataclass(frozen=True)
class Misreported(Event):
    """A plugin's sound does not come where the plugin says, all through the recording."""

    reported: int = 0
    measured: int = 0

    def describe(self, sample_rate: float) -> str:
        """Say so, after the plugin's name."""
        off_ms = 1000 * (self.measured - self.reported) / sample_rate
        return (
            f"reports a delay of {self.reported} samples, but {self.measured} were measured: its sound comes "
            f"{abs(off_ms):.2f} ms too {'late' if off_ms > 0 else 'early'}, and mixed with the dry side it "
            "is hollow; what a plugin reports wrongly cannot be put right here"
        )


class VST3Stream:
    """Running state of one VST3 over one recording; the same surface as a stage's `Stream`.

    The plugin is a new instance in a state that was saved, and heard nothing but silence before.

    Parameters
    ----------
    hosted
        The new instance; it is unloaded after `flush`, or with the stream.
    plugin, state
        Whose settings it takes, and the state that holds them.
    sample_rate, channels
        Of the recording.

    Raises
    ------
    PluginError
        The plugin crashed, hung or refused, with the time in the recording; so do `step` and `flush`.
    """

    def __init__(
        self,
        hosted: Hosted,
        plugin: Settings,
        state: bytes,
        sample_rate: float,
        channels: int,
    ) -> None:
        self.channels = channels
        self._hosted = hosted
        self._plugin = plugin.copy()
        self._sample_rate = sample_rate
        block_size = plugin.block_size
        self._block_size = block_size
        self._grid = FrameGrid(channels, block_size)
        self._out = Fifo(channels)
        self._fed = self._played = self._given = 0
        self._loudest = 0.0
        hosted.wait_until_loaded()
        with self._beginning():
            hosted.prepare(
                state,
                plugin.places,
                takes=plugin.takes,
                sample_rate=sample_rate,
                channels=channels,
                block_size=block_size,
            )

    def wait_until_ready(self) -> None:
        """Wait for the plugin, which was told to get ready; nothing else may be called before."""
        with self._beginning():
            self._delay = self._to_skip = self._hosted.prepared()

    @contextmanager
    def _beginning(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            self._hosted.close()
            if isinstance(error, PluginError):
                raise type(error)(f"{error}, before the recording began") from None
            raise

    @property
    def pid(self) -> int:
        """Number of the process that plays it."""
        return self._hosted.pid

    @property
    def latency(self) -> int:
        """Most samples that are held back: the plugin's own delay, and an unfinished block."""
        return self._delay + self._block_size - 1

    def follow(self, plugin: Settings) -> bool:
        """Take over moved parameters from the next block on; False where a change needs a new stream.

        It does where the delay is another with it: what follows would not fit what came before.
        """
        if plugin.base != self._plugin.base:
            return False
        before = self._plugin.places
        moved = {name: place for name, place in plugin.places.items() if before.get(name) != place}
        if moved and plugin.hosted().latency(self._sample_rate, self._block_size) != self._delay:
            return False
        for name, place in moved.items():
            self._hosted.set_place(name, place)
        if moved:
            self._plugin = plugin.copy()
        return True

    def step(self, audio: Audio, sink: Sink | None = None) -> Audio:
        """Process the next samples, shape (channels, n); return those that became ready."""
        audio = next_block(audio, self.channels, self._fed)
        self._fed += audio.shape[1]
        self._loudest = max(self._loudest, float(np.abs(audio).max(initial=0.0)))
        self._play(list(self._grid.push(audio)))
        return self._give(len(self._out))

    def flush(self, sink: Sink | None = None) -> Audio:
        """End the recording: give every sample still held back, and unload the plugin."""
        rest = self._grid.rest()
        while self._given + len(self._out) < self._fed:
            block = np.zeros((self.channels, self._block_size))
            block[:, : rest.shape[1]] = rest
            rest = rest[:, :0]
            self._play([block])
        self._hosted.close()
        if sink:
            self._tell_of_delay(sink)
        return self._give(self._fed - self._given)

    def _tell_of_delay(self, sink: Sink) -> None:
        reported, measured = self._plugin.delays(self._sample_rate)
        if measured is not None and measured != reported == self._delay:
            sink(Misreported(MISREPORTED, 0, self._fed, reported=reported, measured=measured))

    def _play(self, blocks: list[Audio]) -> None:
        try:
            outputs = self._hosted.play(blocks)
        except BaseException as error:
            self._hosted.close()
            if isinstance(error, PluginError):
                reached = self._played + self._hosted.played * self._block_size
                raise type(error)(f"{error}, at {clock(reached, self._sample_rate)}") from None
            raise
        for out in outputs:
            skipped = min(self._to_skip, out.shape[1])
            self._refuse_garbage(out[:, skipped:], self._played + skipped - self._delay)
            self._played += self._block_size
            self._to_skip -= skipped
            self._out.push(out[:, skipped:])

    def _refuse_garbage(self, out: Audio, start: int) -> None:
        found = first_not_finite(out, start, self._sample_rate) or self._too_loud(out, start)
        if found:
            self._hosted.close()
            raise PluginError(f"{self._hosted.name} gave {found}")

    def _too_loud(self, out: Audio, start: int) -> str:
        levels, most = np.abs(out), 10 ** (MOST_DBFS / 20)
        peak = levels.max(initial=0.0)
        if peak <= (most if self._loudest <= most else most * self._loudest):
            return ""
        channel, at = np.unravel_index(np.argmax(levels), levels.shape)
        position = start + int(at)
        return (
            f"a peak of {20 * np.log10(peak):+.1f} dBFS at sample {position} of channel {channel + 1} "
            f"({clock(position, self._sample_rate)}); more than {MOST_DBFS:+.0f} dBFS is taken for no sound"
        )

    def _give(self, count: int) -> Audio:
        self._given += count
        return self._out.pop(count)
