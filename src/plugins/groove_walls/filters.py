"""Where the processor's buffer lies on the recording, and what follows linearly from both walls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import fft, signal

from ...analysis.carrier.walls import Walls, on_bands
from ...audio.arrays import Array, Audio, Complex
from ...kernels.spectra.stft import hann

BLOCKS_A_HOP = 8  # guard: filters and spans are worked out anew around every hop, so short ones cost more
CONTEXT = 3  # derived: blocks before and after a hop that spans reach into, over _AFTER_S of `damage`
AROUND = 3  # tuned: by hand on mono discs made of the tuning split, 2026-11-29; 0.33 s of noise

CROSSOVER_HZ = 500.0  # tuned: by hand, same; thumps lie under it, ticks over it
_FILTER_S = 4e-3  # derived: two periods of the crossover, either side of each filter
_IN_A_ROW = 4  # derived: back, share, relation and crossover follow one another

MEAN, HIGH, HIGH_AT_SECOND, LOW, LOW_AT_SECOND, HIGH_BASE, LOW_BASE, LOW_MEAN = range(8)
"""Rows of what `Filters` returns."""

WHITE_MEAN, WHITE, ODDS = range(8, 11)
"""Rows beside them: mean and difference whitened, and their product over the whitened mean's power."""


@dataclass(frozen=True)
class Times:
    """Lengths in samples at one sample rate, and how the processor's buffer lies on the recording.

    ::

        0      AROUND + CONTEXT blocks           hop        CONTEXT + AROUND blocks     1 block
        |-- kept for what surrounds the hop --|- given out -|-- filtered and whitened --|- heard alone -|
    """

    block: int
    order: int
    reach: int  # of the filters

    @classmethod
    def at(cls, sample_rate: float) -> Times:
        """Return the lengths at that rate."""
        order = min(max(round(32 / 44_100 * sample_rate), 16), 64)
        return cls(
            block=max(2 * round(1024 / 44_100 * sample_rate), 4 * order),
            order=order,
            reach=round(_FILTER_S * sample_rate),
        )

    @property
    def hop(self) -> int:
        """Samples in every frame."""
        return BLOCKS_A_HOP * self.block

    @property
    def margin(self) -> int:
        """Samples that filters reach to either side."""
        return _IN_A_ROW * self.reach

    @property
    def latency(self) -> int:
        """Samples by which the output lags."""
        return (AROUND + CONTEXT + 1) * self.block

    @property
    def size(self) -> int:
        """Samples in the buffer."""
        return self.hop + 2 * (AROUND + CONTEXT) * self.block + self.block


class Filters:
    """What follows linearly from both channels over a frame, by overlap-save; no filter shifts time."""

    def __init__(self, times: Times, sample_rate: float, walls: Walls, blend: bool) -> None:
        self._reach, self._hop, self._margin = times.reach, times.hop, times.margin
        self._rate = sample_rate
        self._length = int(fft.next_fast_len(times.hop + 2 * times.margin, real=True))
        self._relation = self._response(walls.relation)
        self._back = self._response(lambda hz: 1.0 / walls.relation(hz))
        self._low = self._spectrum(signal.firwin(2 * times.reach + 1, CROSSOVER_HZ, fs=sample_rate))
        self._base: Complex | None = None
        if blend:
            share = self._response(lambda hz: on_bands(walls.share, hz))
            self._base = share * (1.0 + self._relation) - self._relation

    def _response(self, of: Callable[[Array], Array | Complex]) -> Complex:
        """Return the spectrum of a filter of `reach` samples to either side, with nearly that response."""
        taps = 2 * self._reach + 1
        length = int(fft.next_fast_len(4 * taps, real=True))
        hz = np.arange(length // 2 + 1) * np.float64(self._rate / length)
        around = np.roll(fft.irfft(of(hz), length), self._reach)[:taps]
        return self._spectrum(np.asarray(around * hann(taps + 1)[1:], np.float64))

    def _spectrum(self, taps: Array) -> Complex:
        around_zero = np.roll(np.pad(taps, (0, self._length - taps.size)), -self._reach)
        return np.asarray(fft.rfft(around_zero))

    def __call__(self, heard: Audio) -> Audio:
        """Filter `heard`, shape (2, hop + 2 margin); returns shape (8, hop), in the order of the rows.

        Differences are at the first channel's measure, or at the second's; what is taken where the noise is
        steady, by the first wall's share in it, is the base: nothing without a blend.
        """
        first, second = fft.rfft(heard, self._length, axis=1)
        difference = first - second * self._back
        at_second = first * self._relation - second
        base = difference * (0.0 if self._base is None else self._base)
        mean = 0.5 * (first + second)
        highs = [one - one * self._low for one in (difference, at_second, base)]
        lows = [one * self._low for one in (difference, at_second, base, mean)]
        rows = np.stack([mean, highs[0], highs[1], lows[0], lows[1], highs[2], lows[2], lows[3]])
        return np.asarray(fft.irfft(rows, self._length, axis=1)[:, self._margin :][:, : self._hop])
