"""True word length and true sample rate: what a recording was before a larger container was put round it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Self

import numpy as np
from scipy import fft

from ...audio.arrays import Array, Audio, Counts
from ...audio.checks import HIGHEST_RATE, LOWEST_RATE
from ...contract.constraints import SHARE, Range
from ...contract.findings import Analyser, Findings
from ...kernels.samples.word_length import (
    COARSE_BITS,
    FINE_BITS,
    MOST_BITS,
    NOT_INTEGER,
    bits_of_codes,
    count_samples,
)
from .bandwidth import LongTermSpectrum

FLOAT_BITS = 0
"""Bits that stand for samples on no integer grid; guard: no word is so short."""

# source: rates of files in use
_RATES_HZ = (8000.0, 11025.0, 12000.0, 16000.0, 22050.0, 24000.0, 32000.0, 44100.0, 48000.0, 88200.0,
             96000.0, 176400.0, 192000.0, 352800.0, 384000.0)  # fmt: skip
_EXCEPTIONS = 1e-3  # a fade, or a click repaired, may use finer steps
_LEAST_SAMPLES = 1000
_CODES = 2**COARSE_BITS
_LEAST_COMB, _ALMOST = 0.2, 0.6
_LONGEST_STEP_CODES = 1024  # guard: time is bounded
_LEAST_CODE_SAMPLES = 1_500
_LEAST_DENSE, _LEAST_USES, _LEAST_UNUSED = 64, 12, 0.02
_LEAST_RATE_RATIO = 1.08
_RATE_WINDOWS = ((0.6, 0.7), (0.78, 0.88), (1.01, 1.04), (1.08, 1.2))  # of half the older rate
_EMPTY_DBFS_HZ = -115.0
_LEAST_RATE_DROP_DB, _LEAST_EDGE_DB, _LEAST_EDGE_SHARE = 15.0, 5.0, 0.5


@dataclass(frozen=True, eq=False)
class WordLength(Findings):
    """True bits and rate of a recording against what its file says.

    Attributes
    ----------
    nominal_bits, nominal_rate_hz
        Of the file; 0 bits is floating point, or not known.
    bits
        Bits that all but a thousandth of the samples need; 0 where they lie on no integer grid.
    step
        Distance of successive amplitudes where codes are missing, full scale 1.0, as a gain after
        quantisation leaves it; 0 where none are missing.
    rate_hz
        Lowest common sample rate that holds all there is.
    confidence, rate_confidence
        Of bits and step, and of the rate, 0 to 1.
    """

    nominal_bits: Annotated[int, Range(0, 64)]
    nominal_rate_hz: Annotated[float, Range(LOWEST_RATE, HIGHEST_RATE)]
    bits: Annotated[int, Range(0, MOST_BITS)]
    step: Annotated[float, SHARE]
    rate_hz: Annotated[float, Range(LOWEST_RATE, HIGHEST_RATE)]
    confidence: Annotated[float, SHARE]
    rate_confidence: Annotated[float, SHARE]

    @property
    def effective_bits(self) -> float:
        """Bits of resolution; a gain shifts them by one for each 6.02 dB. 0 is floating point."""
        if self.step:
            return float(1 - np.log2(self.step))
        return float(self.bits)

    @property
    def padded(self) -> bool:
        """Whether fewer bits are used than the file has, or codes are missing."""
        if self.confidence < 0.5:
            return False
        fewer = self.bits > 0 and (self.nominal_bits == FLOAT_BITS or self.bits < self.nominal_bits)
        return bool(fewer or self.step > 0)

    @property
    def upsampled(self) -> bool:
        """Whether a lower sample rate would hold all there is."""
        return self.rate_hz < self.nominal_rate_hz and self.rate_confidence >= 0.5

    @property
    def found(self) -> bool:
        """Whether the file is larger than what it holds."""
        return bool(self.padded or self.upsampled)

    def describe(self) -> str:
        """See `Findings.describe`."""
        nominal = f"{self.nominal_bits} bits" if self.nominal_bits else "floating point"
        bits = f"{self.effective_bits:.3g} bits" if self.effective_bits else "floating point"
        parts = [f"{bits} in a file of {nominal}" if self.padded else bits]
        if self.upsampled:
            parts.append(f"the content of a {self.rate_hz:g} Hz file in one of {self.nominal_rate_hz:g} Hz")
        return ", ".join(parts)


class WordLengthAnalyser(Analyser[WordLength]):
    """Count the bits that samples need and the codes they use, and look for an older Nyquist frequency.

    Parameters
    ----------
    sample_rate
        Hz.
    channels
        Number of channels.
    nominal_bits
        Of the file; 0 for floating point or where it is not known.
    """

    def __init__(self, sample_rate: float, channels: int, nominal_bits: int = FLOAT_BITS) -> None:
        self._spectrum = LongTermSpectrum(sample_rate, channels)
        super().__init__(sample_rate, channels, hop=self._spectrum.length)
        self._nominal_bits = nominal_bits
        self._bits = np.zeros(MOST_BITS + 2, np.int64)
        self._coarse, self._fine = np.zeros(_CODES, np.int64), np.zeros(_CODES, np.int64)

    @classmethod
    def for_recording(cls, sample_rate: float, channels: int, nominal_bits: int) -> Self:
        """See `Analyser.for_recording`."""
        return cls(sample_rate, channels, nominal_bits)

    def _frame(self, frame: Audio) -> None:
        self._count(frame)
        self._spectrum.hear(frame)

    def _count(self, frame: Audio) -> None:
        for samples in frame:
            count_samples(samples, self._coarse, self._fine, self._bits)

    def _conclude(self, rest: Audio) -> WordLength:
        self._count(rest)
        if self._spectrum.frames.max() == 0:
            self._spectrum.hear(rest)
        counts = self._bits + bits_of_codes(self._coarse)
        heard = int(counts.sum())
        bits = _needed(counts)
        step, comb = self._missing_codes(bits)
        rate, sure = self._true_rate()
        return WordLength(
            nominal_bits=self._nominal_bits,
            nominal_rate_hz=float(self.sample_rate),
            bits=bits,
            step=step,
            rate_hz=rate,
            confidence=round(min(heard / _LEAST_SAMPLES, 1.0) * (comb if step else 0.99), 2),
            rate_confidence=round(sure, 2),
        )

    def _missing_codes(self, bits: int) -> tuple[float, float]:
        """Find the step of a grid that was scaled and then rounded to a finer one, or to the same."""
        if bits == FLOAT_BITS or bits > COARSE_BITS + 1:
            return _comb_step(self._fine)
        if bits >= COARSE_BITS - 1:
            return _unused_step(self._coarse)
        return 0.0, 0.0  # zeros at the bottom explain missing codes

    def _true_rate(self) -> tuple[float, float]:
        """Find the lowest common rate at whose Nyquist frequency the spectrum breaks off, empty above."""
        rate = float(self.sample_rate)
        heard = np.flatnonzero(self._spectrum.frames)
        if not heard.size:
            return rate, 0.0
        level = np.max([self._spectrum.quantile_db(int(channel), 0.9) for channel in heard], axis=0)
        for older in _RATES_HZ:
            if older * _LEAST_RATE_RATIO <= rate and self._breaks_off(level, older / 2):
                return older, 0.9
        return rate, 0.8

    def _breaks_off(self, level: Array, nyquist: float) -> bool:
        """Tell whether levels fall at `nyquist` as under a converter's filter, and nothing lies above."""
        at = self._spectrum.frequency_hz / nyquist

        def median(low: float, high: float) -> float:
            inside = (at >= low) & (at < high)
            return float(np.median(level[inside])) if inside.any() else np.inf

        further, below, edge, beyond = (median(*window) for window in _RATE_WINDOWS)
        above = level[at > _RATE_WINDOWS[-1][0]]
        empty = above.size > 0 and float(np.quantile(above, 0.98)) < below - _LEAST_RATE_DROP_DB
        sharp = below - edge > max(_LEAST_EDGE_DB, _LEAST_EDGE_SHARE * (below - beyond))
        # a converter cuts; a program that fades by itself does so before the edge too
        cut = below - beyond > max(_LEAST_RATE_DROP_DB, 2 * (further - below))
        return bool(empty and cut and beyond < _EMPTY_DBFS_HZ and sharp)


def _needed(counts: Counts) -> int:
    """Bits that all but a thousandth of the samples, zeros apart, need."""
    total = int(counts.sum())
    if not total:
        return FLOAT_BITS
    finer = np.cumsum(counts[::-1])[::-1]
    needed = int(np.flatnonzero(finer > _EXCEPTIONS * total)[-1])
    return FLOAT_BITS if needed == NOT_INTEGER else needed


def _comb_step(codes: Counts) -> tuple[float, float]:
    """Find the step of a coarser grid among 24-bit codes: their histogram is a comb, its spectrum lines.

    A smooth histogram has nothing at frequencies of a thousandth and more.
    """
    total = int(codes.sum())
    if total < _LEAST_CODE_SAMPLES:
        return 0.0, 0.0
    # digital silence and stuck codes would be lines of their own
    weights = np.minimum(codes, max(total // 200, 8)).astype(np.float64)
    line = np.abs(fft.rfft(weights)) / max(float(weights.sum()), 1.0)
    line[: _CODES // _LONGEST_STEP_CODES] = 0.0
    if line.max() < _LEAST_COMB:
        return 0.0, 0.0
    first = int(np.flatnonzero(line > _ALMOST * line.max())[0])
    best = first + int(np.argmax(line[first : first + 3]))
    place = float(best)
    for multiple in (2, 4, 8, 16, 32):  # each multiple of the line that stands out places it better
        near = slice(round(place * multiple) - multiple, round(place * multiple) + multiple + 1)
        if near.stop >= line.size or line[near].max() < _ALMOST * line.max():
            break
        place = (near.start + int(np.argmax(line[near]))) / multiple
    confidence = min(0.6 + 0.39 * float(line.max()), 0.99)
    return _CODES / place / 2.0 ** (FINE_BITS - 1), round(confidence, 2)


def _unused_step(codes: Counts) -> tuple[float, float]:
    """Find codes of 16 bits that are never used though their neighbours often are."""
    often = np.convolve(codes, np.ones(16), "same") >= 16 * _LEAST_USES
    middle = _CODES // 2
    below, above = np.flatnonzero(~often[:middle]), np.flatnonzero(~often[middle:])
    dense = codes[(below[-1] + 1 if below.size else 0) : (middle + above[0] if above.size else _CODES)]
    if dense.size < _LEAST_DENSE:
        return 0.0, 0.0
    used = np.count_nonzero(dense) / dense.size
    if used > 1 - _LEAST_UNUSED:
        return 0.0, 0.0
    return 1 / used / 2.0 ** (COARSE_BITS - 1), 0.95
