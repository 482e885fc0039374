"""Bandwidth: between which frequencies a recording holds a program, and how steeply it ends there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
from scipy import fft
from scipy.ndimage import median_filter
from scipy.special import chdtri

from ...audio.arrays import Array, Audio, Mask
from ...audio.checks import HIGHEST_RATE, LOWEST_RATE, limited
from ...contract.constraints import CHANNELS, SHARE, AtMost, Below, Each, Range
from ...contract.findings import Analyser, Findings
from ...kernels.spectra.band_limit import DB_A_DOUBLING, BandLimit, lower_limit, upper_limit
from ...kernels.spectra.stft import hann

BRICK_WALL_DB_OCTAVE = 100.0  # derived: over what analogue filters reach
"""A slope steeper than this is a digital filter's: a codec's or a sample-rate converter's."""

# tuned: by hand with bench band_finder, 2026-11-21; the split is not recorded
_FRAME_SECONDS = 0.37
_BANDS_AN_OCTAVE = 96
_LOWEST_LEVEL, _HIGHEST_LEVEL = -200, 60  # guard: bounds of a histogram, dB
_LOUD_QUANTILE = 0.9
_ALL_FRAMES, _LATER_FRAMES = 32, 8  # guard: time; of the rest every eighth frame
SILENCE_DBFS = -100.0
"""Level of a channel without sound; derived: under the dither of 16 bits, -96.3 dBFS."""
_LEAST_DROP_DB = 10.0
_LEAST_SLOPE_DB = 15.0
_MOST_ERROR = 0.5  # of the frequency
_UPPER_PROGRAM = -8.0, 3.0  # its trend in dB an octave, and the doubt in dB
_LOWER_PROGRAM = -3.0, 6.0
_LOWEST_HZ = 90.0  # below it the program's own end cannot be told from a filter's
_NEAR_NYQUIST = 0.97

# tuned: by hand with bench.material.tuning.media, tuning ranges and takes, 2026-11-29
_QUIET_QUANTILE, _USUAL_QUANTILE = 0.1, 0.7
_SPREAD_DB = 4.0  # over what chance spreads noise by: more is a program's, or a swish's
_STEADY_SHARE = 0.9
_PAST_OCTAVES, _BEFORE_OCTAVES = 0.35, 0.1  # of an end, until what lies beyond is judged
_FLOOR_DROP_DB, _FLOOR_SLOPE_DB = 12.0, 20.0  # a program fades into its own floor more gently
_WALL_SLOPE_DB, _LOWEST_WALL_HZ = 48.0, 1000.0  # no medium ends lower; the gap over a low voice's note does
_REACH_OCTAVES, _PROGRAM_STEADY = 3.0, 0.85
_UNKNOWN_OCTAVES = 0.7  # guard: just less than errors with which an end is reported
_NOISE_BINS = 1.5  # derived: a Hann window's equivalent noise bandwidth

# tuned: by hand with bench band_finder, 2026-11-21; the split is not recorded
_WORTH_SAYING = 3.0  # per cent
_ERROR_SCALE = 0.1


class LongTermSpectrum:
    """Distribution over time of a recording's level in bands of a 96th of an octave, or of one bin.

    Quantiles over time make it robust: a click or a bang counts for one frame.

    Parameters
    ----------
    sample_rate
        Hz.
    channels
        Number of channels.

    Attributes
    ----------
    length
        Samples a frame: what `hear` wants.
    frequency_hz
        Middle of each band, ascending, shape (bands,).
    frames
        How many were heard that are not silent, shape (channels,).
    """

    def __init__(self, sample_rate: float, channels: int) -> None:
        self.length = 2 * int(fft.next_fast_len(max(round(_FRAME_SECONDS * sample_rate / 2), 64), real=True))
        edges = [2]
        while edges[-1] < self.length // 2:
            edges.append(max(edges[-1] + 1, round(edges[-1] * 2 ** (1 / _BANDS_AN_OCTAVE))))
        self._edges = np.array(edges[:-1])
        self._widths = np.diff(self._edges, append=self.length // 2 + 1)
        middle = self._edges + (self._widths - 1) / 2
        self.frequency_hz = middle * (sample_rate / self.length)
        self.frames = np.zeros(channels, np.int64)
        window = hann(self.length)
        self._window = window.astype(np.float32)
        self._row = np.zeros(self.length, np.float32)
        self._count = 0
        self._scale = 2 / (sample_rate * float(np.sum(window**2)))
        steps = _HIGHEST_LEVEL - _LOWEST_LEVEL
        self._histogram = np.zeros((channels, middle.size, steps), np.int32)
        self._bands = np.arange(middle.size)

    def hear(self, frame: Audio) -> None:
        """Add a frame, shape (channels, up to length); after the first 32, every eighth is enough."""
        self._count += 1
        if self._count > _ALL_FRAMES and self._count % _LATER_FRAMES:
            return
        frame = limited(frame)
        power = np.einsum("cs,cs->c", frame, frame) / max(frame.shape[1], 1)
        for channel in np.flatnonzero(power > 10 ** (SILENCE_DBFS / 10)):
            self._row[frame.shape[1] :] = 0.0
            np.multiply(frame[channel], self._window[: frame.shape[1]],
                        out=self._row[: frame.shape[1]], casting="same_kind")  # fmt: skip
            spectrum = fft.rfft(self._row)
            power_spectrum = (spectrum.real**2 + spectrum.imag**2).astype(np.float64)
            density = np.add.reduceat(power_spectrum, self._edges) / self._widths
            level = 10 * np.log10(np.maximum(density * self._scale, 1e-25))
            step = np.clip(level - _LOWEST_LEVEL, 0, self._histogram.shape[2] - 1).astype(np.intp)
            self._histogram[channel, self._bands, step] += 1
            self.frames[channel] += 1

    def quantile_db(self, channel: int, quantile: float) -> Array:
        """Return the level, dBFS/Hz, that each band stays below for a share of the time, shape (bands,)."""
        total = np.cumsum(self._histogram[channel], axis=1)
        wanted = quantile * self.frames[channel]
        step = np.argmax(total >= max(wanted, 1), axis=1)
        until = total[self._bands, step]
        inside = np.maximum(self._histogram[channel, self._bands, step], 1)
        return np.asarray(_LOWEST_LEVEL + step + 1 - (until - wanted) / inside)

    def steady(self, channel: int) -> Mask:
        """Return where the level varies by no more than steady noise does, shape (bands,)."""
        spread = self.quantile_db(channel, _USUAL_QUANTILE) - self.quantile_db(channel, _QUIET_QUANTILE)
        freedom = np.maximum(2 * self._widths / _NOISE_BINS, 2.0)
        chance = 10 * np.log10(chdtri(freedom, 1 - _USUAL_QUANTILE) / chdtri(freedom, 1 - _QUIET_QUANTILE))
        wide = round(_BANDS_AN_OCTAVE / 8) | 1
        return np.asarray(median_filter(spread - chance, wide, mode="nearest") < _SPREAD_DB)


@dataclass(frozen=True, eq=False)
class Bandwidth(Findings):
    """Where the program of each channel ends, and how steeply.

    Attributes
    ----------
    lower_hz, upper_hz
        -3 dB points, shape (channels,); 0 and half the sample rate where there is no limit.
    lower_db_octave, upper_db_octave
        Steepness there, positive, shape (channels,); 0 where there is no limit.
    lower_error, upper_error
        Standard error of the -3 dB points, as a share of them, shape (channels,); 0 where there is no limit.
        A hundredth for brick walls; a gentle slope may be the program's own, and 0.1 to 0.4 says so.
    lower_drop_db, upper_drop_db
        From the level of the band, at its end, down to what lies outside, shape (channels,).
    nyquist_hz
        Half the sample rate.
    confidence
        0 (silence, or too short) to 1, by the least certain upper end: about 0.9 where it is known to 1 %,
        0.65 at 6 %, under 0.5 from 12 % on.
    """

    lower_hz: Annotated[Array, Each(CHANNELS), Range(0.0), Below("upper_hz")]
    upper_hz: Annotated[Array, Each(CHANNELS), Range(0.0), AtMost("nyquist_hz")]
    lower_db_octave: Annotated[Array, Each(CHANNELS), Range(0.0)]
    upper_db_octave: Annotated[Array, Each(CHANNELS), Range(0.0)]
    lower_error: Annotated[Array, Each(CHANNELS), Range(0.0)]
    upper_error: Annotated[Array, Each(CHANNELS), Range(0.0)]
    lower_drop_db: Annotated[Array, Each(CHANNELS), Range(0.0)]
    upper_drop_db: Annotated[Array, Each(CHANNELS), Range(0.0)]
    nyquist_hz: Annotated[float, Range(LOWEST_RATE / 2, HIGHEST_RATE / 2)]
    confidence: Annotated[float, SHARE]

    @property
    def found(self) -> bool:
        """Whether any channel's band is limited."""
        return bool((self.lower_hz > 0).any() or (self.upper_hz < self.nyquist_hz).any())

    @property
    def brick_wall(self) -> npt.NDArray[np.bool_]:
        """Which channels end above as only a digital filter ends, shape (channels,)."""
        return np.asarray(self.upper_db_octave >= BRICK_WALL_DB_OCTAVE)

    def describe(self) -> str:
        """See `Findings.describe`."""
        if not self.found:
            return "full bandwidth"
        widest = int(np.argmax(self.upper_hz))
        low = f"{self.lower_hz[widest]:.0f}" if self.lower_hz[widest] else "0"
        steep = self.upper_db_octave[widest]
        how = "full" if not steep else "brick wall" if self.brick_wall[widest] else f"{steep:.0f} dB/octave"
        error = 100 * self.upper_error[widest]
        about = f" give or take {error:.0f} %" if error >= _WORTH_SAYING else ""
        high = f"{self.upper_hz[widest]:.0f} Hz{about}"
        return f"bandwidth {low} to {high} ({how}), confidence {self.confidence:.1f}"


class BandwidthAnalyser(Analyser[Bandwidth]):
    """Fit the ends of the loud tenth of the time's spectrum."""

    def __init__(self, sample_rate: float, channels: int) -> None:
        self._spectrum = LongTermSpectrum(sample_rate, channels)
        super().__init__(sample_rate, channels, hop=self._spectrum.length)

    def _frame(self, frame: Audio) -> None:
        self._spectrum.hear(frame)

    def _conclude(self, rest: Audio) -> Bandwidth:
        if self._spectrum.frames.max() == 0:
            self._spectrum.hear(rest)
        return bandwidth_of(self._spectrum, self.sample_rate)


def bandwidth_of(spectrum: LongTermSpectrum, sample_rate: float) -> Bandwidth:
    """Conclude from a long-term spectrum where the band of each channel ends."""
    nyquist = sample_rate / 2
    channels = spectrum.frames.size
    lower, upper = np.zeros((channels, 4)), np.zeros((channels, 4))
    upper[:, 0] = nyquist
    sure = []
    for channel in range(channels):
        if not spectrum.frames[channel]:
            continue
        level = spectrum.quantile_db(channel, _LOUD_QUANTILE)
        octave = np.log2(spectrum.frequency_hz)
        above = _program_end(octave, level, spectrum.steady(channel))
        if above is not None and 2**above.octave < _NEAR_NYQUIST * nyquist:
            upper[channel] = _row(above)
        inside = spectrum.frequency_hz < min(upper[channel, 0], nyquist / 2)
        below = _believed(lower_limit(octave[inside], level[inside], *_LOWER_PROGRAM))
        if below is not None and 2**below.octave > _LOWEST_HZ:
            lower[channel] = _row(below)
        sure.append(_confidence(above, spectrum.frames[channel]))
    return Bandwidth(
        lower_hz=np.round(lower[:, 0], 1),
        upper_hz=np.minimum(np.round(upper[:, 0], 1), nyquist),
        lower_db_octave=np.round(lower[:, 1], 1),
        upper_db_octave=np.round(upper[:, 1], 1),
        lower_error=np.round(lower[:, 2], 4),
        upper_error=np.round(upper[:, 2], 4),
        lower_drop_db=np.round(lower[:, 3], 1),
        upper_drop_db=np.round(upper[:, 3], 1),
        nyquist_hz=nyquist,
        confidence=round(min(sure, default=0.0), 2),
    )


def _program_end(octave: Array, level: Array, steady: Mask) -> BandLimit | None:
    """Find where the program ends: below the end of all sound where nothing but steady noise lies between.

    A copy at a higher rate, or dither up to a converter's filter, has an end of its own, steeper than any.
    Where the program sinks into noise instead, the end of all is given with an error that says so.
    """
    last = _believed(upper_limit(octave, level, *_UPPER_PROGRAM))
    until = octave[-1] + 1.0 if last is None else last.octave - _BEFORE_OCTAVES
    inside = octave < until
    found = _believed(upper_limit(octave[inside], level[inside], *_UPPER_PROGRAM))
    if found and found.drop_db >= _FLOOR_DROP_DB and found.order * DB_A_DOUBLING >= _FLOOR_SLOPE_DB:
        between = inside & (octave > found.octave + _PAST_OCTAVES)
        wall = found.order * DB_A_DOUBLING >= _WALL_SLOPE_DB or _holds_program(octave, steady, found.octave)
        high = 2**found.octave >= _LOWEST_WALL_HZ
        if wall and high and between.any() and steady[between].mean() >= _STEADY_SHARE:
            return found
    if last is None:
        return None
    above = np.cumsum(steady[inside][::-1]) / np.arange(1, np.count_nonzero(inside) + 1)
    hidden = octave[inside][::-1][np.flatnonzero(above >= _STEADY_SHARE)[-1:]]
    if hidden.size and last.octave - hidden[0] > _PAST_OCTAVES and _holds_program(octave, steady, hidden[0]):
        return last._replace(
            error_octaves=max(last.error_octaves, min(last.octave - hidden[0], _UNKNOWN_OCTAVES))
        )
    return last


def _holds_program(octave: Array, steady: Mask, until: float) -> bool:
    """Whether what lies below an end varies as no steady noise does."""
    below = (octave < until) & (octave > until - _REACH_OCTAVES)
    return bool(below.any() and steady[below].mean() < _PROGRAM_STEADY)


def _row(limit: BandLimit) -> tuple[float, float, float, float]:
    """Return frequency in Hz, slope in dB an octave, error as a share of the frequency, drop in dB."""
    return 2**limit.octave, limit.order * DB_A_DOUBLING, _error(limit), limit.drop_db


def _error(limit: BandLimit) -> float:
    return limit.error_octaves * float(np.log(2))


def _believed(limit: BandLimit | None) -> BandLimit | None:
    if limit is None or limit.drop_db < _LEAST_DROP_DB or limit.order * DB_A_DOUBLING < _LEAST_SLOPE_DB:
        return None
    return limit if _error(limit) < _MOST_ERROR else None


def _confidence(limit: BandLimit | None, frames: int) -> float:
    """Grow surer the better its place is known; few frames are not."""
    enough = min(frames / 10, 1.0)
    if limit is None:
        return 0.5 * enough
    return float((0.3 + 0.65 * np.exp(-_error(limit) / _ERROR_SCALE)) * enough)
