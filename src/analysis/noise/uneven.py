"""Uneven noise, heard where a program pauses for long: crackle, static, the rumble of a groove.

Its powers scatter more over time than those of Gaussian noise, so that a short stretch does not tell it from
a program. A long one does: averaged over time, noise is smooth over frequency, and a program is not.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from ...audio.arrays import Array, Mask
from .floor import (
    BLOCK_FRAMES,
    NOISE_LIKE_SHARE,
    Bands,
    Block,
    QuietStretch,
    QuietStretches,
    active_bands,
    decibels,
    expected_scatter,
    unevenness,
)

# tuned: by hand with bench noise, 2026-11-21; the split is not recorded
PAUSE_BLOCKS = 8
"""Blocks a stretch: 0.8 s."""

# tuned: by hand with bench noise, 2026-11-21; the split is not recorded
_LEAST_STRETCHES = 2  # a reverb's tail is at one level but once
_ALIKE_DB = 2.5
_MOST_SWING_DB = 20.0  # of the level, from block to block
_MOST_SCATTER = 2.5  # over what Gaussian noise has, nepers; drums have more
_MOST_OVER_MEDIAN_DB = 6.0
_UNDER_PROGRAM_DB = 8.0


@dataclass(frozen=True)
class LongQuietStretch(QuietStretch):
    """Uneven noise: mean level, first block, density of each channel, and its bands' least levels."""

    quietest: Array


class UnevenNoise:
    """The quietest long stretches of smooth spectrum in a recording, in all channels that are not silent.

    Parameters
    ----------
    channels
        Number of channels.
    bands
        Those of the blocks.
    """

    def __init__(self, channels: int, bands: Bands) -> None:
        self._bands = bands
        self._last: deque[Block] = deque(maxlen=PAUSE_BLOCKS)
        self._quiet = QuietStretches[LongQuietStretch](PAUSE_BLOCKS, _ALIKE_DB)
        self._program = np.zeros(channels)
        self._count = 0

    def hear(self, block: Block) -> None:
        """Hear the next block of the recording."""
        self._last.append(block)
        self._count += 1
        self._program += np.where(block.silent, 0.0, block.density.sum(axis=1))
        if len(self._last) < PAUSE_BLOCKS:
            return
        levels = np.array([one.level for one in self._last])
        heard = ~np.any([one.silent for one in self._last], axis=0)
        if not heard.any() or (np.ptp(levels, axis=0)[heard] > _MOST_SWING_DB).any():
            return  # the levels alone rule out much of a program, and cost nothing
        density = np.add.reduce([one.density for one in self._last]) / PAUSE_BLOCKS
        if self._noise_like(density, heard):
            self._quiet.hear(self._stretch(float(levels[:, heard].mean())))

    def _stretch(self, level: float) -> LongQuietStretch:
        """Keep the last blocks; a pop in one of them counts for little."""
        powers = np.array([self._bands.mean(one.density) for one in self._last])
        most = np.median(powers, axis=0) * 10 ** (_MOST_OVER_MEDIAN_DB / 10)
        weights = self._bands.spread(np.minimum(most / powers, 1.0))
        density = np.mean([w * one.density for w, one in zip(weights, self._last, strict=True)], axis=0)
        quietest = decibels(powers.min(axis=0))
        return LongQuietStretch(level, self._count - PAUSE_BLOCKS, density, quietest)

    def _noise_like(self, density: Array, heard: Mask) -> bool:
        """Tell whether the last blocks, of mean `density`, scatter as noise may in the channels heard."""
        few, log_density = self._bands.few, self._bands.mean(np.log(density))
        over_time = log_density - np.add.reduce([one.log for one in self._last]) / PAUSE_BLOCKS
        over_time -= expected_scatter(BLOCK_FRAMES * PAUSE_BLOCKS)
        in_bands = self._bands.mean(density)
        like = (over_time > -0.12 - 0.87 * few) & (over_time < _MOST_SCATTER)
        like &= unevenness(in_bands, log_density) < 0.06 + 0.18 * few
        active = active_bands(density, in_bands)[heard]
        broad = np.maximum(active.sum(axis=1), few.size / 3)  # a third of the bands at the least
        return bool((like[heard] & active).sum() >= NOISE_LIKE_SHARE * broad.sum())

    def alike(self) -> list[LongQuietStretch]:
        """Return stretches at one level, well under the program; none where there is but one."""
        found = self._quiet.alike()
        if len(found) < _LEAST_STRETCHES:
            return []
        power = np.mean([stretch.density.sum() for stretch in found])
        under = decibels(self._program.sum() / (self._count * power))
        return found if under > _UNDER_PROGRAM_DB else []
