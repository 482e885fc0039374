"""The stage, and its processor over one recording."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ...analysis.carrier.walls import Walls, WallsAnalyser
from ...audio.arrays import Array, Audio, Mask
from ...contract.marks import Marks, covered
from ...contract.parameters.number import number
from ...contract.parameters.switch import switch
from ...contract.stage import Event, Framing, Processor, RepairStage, Sink, Step
from ...contract.stream import Through
from ...errors import ParameterError
from ...kernels.prediction.models import autocorrelation_model, prediction_error
from ...kernels.spectra.stft import hann
from .damage import Damage, Noise, Taken, spans_in
from .filters import (
    AROUND,
    BLOCKS_A_HOP,
    CONTEXT,
    HIGH,
    LOW,
    LOW_MEAN,
    MEAN,
    ODDS,
    WHITE,
    WHITE_MEAN,
    Filters,
    Times,
)

_RIDGE = 1e-4  # guard: what lies 40 dB under the music, such as an empty band, is not whitened
_FLOOR = 2.0**-17  # guard: a quarter of a step of 16 bits; less is no noise to measure damage by
_NORMAL = 0.6745  # derived: median of the magnitudes of normal noise of variance 1


class _Blend(Processor):
    """Takes from the mean of both walls what the difference says is one wall's alone."""

    def __init__(self, times: Times, sample_rate: float, walls: Walls, blend: bool) -> None:
        self._times = times
        self._filters = Filters(times, sample_rate, walls, blend)
        self._damage = Damage(sample_rate)
        self._window = hann(2 * times.block)
        self._heard = np.zeros((2, times.size))
        self._rows = np.zeros((ODDS + 1, times.size - times.block))
        blocks = self._rows.shape[1] // times.block
        self._levels = np.zeros((len(Noise._fields), blocks))
        self._exists = np.zeros(blocks, np.bool_)
        self._origin = -times.size
        self._length: int | None = None
        self._vetoes = cache(lambda channel: self.marks.vetoed_in(channel))  # noqa: PLW0108 - they come later

    def finish(self, length: int) -> None:
        self._length = length

    def step(self, frame: Audio, sink: Sink | None) -> Audio:
        times, hop = self._times, self._times.hop
        self._origin += hop
        for buffer in (self._heard, self._rows):
            buffer[:, :-hop] = buffer[:, hop:]
        self._heard[:, -hop:] = frame
        for blocks in (self._levels, self._exists):
            blocks[..., :-BLOCKS_A_HOP] = blocks[..., BLOCKS_A_HOP:]
        self._hear()
        near = AROUND * times.block
        rows = self._rows[:, near : near + hop + 2 * CONTEXT * times.block]
        vetoed = self._vetoed(self._origin + near, rows.shape[1])
        taken = self._damage.weigh(rows, self._noise(), self.settings.strength, vetoed)
        if sink is not None:
            for event in self._events(taken, self._origin + near):
                sink(event)
        inside = slice(CONTEXT * times.block, CONTEXT * times.block + hop)
        return np.tile(rows[MEAN, inside] - taken.signal[inside], (2, 1))

    def _hear(self) -> None:
        """Filter and whiten the hop of samples that ends one block before what was heard last."""
        times, rows = self._times, self._rows
        start, end = rows.shape[1] - times.hop, rows.shape[1]
        near = slice(start - times.margin, end + times.margin)
        rows[:WHITE_MEAN, start:] = self._filters(self._heard[:, near])
        mean = 0.5 * (self._heard[0] + self._heard[1])
        difference = rows[HIGH] + rows[LOW]
        for first in range(start, end, times.block):
            self._whiten(mean, difference, first)
            self._measure(first)

    def _whiten(self, mean: Array, difference: Array, first: int) -> None:
        """Whiten both in the block that begins at `first`, by the mean's model around it."""
        half, stop = self._times.block // 2, first + self._times.block
        model = np.empty(self._times.order + 1)
        autocorrelation_model(mean[first - half : stop + half] * self._window, _RIDGE, model)
        prediction_error(mean, first, stop, model, self._rows[WHITE_MEAN])
        prediction_error(difference, first, stop, model, self._rows[WHITE])

    def _measure(self, first: int) -> None:
        """Measure what the block that begins at `first` is made of, as far as the recording has it."""
        stop, number = first + self._times.block, first // self._times.block
        last = stop if self._length is None else min(self._length - self._origin, stop)
        rows = self._rows
        self._exists[number] = self._origin + first >= 0 and last > first
        if not self._exists[number]:
            self._levels[:, number] = 0.0
            rows[ODDS, first:stop] = 0.0
            return
        heard = rows[:, first:last]
        self._levels[:, number] = [_level(heard[row]) for row in (WHITE, HIGH, LOW, LOW_MEAN)]
        power = max(_level(heard[WHITE_MEAN]), _FLOOR) ** 2
        rows[ODDS, first:stop] = rows[WHITE_MEAN, first:stop] * rows[WHITE, first:stop] / power

    def _noise(self) -> Noise:
        """Return powers along the hop and its context: medians of the blocks around."""
        count = BLOCKS_A_HOP + 2 * CONTEXT
        powers = np.full((len(Noise._fields), count), _FLOOR**2)
        for block in range(count):
            exists = self._exists[block : block + 2 * AROUND + 1]
            if exists.any():
                levels = self._levels[:, block : block + 2 * AROUND + 1][:, exists]
                powers[:, block] = np.maximum(np.median(levels, axis=1), _FLOOR) ** 2
        return Noise(*np.repeat(powers, self._times.block, axis=1))

    def _vetoed(self, origin: int, size: int) -> Mask:
        first, second = (covered(self._vetoes(channel), origin, size) for channel in range(2))
        return first | second

    def _events(self, taken: Taken, origin: int) -> list[Event]:
        """Tell each span that begins in the hop; `origin` is the place of the first sample weighed."""
        first = CONTEXT * self._times.block
        end = np.inf if self._length is None else self._length
        found = []
        for start, stop in spans_in(taken.spans):
            position, last = origin + start, int(min(origin + stop, end))
            if first <= start < first + self._times.hop and 0 <= position < last:
                share = float(taken.first[start:stop].mean())
                sure = round(abs(2 * share - 1), 3)
                found.append(Event("click", position, last - position, int(share < 0.5), sure))
        return found


def _level(samples: Array) -> float:
    """Return the standard deviation of normal noise with the median of these magnitudes."""
    middle = samples.size // 2
    return float(np.partition(np.abs(samples), middle)[middle]) / _NORMAL


class GrooveWalls(RepairStage):
    """Make one signal of a mono disc's two groove walls, each moment from the wall that is clean.

    Both walls carry the same signal, so their difference holds noise and clicks and no music. Whose they
    are follows from the music's prediction error, which only the damaged wall shares with the difference:
    the log-likelihood ratio of two additive noises under one autoregressive model. What the difference says
    is one wall's alone is taken from the mean of both. True stereo comes back as it was, to the bit. See
    docs/groove_walls.md.
    """

    id = "wavemend.groove_walls"
    name = "Groove walls"
    place = Step.CLICKS
    findings_type = Walls
    takes_marks = True

    strength: float = number(
        default=5.0,
        low=0.0,
        high=10.0,
        role="strength",
        doc="Higher takes fainter clicks from the clean wall alone.",
    )
    blend: bool = switch(
        default=True,
        restart=True,
        doc="Between clicks take more from the wall with less noise; off, the mean of both.",
    )

    def check_marks(self, marks: Marks, sample_rate: float, channels: int) -> None:
        """See `Stage.check_marks`."""
        if marks.forced:
            raise ParameterError("GrooveWalls takes vetoes alone; force an event on Declick")

    def framing(self, sample_rate: float) -> Framing:
        """See `Stage.framing`."""
        times = Times.at(sample_rate)
        return Framing(hop=times.hop, latency=times.latency)

    def processor(self, sample_rate: float, channels: int, findings: Any) -> Processor:
        """See `Stage.processor`."""
        times = Times.at(sample_rate)
        if channels != 2 or not findings.mono:
            return Through(times.latency, channels)
        return _Blend(times, sample_rate, findings, self.blend)

    def analyser(self, sample_rate: float, channels: int) -> WallsAnalyser:
        """See `Stage.analyser`."""
        return WallsAnalyser(sample_rate, channels)
