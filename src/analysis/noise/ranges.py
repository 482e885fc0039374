"""Noise prints from the places where an engineer hears noise alone."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ...audio.arrays import Audio
from ...audio.clock import clock
from ...contract.findings import Analyser
from ...errors import FindingsError
from ...kernels.spectra.stft import forward, hann, hop_length
from .floor import MOST_LEVEL, decibels, smooth
from .noise_print import FRAME_SECONDS, NO_NOISE
from .segments import NoiseSegments

# derived: from the scatter of a mean of periodograms
SHORTEST_RANGE_S = 0.2
"""Less noise than this says little about its spectrum: the scatter would be over 2 dB."""


def check_print_ranges(ranges: Sequence[tuple[int, int]], sample_rate: float) -> None:
    """Refuse ranges, (start, stop) in samples, that no prints can be made from.

    Raises
    ------
    FindingsError
        A range is shorter than `SHORTEST_RANGE_S`, or two overlap.
    """
    ranges = sorted(ranges)
    for start, stop in ranges:
        if stop - start < SHORTEST_RANGE_S * sample_rate:
            raise FindingsError(
                f"print range {clock(start, sample_rate)}-{clock(stop, sample_rate)} is "
                f"{(stop - start) / sample_rate:.3f} s long; a noise print needs at least "
                f"{SHORTEST_RANGE_S} s"
            )
    for (_, stop), (start, _) in pairwise(ranges):
        if start < stop:
            raise FindingsError(f"two print ranges overlap at {start / sample_rate:.3f} s; join them")


class PrintRangesAnalyser(Analyser[NoiseSegments]):
    """Take a print from each range, mean power over half-overlapping Hann frames (Welch 1967).

    Nothing is second-guessed: what sounds there is taken for noise. Several ranges make several prints,
    which hold from halfway to the range before to halfway to the range after, and fade into each other.

    Parameters
    ----------
    sample_rate
        Hz.
    channels
        Number of channels.
    ranges
        (start, stop) in samples; they are put in order, and must not overlap.

    Raises
    ------
    FindingsError
        A range is shorter than `SHORTEST_RANGE_S`, or two overlap.
    """

    def __init__(self, sample_rate: float, channels: int, ranges: Sequence[tuple[int, int]]) -> None:
        # the frames of `NoiseBlocks`, so that prints have the same points
        self._half = 2 * hop_length(sample_rate, FRAME_SECONDS)
        super().__init__(sample_rate, channels, hop=self._half)
        self._window = hann(2 * self._half)
        self._ranges = sorted(ranges)
        check_print_ranges(self._ranges, sample_rate)
        self._power = np.zeros((len(self._ranges), channels, self._half + 1))
        self._frames = np.zeros(len(self._ranges))
        self._before = np.zeros((channels, self._half))
        self._position = -self._half  # of the first sample of the next frame

    def _frame(self, frame: Audio) -> None:
        samples = np.concatenate([self._before, frame], axis=1)
        self._before = frame
        for index, (start, stop) in enumerate(self._ranges):
            if start <= self._position and self._position + samples.shape[1] <= stop:
                spectrum = forward(samples, self._window, self._half)[:, 0]
                self._power[index] += np.abs(spectrum) ** 2
                self._frames[index] += 1
        self._position += self._half

    def _conclude(self, rest: Audio) -> NoiseSegments:
        if not self._frames.all():
            raise FindingsError("a print range lies beyond the end of the recording")
        scale = 2 / (self.sample_rate * np.sum(self._window**2))
        power = self._power * (scale / self._frames[:, np.newaxis, np.newaxis])
        floor = 10 ** (NO_NOISE / 10)
        density = [
            [smooth(np.maximum(one, floor), int(frames)) for one in channels]
            for channels, frames in zip(power, self._frames, strict=True)
        ]
        starts, stops = np.array(self._ranges, np.float64).T / self.sample_rate
        bounds = np.concatenate([[0.0], (stops[:-1] + starts[1:]) / 2, [self._heard / self.sample_rate]])
        return NoiseSegments(
            start_s=np.round(bounds[:-1], 3),
            end_s=np.round(bounds[1:], 3),
            frequency_hz=np.arange(self._half + 1.0) * (self.sample_rate / (2 * self._half)),
            density_dbfs_hz=np.clip(np.round(decibels(np.array(density)), 2), NO_NOISE, MOST_LEVEL),
            print_confidence=np.ones(starts.size),
            pauses_s=np.round(stops - starts, 3),
            confidence=1.0,
        )
