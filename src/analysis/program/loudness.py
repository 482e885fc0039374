"""Level and loudness: peaks, RMS, and programme loudness after ITU-R BS.1770-4 and EBU Tech 3342."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from ...audio.arrays import Array, Audio
from ...audio.checks import limited
from ...contract.constraints import CHANNELS, SHARE, Each, Range
from ...contract.findings import NO_LEVEL, Analyser, Findings, by_channel
from ...kernels.filters.biquads import filtered_energy
from ...kernels.filters.polyphase import interpolator, peak_between

# source: ITU-R BS.1770-4 and EBU Tech 3342
_MOST_DB = 200.0  # guard: what findings may say
_HOP_SECONDS = 0.1
_FRAME_HOPS = 5  # guard: enough to make Python's share of the time small
_MOMENTARY_HOPS = 4
_SHORT_TERM_HOPS = 30
_TAPS = 16  # derived: four times oversampling as in annex 2
_OFFSET_DB = -0.691  # (2): 997 Hz in one channel at 0 dBFS reads -3.01
_ABSOLUTE_GATE = -70.0
_RELATIVE_GATE = -10.0
_RANGE_GATE = -20.0
_RANGE_QUANTILES = (0.10, 0.95)
_STEPS_A_DB = 100  # guard: steps of a histogram
_STEPS = round((_MOST_DB - _ABSOLUTE_GATE) * _STEPS_A_DB)
_SURROUND = 1.41
_WEIGHTS = {
    4: (1.0, 1.0, _SURROUND, _SURROUND),
    5: (1.0, 1.0, 1.0, _SURROUND, _SURROUND),
    6: (1.0, 1.0, 1.0, 0.0, _SURROUND, _SURROUND),
    8: (1.0, 1.0, 1.0, 0.0, 1.0, 1.0, _SURROUND, _SURROUND),
}


_LEVEL_DB = Range(-_MOST_DB, _MOST_DB)


@dataclass(frozen=True, eq=False)
class Loudness(Findings):
    """Levels of one recording.

    Attributes
    ----------
    integrated_lufs
        Programme loudness (ITU-R BS.1770-4); None for less than 0.4 s, and where all is below -70 LUFS.
    range_lu
        Loudness range (EBU Tech 3342); None for less than 3 s, and where all is below -70 LUFS.
    sample_peak_dbfs, true_peak_dbtp, rms_dbfs
        Of each channel, shape (channels,); -200 is silence. RMS is relative to a mean square of 1.0: a
        full-scale sine is at -3.01.
    confidence
        1 where the loudness is gated over a minute or more, less for shorter ones, 0 without loudness.
    """

    integrated_lufs: Annotated[float | None, Range(-2 * _MOST_DB, 2 * _MOST_DB)]
    range_lu: Annotated[float | None, Range(0.0, 2 * _MOST_DB)]
    sample_peak_dbfs: Annotated[Array, Each(CHANNELS), _LEVEL_DB]
    true_peak_dbtp: Annotated[Array, Each(CHANNELS), _LEVEL_DB]
    rms_dbfs: Annotated[Array, Each(CHANNELS), _LEVEL_DB]
    confidence: Annotated[float, SHARE]

    @property
    def found(self) -> bool:
        """Whether there is any sound."""
        return bool((self.sample_peak_dbfs > NO_LEVEL).any())

    @property
    def crest_db(self) -> Array:
        """Sample peak over RMS of each channel, shape (channels,); 0 in silence."""
        return self.sample_peak_dbfs - self.rms_dbfs

    def describe(self) -> str:
        """See `Findings.describe`."""
        if not self.found:
            return "digital silence"
        loudness = "no loudness" if self.integrated_lufs is None else f"{self.integrated_lufs:.1f} LUFS"
        span = "" if self.range_lu is None else f", range {self.range_lu:.1f} LU"
        peak, rms = self.true_peak_dbtp.max(), by_channel([f"{level:.1f}" for level in self.rms_dbfs])
        return f"{loudness}{span}, true peak {peak:.1f} dBTP, RMS {rms} dBFS"


class LoudnessAnalyser(Analyser[Loudness]):
    """Levels on a grid of 0.1 s, and two histograms of loudness: memory does not grow.

    Gating needs the recording's mean before it can drop quiet blocks. Histograms in steps of 0.01 LU that
    hold the energy of their blocks give it in one pass, and off by less than a step.
    """

    def __init__(self, sample_rate: float, channels: int) -> None:
        self._hop = max(round(_HOP_SECONDS * sample_rate), 1)
        super().__init__(sample_rate, channels, hop=_FRAME_HOPS * self._hop)
        self._sections = k_weighting(sample_rate)
        self._state = np.zeros((channels, 2, 2))
        self._weights = np.array(_WEIGHTS.get(channels, (1.0,) * channels))
        self._momentary = _Histogram(_MOMENTARY_HOPS)
        self._short_term = _Histogram(_SHORT_TERM_HOPS)
        # annex 2 asks for 192 kHz: four times 48 kHz, and nothing to add from there on
        factor = 4 if sample_rate < 96_000 else 2 if sample_rate < 192_000 else 1
        self._phases = interpolator(factor, _TAPS)
        self._before = np.zeros((channels, _TAPS - 1))
        self._sample_peak = np.zeros(channels)
        self._true_peak = np.zeros(channels)
        self._energy = np.zeros(channels)

    def _frame(self, frame: Audio) -> None:
        frame = limited(frame)
        self._level(frame)
        self._loudness(frame)

    def _loudness(self, frame: Audio) -> None:
        energy = filtered_energy(frame, self._sections, self._state, self._hop)
        for power in (np.sum(self._weights[:, np.newaxis] * energy, axis=0) / self._hop).tolist():
            self._momentary.hear(power)
            self._short_term.hear(power)

    def _level(self, frame: Audio) -> None:
        self._energy += np.einsum("ij,ij->i", frame, frame)
        peak = np.maximum(frame.max(axis=1, initial=0.0), -frame.min(axis=1, initial=0.0))
        self._sample_peak = np.maximum(self._sample_peak, peak)
        self._true_peak = np.maximum(self._true_peak, self._sample_peak)
        joined = np.concatenate([self._before, frame], axis=1)
        if self._phases.size:
            self._true_peak = peak_between(joined, self._phases, self._true_peak)
        self._before = joined[:, joined.shape[1] - _TAPS + 1 :]

    def loudest_lufs(self) -> tuple[float | None, float | None]:
        """Return the highest momentary and short-term loudness heard so far (EBU Tech 3341).

        A whole recording's are known after `result`; None where all is below -70 LUFS, or too short.
        """
        return self._momentary.loudest, self._short_term.loudest

    def _conclude(self, rest: Audio) -> Loudness:
        # loudness has whole blocks only; levels have every sample, and the interpolator's tail after it
        rest = limited(rest)
        self._loudness(rest)
        self._level(np.pad(rest, ((0, 0), (0, _TAPS // 2))))
        return Loudness(
            integrated_lufs=self._momentary.integrated(),
            range_lu=self._short_term.range(),
            sample_peak_dbfs=_decibels(self._sample_peak**2),
            true_peak_dbtp=_decibels(self._true_peak**2),
            rms_dbfs=_decibels(self._energy / max(self._heard, 1)),
            confidence=self._confidence(),
        )

    def _confidence(self) -> float:
        if self._momentary.integrated() is None:
            return 0.0
        return round(min(0.5 + 0.5 * self._heard / (60 * self.sample_rate), 1.0), 2)


class _Histogram:
    """Loudness of overlapping blocks above the absolute gate: counts, and energy, in steps of 0.01 LU."""

    def __init__(self, hops: int) -> None:
        self.loudest: float | None = None
        self._powers: deque[float] = deque(maxlen=hops)
        self._count = np.zeros(_STEPS)
        self._power = np.zeros(_STEPS)

    def hear(self, power: float) -> None:
        """Add the weighted power of one hop; each one but the first few completes a block."""
        self._powers.append(power)
        if len(self._powers) < (self._powers.maxlen or 0):
            return
        block = sum(self._powers) / len(self._powers)
        loudness = _lufs(block)
        if loudness > _ABSOLUTE_GATE:
            self.loudest = max(self.loudest or loudness, loudness)
            step = min(int((loudness - _ABSOLUTE_GATE) * _STEPS_A_DB), _STEPS - 1)
            self._count[step] += 1
            self._power[step] += block

    def integrated(self) -> float | None:
        """Loudness of the blocks above both gates, LUFS: BS.1770-4 (7)."""
        count, power = self._above(_RELATIVE_GATE)
        return float(np.clip(_lufs(power.sum() / count.sum()), -_MOST_DB, _MOST_DB)) if count.any() else None

    def range(self) -> float | None:
        """Spread of short-term loudness above both gates, LU: Tech 3342, 3."""
        count, _ = self._above(_RANGE_GATE)
        if not count.any():
            return None
        # the quantiles of a sorted list of n lie at 0 to n - 1
        places = np.round(np.array(_RANGE_QUANTILES) * (count.sum() - 1)) + 1
        low, high = np.searchsorted(np.cumsum(count), places)
        return float(high - low) / _STEPS_A_DB

    def _above(self, gate: float) -> tuple[Array, Array]:
        """Return counts and energy from the relative gate on."""
        if not self._count.any():
            return self._count, self._power
        relative = _lufs(self._power.sum() / self._count.sum()) + gate
        loud = np.arange(_STEPS) >= np.floor((relative - _ABSOLUTE_GATE) * _STEPS_A_DB)
        return self._count * loud, self._power * loud


def k_weighting(sample_rate: float) -> Array:
    """Return the two sections of K-weighting, b0 b1 b2 a1 a2 each, shape (2, 5), for any rate.

    The standard tabulates them for 48 kHz alone; these are the analogue prototypes that its tables are the
    bilinear transform of (B. De Man, "Evaluation of implementations of the EBU R128 loudness measurement",
    AES Convention 145, 2018; the constants are those of libebur128).
    """
    shelf_hz, quality, gain_db = 1681.974450955533, 0.7071752369554196, 3.999843853973347
    # below 3.4 kHz there is no room for the shelf, and nothing that it would raise
    k = np.tan(np.pi * min(shelf_hz / sample_rate, 0.49))
    high = 10 ** (gain_db / 20)
    band = high**0.4996667741545416
    scale = 1 + k / quality + k * k
    shelf = [
        (high + band * k / quality + k * k) / scale,
        2 * (k * k - high) / scale,
        (high - band * k / quality + k * k) / scale,
        2 * (k * k - 1) / scale,
        (1 - k / quality + k * k) / scale,
    ]
    pass_hz, quality = 38.13547087602444, 0.5003270373238773
    k = np.tan(np.pi * min(pass_hz / sample_rate, 0.49))
    scale = 1 + k / quality + k * k
    high_pass = [1.0, -2.0, 1.0, 2 * (k * k - 1) / scale, (1 - k / quality + k * k) / scale]
    return np.array([shelf, high_pass])


def momentary_lufs(audio: Audio, sample_rate: float) -> Array:
    """Return momentary loudness, ungated, at each 0.1 s from 0.4 s on (EBU Tech 3341).

    Parameters
    ----------
    audio
        Shape (channels, n).
    sample_rate
        Hz.

    Returns
    -------
    Array
        LUFS, shape (max(hops - 3, 0),).
    """
    hop = max(round(_HOP_SECONDS * sample_rate), 1)
    channels = audio.shape[0]
    whole = np.ascontiguousarray(audio[:, : audio.shape[1] // hop * hop], np.float64)
    energy = filtered_energy(whole, k_weighting(sample_rate), np.zeros((channels, 2, 2)), hop)
    weights = np.array(_WEIGHTS.get(channels, (1.0,) * channels))
    powers = np.sum(weights[:, np.newaxis] * energy, axis=0) / hop
    blocks = range(max(powers.size - _MOMENTARY_HOPS + 1, 0))
    means = [powers[first : first + _MOMENTARY_HOPS].mean() for first in blocks]
    return np.array([_lufs(float(mean)) for mean in means])


def _lufs(power: float) -> float:
    return _OFFSET_DB + 10 * math.log10(max(power, 1e-30))


def _decibels(power: Array) -> Array:
    return np.asarray(np.round(10 * np.log10(np.maximum(power, 10 ** (NO_LEVEL / 10))), 6))
