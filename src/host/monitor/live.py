"""A chain over a stream that never ends: as many samples out as in, late by a constant.

::

    device in --> read n --> chain --> queue --> waiting blocks --> write n --> device out
                                       |                        on a thread of its own
                                       filled with silence first: the most that the chain ever holds back

So the output never runs dry whatever the frames of stages are, and what is declared is what is heard.
"""

from __future__ import annotations

import math
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

import numpy as np

from ...audio.arrays import Audio
from ...audio.framing import Fifo
from ...errors import DeviceError, NotLearned
from ..chain.chain import Chain
from ..chain.path import slot_number

_LIMIT = 1.0  # source: full scale: what is beyond it converters clip
_AHEAD = 2  # tuned: 2026-11-30, no device here; blocks that wait for the output, against a late one
_A_SECOND = 1.0  # derived: of blocks, over which the load is averaged
_LEAST_S = 1e-9  # guard: no division by zero
_PATIENCE_S = 0.1  # guard: how long a stop is not seen
_WARMING_S = 1.0  # guard: what compiles every kernel that runs live
_WARMING_LEVEL = 0.01  # guard: noise, so that stages do not skip it


class AudioDevices(Protocol):
    """What is known of pedalboard's ``AudioStream`` while it runs."""

    sample_rate: float
    dropped_input_frame_count: int

    def read(self, num_samples: int = 0) -> Any:
        """Return samples from the input, shape (channels, n), waiting for them."""

    def write(self, audio: Any, sample_rate: float) -> Any:
        """Give samples to the output, waiting until there is room."""


@dataclass(frozen=True)
class Meter:
    """How a live chain is doing.

    Attributes
    ----------
    blocks, seconds
        What was heard so far.
    load, peak_load
        The chain's time beside the block's, over the last second, and the most: over 1 is too slow.
    late
        Blocks for which the chain took longer than they last.
    dropped
        Samples that the input lost.
    starved
        How often the output had nothing to play.
    delay_s, peak_delay_s
        From a block's first sample, as it comes from the input, to its being handed to the output: the last
        one and the most, the chain's delay included, the devices' own not.
    """

    blocks: int = 0
    seconds: float = 0.0
    load: float = 0.0
    peak_load: float = 0.0
    late: int = 0
    dropped: int = 0
    starved: int = 0
    delay_s: float = 0.0
    peak_delay_s: float = 0.0

    @property
    def dropouts(self) -> int:
        """Everything that is heard as a gap."""
        return self.starved + (self.dropped > 0)


@dataclass
class Live:
    """A chain over blocks, its delay declared.

    Parameters
    ----------
    chain
        What runs: every stage of it must work without having heard the whole recording.
    sample_rate, channels
        Of the blocks.

    Attributes
    ----------
    latency
        Samples by which the output is late: the most that the chain holds back.

    Raises
    ------
    NotLearned
        A stage must hear the whole recording first.
    AudioValueError
        A stage cannot work at that rate.
    """

    chain: Chain
    sample_rate: float
    channels: int
    latency: int = field(init=False)

    def __post_init__(self) -> None:
        refuse_listeners(self.chain)
        self._stream = self.chain.stream(self.sample_rate, self.channels)
        self.latency = self._stream.latency
        self._warm()
        self._queue = Fifo(self.channels)
        self._queue.push(np.zeros((self.channels, self.latency)))

    def _warm(self) -> None:
        """Compile what is compiled at first use, in a stream that nobody hears."""
        other = self.chain.stream(self.sample_rate, self.channels)
        count = round(_WARMING_S * self.sample_rate) + self.latency
        other.step(np.random.default_rng(0).normal(0, _WARMING_LEVEL, (self.channels, count)))

    def __call__(self, block: Audio) -> Audio:
        """Take a block, shape (channels, n); give as many samples, within full scale."""
        self._queue.push(self._stream.step(block))
        return np.clip(self._queue.pop(block.shape[1]), -_LIMIT, _LIMIT)


def refuse_listeners(chain: Chain) -> None:
    """Raise `NotLearned` where stages must hear a whole recording first, naming them and what to do."""
    listening = [
        f"{stage.name} (slot {slot_number(path)})" for path, stage in chain.stages() if stage.needs_findings
    ]
    if not listening:
        return
    names = " and ".join([", ".join(listening[:-1]), listening[-1]] if len(listening) > 1 else listening)
    numbers = [slot_number(path) for path, stage in chain.stages() if stage.needs_findings]
    remedy = " ".join(f"--set {number}.bypass=true" for number in numbers)
    raise NotLearned(
        f"{names} must hear the whole recording first and cannot run live; say {remedy}, or use a preset "
        "whose findings an engineer put there"
    )


def run_live(
    devices: AudioDevices,
    live: Live,
    *,
    block_size: int,
    stop: threading.Event,
    tell: Callable[[Meter], None] = lambda meter: None,
    tell_every_s: float = 0.5,
    seconds: float = math.inf,
) -> Meter:
    """Run a chain between running devices until `stop` is set, Ctrl-C, or `seconds`; return how it went.

    Raises
    ------
    DeviceError
        A device gives or takes nothing any more.
    """
    output = _Output(devices, live.sample_rate)
    meter, shares, told = (
        Meter(),
        deque[float](maxlen=max(round(_A_SECOND * live.sample_rate / block_size), 1)),
        0.0,
    )
    dropped = 0
    with suppress(KeyboardInterrupt), output:
        while not stop.is_set() and meter.seconds < seconds:
            dropped += devices.dropped_input_frame_count
            block = _heard(devices, block_size, live.channels)
            began = time.perf_counter()
            out = live(block)
            lasts = block.shape[1] / live.sample_rate
            shares.append((time.perf_counter() - began) / max(lasts, _LEAST_S))
            output.put(out, began - lasts, stop)
            delays = output.delay_s, output.peak_delay_s
            meter = Meter(
                blocks=meter.blocks + 1,
                seconds=meter.seconds + lasts,
                load=float(np.mean(shares)),
                peak_load=max(meter.peak_load, shares[-1]),
                late=meter.late + (shares[-1] > 1.0),
                dropped=dropped,
                starved=output.starved,
                delay_s=delays[0] + live.latency / live.sample_rate,
                peak_delay_s=delays[1] + live.latency / live.sample_rate,
            )
            if meter.seconds - told >= tell_every_s:
                told = meter.seconds
                tell(meter)
    return meter


def _heard(devices: AudioDevices, count: int, channels: int) -> Audio:
    """Return the next block of the input, shape (channels, count)."""
    try:
        block = np.array(devices.read(count), np.float64, ndmin=2)
    except (RuntimeError, ValueError) as error:
        raise DeviceError(f"the input gives nothing any more: {error}; is it still connected?") from error
    if block.shape[0] != channels:
        raise DeviceError(f"the input gives {block.shape[0]} channels, not {channels}; say --channels")
    return np.nan_to_num(block, posinf=_LIMIT, neginf=-_LIMIT)


class _Output:
    """Gives blocks to the output on a thread of its own, so that the next one is worked on meanwhile."""

    def __init__(self, devices: AudioDevices, sample_rate: float) -> None:
        self.starved, self.delay_s, self.peak_delay_s = 0, 0.0, 0.0
        self._devices, self._rate = devices, sample_rate
        self._blocks: queue.Queue[tuple[Audio, float] | None] = queue.Queue(_AHEAD)
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._play, name="wavemend-output", daemon=True)

    def put(self, block: Audio, began: float, stop: threading.Event) -> None:
        """Hand a block over whose first sample came at `began`; wait while enough of them wait."""
        while not stop.is_set():
            if self._failure is not None:
                raise DeviceError(
                    f"the output takes nothing any more: {self._failure}; is it still connected?"
                ) from self._failure
            with suppress(queue.Full):
                self._blocks.put((block, began), timeout=_PATIENCE_S)
                return

    def _play(self) -> None:
        playing = False
        while True:
            if playing and self._blocks.empty():
                self.starved += 1
            if (one := self._blocks.get()) is None:
                return
            block, began = one
            playing = True
            self.delay_s = time.perf_counter() - began
            self.peak_delay_s = max(self.peak_delay_s, self.delay_s)
            try:
                self._devices.write(block.astype(np.float32), self._rate)
            except Exception as error:  # told by who puts the next one
                self._failure = error
                return

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        with suppress(queue.Full):
            self._blocks.put(None, timeout=_PATIENCE_S * 10)
        self._thread.join(_PATIENCE_S * 10)


def declared_delay(live: Live, block_size: int) -> int:
    """Return the samples by which what is handed to the output is late at most, where nothing is too slow.

    The chain's delay, the block that is read whole, and those that may wait for the output.
    """
    return live.latency + (1 + _AHEAD) * block_size
