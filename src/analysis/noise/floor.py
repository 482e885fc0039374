"""Where a recording's steady noise shows: quiet stretches, and the floor that each frequency band falls to.

Densities are mean squares in 1 Hz, full scale 1.0, of one channel where not said otherwise; levels are their
decibels. A *block* is four half-overlapping frames, a *stretch* three blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt
from scipy.special import digamma

from ...audio.arrays import Array, Mask

# tuned: by hand with bench noise, 2026-11-21; the split is not recorded
BLOCK_FRAMES = 4
STRETCH_BLOCKS = 3
LEAST_LEVEL, MOST_LEVEL = -200.0, 30.0  # guard: bounds of what prints may say, and of a histogram
EMPTY_LEVEL = -155.0  # a band below this holds nothing: a lossy coder's, or beyond a low-pass
WINDOW_RANGE_DB = 80.0  # side lobes of a Hann window are lower, a few bins beside a tone
NOISE_LIKE_SHARE = 0.85  # of the bands

# tuned: by hand with bench noise, 2026-11-21; the split is not recorded
_STEADY_DB = 1.5
_KEPT_STRETCHES = 64  # guard: memory is bounded
ENOUGH_STRETCHES = 3
_QUIETER_SHARE = 0.05
_STEPS_A_DB = 2  # guard: steps of a histogram
_STEPS = round((MOST_LEVEL - LEAST_LEVEL) * _STEPS_A_DB)
_DB_A_NEPER = 10 / np.log(10)  # derived: decibels of a neper of power


def decibels(density: Array) -> Array:
    """Return the level of a density above 0."""
    return np.asarray(np.log(density) * _DB_A_NEPER)


@cache
def expected_scatter(frames: int) -> float:
    """Log of the mean less mean of the logs that is expected of `frames` powers of Gaussian noise."""
    return float(digamma(frames) - np.log(frames) + np.euler_gamma)


class Bands:
    """Bands of a third octave, or of four bins where that is wider; the two that hold offsets are left out.

    Attributes
    ----------
    edges, widths
        First bin, and number of bins, of each band.
    centre
        Logarithm of the middle, octaves.
    scatter_db
        Standard deviation of the level of a block of Gaussian noise.
    few
        How much is due to chance in so few bins: 1 / sqrt(widths).
    """

    def __init__(self, bins: int) -> None:
        edges = [2]
        while edges[-1] + 4 <= bins:
            edges.append(edges[-1] + max(4, round(0.23 * edges[-1])))
        self.edges = np.array(edges[: max(len(edges) - 1, 1)])
        self.widths = np.diff(self.edges, append=bins)
        self.centre = np.log2(self.edges + self.widths / 2)
        self.scatter_db = _DB_A_NEPER / np.sqrt(BLOCK_FRAMES * self.widths)
        self.few = 1 / np.sqrt(self.widths)

    def mean(self, values: Array) -> Array:
        """Mean over each band, shape (..., bins) to (..., bands)."""
        sums: Array = np.add.reduceat(values, self.edges, axis=-1)
        return sums / self.widths

    def spread(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Give each bin its band's value, shape (..., bands) to (..., bins); the lowest two the first's."""
        widths = self.widths.copy()
        widths[0] += self.edges[0]
        return np.repeat(values, widths, axis=-1)


@dataclass(frozen=True)
class Block:
    """What is kept of four frames of all channels.

    Attributes
    ----------
    density
        Mean density, shape (channels, bins).
    log
        Mean logarithm of the four densities, averaged over each band, shape (channels, bands).
    level
        Mean level over the bands, shape (channels,).
    silent
        Shape (channels,).
    step
        Place of each band's level in `Floor`'s histogram, shape (channels, bands).
    scatter
        How far the mean of the logarithms lies under the logarithm of the mean, shape (channels, bands).
    """

    density: Array
    log: Array
    level: Array
    silent: Mask
    step: npt.NDArray[np.intp]
    scatter: Array

    @classmethod
    def of(cls, density: Array, log: Array, silent: Mask, bands: Bands) -> Block:
        """Describe a block by mean density and mean logarithm of density, shape (channels, bins) both."""
        in_bands = bands.mean(log)
        step = (decibels(bands.mean(density)) - LEAST_LEVEL) * _STEPS_A_DB
        return cls(
            density=density,
            log=in_bands,
            level=in_bands.mean(axis=1) * _DB_A_NEPER,
            silent=silent,
            step=np.clip(step, 0, _STEPS - 1).astype(np.intp),
            scatter=bands.mean(np.log(density)) - in_bands,
        )


@dataclass(frozen=True)
class QuietStretch:
    """Noise that was heard in one channel: level, first block, density of shape (bins,)."""

    level: float
    first: int
    density: Array


def noise_like(blocks: Sequence[Block], bands: Bands) -> tuple[Array, Array, Mask] | None:
    """Tell where the blocks of a stretch behave as Gaussian noise does.

    Its powers scatter over time as they should (a tone's hardly do, a melody's do more), differ little
    between neighbouring frequencies, and stay at one level.

    Returns
    -------
    Array
        Density of the stretch, shape (channels, bins).
    Array
        Its mean level over the bands, shape (channels,).
    Mask
        Which channels are noise, shape (channels,).

    None where no channel can be.
    """
    steady = np.ptp([block.level for block in blocks], axis=0) < _STEADY_DB
    steady &= ~np.any([block.silent for block in blocks], axis=0)
    if not steady.any():
        return None  # the levels alone rule out most of a program, and cost nothing
    density = np.add.reduce([block.density for block in blocks]) / len(blocks)
    log_density = bands.mean(np.log(density))
    in_bands = bands.mean(density)
    over_time = log_density - np.add.reduce([block.log for block in blocks]) / len(blocks)
    over_time -= expected_scatter(BLOCK_FRAMES * len(blocks))
    over_frequency = unevenness(in_bands, log_density)
    like = (np.abs(over_time) < 0.12 + 0.87 * bands.few) & (over_frequency < 0.08 + 0.25 * bands.few)
    active = active_bands(density, in_bands)
    broad = np.maximum(active.sum(axis=1), bands.widths.size / 3)  # a third of the bands at the least
    enough = (like & active).sum(axis=1) >= NOISE_LIKE_SHARE * broad
    level = decibels(np.maximum(in_bands, 10 ** (EMPTY_LEVEL / 10))).mean(axis=1)
    return density, level, enough & steady


def active_bands(density: Array, in_bands: Array) -> Mask:
    """Tell which bands hold more than a window's side lobes, by density over bins and over bands."""
    loudest = density.max(axis=1, keepdims=True)
    return np.asarray(
        in_bands > np.maximum(loudest * 10 ** (-WINDOW_RANGE_DB / 10), 10 ** (EMPTY_LEVEL / 10))
    )


def unevenness(in_bands: Array, log_density: Array) -> Array:
    """Return how far neighbouring frequencies differ in each band, nepers.

    That is the log of their arithmetic over their geometric mean, less what the slope of the spectrum alone
    makes of it: ``log(sinh(d / 2) / (d / 2))`` where it falls by d nepers along a line.
    """
    half = np.abs(np.gradient(log_density, axis=-1)) / 2 + 1e-6
    return np.asarray(np.log(in_bands) - log_density - np.log(np.sinh(half) / half))


Heard = TypeVar("Heard", bound=QuietStretch)


class QuietStretches(Generic[Heard]):
    """The quietest stretches of noise in one channel; of overlapping ones the quietest.

    Parameters
    ----------
    blocks
        Blocks a stretch.
    alike_db
        What levels may differ by to be one.
    """

    def __init__(self, blocks: int, alike_db: float) -> None:
        self._blocks, self._alike_db = blocks, alike_db
        self._kept: list[Heard] = []

    def hear(self, stretch: Heard) -> None:
        """Keep `stretch` if it is among the quietest."""
        rival = next((s for s in self._kept if stretch.first - s.first < self._blocks), None)
        if rival is None and len(self._kept) == _KEPT_STRETCHES:
            rival = max(self._kept, key=lambda kept: kept.level)
        if rival is not None:
            if rival.level <= stretch.level:
                return
            self._kept.remove(rival)
        self._kept.append(stretch)

    def alike(self) -> list[Heard]:
        """Return stretches at one level: the quietest that are several, or else the most there are."""
        return next(iter(self.groups()), [])

    @property
    def kept(self) -> list[Heard]:
        """The quietest stretches, in no order of level."""
        return list(self._kept)

    def quietest(self) -> list[Heard]:
        """Return the stretches at the level of the quietest."""
        least = min((stretch.level for stretch in self._kept), default=0.0)
        return [stretch for stretch in self._kept if stretch.level - least <= self._alike_db]

    def groups(self) -> list[list[Heard]]:
        """Return stretches at one level, from each level that there is up: first the quietest of several."""
        kept = sorted(self._kept, key=lambda stretch: stretch.level)
        groups = [[s for s in kept if 0 <= s.level - least.level <= self._alike_db] for least in kept]
        groups.sort(key=lambda group: -min(len(group), ENOUGH_STRETCHES))
        return groups


def mean_density(stretches: list[QuietStretch], bands: Bands) -> tuple[Array, bool]:
    """Average stretches, in each band over those in which nothing sounds over the noise.

    Also tell whether that is most of them, in most bands: else what was heard is no steady noise.
    """
    densities = np.array([stretch.density for stretch in stretches])
    levels = decibels(bands.mean(densities))
    alone = levels <= levels.min(axis=0) + 4 * bands.scatter_db / np.sqrt(STRETCH_BLOCKS) + 0.3
    steady = np.mean(alone, axis=0) >= 0.5
    density = np.average(densities, axis=0, weights=bands.spread(alone))
    return np.asarray(density), bool(np.mean(steady) >= NOISE_LIKE_SHARE)


class Floor:
    """Histogram of each band's level over one recording's blocks, and how their powers scatter over time."""

    def __init__(self, channels: int, bands: Bands) -> None:
        self._bands = bands
        self._histogram = np.zeros((channels, bands.widths.size, _STEPS))
        self._scatter = np.zeros_like(self._histogram)
        self._place = tuple(np.ogrid[:channels, : bands.widths.size])

    def hear(self, block: Block) -> None:
        """Count `block` in the channels that are not silent."""
        heard = np.where(block.silent, 0.0, 1.0)[:, np.newaxis]
        place = (*self._place, block.step)
        self._histogram[place] += heard
        self._scatter[place] += heard * block.scatter

    def often_quieter(self, channel: int, level: Array) -> bool:
        """Tell whether the recording goes below `level`, shape (bands,), too often for steady noise."""
        histogram = self._histogram[channel]
        step = (level - 3 * self._bands.scatter_db - 1.0 - LEAST_LEVEL) * _STEPS_A_DB
        quieter = np.sum(histogram * (np.arange(_STEPS) < step[:, np.newaxis]), axis=1)
        share = np.mean(quieter > _QUIETER_SHARE * histogram.sum(axis=1))
        return bool(share > 1 - NOISE_LIKE_SHARE)

    def level(self, channel: int) -> tuple[Array, Mask]:
        """Return the level that each band keeps falling back to, and whether steady noise lies there.

        It does where the lowest blocks crowd together in level, and scatter over time as noise does. The
        quantile comes from minimum statistics (R. Martin, "Noise power spectral density estimation based on
        optimal smoothing and minimum statistics", IEEE Trans. SAP 9(5), 2001); averaging all blocks that
        crowd around it takes the place of his correction for the bias of a minimum. Shape (bands,), both.
        """
        histogram, scatter_db = self._histogram[channel], self._bands.scatter_db[:, np.newaxis]
        blocks = histogram.sum(axis=1)
        levels = LEAST_LEVEL + (np.arange(_STEPS) + 0.5) / _STEPS_A_DB
        quantile = np.maximum(_QUIETER_SHARE * blocks, 3)[:, np.newaxis]
        low = levels[np.argmax(np.cumsum(histogram, axis=1) >= quantile, axis=1)][:, np.newaxis]
        start, width = low - 2 * scatter_db - 0.5, 4.5 * scatter_db + 1.0
        at_floor = (levels >= start) & (levels <= start + width)
        next_up = (levels > start + width) & (levels <= start + 2 * width)
        count = np.sum(histogram * at_floor, axis=1)
        some = np.maximum(count, 1)
        power = np.sum(histogram * at_floor * 10 ** (levels / 10), axis=1) / some
        level = decibels(np.maximum(power, 10 ** (LEAST_LEVEL / 10)))
        scatter = np.sum(self._scatter[channel] * at_floor, axis=1) / some
        chance = 1 / np.sqrt(some * self._bands.widths)
        crowded = (count >= np.maximum(0.2 * blocks, 10)) & (count > np.sum(histogram * next_up, axis=1))
        like = np.abs(scatter - expected_scatter(BLOCK_FRAMES)) < 0.03 + chance
        steady = np.pad(crowded & like & (level > EMPTY_LEVEL), 1)
        beside = steady[:-2] | steady[2:]  # a band on its own is rather a held note
        return level, steady[1:-1] & beside


def extend(level: Array, steady: Mask, bands: Bands, bins: int, fall_db: float) -> Array:
    """Spread the level of steady bands over all bins, as a density.

    Off them it falls by `fall_db` an octave, and is never above what a band keeps falling back to.
    """
    distance = np.abs(bands.centre[:, np.newaxis] - bands.centre[steady])
    guess = level[steady][np.argmin(distance, axis=1)] - fall_db * np.min(distance, axis=1)
    known = np.where(steady, level, np.minimum(guess, level))
    octave = np.log2(np.maximum(np.arange(bins), 1))
    return np.asarray(np.exp(np.interp(octave, bands.centre, known) / _DB_A_NEPER))


def smooth(density: Array, frames: int) -> Array:
    """Average over a twelfth of an octave what chance scatters; keep lines (a whistle, hum) as they are."""
    bins = np.arange(density.size)
    reach = np.clip(bins // 34, 1, 64)
    low, high = np.maximum(bins - reach, 0), np.minimum(bins + reach + 1, bins.size)
    bounds = np.stack([low, high], axis=1).ravel()

    def mean(values: Array) -> Array:
        # not differences of a running sum: those would lose the small beside the large
        return np.asarray(np.add.reduceat(np.append(values, 0.0), bounds)[::2] / (high - low))

    log = np.log(density)
    expected = mean(log)
    line = log - expected > 0.5 + 4 / np.sqrt(frames)
    return np.where(line, density, mean(np.where(line, np.exp(expected), density)))
