"""Mains hum and buzz: a comb of lines at the mains' harmonics that stays while the program comes and goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
from scipy import fft

from ...audio.arrays import Array, Audio
from ...audio.checks import limited
from ...contract.constraints import CHANNELS, SHARE, Ascending, Axis, Each, JustWith, Range
from ...contract.findings import NO_LEVEL, Analyser, Findings, by_channel
from ...kernels.filters.decimation import decimate, decimation_filter
from ...kernels.spectra.stft import hann
from .breaks import breaks_off
from .comb import (
    HIGH_HZ,
    LOW_HARMONICS,
    LOW_HZ,
    MOST_HARMONICS,
    SAME_HZ,
    Comb,
    StretchLevels,
    harmonic_levels,
    search,
    search_piece,
)
from .floor import MAINS_HZ, LongWindows, Powers, Spectra

Numbers = npt.NDArray[np.int64]

_MOST_HZ = 1100.0  # guard: the highest that may be named, and by how much that may be off
_MOST_LEVEL = 200.0  # guard: what findings may say

# tuned: by hand with bench hum_finder, 2026-11-21; the split is not recorded
_LOW_RATE_HZ = 2600.0
_WINDOW_SECONDS = 1.5  # five fit into three seconds of hum alone; longer ones smear what wanders
_BIN_HZ = 0.25
_LONG_HZ = 490.0  # derived: eight harmonics of 60 Hz, and what surrounds them
_SEGMENT_WINDOWS = 80  # derived: 30 s
_BREAK_SECONDS = 0.375

# tuned: by hand with bench hum_finder, 2026-11-21; the split is not recorded
_FOUND_SHARE = 0.25
_MOST_COMBS = 8  # guard: memory is bounded
_PIECE_WINDOWS = 10  # derived: 3.75 s, eight in a half minute
# 15 s without a break: a hum of 20 s fills so many. Notes of 10 s at the mains' frequency fill two. tuned:
# made-up hum of 20 to 100 s under plucked notes and on held notes and chords of 4 to 12 s, 2026-11-29.
_LEAST_PIECES = 4
_PIECES_ALIKE_HZ = 0.1


_HARMONICS = Axis("harmonics", most=MOST_HARMONICS)


@dataclass(frozen=True, eq=False)
class Hum(Findings):
    """Mains hum of a recording.

    Attributes
    ----------
    frequency_hz
        Fundamental, averaged over the recording; where it does not show, it counts as it was close by. 0 for
        no hum.
    wander_hz
        Standard deviation of the fundamental over these windows.
    harmonic
        Numbers of the harmonics that were heard, ascending, shape (harmonics,).
    level_dbfs
        Level of each, dB relative to a mean square of 1.0, shape (channels, harmonics); -200 in a channel in
        which it was not heard.
    share
        Share of the recording's half minutes that the hum shows in; of pieces of 3.75 s where it is in a part
        of the recording alone.
    confidence
        0 (nothing found) to 1.
    """

    frequency_hz: Annotated[float, Range(0.0, _MOST_HZ), JustWith("harmonic")]
    wander_hz: Annotated[float, Range(0.0, 10.0)]
    harmonic: Annotated[Numbers, Each(_HARMONICS), Range(1, MOST_HARMONICS), Ascending()]
    level_dbfs: Annotated[Array, Each(CHANNELS, _HARMONICS), Range(NO_LEVEL, _MOST_LEVEL)]
    share: Annotated[float, SHARE]
    confidence: Annotated[float, SHARE]

    @classmethod
    def nothing(cls, channels: int) -> Hum:
        """Return what is found in a recording of `channels` channels without hum."""
        return cls(0.0, 0.0, np.empty(0, np.int64), np.empty((channels, 0)), 0.0, 0.0)

    @property
    def found(self) -> bool:
        """Whether there is hum."""
        return self.harmonic.size > 0

    @property
    def hum_dbfs(self) -> Array:
        """Level of each channel's hum, all harmonics together, shape (channels,); -200 without any."""
        heard = self.level_dbfs > NO_LEVEL
        power = np.sum(np.where(heard, 10 ** (self.level_dbfs / 10), 0.0), axis=1)
        return np.asarray(10 * np.log10(np.maximum(power, 10 ** (NO_LEVEL / 10))))

    @property
    def kind(self) -> str:
        """What it is: "buzz" where odd harmonics fall by less than 4.5 dB an octave, else "hum"; "" for none.

        Magnetic fields give hum, whose harmonics fall like 1/h or faster; rectifiers and dimmers buzz.
        """
        if not self.found:
            return ""
        odd = self.harmonic % 2 == 1
        level = self.level_dbfs[np.argmax(self.hum_dbfs)]
        use = odd & (level > NO_LEVEL)
        if np.count_nonzero(use) < 3:
            return "hum"
        slope = np.polyfit(np.log2(self.harmonic[use]), level[use], 1)[0]
        return "buzz" if slope > -4.5 else "hum"

    def describe(self) -> str:
        """See `Findings.describe`."""
        if not self.found:
            return "no hum"
        levels = by_channel([f"{level:.0f}" if level > NO_LEVEL else None for level in self.hum_dbfs])
        many = "harmonic" if self.harmonic.size == 1 else "harmonics"
        return (
            f"{self.kind} at {self.frequency_hz:.2f} Hz (wandering by {self.wander_hz:.2f} Hz), "
            f"{self.harmonic.size} {many}, {levels} dBFS, confidence {self.confidence:.1f}"
        )


class HumAnalyser(Analyser[Hum]):
    """Look for a comb of steady lines in half minutes of the recording, and add up what they say.

    Windows of 1.5 s at a low rate hold the first twelve harmonics, windows of 0.4 s those up to 8 kHz: the
    latter are transformed only where there is hum. What is kept is one minute of spectra at most, and half
    of its samples.
    """

    def __init__(self, sample_rate: float, channels: int) -> None:
        factor = max(int(sample_rate / _LOW_RATE_HZ), 1)
        low_rate = sample_rate / factor
        low_hop = max(round(_WINDOW_SECONDS * low_rate / 4), 1)
        super().__init__(sample_rate, channels, hop=low_hop * factor)
        self._factor = factor
        self._taps = decimation_filter(sample_rate, factor, LOW_HZ)
        self._before = np.zeros((channels, self._taps.size - factor))
        self._low = Spectrogram(low_rate, 4 * low_hop, low_rate / _BIN_HZ, LOW_HZ)
        self._high = Spectrogram(
            sample_rate, low_hop * factor, low_hop * factor, min(HIGH_HZ, 0.47 * sample_rate)
        )
        self._long = LongWindows(int(_LONG_HZ / self._low.bin_hz), self._low.points, low_hop)
        self._full: list[npt.NDArray[np.float32]] = []
        self._low_frames: list[Audio] = []
        self._recent = np.zeros((channels, 4 * low_hop))
        self._frames = 0
        self._tally = HumTally(low_rate, channels)

    def _frame(self, frame: Audio) -> None:
        frame = limited(frame)
        audio = np.concatenate([self._before, frame], axis=1)
        self._before = audio[:, audio.shape[1] - self._before.shape[1] :]
        low = decimate(audio, self._taps, self._factor)
        self._recent = np.concatenate([self._recent[:, low.shape[1] :], low], axis=1)
        self._frames += 1
        self._low_frames.append(low)
        if self._frames < 4:
            return
        self._long.hear(self._low.hear(self._recent))
        if self._frames % 2 == 0:  # half of them are enough for levels
            self._full.append(frame.astype(np.float32))
        if len(self._low.rows) == 2 * _SEGMENT_WINDOWS:
            self._segment(_SEGMENT_WINDOWS)

    def _segment(self, windows: int) -> None:
        half = (windows + 1) // 2
        full, self._full = self._full[:half], self._full[half:]
        # the last window needs three frames more than it begins before
        audio = np.concatenate(self._low_frames[: windows + 3], axis=1)
        self._low_frames = self._low_frames[windows:]
        low, long = self._low.take(windows), self._long.take(half)
        known: list[StretchLevels] = []

        def high() -> StretchLevels:
            if not known:
                for frame in full:
                    self._high.hear(frame.astype(np.float64))
                known.append(self._high.take(len(full)))
            return known[0]

        self._tally.hear(low, long, audio, high)
        hop = audio.shape[1] // (windows + 3)
        for start in range(0, windows - _PIECE_WINDOWS // 2, _PIECE_WINDOWS):
            stop = start + _PIECE_WINDOWS
            part = audio[:, start * hop : (stop + 3) * hop]
            rows = start // 2, stop // 2
            self._tally.hear_piece(low.part(start, stop), part, lambda rows=rows: high().part(*rows))  # type: ignore[misc]

    def _conclude(self, rest: Audio) -> Hum:
        if self._low.rows:
            self._segment(len(self._low.rows))
        return self._tally.conclude()


class Spectrogram:
    """Power spectra of Hann windows, scaled so that a sine shows its mean square.

    Parameters
    ----------
    rate
        Hz.
    length
        Samples in a window.
    points
        Points of the transform, or a little more.
    highest_hz
        What lies above is not kept.
    """

    def __init__(self, rate: float, length: int, points: float, highest_hz: float) -> None:
        self._window = hann(length) * (np.sqrt(2.0) / np.sum(hann(length)))
        self.points = int(fft.next_fast_len(max(int(points), length), real=True))
        self.bin_hz = rate / self.points
        self._bins = int(highest_hz / self.bin_hz)
        self.rows: list[npt.NDArray[np.float32]] = []

    def hear(self, audio: Audio) -> Spectra:
        """Keep the levels of a window, shape (channels, length), and return its spectra."""
        spectra = fft.rfft(audio * self._window, self.points, axis=1)[:, : self._bins].astype(np.complex64)
        power = spectra.real**2 + spectra.imag**2
        power = np.concatenate([power, power.mean(axis=0, keepdims=True)])
        self.rows.append(10 * np.log10(power + np.float32(1e-16)))
        return spectra

    def take(self, windows: int) -> StretchLevels:
        """Take away the oldest rows."""
        taken, self.rows = self.rows[:windows], self.rows[windows:]
        if not taken:
            return StretchLevels(np.empty((0, 0, 0)), np.empty((0, 0)), self.bin_hz)
        levels = np.stack(taken, axis=1).astype(np.float64)
        return StretchLevels(levels[:-1], levels[-1], self.bin_hz)


@dataclass
class _Heard:
    """What the stretches say about one comb: sums over them."""

    best: float
    score: float
    stretches: int
    frequency: float
    square: float
    power: Array
    count: Numbers

    @classmethod
    def of(cls, comb: Comb, level: Array) -> _Heard:
        """Return what one comb says, with levels of shape (channels, harmonics)."""
        heard = level > NO_LEVEL
        power = np.where(heard, 10 ** (level / 10), 0.0)
        square = comb.variance + comb.frequency_hz**2
        return cls(comb.score, comb.score, 1, comb.frequency_hz, square, power, heard.astype(np.int64))

    def add(self, other: _Heard) -> None:
        """Add what is said about the same hum elsewhere."""
        self.best = max(self.best, other.best)
        self.score += other.score
        self.stretches += other.stretches
        self.frequency += other.frequency
        self.square += other.square
        self.power = self.power + other.power
        self.count = self.count + other.count

    @property
    def mean_hz(self) -> float:
        return self.frequency / self.stretches


class HumTally:
    """Add up the combs of a recording's stretches."""

    def __init__(self, low_rate: float, channels: int) -> None:
        self._low_rate = low_rate
        self._channels = channels
        self._combs: list[_Heard] = []
        self._stretches = 0
        # by the mains' frequency: what went on long enough, and what goes on still
        self._parts: dict[float, _Heard] = {}
        self._runs: dict[float, _Heard] = {}
        self._pieces = 0

    def hear(self, low: StretchLevels, long: Powers, audio: Audio, full: Callable[[], StretchLevels]) -> None:
        """Search one stretch: windows of 1.5 and 3 s, the low rate's samples, and on demand the full rate."""
        self._stretches += 1
        known = [comb.mean_hz for comb in self._combs]
        combs = [comb for comb in search(low, long, known) if comb.score >= 0.5]
        if not combs:
            return
        high = full()
        met: list[float] = []
        for comb in sorted(combs, key=lambda comb: -comb.score):
            if all(abs(comb.frequency_hz - other) > SAME_HZ for other in met):
                level = harmonic_levels(comb, low, high)
                if not self._breaks_off(comb, level, audio):
                    met.append(comb.frequency_hz)
                    self._add(comb, level)

    def _breaks_off(self, comb: Comb, level: Array, audio: Audio) -> bool:
        lines = np.arange(1, LOW_HARMONICS + 1) * comb.frequency_hz
        use = (lines < LOW_HZ) & (level[:, :LOW_HARMONICS] > NO_LEVEL).any(axis=0)
        window = round(self._low_rate * _BREAK_SECONDS)
        heard = level[:, :LOW_HARMONICS][:, use]
        return bool(use.any()) and breaks_off(audio, window, lines[use] / self._low_rate, heard)

    def _add(self, comb: Comb, level: Array) -> None:
        new = _Heard.of(comb, level)
        for known in self._combs:
            if abs(known.mean_hz - comb.frequency_hz) < SAME_HZ:
                known.add(new)
                return
        self._combs = sorted([*self._combs, new], key=lambda known: -known.score)[:_MOST_COMBS]

    def hear_piece(self, low: StretchLevels, audio: Audio, high: Callable[[], StretchLevels]) -> None:
        """Look for hum at the mains' frequencies that may be in a part of the recording alone."""
        self._pieces += 1
        for mains in MAINS_HZ:
            comb = search_piece(low, mains)
            new = None
            if comb is not None and comb.score >= 1.0:
                level = harmonic_levels(comb, low, high())
                if not self._breaks_off(comb, level, audio):
                    new = _Heard.of(comb, level)
            run = self._runs.get(mains)
            if run and (new is None or abs(new.frequency - run.mean_hz) > _PIECES_ALIKE_HZ):
                self._end_run(mains)
                run = None
            if new and run:
                run.add(new)
            elif new:
                self._runs[mains] = new

    def _end_run(self, mains: float) -> None:
        """Keep what went on for long enough."""
        run = self._runs.pop(mains)
        if run.stretches < _LEAST_PIECES:
            return
        if mains in self._parts:
            self._parts[mains].add(run)
        else:
            self._parts[mains] = run

    def conclude(self) -> Hum:
        """Return the strongest comb that is strong enough and goes on, or that goes on in a part."""
        found = [
            comb
            for comb in self._combs
            if comb.best >= 1.0 and comb.stretches >= _FOUND_SHARE * self._stretches
        ]
        if found:
            return self._hum(max(found, key=lambda comb: comb.score), self._stretches)
        for mains in list(self._runs):
            self._end_run(mains)
        if self._parts:
            return self._hum(max(self._parts.values(), key=lambda comb: comb.score), self._pieces)
        return Hum.nothing(self._channels)

    def _hum(self, comb: _Heard, of: int) -> Hum:
        """Return a comb as findings, heard in some `of` so many stretches or pieces."""
        heard = np.flatnonzero((comb.count > comb.stretches / 2).any(axis=0))
        if not heard.size:
            return Hum.nothing(self._channels)
        mean = comb.power[:, heard] / np.maximum(comb.count[:, heard], 1)
        level: Array = np.where(mean > 0, 10 * np.log10(np.maximum(mean, 10 ** (NO_LEVEL / 10))), NO_LEVEL)
        return Hum(
            frequency_hz=round(comb.mean_hz, 4),
            wander_hz=round(float(np.sqrt(max(comb.square / comb.stretches - comb.mean_hz**2, 0.0))), 4),
            harmonic=heard + 1,
            level_dbfs=np.round(level, 2),
            share=round(comb.stretches / of, 3),
            confidence=round(min(0.5 + 0.5 * (comb.best - 1.0), 0.99), 2),
        )
