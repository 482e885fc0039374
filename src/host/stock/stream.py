"""A native effect over one recording, fed so that nothing resets."""

from __future__ import annotations

import numpy as np
import pedalboard

from ...audio.arrays import Audio
from ...audio.checks import refuse_non_finite
from ...audio.framing import Fifo, FrameGrid
from ...contract.stage import Sink
from ...errors import AudioValueError, PluginError
from .stock import (
    name_of,
)

BLOCK = 8192  # source: as said beneath
"""Samples in every block a native member is fed; outputs of some depend on it, so it never changes."""


_MOST_LATENCY_BLOCKS = 64  # guard: what looks further ahead is broken


class NativeStream:
    """Running state of one native member over one recording; the same surface as a stage's `Stream`.

    Raises
    ------
    PluginError
        The plugin cannot take this many channels, or fails.
    """

    def __init__(self, plugin: pedalboard.Plugin, sample_rate: float, channels: int) -> None:
        self._plugin = plugin
        self._sample_rate = sample_rate
        self._grid = FrameGrid(channels, BLOCK)
        self._out = Fifo(channels)
        self._fed = 0
        self._given = 0
        plugin.reset()
        self._delay = self._measure_delay(channels)
        plugin.reset()

    @property
    def latency(self) -> int:
        """Most samples that are held back: the plugin's own delay, and an unfinished block."""
        return self._delay + BLOCK - 1

    def follow(self, plugin: pedalboard.Plugin) -> bool:
        """Return True: the sound goes through the plugin itself, with its settings as they are."""
        return True

    def step(self, audio: Audio, sink: Sink | None = None) -> Audio:
        """Process the next samples, shape (channels, n); return those that became ready."""
        self._fed += audio.shape[1]
        for block in self._grid.push(audio):
            self._out.push(self._process(block))
        return self._give(len(self._out))

    def flush(self, sink: Sink | None = None) -> Audio:
        """End the recording: give every sample still held back."""
        rest = self._grid.rest()
        missing = self._fed - self._given
        blocks = 0
        while len(self._out) < missing:
            block = np.zeros((rest.shape[0], BLOCK))
            block[:, : rest.shape[1]] = rest
            rest = rest[:, :0]
            self._out.push(self._process(block))
            blocks += 1
            if blocks > _MOST_LATENCY_BLOCKS + missing // BLOCK:
                raise PluginError(
                    f"{name_of(self._plugin)} gave {self._given} of {self._fed} samples and no more"
                )
        return self._give(missing)

    def _measure_delay(self, channels: int) -> int:
        silence = np.zeros((channels, BLOCK))
        for blocks in range(1, _MOST_LATENCY_BLOCKS + 1):
            out = self._process(silence)
            if out.shape[1]:
                return blocks * BLOCK - int(out.shape[1])
        raise PluginError(
            f"{name_of(self._plugin)} gave no sample back after {_MOST_LATENCY_BLOCKS * BLOCK}; "
            "it cannot be used in a chain"
        )

    def _process(self, block: Audio) -> Audio:
        narrow = np.ascontiguousarray(block, np.float32)
        try:
            out = self._plugin.process(narrow, self._sample_rate, buffer_size=BLOCK, reset=False)
        except (ValueError, RuntimeError, TypeError) as error:
            raise PluginError(f"{name_of(self._plugin)} failed: {error}") from error
        wide = np.asarray(out, np.float64).reshape(block.shape[0], -1)
        try:
            refuse_non_finite(wide, self._given + len(self._out), f"the output of {name_of(self._plugin)}")
        except AudioValueError as error:
            raise PluginError(str(error)) from None
        return wide

    def _give(self, count: int) -> Audio:
        self._given += count
        return self._out.pop(count)
