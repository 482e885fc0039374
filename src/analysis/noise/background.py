"""What a recording sounds like where nothing sounds: its spectrum, and what channels share of it."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, NamedTuple

import numpy as np

from ...audio.arrays import Array, Audio, Complex, Counts, Mask
from ...audio.checks import limited
from ...contract.constraints import CHANNELS, SHARE, Ascending, Axis, Each, Range
from ...contract.findings import Analyser, Findings
from ...kernels.spectra.stft import forward, hann
from ...kernels.spectra.tone_spectra import add_band_products
from .alone import LEAST_BLOCKS, MOST_OVER_DB, Alone
from .floor import LEAST_LEVEL, MOST_LEVEL, decibels
from .noise_print import DENSITY_DBFS_HZ, NO_NOISE, POINTS, NoiseBlocks, NoiseListener, NoisePrint
from .ranges import PrintRangesAnalyser

_BANDS, _TIME_S = Axis("bands", 1, 256), Range(0.0, 1e7)  # guard: what findings may say
_HEARD_BLOCKS = 24  # guard: memory; 2.4 s of noise tell what channels share to a few hundredths
_STILL_S = 2e-3  # tuned: by hand, 2026-11-29; samples that stand still for longer are no noise
_ALIKE_DB = 2.0  # tuned: by hand, 2026-11-29; noise this near to the quiet stretches' level is theirs
_SAME_DB = 3.0  # tuned: by hand, 2026-11-29; that a print may lie over the noise it was heard in
_ENOUGH = 3  # derived: stretches alike, as a print asks for
_GATED_DB = 12.0  # derived: the stage's own threshold
_BETWEEN = 0.5  # tuned: by hand, 2026-11-29; blocks in which a gate moves, over those in which it is open
_GUESSED_SURE = 0.5  # derived: as sure as of the floor under a program
_ENDED_DB = 6.0  # derived: four standard deviations of a band's level, less in no band of any noise


@dataclass(frozen=True, eq=False)
class Background(Findings):
    """A recording's own noise, as something that can be made again.

    Attributes
    ----------
    frequency_hz, density_dbfs_hz
        Long-term spectrum of each channel, shape (points,) and (channels, points); see `NoisePrint`.
    band_hz
        Where each band begins in which channels were compared, shape (bands,).
    shared_real, shared_imaginary
        Coherence of each two channels, one times the other's conjugate, shape (bands, channels, channels).
    heard_s
        Seconds that it was heard alone in; 0 where it is the floor under a program that never pauses.
    sound_end_s
        Where each channel's sound and background end for good, shape (channels,).
    sound_start_s
        Where they begin, likewise.
    duration_s
        Of the recording; 0 where that is not known, nor where it begins and ends.
    confidence
        0 where no background is known, to 1.
    """

    frequency_hz: Annotated[Array, Each(POINTS), Range(0.0), Ascending()]
    density_dbfs_hz: Annotated[Array, Each(CHANNELS, POINTS), DENSITY_DBFS_HZ]
    band_hz: Annotated[Array, Each(_BANDS), Range(0.0), Ascending()]
    shared_real: Annotated[Array, Each(_BANDS, CHANNELS, CHANNELS), Range(-1.0, 1.0)]
    shared_imaginary: Annotated[Array, Each(_BANDS, CHANNELS, CHANNELS), Range(-1.0, 1.0)]
    heard_s: Annotated[float, _TIME_S]
    sound_start_s: Annotated[Array, Each(CHANNELS), _TIME_S]
    sound_end_s: Annotated[Array, Each(CHANNELS), _TIME_S]
    duration_s: Annotated[float, _TIME_S]
    confidence: Annotated[float, SHARE]

    @property
    def noise_print(self) -> NoisePrint:
        """The spectrum alone."""
        none = np.empty(0)
        density = self.density_dbfs_hz
        return NoisePrint(self.frequency_hz, density, density, none, none, self.confidence)

    def anywhere(self) -> Background:
        """Return the same background without where its own recording begins and ends."""
        unknown = np.zeros(len(self.sound_end_s))
        return replace(self, sound_start_s=unknown, sound_end_s=unknown, duration_s=0.0)

    @property
    def found(self) -> bool:
        """Whether any channel's background is known."""
        return self.noise_print.found

    def describe(self) -> str:
        """See `Findings.describe`."""
        if not self.found:
            return "no background of its own is known: nothing can be filled with it"
        known = self.noise_print
        level = float(known.level_dbfs_a[known.noisy].max())
        where = f"heard alone for {self.heard_s:.1f} s" if self.heard_s else "guessed under the program"
        return f"room tone of {level:.0f} dBFS (A), {where}, confidence {self.confidence:.1f}"


class _Shared(NamedTuple):
    """What channels share in one block: the quietest are greatest, so that a heap drops the loudest."""

    quietness: float
    number: int
    products: Complex


class _Ends:
    """Where each channel's level first and last was so high, and where its samples first and last moved."""

    def __init__(self, channels: int, bands: int) -> None:
        levels = round(MOST_LEVEL - LEAST_LEVEL)
        self._first = np.full((channels, bands, levels), np.iinfo(np.int64).max)
        self._last = np.full((channels, bands, levels), -1)
        self._place = tuple(np.ogrid[:channels, :bands])
        self._blocks = np.zeros((channels, levels), np.int64)  # how many had which mean level
        self._moved = np.zeros((channels, 2), np.int64)  # first and last sample unlike the one before
        self._value: Audio | None = None
        self._samples = 0

    def hear(self, samples: Audio) -> None:
        """Hear samples, shape (channels, n)."""
        if not samples.shape[1]:
            return
        before = samples[:, :1] if self._value is None else self._value
        moves = np.diff(samples, axis=1, prepend=before) != 0
        for channel, moving in enumerate(moves):
            if moving.any():
                self._moved[channel, 1] = self._samples + moving.size - 1 - int(np.argmax(moving[::-1]))
                if not self._moved[channel, 0]:
                    self._moved[channel, 0] = self._samples + int(np.argmax(moving))
        self._value = samples[:, -1:].copy()
        self._samples += samples.shape[1]

    def hear_levels(self, level_db: Array, heard: Mask, number: int) -> None:
        """Hear each band's level in block `number`, shape (channels, bands), and which channels sound."""
        mean = np.clip(level_db.mean(axis=1) - LEAST_LEVEL, 0, self._blocks.shape[1] - 1).astype(np.int64)
        self._blocks[heard, mean[heard]] += 1
        step = np.clip(level_db - LEAST_LEVEL, 0, self._last.shape[2] - 1).astype(np.int64)
        place = (*self._place, step)
        self._first[place] = np.minimum(self._first[place], number)
        self._last[place] = number

    def gated(self, channel: int, level_db: float) -> bool:
        """Tell whether what is quieter than a level is mostly far quieter, as what a gate leaves is."""
        at = LEAST_LEVEL + 0.5 + np.arange(self._blocks.shape[1])
        under = at - level_db
        beside = self._blocks[channel, np.abs(under) < _ALIKE_DB].sum()
        between = self._blocks[channel, (under <= -_ALIKE_DB) & (under > -_GATED_DB)].sum()
        return bool(between < _BETWEEN * beside)

    def usual_db(self, channel: int) -> float:
        """Return the median of the levels of a channel's blocks, but for silent ones; the least for none."""
        total = np.cumsum(self._blocks[channel])
        return LEAST_LEVEL + float(np.argmax(total >= total[-1] / 2))

    def of(self, level_db: Array, block: int) -> tuple[Counts, Counts]:
        """Return where each channel begins and ends, in samples, by its background's levels in bands.

        It is where half of the bands that hold any were first and last within 6 dB of the background.
        """
        starts, ends = self._moved[:, 0].copy(), self._moved[:, 1].copy()
        for channel, levels in enumerate(level_db):
            known = levels > NO_NOISE
            if not known.any():
                continue
            steps = np.clip(levels[known] - _ENDED_DB - LEAST_LEVEL, 0, self._last.shape[2] - 1).astype(int)
            last = np.maximum.accumulate(self._last[channel, known, ::-1], axis=1)[:, ::-1]
            first = np.minimum.accumulate(self._first[channel, known, ::-1], axis=1)[:, ::-1]
            rows = np.arange(steps.size)
            begun = float(np.median(first[rows, steps])) * block
            ended = (float(np.median(last[rows, steps])) + 1) * block
            ends[channel] = min(ends[channel], round(ended))
            starts[channel] = round(max(float(starts[channel]), begun))
        return np.minimum(starts, ends), ends


class BackgroundAnalyser(Analyser[Background]):
    """Listen for a background: its noise print, and what channels share where the recording is quietest.

    Parameters
    ----------
    sample_rate
        Hz.
    channels
        Number of channels.
    ranges
        Where there is background alone, (start, stop) in samples: taken at their word. None: it is found.

    Raises
    ------
    FindingsError
        As of `PrintRangesAnalyser`.
    """

    def __init__(
        self, sample_rate: float, channels: int, ranges: Sequence[tuple[int, int]] | None = None
    ) -> None:
        self._blocks = NoiseBlocks(sample_rate, channels)
        super().__init__(sample_rate, channels, hop=self._blocks.length)
        self._ranges = ranges
        self._listener = NoiseListener(self._blocks, channels, uneven=True)
        self._prints = None if ranges is None else PrintRangesAnalyser(sample_rate, channels, ranges)
        self._ends = _Ends(channels, self._blocks.bands.widths.size)
        bands = self._blocks.bands
        self._edges = np.append(bands.edges, bands.edges[-1] + bands.widths[-1])
        self._window = hann(2 * self._blocks.hop)
        self._shared: list[_Shared] = []
        self._alone = [Alone(bands) for _ in range(channels)]
        self._before = np.zeros((channels, 0))
        self._still = max(round(_STILL_S * sample_rate), 4)

    def _frame(self, frame: Audio) -> None:
        number = self._blocks.count
        self._ends.hear(frame)
        muted = self._muted(frame)
        block, stretches = self._blocks.hear(frame)
        block = replace(block, silent=block.silent | muted)
        levels = decibels(self._blocks.bands.mean(block.density))  # block.level tells of its quietest frame
        self._ends.hear_levels(levels, ~block.silent, number)
        self._hear_channels(frame, levels.mean(axis=1), block.silent, number)
        if self._prints:
            self._prints.hear(frame)
        else:
            self._listener.hear(block, stretches)
            for channel, stretch in stretches:
                self._alone[channel].hear(stretch)
            for c in np.flatnonzero(~block.silent).tolist():
                self._alone[c].hear_block(float(levels[c].mean()), number, block.density[c], block.log[c])

    def _muted(self, frame: Audio) -> Mask:
        """Tell which channels stand still somewhere in the block: it is no quiet one, whatever its level."""
        still = np.concatenate([self._before, frame], axis=1)
        self._before = frame[:, -self._blocks.hop :]
        moves = np.diff(still, axis=1) != 0
        edges = np.pad(moves, ((0, 0), (1, 1)), constant_values=True)
        return np.array([np.diff(np.flatnonzero(row)).max() > self._still for row in edges])

    def _hear_channels(self, frame: Audio, level: Array, silent: Mask, number: int) -> None:
        """Keep what channels share in this block, if it is among the quietest in which all that sound do."""
        if self.channels < 2 or silent.all() or not self._in_range(number):
            return
        quietness = -float(level[~silent].mean()) - 1e3 * float(silent.sum())
        if len(self._shared) == _HEARD_BLOCKS and quietness <= self._shared[0].quietness:
            return
        products = np.zeros((self._edges.size - 1, self.channels, self.channels), np.complex128)
        add_band_products(forward(limited(frame), self._window, self._blocks.hop), self._edges, products)
        heard = _Shared(quietness, -number, products)
        if len(self._shared) < _HEARD_BLOCKS:
            heapq.heappush(self._shared, heard)
        else:
            heapq.heapreplace(self._shared, heard)

    def _in_range(self, number: int) -> bool:
        start = number * self._blocks.length
        return self._ranges is None or any(
            first <= start and start + self._blocks.length <= stop for first, stop in self._ranges
        )

    def _conclude(self, rest: Audio) -> Background:
        self._ends.hear(rest)
        hz, density, heard_s, confidence = self._spectrum(rest)
        bands, scale = self._blocks.bands, self.sample_rate / (2 * self._blocks.hop)
        known = density > NO_NOISE
        levels = np.full((self.channels, bands.widths.size), NO_NOISE)
        if hz.size:
            levels = np.where(
                known.any(axis=1, keepdims=True), decibels(bands.mean(10 ** (density / 10))), NO_NOISE
            )
        starts, ends = self._ends.of(levels, self._blocks.length)
        shared = self._coherence(heard_s > 0)
        return Background(
            frequency_hz=hz,
            density_dbfs_hz=density,
            band_hz=bands.edges * scale,
            shared_real=np.round(shared.real, 3),
            shared_imaginary=np.round(shared.imag, 3),
            heard_s=heard_s,
            sound_start_s=starts / self.sample_rate,
            sound_end_s=ends / self.sample_rate,
            duration_s=self._heard / self.sample_rate,
            confidence=confidence,
        )

    def _spectrum(self, rest: Audio) -> tuple[Array, Array, float, float]:
        """Return frequencies, densities, how long it was heard, and how sure that is."""
        if self._prints:
            self._prints.hear(rest)
            told = self._prints.result()
            weights = told.pauses_s / told.pauses_s.sum()
            power = np.tensordot(weights, 10 ** (told.density_dbfs_hz / 10), 1)
            return (
                told.frequency_hz,
                np.round(decibels(power), 2),
                float(told.pauses_s.sum()),
                told.confidence,
            )
        found = self._listener.conclude()[0]
        heard_s, confidence = float(np.sum(found.end_s - found.start_s)), found.confidence
        density = np.full((self.channels, self._blocks.frequency_hz.size), NO_NOISE)
        if found.found:
            density = found.expected_dbfs_hz.copy()
        stretches_s = heard_s
        for channel, alone in enumerate(self._alone):
            printed = bool((density[channel] > NO_NOISE).any())
            if printed and stretches_s:
                own = alone.density_dbfs_hz() if alone.stretches else density[channel]
                if -_SAME_DB < float(np.median(own - density[channel])) < MOST_OVER_DB:
                    density[channel] = own
                continue
            if alone.stretches >= _ENOUGH and self._ends.gated(channel, alone.level_db):
                own = alone.density_dbfs_hz()
            elif (blocks := alone.from_blocks(self._ends.usual_db(channel))) is not None:
                own = blocks
            else:
                continue
            density[channel], confidence = own, _GUESSED_SURE
            heard_s = max(heard_s, LEAST_BLOCKS * self._blocks.seconds)
        if not (density > NO_NOISE).any():
            return np.empty(0), np.empty((self.channels, 0)), 0.0, 0.0
        return self._blocks.frequency_hz, density, round(heard_s, 3), confidence

    def _coherence(self, alone: bool) -> Complex:
        """Return the coherence of each two channels; independent ones where the background was not alone."""
        own = np.eye(self.channels, dtype=np.complex128)
        if not self._shared or not alone:
            return np.tile(own, (self._edges.size - 1, 1, 1))
        total = np.sum([one.products for one in sorted(self._shared)], axis=0)
        power = np.einsum("bcc->bc", total).real
        scale = np.sqrt(np.maximum(power[:, :, np.newaxis] * power[:, np.newaxis, :], 1e-300))
        coherence = np.where(own > 0, own, total / scale)
        return np.asarray(coherence / np.maximum(np.abs(coherence), 1.0))
