"""The two walls of a groove: a mono disc that was played with a stereo cartridge, and how its walls differ.

One signal is cut into both walls, so their difference holds no music: noise and clicks of either wall alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
from scipy import fft

from ...audio.arrays import Array, Audio, Complex
from ...contract.constraints import SHARE, Axis, Each, Range
from ...contract.findings import Analyser, Findings
from ...kernels.spectra.stft import hann

BANDS_HZ = 62.5 * 2.0 ** (np.arange(19) / 2)  # derived: half octaves over what discs hold
"""Middles of the half-octave bands in which walls are compared, 62.5 Hz to 32 kHz."""

FARTHEST_MS = 0.1  # guard: a cartridge turned by a few degrees makes a fifth of it
"""Longest delay between the walls."""

# guard: what findings may hold at all
_FARTHEST_DB, _STEEPEST, _GAIN_DB = 400.0, 100.0, 12.0

# tuned: by hand on mono discs made of the tuning split with noise at -45 and -25 dB and pops, ticks and
# scratches of 2 and 15 times the level on one wall each, and on its stereo takes, some of them narrowed by 5
# and 20 dB, 2026-11-29
_FRAME_SECONDS, _FRAMES_A_BLOCK = 0.046, 2
_LEAST_DB, _MOST_DB = -75.0, -10.0  # of the difference
_FOLLOWS, _FOLLOWS_A_DB, _SURE_DB = 0.3, 0.008, -20.0  # fainter differences may follow the music more
_COHERENT = 0.97  # what bands must be in their best moments, else their neighbours speak for them
_PRIOR = 0.2  # standard deviation of the walls' shares of the noise between discs

_MOST_BLOCKS = 2048  # guard: memory stays constant; 100 s are kept whole, of longer recordings a part
_FINE_A_BAND = 6  # derived: twelfths of an octave; a delay of one sample turns 460 Hz at 8 kHz by 4 degrees
_LEAST_SECONDS = 0.8  # guard: less has no loud and quiet thirds
_SILENT = 1e-12  # guard: powers that are divided by
_LEAST_CELLS = 8  # guard: fewer moments tell nothing of the walls' shares

_BANDS = Axis("bands", BANDS_HZ.size, BANDS_HZ.size)


@dataclass(frozen=True, eq=False)
class Walls(Findings):
    """How the second channel, one groove wall, follows from the first, the other one.

    Attributes
    ----------
    mono
        Whether both hold one signal, and their difference noise that does not follow it.
    difference_db
        Level of what the first does not explain of the second, in the bands and moments at the median.
    follows
        How much of a change in the signal's level the difference's level follows: 0 noise, 1 music.
    delay_ms
        How much later the second is.
    gain_db
        Level of the second over the first by band, shape (19,); see `BANDS_HZ`.
    share
        Part of the difference's power that is the first wall's, by band, shape (19,), 0 to 1.
    """

    mono: bool
    difference_db: Annotated[float, Range(-_FARTHEST_DB, _FARTHEST_DB)]
    follows: Annotated[float, Range(-_STEEPEST, _STEEPEST)]
    delay_ms: Annotated[float, Range(-FARTHEST_MS, FARTHEST_MS)]
    gain_db: Annotated[Array, Each(_BANDS), Range(-_GAIN_DB, _GAIN_DB)]
    share: Annotated[Array, Each(_BANDS), SHARE]

    @property
    def found(self) -> bool:
        """Whether it is a mono disc, whose walls differ."""
        return self.mono

    def describe(self) -> str:
        """See `Findings.describe`."""
        if not self.mono:
            return "no mono disc in stereo"
        return f"one signal in both groove walls, their difference {self.difference_db:.0f} dB under it"

    def relation(self, frequency_hz: Array) -> Complex:
        """Return the response that leads from the first wall's signal to the second's."""
        gain = 10 ** (on_bands(self.gain_db, frequency_hz) / 20)
        return np.asarray(gain * np.exp(-2e-3j * np.pi * frequency_hz * self.delay_ms))


def on_bands(values: Array, frequency_hz: Array) -> Array:
    """Interpolate values of the bands along the logarithm of the frequency; constant beyond both ends."""
    octave = np.log2(np.maximum(frequency_hz, BANDS_HZ[0]))
    return np.asarray(np.interp(octave, np.log2(BANDS_HZ), values))


_NONE = Walls(False, 0.0, 0.0, 0.0, np.zeros(BANDS_HZ.size), np.full(BANDS_HZ.size, 0.5))


class WallsAnalyser(Analyser[Walls]):
    """Add up spectra and cross-spectra of both channels in twelfths of an octave, over blocks of 0.05 s.

    Blocks are few however long the recording is: when they are too many, every other one is forgotten, and
    from there on only every second one is kept.
    """

    def __init__(self, sample_rate: float, channels: int) -> None:
        hop = int(fft.next_fast_len(max(int(_FRAME_SECONDS / 2 * sample_rate), 8), real=True))
        super().__init__(sample_rate, channels, hop)
        self._window = hann(2 * hop)
        self._before = np.zeros((channels, hop))
        frequency = np.arange(hop + 1) * sample_rate / (2 * hop)
        fine = BANDS_HZ[0] * 2.0 ** ((np.arange(BANDS_HZ.size * _FINE_A_BAND + 1) - _FINE_A_BAND / 2) / 12)
        starts = np.searchsorted(frequency, fine)
        kept = (np.diff(starts) > 0) & (starts[:-1] < hop)
        self._starts, self._stop = starts[:-1][kept], min(int(starts[-1]), hop)
        self._fine_hz = (fine[:-1] * 2 ** (1 / 24))[kept]
        self._band = (np.arange(kept.size) // _FINE_A_BAND)[kept]
        self._sums = np.zeros((4, self._starts.size))
        self._blocks: list[Array] = []
        self._frames = 0
        self._stride = 1

    def _frame(self, frame: Audio) -> None:
        if self.channels == 2 and self._starts.size:
            spectra = fft.rfft(np.concatenate([self._before, frame], axis=1) * self._window, axis=1)
            first, second = spectra[:, : self._stop]
            cross = second * first.conj()
            lines = np.stack([np.abs(first) ** 2, np.abs(second) ** 2, cross.real, cross.imag])
            self._sums += np.add.reduceat(lines, self._starts, axis=1)
            self._frames += 1
            if self._frames % _FRAMES_A_BLOCK == 0:
                self._keep()
            self._before = frame

    def _keep(self) -> None:
        number = self._frames // _FRAMES_A_BLOCK - 1
        if number % self._stride == 0:
            self._blocks.append(self._sums)
            if len(self._blocks) == _MOST_BLOCKS:
                self._blocks = self._blocks[::2]
                self._stride *= 2
        self._sums = np.zeros_like(self._sums)

    def _conclude(self, rest: Audio) -> Walls:
        if self.channels != 2 or self._heard < _LEAST_SECONDS * self.sample_rate or not self._blocks:
            return _NONE
        return _compare(np.array(self._blocks), self._fine_hz, self._band)


def _compare(blocks: Array, fine_hz: Array, band: npt.NDArray[np.int64]) -> Walls:
    """Compare the walls: `blocks` holds powers and cross-spectra, shape (blocks, 4, fine bands)."""
    first, second, cross = blocks[:, 0], blocks[:, 1], blocks[:, 2] + 1j * blocks[:, 3]
    both = np.sqrt(first * second)
    loud = both.sum(axis=1)
    blocks_heard = loud > max(_SILENT, 1e-6 * float(loud.max(initial=0.0)))
    if np.count_nonzero(blocks_heard) < 2:
        return _NONE
    first, second, cross, both = (a[blocks_heard] for a in (first, second, cross, both))
    # blocks in which one signal stands out most say how the walls stand to each other; clicks hide it
    coherence = _sums(np.abs(cross), band) / np.maximum(_sums(both, band), _SILENT**2)
    best = np.argsort(-coherence, axis=0, kind="stable")[: (first.shape[0] + 2) // 3]
    coherence, best = coherence[:, band], best[:, band]
    pick = np.take_along_axis
    ratio = np.median(np.sqrt(pick(second, best, 0) / np.maximum(pick(first, best, 0), _SILENT**2)), axis=0)
    direction = np.median(pick(cross.real, best, 0), axis=0) + 1j * np.median(
        pick(cross.imag, best, 0), axis=0
    )
    alike = np.median(pick(coherence, best, 0), axis=0)
    sure = np.where(alike > _COHERENT, alike, 0.0) ** 8 * np.median(both, axis=0)
    delay = _delay(direction, sure, fine_hz)
    level_db = 20 * np.log10(np.clip(ratio, 10 ** (-_GAIN_DB / 20), 10 ** (_GAIN_DB / 20)))
    gain_db = np.clip(_by_band(level_db, sure, band), -_GAIN_DB, _GAIN_DB)
    gain = 10 ** (np.interp(np.log2(fine_hz), np.log2(BANDS_HZ), gain_db) / 20)
    turn = np.exp(-2j * np.pi * fine_hz * delay)
    common = (cross * turn.conj()).real
    # what is left of the second, and of both together, in the second's measure
    left = np.maximum(second - 2 * gain * common + gain**2 * first, 0.0)
    heard = both > 1e-7 * both.max()
    order = np.argsort(left[heard] / second[heard], kind="stable")
    weight = np.cumsum(second[heard][order])
    middle = float((left[heard] / second[heard])[order][np.searchsorted(weight, weight[-1] / 2)])
    difference_db = float(10 * np.log10(max(middle, 1e-20)))
    follows = _follows(left, np.maximum(2 * gain * common, 0.0), band)
    allowed = _FOLLOWS + _FOLLOWS_A_DB * max(_SURE_DB - difference_db, 0.0)
    mono = _LEAST_DB < difference_db < _MOST_DB and follows < allowed
    share = _share(left, gain**2 * first - second, gain**2 * first + second, band)
    return Walls(mono, round(difference_db, 3), round(follows, 4), round(1e3 * delay, 6), gain_db, share)


def _sums(lines: Array, band: npt.NDArray[np.int64]) -> Array:
    """Sum the fine bands, shape (blocks, fine bands), by half octaves; shape (blocks, 19)."""
    within = (band == np.arange(BANDS_HZ.size)[:, np.newaxis]).astype(float)
    return np.asarray(np.einsum("bf,of->bo", lines, within))


def _delay(direction: Complex, sure: Array, fine_hz: Array) -> float:
    """Return the delay in seconds whose phase fits best, weighted; within `FARTHEST_MS`."""
    unit = np.where(np.abs(direction) > 0, direction / np.maximum(np.abs(direction), _SILENT**2), 0.0)
    tried = np.linspace(-FARTHEST_MS, FARTHEST_MS, 401) / 1e3
    weight = np.sqrt(sure) * fine_hz
    fit = (np.exp(2j * np.pi * np.outer(tried, fine_hz)) @ (weight * unit)).real
    best = int(np.argmax(fit))
    if not 0 < best < tried.size - 1:
        return 0.0
    before, at, after = fit[best - 1 : best + 2]
    bend = before - 2 * at + after
    shift = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return float(tried[best] + shift * (tried[1] - tried[0]))


def _by_band(values: Array, weight: Array, band: npt.NDArray[np.int64]) -> Array:
    """Return weighted means by band; a band without any takes its nearest neighbour's."""
    total = np.bincount(band, weight, BANDS_HZ.size)
    mean = np.bincount(band, weight * values, BANDS_HZ.size) / np.maximum(total, 1e-300)
    known = np.flatnonzero(total > 1e-9 * total.max())
    if not known.size:
        return np.zeros(BANDS_HZ.size)
    return np.asarray(np.interp(np.arange(BANDS_HZ.size), known, mean[known]))


def _follows(left: Array, signal: Array, band: npt.NDArray[np.int64]) -> float:
    """Return the slope of the difference's level on the signal's, along time, over bands that move."""
    slopes, weights = [], []
    for one in range(BANDS_HZ.size):
        inside = band == one
        if not inside.any():
            continue
        level = np.log(signal[:, inside].sum(axis=1) + 1e-30)
        rest = np.log(left[:, inside].sum(axis=1) + 1e-30)
        loud = level > level.max() - np.log(1e6)
        level, rest = level[loud], rest[loud]
        order = np.argsort(level, kind="stable")
        third = max(order.size // 3, 1)
        moved = float(np.median(level[order[-third:]]) - np.median(level[order[:third]]))
        if moved > np.log(2.0):
            # at the lowest tenth, where no click stands over the noise
            loudest, lowest = np.quantile(rest[order[-third:]], 0.1), np.quantile(rest[order[:third]], 0.1)
            slopes.append(float(loudest - lowest) / moved)
            weights.append(moved)
    return float(np.clip(np.average(slopes, weights=weights), -_STEEPEST, _STEEPEST)) if slopes else 1.0


def _share(left: Array, excess: Array, signal: Array, band: npt.NDArray[np.int64]) -> Array:
    """Return the first wall's part of the difference's power, by band, drawn to a half where unsure.

    The walls' powers differ by their noises' difference; moments in which the signal is low say most of it.
    """
    share = np.full(BANDS_HZ.size, 0.5)
    for one in range(BANDS_HZ.size):
        inside = band == one
        noise, more, power = (a[:, inside] for a in (left, excess, signal))
        usable = (noise > 0) & (power > 0) & (noise < 3 * np.median(noise, axis=0))  # no clicks
        if np.count_nonzero(usable) < _LEAST_CELLS:
            continue
        # each cell says (1 + d) / 2, d = excess over difference, with a variance as of signal over difference
        weight = np.where(usable, noise / np.maximum(power, 1e-300), 0.0)
        weight = np.minimum(weight, 1.0)
        cells = np.where(usable, more / np.maximum(noise, 1e-300), 0.0)
        total = float(weight.sum())
        said = float((weight * cells).sum()) / total
        trust = total / (total + 1.0 / _PRIOR**2)
        share[one] = np.clip(0.5 + 0.5 * trust * said, 0.05, 0.95)
    return share
