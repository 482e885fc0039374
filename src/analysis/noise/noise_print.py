"""Noise print: the spectrum of a recording's steady noise, found where the program pauses.

Noise that crackles or swells takes longer pauses. Where the program never pauses, the floor that each
frequency band keeps falling back to is taken instead (minimum statistics).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Array, Audio, Mask
from ...audio.checks import limited
from ...contract.constraints import CHANNELS, SHARE, Ascending, Axis, Below, Each, Range
from ...contract.findings import Analyser, Findings, by_channel
from ...kernels.spectra.stft import forward, hann, hop_length, mean_and_product
from ..program.octaves import a_weighting
from .evidence import LEAST_NOISE_DBFS, NoiseEvidence
from .floor import (
    BLOCK_FRAMES,
    LEAST_LEVEL,
    MOST_LEVEL,
    STRETCH_BLOCKS,
    Bands,
    Block,
    QuietStretch,
    decibels,
    noise_like,
)

NO_NOISE = LEAST_LEVEL
"""Density, dBFS/Hz, that stands for no noise at all."""

# tuned: by hand with bench noise, 2026-11-21; the split is not recorded
FRAME_SECONDS = 0.05
"""Length of the frames in which the analyser and the stage look at the recording."""

_MAX_STRETCHES = 4_096  # guard: memory is bounded

POINTS, DENSITY_DBFS_HZ = Axis("frequencies", most=65_536), Range(NO_NOISE, MOST_LEVEL)
"""What prints may hold."""

_STRETCHES = Axis("stretches", most=_MAX_STRETCHES)


@dataclass(frozen=True, eq=False)
class NoisePrint(Findings):
    """Power spectral density of a recording's steady noise.

    Attributes
    ----------
    frequency_hz
        Ascending, shape (points,); no points where nothing was found.
    density_dbfs_hz
        One-sided power spectral density of each channel, shape (channels, points): dB relative to a mean
        square of 1.0 in 1 Hz. -200 is no noise at all. Between points, decibels are interpolated; above the
        last one there is no noise. Where a program covers the noise all the time it is low on purpose: what
        is rather left than program taken.
    expected_dbfs_hz
        What it likely is, for reports: above `density_dbfs_hz` where that is low on purpose, else the same.
    start_s, end_s
        Stretches in which it was heard, in seconds, shape (stretches,); none where it is the floor
        under a program that never pauses.
    confidence
        0 (nothing found) to 1.
    """

    frequency_hz: Annotated[Array, Each(POINTS), Range(0.0), Ascending()]
    density_dbfs_hz: Annotated[Array, Each(CHANNELS, POINTS), DENSITY_DBFS_HZ]
    expected_dbfs_hz: Annotated[Array, Each(CHANNELS, POINTS), DENSITY_DBFS_HZ]
    start_s: Annotated[Array, Each(_STRETCHES), Range(0.0), Below("end_s")]
    end_s: Annotated[Array, Each(_STRETCHES)]
    confidence: Annotated[float, SHARE]

    @classmethod
    def nothing(cls, channels: int) -> NoisePrint:
        """Return the print of a recording of `channels` channels in which no noise was found."""
        none, no_points = np.empty(0), np.empty((channels, 0))
        return cls(none, no_points, no_points, none, none, 0.0)

    @property
    def found(self) -> bool:
        """Whether any channel has noise."""
        return bool(self.noisy.any())

    @property
    def noisy(self) -> npt.NDArray[np.bool_]:
        """Which channels have noise, shape (channels,)."""
        return np.asarray((self.density_dbfs_hz > NO_NOISE).any(axis=1))

    @property
    def level_dbfs(self) -> Array:
        """Level of each channel's noise, shape (channels,): its mean square over full scale 1.0."""
        return self._level(np.ones_like(self.frequency_hz))

    @property
    def level_dbfs_a(self) -> Array:
        """Level of each channel's noise, A-weighted (IEC 61672-1, annex E), shape (channels,)."""
        return self._level(a_weighting(self.frequency_hz))

    def _level(self, weight: Array) -> Array:
        power = np.trapezoid(10 ** (self.density_dbfs_hz / 10) * weight, self.frequency_hz, axis=1)
        return np.asarray(10 * np.log10(np.maximum(power, 10 ** (NO_NOISE / 10))))

    def bin_power(self, sample_rate: float, window: Array) -> Array:
        """Return the noise power to expect in each bin of a windowed spectrum.

        Parameters
        ----------
        sample_rate
            Hz.
        window
            Shape (length,).

        Returns
        -------
        Array
            ``E |rfft(noise * window)|^2``, shape (channels, length // 2 + 1); 0 where there is no noise.
        """
        bins = np.fft.rfftfreq(window.size, 1 / sample_rate)
        density = np.full((self.density_dbfs_hz.shape[0], bins.size), NO_NOISE)
        if self.frequency_hz.size:
            for row, points in zip(density, self.density_dbfs_hz, strict=True):
                row[:] = np.interp(bins, self.frequency_hz, points, right=NO_NOISE)
        power = 10 ** (density / 10) * (sample_rate * np.sum(window**2) / 2)
        return np.where(density > NO_NOISE, power, 0.0)

    def describe(self) -> str:
        """See `Findings.describe`."""
        if not self.found:
            return "no steady noise"
        levels = by_channel(
            [
                f"{level:.0f}" if noisy else None
                for level, noisy in zip(self.level_dbfs_a, self.noisy, strict=True)
            ]
        )
        seconds = np.sum(self.end_s - self.start_s)
        where = f"heard in {seconds:.1f} s of pauses" if self.start_s.size else "under the program"
        return f"steady noise of {levels} dBFS (A), {where}, confidence {self.confidence:.1f}"


class NoiseBlocks:
    """What the analysers of noise hear of a recording: blocks of 0.1 s, and which stretches may be noise.

    Parameters
    ----------
    sample_rate
        Hz.
    channels
        Number of channels.

    Attributes
    ----------
    hop
        Samples between half-overlapping frames, and one less than the bins of their spectra.
    length
        Samples a block: what `hear` wants.
    count
        Blocks heard.
    scale
        From the power of spectra to density.
    spectra
        Of the frames of the last block, shape (channels, frames, bins).
    """

    def __init__(self, sample_rate: float, channels: int) -> None:
        # half-overlapping Hann frames are nearly independent, and no sample is lost
        self.hop = 2 * hop_length(sample_rate, FRAME_SECONDS)
        self.length = BLOCK_FRAMES * self.hop
        self.seconds = self.length / sample_rate
        self.bands = Bands(self.hop + 1)
        self.frequency_hz = np.arange(self.hop + 1.0) * (sample_rate / (2 * self.hop))
        self.count = 0
        self._window = hann(2 * self.hop)
        self.scale = 2 / (sample_rate * np.sum(self._window**2))
        self.spectra = np.zeros((channels, 0, self.hop + 1), np.complex128)
        self._before = np.zeros((channels, self.hop))
        self._last: deque[Block] = deque(maxlen=STRETCH_BLOCKS)

    def hear(self, samples: Audio) -> tuple[Block, list[tuple[int, QuietStretch]]]:
        """Return the block of `samples`, shape (channels, length), and stretches of noise it ends.

        Stretches come with the channel that they were heard in.
        """
        samples = limited(samples)
        spectra = self.spectra = forward(
            np.concatenate([self._before, samples], axis=1), self._window, self.hop
        )
        self._before = samples[:, -self.hop :]
        mean, product = mean_and_product(spectra, self.scale, 10 ** (NO_NOISE / 10))
        silent = np.einsum("ij,ij->i", samples, samples) < 10 ** (LEAST_NOISE_DBFS / 10) * self.length
        # the logarithm of a product costs a quarter of four, and densities are far from overflow
        block = Block.of(mean, np.log(product) / BLOCK_FRAMES, silent, self.bands)
        self.count += 1
        self._last.append(block)
        if len(self._last) < STRETCH_BLOCKS or (noise := noise_like(self._last, self.bands)) is None:
            return block, []
        density, level, channels = noise
        first = self.count - STRETCH_BLOCKS
        heard = np.flatnonzero(channels).tolist()
        return block, [(c, QuietStretch(float(level[c]), first, density[c])) for c in heard]


class NoiseListener:
    """Conclude from blocks what steady noise there is: in the quietest stretches, or else under the program.

    Memory does not grow: the few quietest stretches of each channel are kept, and a histogram of the level
    in each band.

    Parameters
    ----------
    blocks
        Where the blocks come from; stretches that begin before its next one are not heard.
    channels
        Number of channels.
    uneven
        Whether noise that is not steady is listened for too, where the program pauses for long.

    Attributes
    ----------
    course_db
        How far the noise lies over its print along the recording, once concluded; empty where it stays.
    """

    def __init__(self, blocks: NoiseBlocks, channels: int, *, uneven: bool) -> None:
        self._blocks = blocks
        self._evidence = NoiseEvidence(
            blocks.bands, blocks.frequency_hz, channels, blocks.count, uneven=uneven
        )
        self.course_db: Array = np.empty(0)

    @property
    def course_seconds(self) -> float:
        """Seconds from one value of `course_db` to the next."""
        return self._evidence.cell_blocks * self._blocks.seconds

    def hear(self, block: Block, stretches: list[tuple[int, QuietStretch]]) -> None:
        """Hear what `NoiseBlocks.hear` returned."""
        self._evidence.hear(block, stretches)

    def conclude(self) -> tuple[NoisePrint, Mask]:
        """Return the print of all that was heard, and in which bands it was, shape (channels, bands).

        It is filled in where it is the floor under a program that covers the other bands.
        """
        found = self._evidence.found()
        channels, bands = len(found), self._blocks.bands.widths.size
        audible = [one for one in found if one is not None]
        courses = [one.gain_db for one in audible if one.gain_db is not None]
        self.course_db = np.median(courses, axis=0) if courses else np.empty(0)
        if not audible:
            return NoisePrint.nothing(channels), np.zeros((channels, bands), bool)
        shown = np.stack([np.zeros(bands, bool) if one is None else one.shown for one in found])
        nothing = np.full(self._blocks.hop + 1, NO_NOISE)
        levels = [nothing if one is None else decibels(one.density) for one in found]
        expected = [nothing if one is None else decibels(one.expected) for one in found]
        start, end = _joined(sorted({first for one in audible for first in one.blocks}))
        heard = NoisePrint(
            frequency_hz=self._blocks.frequency_hz,
            density_dbfs_hz=np.clip(np.round(levels, 2), NO_NOISE, MOST_LEVEL),
            expected_dbfs_hz=np.clip(np.round(expected, 2), NO_NOISE, MOST_LEVEL),
            start_s=np.round(start * self._blocks.seconds, 3),
            end_s=np.round(end * self._blocks.seconds, 3),
            confidence=min(one.confidence for one in audible),
        )
        return heard, shown


class NoisePrintAnalyser(Analyser[NoisePrint]):
    """One print for a whole recording."""

    def __init__(self, sample_rate: float, channels: int) -> None:
        self._blocks = NoiseBlocks(sample_rate, channels)
        super().__init__(sample_rate, channels, hop=self._blocks.length)
        self._listener = NoiseListener(self._blocks, channels, uneven=True)

    def _frame(self, frame: Audio) -> None:
        self._listener.hear(*self._blocks.hear(frame))

    def _conclude(self, rest: Audio) -> NoisePrint:
        return self._listener.conclude()[0]


def _joined(first: list[int]) -> tuple[Array, Array]:
    """Join stretches that touch or overlap; return their first, and last but one, blocks."""
    marks = np.array(first, np.float64)
    if not first:
        return marks, marks
    cut = np.flatnonzero(np.diff(marks) > STRETCH_BLOCKS) + 1
    return marks[np.r_[0, cut]], marks[np.r_[cut - 1, marks.size - 1]] + STRETCH_BLOCKS
