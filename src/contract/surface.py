"""pedalboard's surface over anything that opens streams: `process`, `flush`, `reset`, stated once.

::

    process(whole recording)             _whole    -> a new stream, stepped and flushed
    process(block, ..., reset=False)     _running  -> the live stream, where it can follow changed settings
    flush()                              the live stream's rest
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ..audio.arrays import Audio
from ..audio.checks import check_rate
from ..audio.layout import Layout, Sample, to_planar

_BLOCK = 1 << 16  # derived: half a megabyte a channel, nothing beside a recording, and few calls


class Running(Protocol):
    """The running state of one recording: blocks of any size in, the same samples out, aligned."""

    channels: int

    @property
    def latency(self) -> int:
        """Most samples that are held back."""

    def step(self, audio: Audio) -> Audio:
        """Process the next samples, shape (channels, n); return those that became ready."""

    def flush(self) -> Audio:
        """End the recording: give every sample still held back."""


class Surface(ABC):
    """What pedalboard's plugins and boards offer; a stage, a chain and a hosted plugin are each one."""

    def __init__(self) -> None:
        # What ``process(..., reset=False)`` runs, at which rate, and its caller's layout. (On the class,
        # type checkers would take it for a parameter of a stage.)
        self._live: tuple[Any, float, Layout] | None = None

    # -- what it is made of ------------------------------------------------------------------------

    @abstractmethod
    def _whole(self, audio: Audio, sample_rate: float) -> Audio:
        """Process a recording held in one array, shape (channels, n); return as many samples."""

    @abstractmethod
    def _open(self, sample_rate: float, channels: int) -> Running:
        """Open a stream for ``process(..., reset=False)``, with the settings as they are."""

    @abstractmethod
    def _follows(self, stream: Any) -> bool:
        """Have a running stream take over the settings as they are; False where that needs a new one."""

    # -- the surface -------------------------------------------------------------------------------

    @property
    def is_effect(self) -> bool:
        """True: it processes audio."""
        return True

    @property
    def is_instrument(self) -> bool:
        """False: it makes no sound of its own."""
        return False

    def process(
        self,
        input_array: npt.NDArray[Sample],
        sample_rate: float,
        buffer_size: int = 8192,
        reset: bool = True,
    ) -> npt.NDArray[Sample]:
        """Process audio as pedalboard's plugins do.

        Parameters
        ----------
        input_array
            float32 or float64, shape (n,), (channels, n) or (n, channels); it is not changed.
        sample_rate
            Hz.
        buffer_size
            Accepted for pedalboard's sake; results never depend on it.
        reset
            True: `input_array` is a whole recording: analysed where a stage needs findings (in a chain as it
            stands at that stage's place), output aligned and as long as the input. False: it is the next
            block of a stream: 0 to n samples come back while the latency fills.

        Returns
        -------
        numpy.ndarray
            Same layout and same dtype as the input. (pedalboard gives float32 for float64; samples that
            a repair does not touch could then not come back as they were.)

        Raises
        ------
        AudioTypeError, AudioShapeError, AudioValueError
            Not usable as audio.
        NotLearned
            ``reset=False`` on a stage that needs findings and has none.
        PluginError
            A hosted plugin or a stock effect failed.
        """
        sample_rate = check_rate(sample_rate)
        audio, layout = to_planar(input_array, self._live[2] if self._live and not reset else None)
        if reset:
            self._live = None
            return layout.restore(self._whole(audio, sample_rate) if audio.shape[1] else audio)
        return layout.restore(self._running(sample_rate, audio.shape[0], layout).step(audio))

    __call__ = process

    def flush(self) -> npt.NDArray[Any]:
        """End the stream that ``process(..., reset=False)`` runs: return the samples still held back.

        Returns
        -------
        numpy.ndarray
            In the layout and dtype of the stream, which with it has as many samples out as in; an empty
            array where no stream runs. The next ``process(..., reset=False)`` starts a new one.
        """
        if self._live is None:
            return np.empty(0)
        stream, _, layout = self._live
        self._live = None
        return layout.restore(stream.flush())

    def reset(self) -> None:
        """Forget the running stream; settings and fixed findings stay."""
        self._live = None

    def _running(self, sample_rate: float, channels: int, layout: Layout) -> Running:
        stream: Running | None = None
        if self._live is not None:
            live, rate, _ = self._live
            if rate == sample_rate and live.channels == channels and self._follows(live):
                stream = live
        stream = stream or self._open(sample_rate, channels)
        self._live = (stream, sample_rate, layout)
        return stream


def through(stream: Running, audio: Audio) -> Audio:
    """Run a whole recording, shape (channels, n), through a new stream; the result lies where it lay.

    Block by block, so that an array costs little more than itself; as a stream gives no sample before it
    was given one, what is written has been read.
    """
    given = 0
    for start in range(0, audio.shape[1], _BLOCK):
        ready = stream.step(audio[:, start : start + _BLOCK])
        audio[:, given : given + ready.shape[1]] = ready
        given += ready.shape[1]
    audio[:, given:] = stream.flush()
    return audio
