"""Clipping: flat tops at a level that a recording never passes, and amplitudes that crowd below one."""

from __future__ import annotations

from dataclasses import dataclass
from math import log10
from typing import Annotated, NamedTuple

import numpy as np

from ...audio.arrays import Array, Audio, Counts
from ...audio.checks import LOUDEST
from ...contract.constraints import CHANNELS, SHARE, Axis, Each, PlacesIn, Range
from ...contract.findings import NO_LEVEL, Analyser, Findings
from ...kernels.samples.plateaus import LEAST_RUN, measure, plateaus

MOST_TIMES = 64
"""How many first times are kept; guard: memory is bounded."""

# tuned: by hand with bench format_finder, 2026-11-21; the split is not recorded
_HIGHEST_DBFS = 200.0  # guard: what findings may say
_LEAST_FOUND = 0.5
_FRAME_SECONDS, _CARRY_SECONDS = 0.1, 0.01
_TOLERANCE = 1.01 * 2.0**-15  # derived: a step of 16 bits
_COARSEST_STEP = 1.01 * 2.0**-7  # derived: of 8 bits
_LOWEST_DBFS = -50.0
_STEP_DB = 0.05  # guard: steps of a histogram
_STEPS = round((10.0 - _LOWEST_DBFS) / _STEP_DB)
_NEAR_STEPS = 2
_MOST_RUNS = 4096  # guard: memory is bounded
_HALF_SURE_SAMPLES = 3.0
_AMPLITUDE_STEPS = 10_000.0  # guard: places of a histogram of amplitudes, up to twice full scale
_AMPLITUDES = 20_000  # guard: likewise
_CEILING_SHARE = 3e-4
_LEAST_CEILING = 0.05
_LEAST_CROWDING, _SURE_CROWDING = 1.0, 5.0
_LEAST_EDGE, _LEAST_SHOULDER = 1.5, 1.1
_LEAST_VARIATION_DB = 1.0


_TIMES, _LEVEL_DBFS = Axis("times", most=MOST_TIMES), Range(NO_LEVEL, _HIGHEST_DBFS)


@dataclass(frozen=True, eq=False)
class Clipping(Findings):
    """Clipped tops of each channel.

    Attributes
    ----------
    upper_dbfs, lower_dbfs
        Level at which the upper and the lower half of the wave are cut flat, shape (channels,); -200 where
        they are not.
    events, samples
        Flat tops at these levels, and samples in them, shape (channels,).
    start_s, channel
        When and in which channel the first of them start, shape (times,), 64 at most.
    crowding_dbfs
        Level below which amplitudes crowd as saturation, or clipping under noise, makes them, shape
        (channels,); -200 where they do not.
    square
        Whether flat tops are reached by jumps, as a synthesiser's square wave does: no clipping.
    confidence, crowding_confidence
        Of flat tops, and of crowding, 0 to 1.
    """

    upper_dbfs: Annotated[Array, Each(CHANNELS), _LEVEL_DBFS]
    lower_dbfs: Annotated[Array, Each(CHANNELS), _LEVEL_DBFS]
    events: Annotated[Counts, Each(CHANNELS), Range(0.0)]
    samples: Annotated[Counts, Each(CHANNELS), Range(0.0)]
    start_s: Annotated[Array, Each(_TIMES), Range(0.0)]
    channel: Annotated[Counts, Each(_TIMES), PlacesIn("events")]
    crowding_dbfs: Annotated[Array, Each(CHANNELS), _LEVEL_DBFS]
    square: bool
    confidence: Annotated[float, SHARE]
    crowding_confidence: Annotated[float, SHARE]

    @property
    def digital(self) -> bool:
        """Whether there are flat tops."""
        return self.confidence >= _LEAST_FOUND

    @property
    def soft(self) -> bool:
        """Whether there is crowding without flat tops."""
        return self.crowding_confidence >= _LEAST_FOUND and not self.digital

    @property
    def found(self) -> bool:
        """Whether any channel is clipped."""
        return bool(self.digital or self.soft)

    def describe(self) -> str:
        """See `Findings.describe`."""
        if self.digital:
            level = float(np.max([self.upper_dbfs, self.lower_dbfs]))
            return (
                f"clipped at {level:.1f} dBFS: {self.events.sum()} flat tops, "
                f"first at {float(self.start_s[0]):.2f} s, confidence {self.confidence:.1f}"
            )
        if self.soft:
            level = float(np.max(self.crowding_dbfs))
            return f"saturated near {level:.1f} dBFS, confidence {self.crowding_confidence:.1f}"
        return "no clipping, but square waves" if self.square else "no clipping"


class _Ceiling(NamedTuple):
    """Level of flat tops in steps of the histogram, how many, and the samples in them; confidence."""

    step: int
    events: int
    samples: int
    confidence: float


class ClippingAnalyser(Analyser[Clipping]):
    """Collect flat tops by level, and amplitudes, in frames of 0.1 s that overlap by 10 ms."""

    def __init__(self, sample_rate: float, channels: int) -> None:
        hop = max(round(_FRAME_SECONDS * sample_rate), 64)
        super().__init__(sample_rate, channels, hop=hop)
        self._carry = np.zeros((channels, max(round(_CARRY_SECONDS * sample_rate), 16)))
        self._runs = np.zeros((_MOST_RUNS, 4))
        self._events = np.zeros((channels, 2, _STEPS), np.int64)
        self._samples = np.zeros((channels, 2, _STEPS), np.int64)
        self._highest = np.zeros((channels, 2, _STEPS))
        self._jumps = 0
        self._first: list[tuple[float, int, int, int]] = []
        self._amplitudes = np.zeros((channels, 2, _AMPLITUDES), np.int64)
        self._level_sums = np.zeros((channels, 3))
        self._count = 0

    def _frame(self, frame: Audio) -> None:
        joined = np.concatenate([self._carry, frame], axis=1)
        start = self._count * self._grid.hop - self._carry.shape[1]
        for channel, samples in enumerate(joined):
            self._hear(channel, samples, start)
        self._carry = joined[:, joined.shape[1] - self._carry.shape[1] :].copy()
        self._count += 1

    def _hear(self, channel: int, audio: Array, start: int) -> None:
        heard = self._carry.shape[1]
        amplitudes = self._amplitudes[channel]
        high, low, step, power = measure(audio, heard, _TOLERANCE, _AMPLITUDE_STEPS, *amplitudes)
        if power > 1e-6:
            level = 10 * log10(min(power, LOUDEST**2))
            sums = self._level_sums[channel]
            sums[0] += 1.0
            sums[1] += level
            sums[2] += level**2
        tolerance = min(step, _COARSEST_STEP)
        for side, (sign, peak) in enumerate(((1.0, high), (-1.0, -low))):
            found = plateaus(audio, heard, sign, peak, tolerance, self._runs)
            for at, length, level, jump in self._runs[:found]:
                step = int((20 * log10(level) - _LOWEST_DBFS) / _STEP_DB)
                if jump:
                    self._jumps += 1
                elif 0 <= step < _STEPS:
                    self._events[channel, side, step] += 1
                    self._samples[channel, side, step] += int(length)
                    self._highest[channel, side, step] = max(self._highest[channel, side, step], level)
                    self._remember(start + at, channel, side, step)

    def amplitude(self, channel: int, side: int, level_dbfs: float) -> float:
        """Return how high the flat tops are that the findings have at `level_dbfs`; side 0 is the upper."""
        return float(self._highest[channel, side, round((level_dbfs - _LOWEST_DBFS) / _STEP_DB - 0.5)])

    def _remember(self, position: float, channel: int, side: int, step: int) -> None:
        """Keep the first times of each level: those of another level are left out in the end."""
        alike = sum(abs(one[3] - step) <= _NEAR_STEPS for one in self._first)
        if alike < MOST_TIMES and len(self._first) < 16 * MOST_TIMES:
            self._first.append((position, channel, side, step))

    def _conclude(self, rest: Audio) -> Clipping:
        if rest.shape[1]:
            self._frame(rest)
        ceilings = [[self._ceiling(channel, side) for side in (0, 1)] for channel in range(self.channels)]
        square = self._jumps > self._events.sum()
        sure = 0.0 if square else max(one.confidence for pair in ceilings for one in pair)
        believed = [[one.confidence >= _LEAST_FOUND and not square for one in pair] for pair in ceilings]
        levels = [
            [_dbfs(one.step) if yes else NO_LEVEL for one, yes in zip(pair, yeses, strict=True)]
            for pair, yeses in zip(ceilings, believed, strict=True)
        ]
        totals = np.array(
            [
                np.sum([(c.events, c.samples) for c, yes in zip(p, y, strict=True) if yes], axis=0)
                if any(y)
                else [0, 0]
                for p, y in zip(ceilings, believed, strict=True)
            ],
            np.int64,
        )
        first = [
            (position, channel)
            for position, channel, side, step in sorted(self._first)
            if believed[channel][side] and abs(step - ceilings[channel][side].step) <= _NEAR_STEPS
        ][:MOST_TIMES]
        crowding = [self._crowding(channel) for channel in range(self.channels)]
        return Clipping(
            upper_dbfs=np.array([pair[0] for pair in levels]),
            lower_dbfs=np.array([pair[1] for pair in levels]),
            events=totals[:, 0],
            samples=totals[:, 1],
            start_s=np.round(np.array([max(p, 0.0) / self.sample_rate for p, _ in first]), 6),
            channel=np.array([channel for _, channel in first], np.int64),
            crowding_dbfs=np.array([level for level, _ in crowding]),
            square=bool(square),
            confidence=round(sure, 2),
            crowding_confidence=round(max(confidence for _, confidence in crowding), 2),
        )

    def _ceiling(self, channel: int, side: int) -> _Ceiling:
        """Find the level with the most flat tops of one side, and how sure it is one ceiling.

        Levels of chance plateaus spread; flat tops of clipping share one. Longer runs are surer.
        """
        events, samples = self._events[channel, side], self._samples[channel, side]
        near = np.ones(2 * _NEAR_STEPS + 1, np.int64)
        crowd = np.convolve(samples, near, "same")
        step = int(np.argmax(crowd))
        if not crowd[step]:
            return _Ceiling(0, 0, 0, 0.0)
        inside = slice(max(step - _NEAR_STEPS, 0), step + _NEAR_STEPS + 1)
        of_events, of_samples = int(events[inside].sum()), int(samples[inside].sum())
        step = inside.start + int(np.argmax(samples[inside]))
        evidence = of_samples - (LEAST_RUN - 1) * of_events
        share = of_samples / samples.sum()
        return _Ceiling(step, of_events, of_samples, evidence / (evidence + _HALF_SURE_SAMPLES) * share)

    def _crowding(self, channel: int) -> tuple[float, float]:
        """Find whether amplitudes are denser just below a ceiling than further below it.

        Music whose level varies visits high amplitudes ever more rarely; a limiter lets their density fall
        too. A steady tone crowds by itself, so where the level hardly varies nothing is said.
        """
        count, total, squares = self._level_sums[channel]
        variation = np.sqrt(max(squares / count - (total / count) ** 2, 0.0)) if count else 0.0
        best = (NO_LEVEL, 0.0)
        for amplitudes in self._amplitudes[channel]:
            above = np.cumsum(amplitudes[::-1])[::-1]
            wanted = max(_CEILING_SHARE * above[0], 32)
            ceiling = int(np.count_nonzero(above >= wanted)) / _AMPLITUDE_STEPS
            if above[0] < wanted or ceiling < _LEAST_CEILING or variation < _LEAST_VARIATION_DB:
                continue

            def density(low_db: float, high_db: float, a: Counts = amplitudes, c: float = ceiling) -> float:
                low, high = (round(c * _AMPLITUDE_STEPS * 10 ** (db / 20)) for db in (low_db, high_db))
                return float(np.sum(a[low:high])) / max(high - low, 1)

            narrow = density(-0.6, 0.1) / max(density(-4.0, -1.5), 1e-9)
            edge = density(-0.3, 0.1) / max(density(-1.5, -0.5), 1e-9)  # of a hard limit
            shoulder = density(-1.5, 0.1) / max(density(-6.0, -3.0), 1e-9)  # of a soft one
            if narrow >= _LEAST_CROWDING and (edge >= _LEAST_EDGE or shoulder >= _LEAST_SHOULDER):
                share = (narrow - _LEAST_CROWDING) / (_SURE_CROWDING - _LEAST_CROWDING)
                confidence = 0.5 + 0.4 * min(share, 1.0)
                best = max(best, (round(20 * np.log10(ceiling), 2), confidence), key=lambda one: one[1])
        return best


def _dbfs(step: int) -> float:
    return round(_LOWEST_DBFS + (step + 0.5) * _STEP_DB, 3)
