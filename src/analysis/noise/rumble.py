"""Rumble: steady low noise that a turntable's bearing, a draught or traffic adds below the music."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
from scipy import fft
from scipy.ndimage import median_filter

from ...audio.arrays import Array, Audio
from ...audio.checks import limited
from ...contract.constraints import CHANNELS, SHARE, AtMost, Each, Range
from ...contract.findings import NO_LEVEL, Analyser, Findings, by_channel
from ...kernels.filters.decimation import decimate, decimation_filter
from ...kernels.spectra.stft import hann

Flags = npt.NDArray[np.bool_]

# tuned: by hand with bench hum_finder, 2026-11-21; the split is not recorded
LOWEST_HZ, HIGHEST_HZ = 4.0, 60.0

_MOST_LEVEL = 200.0  # guard: what findings may say

# tuned: by hand with bench hum_finder, 2026-11-21; the split is not recorded
_RATE_HZ = 500.0
_WINDOW_SECONDS = 2.0
_ABOVE_HZ = (70.0, 140.0)  # what rumble must stand out of: a hiss that reaches down is not rumble

# tuned: by hand with bench hum_finder, 2026-11-21; the split is not recorded
# histogram of levels, in steps of 1 dB
_LEAST_DB, _STEPS = -180, 320  # guard: bounds of a histogram
_EARLY, _LATE, _LATEST = 0.1, 0.3, 0.9
_STEADY_DB = 3.0
_LEAST_DBFS = -78.0
_LEAST_EXCESS_DB = 6.0
_UNDER_PROGRAM_DB = 29.0  # what lies further down many clean recordings have: halls, reverberation, codecs
_LEAST_WINDOWS = 4
_LINE_HZ = 5.0
_LOWEST_NOTE_HZ = 27.0  # derived: just under 27.5 Hz, the lowest of a piano
_LEAST_STEADY = 0.6
_RISE_DB = 2.0
_BAND_TAIL = 0.05


@dataclass(frozen=True, eq=False)
class RumbleFindings(Findings):
    """Rumble of a recording, between 4 and 60 Hz.

    Attributes
    ----------
    level_dbfs
        Level of each channel's rumble, dB relative to a mean square of 1.0, shape (channels,); -200 where
        there is none.
    low_hz, high_hz
        Band that holds nine tenths of it; 0 where there is none.
    lateral_share
        Share of its power that both channels have in phase: 1 is lateral (a bearing, handling), 0 vertical
        (a warp, a rough stamper). None but for two channels with rumble.
    confidence
        0 (nothing found) to 1.
    """

    level_dbfs: Annotated[Array, Each(CHANNELS), Range(NO_LEVEL, _MOST_LEVEL)]
    low_hz: Annotated[float, Range(0.0, 1000.0), AtMost("high_hz")]
    high_hz: Annotated[float, Range(0.0, 1000.0)]
    lateral_share: Annotated[float | None, SHARE]
    confidence: Annotated[float, SHARE]

    @classmethod
    def nothing(cls, channels: int) -> RumbleFindings:
        """Return what is found in a recording of `channels` channels without rumble."""
        return cls(np.full(channels, NO_LEVEL), 0.0, 0.0, None, 0.0)

    @property
    def found(self) -> bool:
        """Whether any channel rumbles."""
        return bool((self.level_dbfs > NO_LEVEL).any())

    def describe(self) -> str:
        """See `Findings.describe`."""
        if not self.found:
            return "no rumble"
        levels = by_channel([f"{level:.0f}" if level > NO_LEVEL else None for level in self.level_dbfs])
        parts = [f"rumble of {levels} dBFS from {self.low_hz:.0f} to {self.high_hz:.0f} Hz"]
        if self.lateral_share is not None:
            parts.append(f"{100 * self.lateral_share:.0f} % lateral")
        return ", ".join([*parts, f"confidence {self.confidence:.1f}"])


class RumbleAnalyser(Analyser[RumbleFindings]):
    """Take the level that each frequency below 60 Hz keeps falling back to.

    Half-overlapping Hann windows of 2 s at a rate of 500 Hz or a little more; a histogram of the level in
    each bin, of each channel and of the sum and difference of two, is all that is kept of them.
    """

    def __init__(self, sample_rate: float, channels: int) -> None:
        factor = max(int(sample_rate / _RATE_HZ), 1)
        rate = sample_rate / factor
        hop = max(round(_WINDOW_SECONDS / 2 * rate), 1)
        super().__init__(sample_rate, channels, hop=hop * factor)
        self._factor, self._rate = factor, rate
        self._taps = decimation_filter(sample_rate, factor, _ABOVE_HZ[1])
        self._before = np.zeros((channels, self._taps.size - factor))
        self._recent = np.zeros((channels, 2 * hop))
        self._window = hann(2 * hop)
        self._bin_hz = rate / (2 * hop)
        self._bins = int(_ABOVE_HZ[1] / self._bin_hz)
        rows = channels + 2 if channels == 2 else channels
        self._histogram = np.zeros((rows, self._bins, _STEPS), np.int64)
        self._at = _STEPS * np.arange(rows * self._bins).reshape(rows, self._bins)
        self._scale = 2 / (self._rate * np.sum(self._window**2))
        self._frames = 0
        self._energy, self._samples = np.zeros(channels), 0

    def _frame(self, frame: Audio) -> None:
        frame = limited(frame)
        self._energy += np.einsum("ct,ct->c", frame, frame)
        self._samples += frame.shape[1]
        audio = np.concatenate([self._before, frame], axis=1)
        self._before = audio[:, audio.shape[1] - self._before.shape[1] :]
        low = decimate(audio, self._taps, self._factor)
        self._recent = np.concatenate([self._recent[:, low.shape[1] :], low], axis=1)
        self._frames += 1
        if self._frames < 2:
            return
        window = self._recent - self._recent.mean(axis=1, keepdims=True)  # an offset is no rumble
        spectra = fft.rfft(window * self._window, axis=1)[:, : self._bins]
        if self.channels == 2:
            both = np.sqrt(0.5) * np.stack([spectra[0] + spectra[1], spectra[0] - spectra[1]])
            spectra = np.concatenate([spectra, both])
        density = self._scale * (spectra.real**2 + spectra.imag**2)
        step = np.floor(10 * np.log10(density + 1e-18)).astype(int) - _LEAST_DB
        # each bin of each row has a histogram of its own, so no place is met twice
        self._histogram.reshape(-1)[self._at + np.clip(step, 0, _STEPS - 1)] += 1

    def _conclude(self, rest: Audio) -> RumbleFindings:
        if self._frames - 1 < _LEAST_WINDOWS:
            return RumbleFindings.nothing(self.channels)
        early, late = self._floor(_EARLY), self._floor(_LATE)
        rumbles = self._rumbling(early, late, self._floor(_LATEST))
        heard = rumbles[: self.channels].any(axis=1)
        if not heard.any():
            return RumbleFindings.nothing(self.channels)
        density = np.where(rumbles, 10 ** (late / 10), 0.0)
        power = np.sum(density, axis=1) * self._bin_hz
        level = 10 * np.log10(np.maximum(power, 10 ** (NO_LEVEL / 10)))
        strongest = int(np.argmax(np.where(heard, level[: self.channels], -np.inf)))
        share = np.cumsum(density[strongest]) / np.sum(density[strongest])
        hz = np.arange(self._bins) * self._bin_hz
        drift = np.abs(late - early)[strongest][rumbles[strongest]].mean()
        certain = (1.0 - drift / _STEADY_DB) * min((level[strongest] - _LEAST_DBFS) / 20.0, 1.0)
        return RumbleFindings(
            level_dbfs=np.where(heard, np.round(level[: self.channels], 2), NO_LEVEL),
            low_hz=round(float(np.interp(_BAND_TAIL, share, hz)), 2),
            high_hz=round(float(np.interp(1 - _BAND_TAIL, share, hz)), 2),
            lateral_share=self._lateral(late, rumbles) if self.channels == 2 else None,
            confidence=round(0.4 + 0.59 * float(np.clip(certain, 0.0, 1.0)), 2),
        )

    def _rumbling(self, early: Array, late: Array, latest: Array) -> Flags:
        """Return which bins hold rumble, shape (rows, bins).

        No note lies below 27.5 Hz, so it must show there; from there it is followed upwards as far as the
        level is steady and does not rise, as it does where notes begin. It must be more than the foot of a
        hiss: stand out of the floor between the notes above it, or, where dense music leaves no floor there,
        be noise that never ends and does not lie far under the program.
        """
        hz = np.arange(self._bins) * self._bin_hz
        steady = np.abs(late - early) < _STEADY_DB
        always = steady & (np.abs(latest - early) < _STEADY_DB)
        below = (hz >= LOWEST_HZ) & (hz < _LOWEST_NOTE_HZ)
        above = (hz >= _ABOVE_HZ[0]) & (hz <= _ABOVE_HZ[1])
        lasts = (np.mean(always[:, below], axis=1) >= _LEAST_STEADY) & (
            np.mean(always[:, above], axis=1) < 0.5
        )
        program_db = self._program_db(late.shape[0])
        rumbles = np.zeros(late.shape, bool)
        for row in range(late.shape[0]):
            anchor = below & steady[row]
            if np.count_nonzero(anchor) < _LEAST_STEADY * np.count_nonzero(below):
                continue
            level = 10 * np.log10(np.sum(10 ** (late[row, anchor] / 10)) * self._bin_hz)
            highest = late[row, anchor].max()
            floor = above & steady[row]
            is_foot = floor.any() and highest - np.median(late[row, floor]) < _LEAST_EXCESS_DB
            is_near = lasts[row] and level > program_db[row] - _UNDER_PROGRAM_DB
            if level < _LEAST_DBFS or (is_foot and not is_near):
                continue
            follows = (hz >= _LOWEST_NOTE_HZ) & (hz <= HIGHEST_HZ)
            breaks = follows & ~(steady[row] & (late[row] < highest + _RISE_DB))
            end = hz[breaks][0] if breaks.any() else HIGHEST_HZ
            rumbles[row] = anchor | (follows & (hz < end))
        return rumbles

    def _program_db(self, rows: int) -> Array:
        """Return the recording's level, dBFS, for each channel, and for sum and difference that of both."""
        power = self._energy / self._samples
        power = np.append(power, np.full(rows - power.size, power.mean()))
        return np.asarray(10 * np.log10(np.maximum(power, 1e-20)))

    def _lateral(self, late: Array, rumbles: Flags) -> float:
        """Return the sum's share of the power, where either channel rumbles."""
        where = rumbles[: self.channels].any(axis=0)
        lateral, vertical = np.sum(10 ** (late[self.channels :, where] / 10), axis=1)
        return round(float(lateral / (lateral + vertical)), 3)

    def _floor(self, quantile: float) -> Array:
        """Return the density that noise has whose periodogram is below some level that often, in dBFS/Hz.

        The periodogram of Gaussian noise is exponentially distributed, so a share q of it lies below
        -ln(1 - q) of the mean. A line (hum, a motor) is left out by a median over 5 Hz.
        """
        count = np.cumsum(self._histogram, axis=2)
        wanted = quantile * (self._frames - 1)
        step = np.argmax(count >= wanted, axis=2)
        below = np.take_along_axis(count, np.maximum(step - 1, 0)[..., np.newaxis], axis=2)[..., 0]
        below = np.where(step > 0, below, 0)
        here = np.take_along_axis(self._histogram, step[..., np.newaxis], axis=2)[..., 0]
        level = _LEAST_DB + step + (wanted - below) / np.maximum(here, 1)
        level -= 10 * np.log10(-np.log1p(-quantile))
        size = max(int(_LINE_HZ / self._bin_hz) // 2 * 2 + 1, 3)
        floor: Array = median_filter(level, (1, size), mode="nearest")
        return floor
