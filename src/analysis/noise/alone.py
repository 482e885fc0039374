"""Noise that is heard alone in one channel, and its mean over all of a recording."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Array
from .evidence import ALIKE_DB
from .floor import (
    BLOCK_FRAMES,
    NOISE_LIKE_SHARE,
    STRETCH_BLOCKS,
    Bands,
    QuietStretch,
    QuietStretches,
    active_bands,
    decibels,
    expected_scatter,
    smooth,
    unevenness,
)

_KEPT_LEVELS, _KEPT_STRETCHES = 12, 12  # guard: memory
# tuned: python -m bench room_tone, tuning split, 2026-11-29
_NEAR_DB = 2.0  # noise so far under the quiet stretches' level is theirs
MOST_OVER_DB = 12.0  # and louder noise may be theirs
_AS_MANY = 0.3  # of the most heard level, that levels beside it are heard
LEAST_BLOCKS, _UNDER_DB, _MOST_SCATTER = 4, 12.0, 0.4  # blocks, dB under the usual, nepers over chance
_CHANCES, _UNEVEN_DB = 2.5, 0.5  # standard deviations that a band may be off, and what they are not all of


@dataclass(frozen=True)
class QuietBlock(QuietStretch):
    """A single block: mean level over the bands, its number, density, and mean logarithm in each band."""

    log: Array


class _Level:
    """Noise of one level, to one decibel: a few of its stretches, from all along the recording."""

    def __init__(self) -> None:
        self.densities: list[npt.NDArray[np.float32]] = []
        self.heard = 0
        self._every = 1

    def hear(self, density: Array) -> None:
        """Keep a stretch, each second of what is kept once there are too many, and then fewer."""
        if self.heard % self._every == 0:
            self.densities.append(density.astype(np.float32))
            if len(self.densities) > _KEPT_STRETCHES:
                self.densities = self.densities[::2]
                self._every *= 2
        self.heard += 1


class Alone:
    """What noise alone there is in one channel.

    Parameters
    ----------
    bands
        Those of the stretches.
    """

    def __init__(self, bands: Bands) -> None:
        self._bands = bands
        self._quiet = QuietStretches[QuietStretch](STRETCH_BLOCKS, ALIKE_DB)
        self._levels: dict[int, _Level] = {}
        self._blocks = QuietStretches[QuietBlock](1, _NEAR_DB)

    def hear(self, stretch: QuietStretch) -> None:
        """Hear the next stretch of noise."""
        self._quiet.hear(stretch)
        self._levels.setdefault(int(stretch.level // 1.0), _Level()).hear(stretch.density)
        if len(self._levels) > _KEPT_LEVELS:
            # not the loudest: where noise is faded out, the level that it mostly has is that
            quietest = self.level_db
            del self._levels[max(self._levels, key=lambda at: abs(at - quietest))]

    def hear_block(self, level: float, number: int, density: Array, log: Array) -> None:
        """Hear a block that is neither muted nor silent."""
        self._blocks.hear(QuietBlock(level, number, density.copy(), log.copy()))  # not all channels' arrays

    def from_blocks(self, usual_db: float) -> Array | None:
        """Return the mean density of the quietest blocks, dBFS/Hz: where all pauses are short.

        They are a background where they are alike, far under the usual level of blocks, and together as
        smooth over frequency, and as even over time, as noise is. None: they are not.
        """
        alike = self._blocks.alike()
        if len(alike) < LEAST_BLOCKS or usual_db - alike[0].level < _UNDER_DB:
            return None
        density = np.mean([block.density for block in alike], axis=0)
        in_bands, log_density = self._bands.mean(density), self._bands.mean(np.log(density))
        over_time = log_density - np.mean([block.log for block in alike], axis=0)
        over_time -= expected_scatter(BLOCK_FRAMES * len(alike))
        few = self._bands.few
        # as of `noise_like`, but that the level may be another in each block
        like = (over_time > -0.12 - 0.87 * few) & (over_time < _MOST_SCATTER + 0.87 * few)
        like &= unevenness(in_bands, log_density) < 0.08 + 0.25 * few
        active = active_bands(density[np.newaxis], in_bands[np.newaxis])[0]
        if (like & active).sum() < NOISE_LIKE_SHARE * max(active.sum(), few.size / 3):
            return None
        return np.asarray(np.round(decibels(smooth(density, len(alike) * BLOCK_FRAMES)), 2))

    @property
    def stretches(self) -> int:
        """How many of the quietest stretches are alike."""
        return len(self._quiet.alike())

    @property
    def level_db(self) -> float:
        """Mean level of the quietest stretches over the bands; there must be some."""
        return float(np.median([stretch.level for stretch in self._quiet.alike()]))

    def _usual(self) -> list[_Level]:
        """Return the noise of the level that it mostly has, and of those beside it while there is as much.

        The quietest noise is not what a room mostly sounds like, where its level wanders.
        """
        quietest = self.level_db
        heard = {
            at: one.heard for at, one in self._levels.items() if -_NEAR_DB < at - quietest < MOST_OVER_DB
        }
        around = {at: sum(heard.get(at + step, 0) for step in (-1, 0, 1)) for at in heard}
        middle = max(sorted(around), key=lambda at: around[at])
        usual = {at for at in heard if abs(at - middle) <= 1}
        for step in (-1, 1):
            at = middle + 2 * step
            while heard.get(at, 0) >= _AS_MANY * heard[middle]:
                usual.add(at)
                at += step
        return [self._levels[at] for at in sorted(usual)]

    def density_dbfs_hz(self) -> Array:
        """Return the mean density of noise, shape (bins,); there must be some.

        A print may be lower: it is what may be taken away, of the quietest moments alone. Where a band of a
        stretch is out of what chance makes of the noise it counts for nothing: a low voice, a car.
        """
        near = self._usual()
        densities = np.array([density for one in near for density in one.densities], np.float64)
        shares = np.concatenate([np.full(len(one.densities), one.heard / len(one.densities)) for one in near])
        in_bands = decibels(self._bands.mean(densities))
        in_bands -= np.median(in_bands, axis=1, keepdims=True)
        chance = _CHANCES * self._bands.scatter_db / np.sqrt(STRETCH_BLOCKS) + _UNEVEN_DB
        middle = np.quantile(in_bands, 0.5, axis=0, method="lower")  # one of them, which then counts
        weights = (np.abs(in_bands - middle) < chance) * shares[:, np.newaxis]
        density = np.average(densities, axis=0, weights=self._bands.spread(weights))
        return np.round(decibels(smooth(density, len(densities) * BLOCK_FRAMES)), 2)
