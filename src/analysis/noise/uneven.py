"""Uneven noise, heard where a program pauses for long: crackle, static, a groove's rumble, a room's buzz.

Its powers scatter more over time than those of Gaussian noise, so that a short stretch does not tell it from
a program. A long one does: averaged over time, noise is smooth over frequency, and a program is not. Noise
with lines in it, a buzz or a motor's, is not; but there the powers scatter over time as noise does. What has
a part of either stays as it is from its first half to its second; an echo's tail falls.
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
_ALIKE_DB = 2.5
_MOST_SWING_DB = 20.0  # of the level, from block to block
_MOST_SCATTER = 4.0  # over what Gaussian noise has, nepers
_MOST_OVER_MEDIAN_DB = 6.0
_UNDER_PROGRAM_DB = 8.0

# tuned: bench.material.tuning.noise, tuning set, 2026-11-29: noises have 0.79 at least in 1 s, music and
# speech 0.6 on average
_LIKE_SHARE = 0.75  # of the bands: smooth over frequency, or scattered over time as noise is
_MOST_STEADY_SWING_DB = 4.0  # of the level, where lines are believed; a home's pauses have 2.5
_MOST_TREND_DB = 3.0  # from half to half, in half of the bands: the tail of a long echo falls by 4
_NEAR_DB = 8.0  # over the quietest stretch, where that is a tail or a lull
_SOON_BLOCKS = 5  # what begins so soon after the recording is no echo of it
_LINE = 8.0  # standard errors: echoes of 3 to 6 s fall by 22 and more, noises that burst or step by 5 at most


@dataclass(frozen=True)
class LongQuietStretch(QuietStretch):
    """Uneven noise: mean level, first block, density of each channel, and its bands' least levels.

    And by how much more than chance these scatter, whether it is believed though heard but once, and whether
    the recording begins with it.
    """

    quietest: Array
    scatter_db: Array
    alone: bool
    leads: bool


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
        self._began = 0  # the block, from 1, that sounds first
        self._count = 0

    def hear(self, block: Block) -> None:
        """Hear the next block of the recording."""
        self._last.append(block)
        self._count += 1
        if not self._began and not block.silent.all():
            self._began = self._count
        self._program += np.where(block.silent, 0.0, block.density.sum(axis=1))
        if len(self._last) < PAUSE_BLOCKS:
            return
        levels = np.array([one.level for one in self._last])
        heard = ~np.any([one.silent for one in self._last], axis=0)
        if not heard.any() or (np.ptp(levels, axis=0)[heard] > _MOST_SWING_DB).any():
            return  # the levels alone rule out much of a program, and cost nothing
        density = np.add.reduce([one.density for one in self._last]) / PAUSE_BLOCKS
        like = self._like(density)
        share = self._noise_like(density, like, heard)
        if share >= _LIKE_SHARE:
            alone = self._stays() and (share >= NOISE_LIKE_SHARE or self._leads())
            self._quiet.hear(self._stretch(float(levels[:, heard].mean()), like, alone))

    def _stretch(self, level: float, like: Mask, alone: bool) -> LongQuietStretch:
        """Keep the last blocks; a pop in one of them counts for little.

        Bands that are not what noise is like count as low as they fall; where the recording begins, as much
        as those beside them.
        """
        powers = np.array([self._bands.mean(one.density) for one in self._last])
        most, least = np.median(powers, axis=0) * 10 ** (_MOST_OVER_MEDIAN_DB / 10), powers.min(axis=0)
        if not self._leads():
            most = np.where(like, most, least)
        weights = self._bands.spread(np.minimum(most / powers, 1.0))
        density = np.mean([w * one.density for w, one in zip(weights, self._last, strict=True)], axis=0)
        for own, sure, low in zip(density, like, least, strict=True):
            if sure.any() and not sure.all():
                known = decibels(self._bands.mean(own))[sure]
                beside = np.interp(self._bands.centre, self._bands.centre[sure], known)
                most_there = np.where(sure, np.inf, np.maximum(10 ** (beside / 10), low))
                np.minimum(own, self._bands.spread(most_there), out=own)
        levels = decibels(powers)
        scatter_db = np.sqrt(np.maximum(levels.var(axis=0) - self._bands.scatter_db**2, 0.0))
        first, leads = self._count - PAUSE_BLOCKS, self._leads()
        return LongQuietStretch(level, first, density, levels.min(axis=0), scatter_db, alone, leads)

    def _like(self, density: Array) -> Mask:
        """Tell which bands of the last blocks, of mean `density`, noise may have: (channels, bands)."""
        few, log_density = self._bands.few, self._bands.mean(np.log(density))
        over_time = log_density - np.add.reduce([one.log for one in self._last]) / PAUSE_BLOCKS
        over_time -= expected_scatter(BLOCK_FRAMES * PAUSE_BLOCKS)
        low = -0.12 - 0.87 * few
        smooth = unevenness(self._bands.mean(density), log_density) < 0.06 + 0.18 * few
        levels = np.array([one.level for one in self._last])
        # tones that swell together scatter as much
        steady = (over_time < -low) & (np.ptp(levels, axis=0) < _MOST_STEADY_SWING_DB)[:, np.newaxis]
        return np.asarray((over_time > low) & (over_time < _MOST_SCATTER) & (smooth | steady))

    def _noise_like(self, density: Array, like: Mask, heard: Mask) -> float:
        """Return in which share of the bands the last blocks are noise, in the channels heard."""
        in_bands = self._bands.mean(density)
        active = active_bands(density, in_bands)[heard]
        broad = np.maximum(active.sum(axis=1), in_bands.shape[1] / 3)  # a third of the bands at the least
        return float((like[heard] & active).sum() / broad.sum())

    def _leads(self) -> bool:
        """Tell whether the recording begins with the last blocks."""
        return self._count - PAUSE_BLOCKS <= self._began + _SOON_BLOCKS

    def _stays(self) -> bool:
        """Tell whether the last blocks are of one level in most bands, or no echo's tail all the same.

        A tail falls along a line, after a sound. Noise that bursts, or is under a gain that steps, may be
        lower in one half, but along no line: what a recording begins with is believed where it follows
        none, nor an arc, as a drum's roll does or a wave.
        """
        half = PAUSE_BLOCKS // 2
        logs = np.array([one.log for one in self._last])
        trend = np.abs(logs[:half].mean(axis=0) - logs[half:].mean(axis=0))
        if np.median(trend) * 10 / np.log(10) < _MOST_TREND_DB:
            return True
        if not self._leads():
            return False
        time, level = np.arange(PAUSE_BLOCKS) - (PAUSE_BLOCKS - 1) / 2, logs.mean(axis=(1, 2))
        course = np.stack([time, time**2 - np.mean(time**2)])
        norm = np.sum(course**2, axis=1)
        slopes = course @ level / norm
        off = level - level.mean() - slopes @ course
        error = np.sqrt(off @ off / (PAUSE_BLOCKS - 3) / norm)
        return bool((np.abs(slopes) < _LINE * error).all())

    def alike(self) -> list[LongQuietStretch]:
        """Return stretches at one level, the most there are, well under the program."""
        return self._under(self._quiet.alike())

    def quietest(self) -> list[LongQuietStretch]:
        """Return stretches at the level of the quietest, well under the program.

        A single one must stay as it is, and be noise in more bands, or what the recording begins with: an
        echo's tail is at one level but once, and a beat's lull is noise in some bands.
        """
        found = self._quiet.quietest()
        if len(found) == 1 and not found[0].alone:
            near = found[0].level + _NEAR_DB
            leading = [one for one in self._quiet.kept if one.leads and one.alone and one.level < near]
            found = leading[:1]
        return self._under(found)

    def _under(self, found: list[LongQuietStretch]) -> list[LongQuietStretch]:
        if not found:
            return []
        power = np.mean([stretch.density.sum() for stretch in found])
        under = decibels(self._program.sum() / (self._count * power))
        return found if under > _UNDER_PROGRAM_DB else []
