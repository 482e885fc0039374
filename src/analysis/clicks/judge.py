"""Candidates for clicks in a stream, each judged by a trained network that looks far around it.

A recording comes in blocks of any size, is brought to between 40 and 50 kHz, and is whitened in chunks on an
absolute grid. What stands out a little is a candidate, and is judged once the chunk after it has come. So
every probability is computed from the same samples in the same order, however the blocks were cut::

    0         CONTEXT                     CONTEXT + chunk        + CONTEXT
    |-- seen --|-------- judged now --------|-------- seen --------|-- PADDING, unseen --|
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from scipy.signal import firwin, upfirdn

from ...audio.arrays import Array
from ...audio.checks import next_block
from ...audio.framing import Fifo
from ...errors import AudioValueError
from ...inference.packaged import Model, Tensor, model
from ...kernels.impulses.candidates import FAR, FAR_ROWS, NEAR, NEAR_ROWS, RING, RING_ROWS, candidates, look
from ...kernels.impulses.features import (
    BLOCK,
    CELL,
    CELL_ROWS,
    FILTERS,
    ORDER,
    PADDING,
    PEAK_ROW,
    RINGS_HZ,
    STEP,
    Shown,
    compressed,
    impulse_rows,
)

MODEL = "impulses-2"
LOWEST_RATE, HIGHEST_RATE = 40_000.0, 50_000.0  # source: the rates that the model was trained for
# Scales that a candidate's prediction error, or its ring, stands out.
# tuned: models/training/impulses, tuning takes, 2026-11-21 (docs/detector.md says what they let pass)
LEAST_ERROR, LEAST_RING = 4.0, 4.5
# Of the prediction error, in octaves, so that rounding is no click.
LEAST_PEAK = -13.0  # derived: four steps of 16 bits
OFFSET_STEP = 4.0  # samples: see `offsets_of`; source: what the model was trained to give
LONGEST_S = 0.01  # from a candidate to its impulse's start, or its end; source: likewise


_CHUNK = 16 * BLOCK
_CONTEXT = FAR * CELL
# Of the resampling filter on either side, in samples of the lower rate.
_TAPS = 16  # tuned: by hand, no record
_EDGE = 64  # guard: at the recording's ends nothing can be foretold, so everything stands out
_AT_ONCE = 256  # candidates that the network judges at once; guard: memory is bounded


@dataclass(frozen=True)
class Candidate:
    """A sample that a click may be at, the span that the click would have, and how probably it is one.

    `hidden` is what the network's last layer heard of it, shape (inputs,).
    """

    channel: int
    place: int
    start: int
    stop: int
    probability: float
    hidden: Tensor = field(compare=False, repr=False)


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


def coded_offsets(samples: Array) -> Array:
    """Return offsets in samples as the network learns them: log(1 + |samples| / OFFSET_STEP), signed."""
    return np.sign(samples) * np.log1p(np.abs(samples) / OFFSET_STEP)


def offsets_of(coded: npt.NDArray[np.floating]) -> Array:
    """Return what `coded_offsets` was given."""
    values = coded.astype(np.float64)
    return np.sign(values) * OFFSET_STEP * np.expm1(np.minimum(np.abs(values), 6.0))


class ImpulseJudge:
    """Judges the candidates of a stream.

    Channels are judged with knowledge of each other: what a click leaves in the other channel is seen too.

    Parameters
    ----------
    sample_rate : float
        In Hz, 4000 to 400000.
    channels : int
    network : Model, optional
        The packaged one by default.

    Attributes
    ----------
    ratio : Fraction
        The rate judged at over the recording's.
    latency : int
        Samples of the recording that are heard beyond the last candidate judged, at most.
    """

    def __init__(self, sample_rate: float, channels: int, network: Model | None = None) -> None:
        grid = _Grid.at(sample_rate)
        self.ratio = grid.ratio
        self._model = model(MODEL) if network is None else network
        self._channels = channels
        self._longest = round(LONGEST_S * sample_rate)
        self._chunk, self._lead, self._hop, self._before = grid.chunk, grid.lead, grid.hop, grid.before
        self._filter, self._delay = _low_pass(grid.ratio)
        self.latency = grid.latency
        self._fifo = Fifo(channels)
        self._fifo.push(np.zeros((channels, self._before)))
        self._window = np.zeros((channels, 2 * self._before + self._hop))
        self._filled = 0
        self._taken = 0
        self._rows = _Rows(channels, self._chunk)
        self._places = np.empty(self._chunk // STEP * 2 + 1, np.int64)

    @property
    def judged(self) -> int:
        """Samples of the recording whose candidates have been judged."""
        return max(int(self._rows.at // self.ratio), 0)

    def push(self, audio: npt.NDArray[np.floating]) -> list[Candidate]:
        """Add a block, shape (channels, n); return the candidates judged now, in order of their places.

        Raises
        ------
        AudioShapeError, AudioValueError
            See `framing.next_block`.
        """
        block = next_block(audio, self._channels, self._taken)
        self._taken += block.shape[1]
        self._fifo.push(block)
        return self._chunks()

    def finish(self) -> list[Candidate]:
        """Return what is left, up to the recording's end."""
        whole = -(-(self._taken + int(_CONTEXT / self.ratio)) // self._hop) * self._hop
        self._fifo.push(np.zeros((self._channels, whole - self._taken + self._before)))
        last = int(self._taken * self.ratio) - _EDGE
        return [one for one in self._chunks() if one.place * self.ratio < last]

    def _chunks(self) -> list[Candidate]:
        done = []
        while len(self._fifo) + self._filled >= self._window.shape[1]:
            self._window[:, self._filled :] = self._fifo.pop(self._window.shape[1] - self._filled)
            self._rows.add([self._resampled(heard) for heard in self._window])
            done += self._judged()
            self._filled = 2 * self._before
            self._window[:, : self._filled] = self._window[:, self._hop :].copy()
        return done

    def _resampled(self, heard: Array) -> Array:
        length = self._chunk + 2 * self._lead
        if self._filter.size > 1:
            up, down = self.ratio.numerator, self.ratio.denominator
            heard = upfirdn(self._filter, heard, up, down)[self._delay : self._delay + length]
        offset = self._lead - PADDING
        return np.ascontiguousarray(heard[offset : length - offset])

    def _judged(self) -> list[Candidate]:
        seen, done = self._rows, []
        first = max(_CONTEXT, _EDGE - seen.origin)
        last = _CONTEXT + self._chunk
        for channel in range(self._channels):
            if first >= last:
                break
            count = candidates(
                seen.rows[channel],
                seen.rings[channel],
                _CONTEXT,
                last,
                compressed(LEAST_ERROR),
                compressed(LEAST_RING),
                self._places,
            )
            places = self._places[:count]
            loud = seen.cells[channel, PEAK_ROW, places // CELL] >= LEAST_PEAK
            done += self._of_channel(channel, places[loud & (places >= first)])
        return sorted(done, key=lambda one: (one.place, one.channel))

    def _of_channel(self, channel: int, places: npt.NDArray[np.int64]) -> list[Candidate]:
        done = []
        for begin in range(0, len(places), _AT_ONCE):
            some = places[begin : begin + _AT_ONCE]
            looks = self._rows.looks(channel, some)
            probability, coded, hidden = self._model.run(looks)
            told = zip(
                (some + self._rows.origin).tolist(), probability.tolist(), offsets_of(coded).tolist(), hidden,
                strict=True,
            )  # fmt: skip
            for place, probably, (back, on), heard in told:
                at = self._native(place)
                start = max(min(self._native(place - back), at), at - self._longest, 0)
                stop = min(max(-self._native(-(place + on)), at + 1), at + self._longest)
                done.append(Candidate(channel, at, start, stop, probably, heard))
        return done

    def _native(self, position: float) -> int:
        return int(position * self.ratio.denominator // self.ratio.numerator)


class _Rows:
    """What shows clicks, of the chunk that is judged now and `_CONTEXT` samples on either side."""

    def __init__(self, channels: int, chunk: int) -> None:
        size = chunk + 2 * _CONTEXT
        self._chunk = chunk
        self.origin = -size  # number of the first sample held, at the rate judged at
        self.rows = np.zeros((channels, 3, size), np.float32)
        self.rings = np.zeros((channels, len(RINGS_HZ), size // STEP), np.float32)
        self.cells = np.zeros((channels, CELL_ROWS, size // CELL), np.float32)
        self._scale = np.ones((channels, size // CELL))
        blocks, cells = chunk // BLOCK, chunk // CELL
        self._models = np.empty((blocks + 2, ORDER + 1))
        self._deviation = np.empty(blocks + 2)
        self._new = Shown(
            np.empty((3, chunk), np.float32),
            np.empty((len(RINGS_HZ), chunk // STEP), np.float32),
            np.empty((CELL_ROWS, cells), np.float32),
            np.empty((1 + len(RINGS_HZ), cells)),
        )

    @property
    def at(self) -> int:
        """The sample up to which candidates have been judged."""
        return self.origin + _CONTEXT + self._chunk

    def add(self, heard: list[Array]) -> None:
        """Move on by a chunk; `heard` is each channel's, with `PADDING` samples on either side."""
        self.origin += self._chunk
        for kept in (self.rows, self.rings, self.cells, self._scale):
            new = kept.shape[-1] * self._chunk // self.rows.shape[-1]
            kept[..., :-new] = kept[..., new:].copy()
        for channel, x in enumerate(heard):
            impulse_rows(x, FILTERS, self._models, self._deviation, self._new)
            for kept, now in zip((self.rows, self.rings, self.cells), self._new[:3], strict=True):
                kept[channel, :, -now.shape[1] :] = now
            self._scale[channel, -self._new.scale.shape[1] :] = self._new.scale[0]

    def looks(self, channel: int, places: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[np.float32]]:
        """Return what is seen around each place."""
        count = len(places)
        near = np.empty((count, NEAR_ROWS, 2 * NEAR), np.float32)
        ring = np.empty((count, RING_ROWS, 2 * RING), np.float32)
        far = np.empty((count, FAR_ROWS, 2 * FAR), np.float32)
        shown = Shown(self.rows, self.rings, self.cells, self._scale)
        for k, place in enumerate(places.tolist()):
            look(shown, channel, place, near[k], ring[k], far[k])
        return {"near": near, "ring": ring, "far": far}


def judge_latency(sample_rate: float) -> int:
    """Return `ImpulseJudge.latency` without a judge; raises `AudioValueError` as `rate_ratio` does."""
    return _Grid.at(sample_rate).latency


@dataclass(frozen=True)
class _Grid:
    """Where chunks lie: samples a chunk and before it, at the rate judged at and at the recording's."""

    ratio: Fraction
    chunk: int
    lead: int
    hop: int
    before: int

    @classmethod
    def at(cls, sample_rate: float) -> _Grid:
        ratio = rate_ratio(sample_rate)
        up, down = ratio.numerator, ratio.denominator
        chunk = -(-_CHUNK // (BLOCK * up)) * BLOCK * up
        lead = -(-(PADDING + 2 * _low_pass(ratio)[1]) // up) * up
        return cls(ratio, chunk, lead, hop=chunk * down // up, before=lead * down // up)

    @property
    def latency(self) -> int:
        return self.hop + self.before + int(_CONTEXT / self.ratio) + 1


def _low_pass(ratio: Fraction) -> tuple[Array, int]:
    """Return the resampling filter, and its delay in samples at the new rate."""
    up, down = ratio.numerator, ratio.denominator
    if up == down:
        return np.ones(1), 0
    delay = -(-_TAPS * max(up, down) // (up * down)) * up
    half = delay * down
    return up * firwin(2 * half + 1, 0.95 / max(up, down), window=("kaiser", 8.0)), delay
