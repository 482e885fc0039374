"""Impulses by a trained network: how probably each sample belongs to a click, and the spans that follow.

A recording comes in blocks of any size, is brought to between 40 and 50 kHz, and is looked at in chunks on an
absolute grid, each with the surroundings that models, scales and network hear of. So every probability is
computed from the same samples in the same order, however the blocks were cut. See docs/detector.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from scipy.signal import firwin, upfirdn

from ..errors import AudioValueError
from ..kernels.impulse_features import BLOCK, CELL, ORDER, PADDING, impulse_features, probable_runs
from .framing import Fifo, next_block
from .inference import Model, model

MODEL = "impulses-1"
LOWEST_RATE, HIGHEST_RATE = 40_000.0, 50_000.0

Array = npt.NDArray[np.float64]
Probabilities = npt.NDArray[np.float32]

_CHUNK = 16 * BLOCK
_CONTEXT = BLOCK  # samples that the network hears on either side, and a few more
_TAPS = 16  # of the resampling filter on either side, in samples of the lower rate
_EDGE = 64  # at the recording's ends nothing can be foretold, so everything stands out


@dataclass(frozen=True)
class Span:
    """One impulse: samples ``[start, stop)`` of a channel, and the highest probability in it."""

    channel: int
    start: int
    stop: int
    confidence: float


def rate_ratio(sample_rate: float) -> Fraction:
    """Return the simplest ratio that brings a sample rate to between 40 and 50 kHz.

    Raises
    ------
    AudioValueError
        The rate lies outside 4 to 400 kHz.
    """
    if not 4_000.0 <= sample_rate <= 400_000.0:
        raise AudioValueError(f"sample_rate={sample_rate!r}: impulses are found at 4000 to 400000 Hz")
    low, high = LOWEST_RATE / sample_rate, HIGHEST_RATE / sample_rate
    for denominator in range(1, 100):
        numerator = int(np.ceil(low * denominator))
        if numerator <= high * denominator:
            return Fraction(numerator, denominator)
    raise AssertionError("an interval of a quarter's width holds a simple ratio")


class ImpulseProbabilities:
    """Per-sample probabilities of a stream, at ``ratio`` times its rate.

    Parameters
    ----------
    sample_rate : float
        In Hz, 4000 to 400000.
    channels : int
        Each is looked at by itself.
    network : Model, optional
        The packaged one by default.
    """

    def __init__(self, sample_rate: float, channels: int, network: Model | None = None) -> None:
        self.ratio = rate_ratio(sample_rate)
        self._model = model(MODEL) if network is None else network
        self._channels = channels
        up, down = self.ratio.numerator, self.ratio.denominator
        self._up, self._down = up, down
        self._chunk = -(-_CHUNK // (BLOCK * up)) * BLOCK * up
        self._filter, self._delay = _low_pass(up, down)
        around = _CONTEXT + PADDING
        self._lead = -(-(around + 2 * self._delay) // up) * up
        self._offset = self._lead - around
        self._hop = self._chunk * down // up
        self._before = self._lead * down // up
        self._fifo = Fifo(channels)
        self._fifo.push(np.zeros((channels, self._before)))
        self._window = np.zeros((channels, 2 * self._before + self._hop))
        self._filled = 0
        self._taken = 0

    @property
    def latency(self) -> int:
        """Samples of the recording that are heard beyond the last probability, at most."""
        return self._hop + self._before

    def push(self, audio: npt.NDArray[np.floating]) -> list[Probabilities]:
        """Add a block, shape (channels, n); return the chunks that it completes, shape (channels, m).

        Raises
        ------
        AudioShapeError, AudioValueError
            See `framing.next_block`.
        """
        block = next_block(audio, self._channels, self._taken)
        self._taken += block.shape[1]
        self._fifo.push(block)
        return self._chunks()

    def finish(self) -> list[Probabilities]:
        """Return what is left, up to the recording's end."""
        whole = -(-self._taken // self._hop) * self._hop
        self._fifo.push(np.zeros((self._channels, whole - self._taken + self._before)))
        return self._chunks()

    def _chunks(self) -> list[Probabilities]:
        done = []
        while len(self._fifo) + self._filled >= self._window.shape[1]:
            self._window[:, self._filled :] = self._fifo.pop(self._window.shape[1] - self._filled)
            done.append(np.stack([self._probability(channel) for channel in self._window]))
            self._filled = 2 * self._before
            self._window[:, : self._filled] = self._window[:, self._hop :].copy()
        return done

    def _probability(self, heard: Array) -> Probabilities:
        length = self._chunk + 2 * self._lead
        if self._up != self._down:
            heard = upfirdn(self._filter, heard, self._up, self._down)[self._delay : self._delay + length]
        x = np.ascontiguousarray(heard[self._offset : length - self._offset])
        samples = self._chunk + 2 * _CONTEXT
        features = np.empty((3, samples), np.float32)
        models = np.empty((samples // BLOCK + 2, ORDER + 1))
        impulse_features(x, models, np.empty(samples // CELL), features)
        (probability,) = self._model.run({"features": features[np.newaxis]})
        return probability[0, _CONTEXT : _CONTEXT + self._chunk]


def _low_pass(up: int, down: int) -> tuple[Array, int]:
    """Return the resampling filter, and its delay in samples at the new rate."""
    if up == down:
        return np.ones(1), 0
    delay = -(-_TAPS * max(up, down) // (up * down)) * up
    half = delay * down
    return up * firwin(2 * half + 1, 0.95 / max(up, down), window=("kaiser", 8.0)), delay


class ImpulseDetector:
    """Spans of a stream's impulses: where the probability passes a threshold, down to a lower one.

    Parameters
    ----------
    sample_rate : float
        In Hz, 4000 to 400000.
    channels : int
    high, low : float, optional
        Thresholds of the hysteresis; by default those that came with the model.
    network : Model, optional
        The packaged one by default.
    """

    def __init__(
        self,
        sample_rate: float,
        channels: int,
        *,
        high: float | None = None,
        low: float | None = None,
        network: Model | None = None,
    ) -> None:
        network = model(MODEL) if network is None else network
        self._source = ImpulseProbabilities(sample_rate, channels, network)
        self._high = network.settings["high"] if high is None else high
        self._low = network.settings["low"] if low is None else low
        self._gap = max(round(network.settings["gap_ms"] * 1e-3 * sample_rate * float(self._source.ratio)), 1)
        self._taken = 0
        self._at = 0
        self._states = np.tile((0.0, -1.0, 0.0), (channels, 1))

    @property
    def latency(self) -> int:
        """Samples of the recording that are heard beyond the end of an impulse until it is told, at most."""
        return self._source.latency + int(self._gap / self._source.ratio) + 1

    def push(self, audio: npt.NDArray[np.floating]) -> list[Span]:
        """Add a block, shape (channels, n); return the impulses that are over, in order of their ends.

        Raises
        ------
        AudioShapeError, AudioValueError
            See `framing.next_block`.
        """
        chunks = self._source.push(audio)
        self._taken += audio.shape[1]
        return [span for chunk in chunks for span in self._followed(chunk)]

    def finish(self) -> list[Span]:
        """Return the impulses up to the recording's end."""
        last = int(self._taken * self._source.ratio)
        spans = []
        for chunk in self._source.finish():
            chunk[:, max(last - _EDGE - self._at, 0) :] = 0.0
            spans += self._followed(chunk)
        return spans + self._followed(np.zeros((len(self._states), self._gap + 1), np.float32))

    def _followed(self, chunk: Probabilities) -> list[Span]:
        if self._at < _EDGE:
            chunk[:, : _EDGE - self._at] = 0.0
        spans = []
        runs = np.empty((chunk.shape[1] + 1, 3))
        for channel, (probability, state) in enumerate(zip(chunk, self._states, strict=True)):
            count = probable_runs(probability, self._at, self._low, self._high, self._gap, state, runs)
            for start, stop, highest in runs[:count].tolist():
                spans.append(Span(channel, self._native(start), -self._native(-stop), highest))
        self._at += chunk.shape[1]
        return sorted(spans, key=lambda span: (span.stop, span.channel))

    def _native(self, position: float) -> int:
        return int(position * self._source.ratio.denominator // self._source.ratio.numerator)
