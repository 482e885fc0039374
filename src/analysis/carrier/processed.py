"""Traces of earlier processing: gated silences, notches at mains harmonics, a normalised peak."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from scipy import fft

from ...audio.arrays import Audio
from ...audio.checks import limited
from ...contract.constraints import SHARE, Choices, Range
from ...contract.findings import Analyser, Findings
from ...kernels.filters.decimation import decimate, decimation_filter
from ...kernels.samples.runs import still_runs
from ...kernels.spectra.stft import hann

MAINS_HZ = (50.0, 60.0)  # source: frequencies of mains
ROUND_PEAKS_DBFS = (0.0, -0.1, -0.2, -0.3, -0.5, -1.0, -2.0, -3.0, -6.0)  # source: what people normalise to

# tuned: by hand with bench format_finder, 2026-11-21; the split is not recorded
_NO_PEAK = -400.0  # guard: JSON has no infinity
_PEAK_TOLERANCE_DB = 0.003  # derived: what rounding to 16 bits moves a peak
_MOST_AT_PEAK = 8  # more samples at the peak are a limiter's or clipped
_FRAME_SECONDS = 3.0
_DECIMATED = 5.0  # times the highest frequency looked at: a short filter will do
_HARMONICS = 8
_LEAST_HARMONICS = 4
_NOTCH_DB = 8.0
_CENTRE_HZ, _NEAR_HZ, _FAR_HZ = 0.7, 4.0, 9.0
_LEAST_FRAMES = 3
_GATE_LEAST_S = 0.05
_LEAST_GATES = 3
_MOST_RUNS = 1024  # guard: memory is bounded


@dataclass(frozen=True, eq=False)
class Processed(Findings):
    """Traces of earlier processing.

    Attributes
    ----------
    peak_dbfs
        Highest sample of all channels; -400 for silence.
    normalised
        Whether it is a round level that few samples reach.
    gates, gated_s
        Stretches of digital silence in all channels between sound, of 0.05 s and longer, and their seconds.
    notch_hz
        Mains frequency at whose harmonics the spectrum has notches; 0 where it has none.
    notches
        At how many of its first eight harmonics.
    notch_db
        Their median depth.
    confidence
        0 (untouched, as far as can be heard) to 1, of gates and notches.
    """

    peak_dbfs: Annotated[float, Range(_NO_PEAK)]
    normalised: bool
    gates: Annotated[int, Range(0)]
    gated_s: Annotated[float, Range(0.0)]
    notch_hz: Annotated[float, Choices(0.0, *MAINS_HZ)]
    notches: Annotated[int, Range(0, _HARMONICS)]
    notch_db: Annotated[float, Range(0.0)]
    confidence: Annotated[float, SHARE]

    @property
    def gated(self) -> bool:
        """Whether pauses were silenced."""
        return self.gates >= _LEAST_GATES

    @property
    def notched(self) -> bool:
        """Whether hum was filtered out."""
        return self.notch_hz > 0

    @property
    def found(self) -> bool:
        """Whether the recording was processed before."""
        return bool(self.gated or self.notched or self.normalised)

    def describe(self) -> str:
        """See `Findings.describe`."""
        parts = []
        if self.gated:
            parts.append(f"{self.gates} gated pauses ({self.gated_s:.1f} s)")
        if self.notched:
            parts.append(
                f"{self.notches} notches of {self.notch_db:.0f} dB at {self.notch_hz:.0f} Hz and above"
            )
        if self.normalised:
            parts.append(f"normalised to {self.peak_dbfs:.1f} dBFS")
        return "processed before: " + ", ".join(parts) if parts else "no trace of earlier processing"


class ProcessedAnalyser(Analyser[Processed]):
    """Mean spectrum in frames of three seconds, stretches of digital silence, and the peak."""

    def __init__(self, sample_rate: float, channels: int) -> None:
        top = min(MAINS_HZ[-1] * (_HARMONICS + 1), sample_rate / 2)
        self._factor = max(int(sample_rate / (_DECIMATED * top)), 1)
        self._taps = decimation_filter(sample_rate, self._factor, top)
        length = fft.next_fast_len(max(round(_FRAME_SECONDS * sample_rate / self._factor), 64), real=True)
        # the filter needs as many samples more as its length
        super().__init__(sample_rate, channels, hop=(length - 1) * self._factor + self._taps.size)
        self._window = hann(length)
        self._bins = int(top * length * self._factor / sample_rate)
        self._log_power = np.zeros(self._bins)
        self._frames = 0
        self._peak = 0.0
        self._at_peak = 0
        self._samples = 0
        self._state = np.zeros(4)
        self._runs = np.zeros((_MOST_RUNS, 3))
        self._gates = 0
        self._last_zero = False
        self._gated = 0

    def _frame(self, frame: Audio) -> None:
        self._hear(frame)
        # the loudest channel: what was filtered was filtered in all
        loudest = frame[int(np.argmax(np.einsum("cs,cs->c", frame, frame)))]
        if max(loudest.max(), -loudest.min()) < 1e-4:
            return
        low = decimate(limited(loudest)[np.newaxis], self._taps, self._factor)[0]
        spectrum = fft.rfft(low * self._window)[: self._bins]
        self._log_power += np.log(spectrum.real**2 + spectrum.imag**2 + 1e-12)
        self._frames += 1

    def _hear(self, frame: Audio) -> None:
        """Follow the peak and the gates."""
        magnitude = np.abs(frame)
        peak = float(magnitude.max())
        if peak >= self._peak and peak > 0:
            at_peak = int(np.count_nonzero(magnitude > peak * (1 - 1e-5)))
            self._at_peak = at_peak + (self._at_peak if peak < self._peak * (1 + 1e-5) else 0)
            self._peak = peak
        # where the sum of magnitudes is 0, all channels are silent
        together = magnitude.sum(axis=0)
        least = max(round(_GATE_LEAST_S * self.sample_rate), 8)
        found = still_runs(together, self._samples, self._state, least, least, self._runs)
        for position, length, before in self._runs[:found]:
            if position > 0 and before > 0 and self._is_zero(frame, int(position + length) - self._samples):
                self._gates += 1
                self._gated += int(length)
        self._samples += frame.shape[1]
        self._last_zero = not frame[:, -1].any()

    def _is_zero(self, frame: Audio, stop: int) -> bool:
        return self._last_zero if stop == 0 else not frame[:, stop - 1].any()

    def _conclude(self, rest: Audio) -> Processed:
        if rest.shape[1]:
            self._hear(rest)
        peak = max(round(float(20 * np.log10(max(self._peak, 1e-300))), 4), _NO_PEAK)
        hz, count, depth = max((self._notches(mains) for mains in MAINS_HZ), key=lambda one: one[1:])
        if count < _LEAST_HARMONICS:
            hz, count, depth = 0.0, 0, 0.0
        gated = self._gates >= _LEAST_GATES
        sure = max(0.5 + 0.05 * min(self._gates, 9) if gated else 0.0, 0.4 + 0.07 * count if hz else 0.0)
        return Processed(
            peak_dbfs=peak,
            normalised=self._at_peak <= _MOST_AT_PEAK and _is_round(self._peak),
            gates=self._gates,
            gated_s=round(self._gated / self.sample_rate, 3),
            notch_hz=hz,
            notches=count,
            notch_db=round(depth, 1),
            confidence=round(sure, 2),
        )

    def _notches(self, mains: float) -> tuple[float, int, float]:
        """Count the harmonics at which the mean log spectrum dips under both sides, and the median depth."""
        if self._frames < _LEAST_FRAMES:
            return mains, 0, 0.0
        level = 10 / np.log(10) * self._log_power / self._frames
        frequency = np.arange(self._bins) * self.sample_rate / (self._factor * self._window.size)
        depths = []
        for harmonic in range(1, _HARMONICS + 1):
            offset = frequency - harmonic * mains
            centre = np.abs(offset) <= _CENTRE_HZ
            left = (offset < -_NEAR_HZ) & (offset > -_FAR_HZ)
            right = (offset > _NEAR_HZ) & (offset < _FAR_HZ)
            if centre.any() and left.any() and right.any():
                sides = min(float(np.median(level[left])), float(np.median(level[right])))
                depths.append(sides - float(np.max(level[centre])))
        deep = [depth for depth in depths if depth >= _NOTCH_DB]
        return mains, len(deep), float(np.median(deep)) if deep else 0.0


def _is_round(peak: float) -> bool:
    """Tell whether a peak is a round level, or the highest code of 16 or 24 bits."""
    if peak <= 0 or peak > 1 + 1e-9:
        return False
    level = 20 * np.log10(peak)
    return bool(min(abs(level - wanted) for wanted in ROUND_PEAKS_DBFS) <= _PEAK_TOLERANCE_DB)
