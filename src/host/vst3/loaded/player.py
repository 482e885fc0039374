"""A VST3 at work on one recording: as many instances as its channels need, and its delay measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ....errors import ChannelsRefusedError, PluginError
from .instance import Block, Instance

_MOST_SAMPLES = 2**20  # guard: before its first sample; a plugin that looks further ahead is broken


class Player:
    """Plugin instances fed with one block after another.

    A channel count that the plugin took when it was tried out goes in as it is. Otherwise each channel has an
    instance of its own, or one channel goes to both sides of a stereo plugin, whose mean comes back.

    Parameters
    ----------
    new_instance
        Makes an instance.
    takes
        Channel counts, of 1 and 2, that it took when it was tried out.
    sample_rate, channels, block_size
        Of the recording, and samples in every block.

    Raises
    ------
    PluginError
        The plugin cannot take so many channels in any way, or gives nothing back.

    Attributes
    ----------
    latency
        Samples by which the output lags.
    """

    def __init__(
        self,
        new_instance: Callable[[], Instance],
        takes: Sequence[int],
        sample_rate: float,
        channels: int,
        block_size: int,
    ) -> None:
        self._sample_rate = sample_rate
        self._silence = np.zeros((channels, block_size), np.float32)
        self._instances = [new_instance()]
        self._doubled = channels == 1 and 1 not in takes
        alone = channels == 1 or channels in takes
        try:
            # More than two channels were not tried out: the plugin itself says whether it takes them.
            if not alone and channels <= 2:
                raise ChannelsRefusedError(f"takes {' or '.join(map(str, takes))}")
            self._warm_up()
        except ChannelsRefusedError as refused:
            if alone or 1 not in takes:
                raise PluginError(f"cannot be fed with {channels} channels: {refused}") from None
            self._instances += [new_instance() for _ in range(channels - 1)]
            self._warm_up()
        self.latency = self._instances[0].latency

    def restore(self, state: bytes, places: Mapping[str, float]) -> None:
        """Give every instance its settings, and let them take effect on the sound and on the delay.

        A block of silence carries each setting into the plugin. Only a plugin that is activated after that
        is certain to work with the delay that it reports.
        """
        for instance in self._instances:
            instance.set_state(state)
        self._warm_up()
        for instance in self._instances:
            instance.move_to(places)
        self._warm_up()
        for instance in self._instances:
            instance.activate_anew()
        self._warm_up()
        self.latency = self._instances[0].latency

    def _warm_up(self) -> None:
        """Play silence until whole blocks come back."""
        fed = 0
        while self._feed(self._silence).shape != self._silence.shape:
            fed += self._silence.shape[1]
            if fed >= _MOST_SAMPLES:
                raise PluginError(f"gave no sample back after {fed}")

    def process(self, block: Block) -> Block:
        """Process a block, shape (channels, block size); return as many samples, lagging by `latency`."""
        out = self._feed(block)
        reported = self._instances[0].latency
        if reported != self.latency:
            raise PluginError(
                f"changed its latency from {self.latency} to {reported} samples in mid-recording"
            )
        if out.shape != block.shape:
            raise PluginError(f"gave {out.shape[1]} of {block.shape[1]} samples back")
        return out

    def set_place(self, name: str, place: float) -> None:
        """Move a parameter from the next block on."""
        for instance in self._instances:
            instance.set_place(name, place)

    def _feed(self, block: Block) -> Block:
        first = self._instances[0]
        if self._doubled:
            both = first.process(np.repeat(block, 2, axis=0), self._sample_rate)
            return (both[:1] + both[1:]) * np.float32(0.5)
        if len(self._instances) == 1:
            return first.process(block, self._sample_rate)
        channels = zip(self._instances, block, strict=True)
        return np.concatenate([i.process(channel[np.newaxis], self._sample_rate) for i, channel in channels])
