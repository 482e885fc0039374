"""What speaks for noise in a recording: quiet stretches, long pauses, and the floor that bands fall to."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...audio.arrays import Array, Mask
from .cells import Cells
from .floor import (
    BLOCK_FRAMES,
    ENOUGH_STRETCHES,
    NOISE_LIKE_SHARE,
    STRETCH_BLOCKS,
    Bands,
    Block,
    Floor,
    QuietStretch,
    QuietStretches,
    decibels,
    extend,
    mean_density,
    smooth,
)
from .following import follow
from .uneven import PAUSE_BLOCKS, UnevenNoise

# Higher than `SILENCE_DBFS` of bandwidth: what sounds may be dither, but the dither of a 16-bit file is less
# than any recording's noise. derived: just over its -96.3 dBFS
LEAST_NOISE_DBFS = -95.0
_LEAST_STEADY_BANDS = 2
_AGREE_DB = 2.0
ALIKE_DB = 1.0
_UNEVEN_DB, _MOST_UNEVEN_DB = 1.5, 6.0
_CHANCE_DB = 1.0
_LEAST_LOUDER = 2  # uneven stretches say that steadier ones are but the quiet part of the noise

# tuned: bench.material.tuning.noise, tuning set, 2026-11-29: a voice's lowest partials lie 20 dB over the
# noise in single pauses, lines of hum hardly fall
_MOST_OVER_LEAST_DB = 6.0
_RARELY, _SOMETIMES = 0.05, 0.1
_FAR_MORE, _FADED_DB, _SCATTERS = 2.0, 10.0, 2.0  # tuned: bench.material.tuning.noise, tuning set, 2026-11-30
_CAUTIOUS_FALL_DB, _EXPECTED_FALL_DB = 3.0, 0.5  # an octave off what shows: hiss is almost flat


class Found(NamedTuple):
    """Noise of one channel.

    Attributes
    ----------
    density, expected
        Shape (bins,).
    blocks
        First blocks of its stretches.
    confidence
        0 to 1.
    shown
        Bands that it was heard in.
    gain_db
        How far it lies over `density` in each cell along the recording; None where it stays.
    """

    density: Array
    expected: Array
    blocks: list[int]
    confidence: float
    shown: Mask
    gain_db: Array | None = None


class NoiseEvidence:
    """Weigh what blocks tell of noise, channel by channel.

    Memory does not grow: the few quietest stretches of each channel are kept, a histogram of the level in
    each band, and what bands fall to along the recording.

    Parameters
    ----------
    bands
        Those of the blocks.
    frequency_hz
        Of their bins.
    channels
        Number of channels.
    first
        First block: stretches that begin before it are not heard.
    uneven
        Whether noise that is not steady is listened for too, where the program pauses for long.
    """

    def __init__(self, bands: Bands, frequency_hz: Array, channels: int, first: int, *, uneven: bool) -> None:
        self._bands, self._bin_hz, self._bins = bands, float(frequency_hz[1]), frequency_hz.size
        self._first = first
        self._floor = Floor(channels, bands)
        self._cells = Cells(channels, bands, frequency_hz.size)
        self._stretches = [QuietStretches[QuietStretch](STRETCH_BLOCKS, ALIKE_DB) for _ in range(channels)]
        self._uneven = UnevenNoise(channels, bands) if uneven else None

    @property
    def cell_blocks(self) -> int:
        """Blocks from one value of `Found.gain_db` to the next."""
        return self._cells.blocks

    def hear(self, block: Block, stretches: list[tuple[int, QuietStretch]]) -> None:
        """Hear a block, and the stretches of noise that it ends, with their channels."""
        self._floor.hear(block)
        self._cells.hear(block)
        if self._uneven:
            self._uneven.hear(block)
        for channel, stretch in stretches:
            if stretch.first >= self._first:
                self._stretches[channel].hear(stretch)

    def found(self) -> list[Found | None]:
        """Return the noise of each channel, None where there is none."""
        floors = [self._floor.level(channel) for channel in range(len(self._stretches))]
        # noise that shows widely in one channel is believed in the others where it shows at all
        widest = max(np.count_nonzero(steady) for _, steady in floors)
        bands = self._bands.widths.size
        least = _LEAST_STEADY_BANDS if widest >= max(4, bands / 8) else bands
        return [
            self._from_long_pauses(channel, self._from_stretches(channel, *floor))
            or self._from_floor(*floor, least)
            for channel, floor in enumerate(floors)
        ]

    def _from_stretches(self, channel: int, floor: Array, known: Mask) -> Found | None:
        """Take the noise from quiet stretches, unless the rest of the recording contradicts them."""
        groups = self._stretches[channel].groups()
        if not groups:
            return None
        found = self._steady(channel, groups[0], floor, known)
        explained = self._explained(channel, found)
        if _FAR_MORE * explained > 1:
            return found
        return self._followed(channel, groups, explained) or found

    def _explained(self, channel: int, found: Found | None) -> float:
        """Return the share of the recording in which noise of a print shows; 0 for none."""
        if found is None:
            return 0.0
        followed = follow(self._cells, channel, decibels(self._bands.mean(found.density)), self._bands)
        return followed.explained if followed else 0.0

    def _steady(self, channel: int, stretches: list[QuietStretch], floor: Array, known: Mask) -> Found | None:
        """Take stretches for noise that is there all along."""
        density, steady = mean_density(stretches, self._bands)
        level = decibels(self._bands.mean(density))
        differs = np.median(np.abs(level - floor)[known]) > _AGREE_DB if known.any() else False
        if not steady or differs or self._floor.often_quieter(channel, level):
            return None
        # what a band keeps falling back to is the most that noise can be in it
        excess = np.maximum(level - floor - _CHANCE_DB, 0.0)
        return self._of_stretches(channel, stretches, density, excess, None)

    def _followed(self, channel: int, groups: list[list[QuietStretch]], explained: float) -> Found | None:
        """Take the stretches whose noise, turned up and down, explains most of the recording.

        Where `explained` of it is without, it must be far more, and a fade: drifts have prints along them.
        """
        best, most = None, 0.0
        for stretches in groups:
            density, steady = mean_density(stretches, self._bands)
            level = decibels(self._bands.mean(density))
            followed = follow(self._cells, channel, level, self._bands) if steady else None
            if not (followed and followed.believed and followed.moves):
                continue
            if explained and (
                followed.explained < _FAR_MORE * explained or followed.gain_db.min() > -_FADED_DB
            ):
                continue
            # a print of the noise turned down explains less of the recording than one of all of it
            sure = followed.explained**2 * min(len(stretches), ENOUGH_STRETCHES) ** 0.5
            if sure > most:
                most = sure
                excess = np.maximum(followed.excess_db - _CHANCE_DB, 0.0)
                best = self._of_stretches(channel, stretches, density, excess, followed.gain_db)
        return best

    def _of_stretches(
        self,
        channel: int,
        stretches: list[QuietStretch],
        density: Array,
        excess_db: Array,
        gain_db: Array | None,
    ) -> Found | None:
        """Take the mean density of stretches, less what lies over what bands and single bins fall to.

        What a bin falls to, as most bins do, is what counts: where the noise is turned up and down, without
        that gain.
        """
        density = smooth(density, len(stretches) * STRETCH_BLOCKS * BLOCK_FRAMES)
        density *= self._bands.spread(10 ** (-excess_db / 10))
        least = self._cells.least(channel, _RARELY, gain_db)
        least /= np.median(least / density)
        density = np.minimum(density, least * 10 ** (_MOST_OVER_LEAST_DB / 10))
        confidence = round(1 - 0.4 / len(stretches), 2)
        blocks = [stretch.first for stretch in stretches]
        everywhere = np.ones(excess_db.size, bool)
        return self._audible(Found(density, density, blocks, confidence, everywhere, gain_db))

    def _from_long_pauses(self, channel: int, steady: Found | None) -> Found | None:
        """Take the mean of noise that swells or crackles, unless the recording is often quieter.

        Where it is but little louder than `steady`, what was taken from quiet stretches, or was heard but
        once, that stays.
        """
        if self._uneven is None:
            return steady
        pauses = self._uneven.alike() if steady else self._uneven.quietest()
        if len(pauses) < (_LEAST_LOUDER if steady else 1):
            return steady
        density = np.mean([stretch.density[channel] for stretch in pauses], axis=0)
        quietest = np.min([stretch.quietest[channel] for stretch in pauses], axis=0)
        if not steady and len(pauses) == 1 and pauses[0].leads:  # the least of so few is no bound
            quietest -= _SCATTERS * pauses[0].scatter_db[channel]
        if self._floor.often_quieter(channel, quietest):
            return steady
        density = smooth(density, len(pauses) * PAUSE_BLOCKS)
        if steady:
            louder = self._bands.mean(density) / self._bands.mean(steady.density)
            if np.mean(decibels(louder) > _UNEVEN_DB) < 1 - NOISE_LIKE_SHARE:
                return steady
            density = np.minimum(density, steady.density * 10 ** (_MOST_UNEVEN_DB / 10))
        else:  # what a band falls to elsewhere is the most that it falls to where noise is alone
            excess = np.maximum(quietest - self._cells.low_level(channel, _SOMETIMES) - _CHANCE_DB, 0.0)
            density *= self._bands.spread(10 ** (-excess / 10))
        blocks = [at for p in pauses for at in range(p.first, p.first + PAUSE_BLOCKS - STRETCH_BLOCKS + 1)]
        confidence = round(0.7 - 0.4 / len(pauses), 2)
        return self._audible(Found(density, density, blocks, confidence, np.ones(quietest.size, bool)))

    def _from_floor(self, level: Array, steady: Mask, least: int) -> Found | None:
        """Take the noise that shows between the notes of a program that never pauses."""
        if np.count_nonzero(steady) < least:
            return None
        density, expected = (
            extend(level, steady, self._bands, self._bins, fall_db)
            for fall_db in (_CAUTIOUS_FALL_DB, _EXPECTED_FALL_DB)
        )
        confidence = round(0.2 + 0.3 * float(np.mean(steady)), 2)
        return self._audible(Found(density, expected, [], confidence, steady))

    def _audible(self, found: Found) -> Found | None:
        power = np.sum(found.density) * self._bin_hz
        return found if power > 10 ** (LEAST_NOISE_DBFS / 10) else None
