"""How low each band and each frequency falls, cell by cell along a recording."""

from __future__ import annotations

import numpy as np

from ...audio.arrays import Array, Mask
from .floor import LEAST_LEVEL, Bands, Block, decibels

# guard: memory is bounded, whatever the recording's length
_MOST_CELLS, _MOST_SPECTRA = 2048, 128

_LEAST_GAIN_DB = -20.0  # tuned: bench.material.tuning.noise, tuning set, 2026-11-30: fades are steep there
_CELL_BLOCKS = 10  # tuned: by hand, no record: 1 s, in which speech and most music pause in some band


class Cells:
    """The least density in each second: of each band and of each bin.

    Cells become twice as long whenever there are too many, so that memory does not grow.

    Parameters
    ----------
    channels
        Number of channels.
    bands
        Those of the blocks.
    bins
        Of the blocks' densities.
    """

    def __init__(self, channels: int, bands: Bands, bins: int) -> None:
        self._bands = bands
        self._levels = _Least((channels, bands.widths.size), _MOST_CELLS)
        self._spectra = _Least((channels, bins), _MOST_SPECTRA)

    def hear(self, block: Block) -> None:
        """Hear the next block; a silent channel says nothing."""
        density = np.where(block.silent[:, np.newaxis], np.inf, block.density)
        self._levels.hear(self._bands.mean(density))
        self._spectra.hear(density)

    @property
    def blocks(self) -> int:
        """Blocks a cell of `levels`."""
        return self._levels.blocks

    def levels(self) -> tuple[Array, Mask]:
        """Return the least level, dB, and where there is any, shape (cells, channels, bands) both."""
        least = self._levels.values()
        heard = np.isfinite(least)
        return decibels(np.where(heard, least, 1.0)), heard

    def low_level(self, channel: int, share: float) -> Array:
        """Return what each band falls to in a share of the cells, dB, shape (bands,)."""
        levels, heard = self.levels()
        levels = levels[heard[:, channel].all(axis=1), channel]
        if not len(levels):
            return np.full(levels.shape[1], LEAST_LEVEL)
        return np.asarray(np.quantile(levels, share, axis=0))

    def least(self, channel: int, share: float, gain_db: Array | None = None) -> Array:
        """Return what each bin falls to in a share of the cells, shape (bins,); infinite in silence.

        With the gain of each cell of `levels` it is what it would fall to without; cells far down tell
        nothing.
        """
        spectra = self._spectra.values()[:, channel]
        heard = np.isfinite(spectra).all(axis=1)
        if gain_db is not None:
            joined = self._spectra.blocks // self._levels.blocks
            gain_db = np.minimum.reduceat(gain_db, np.arange(0, gain_db.size, joined))
            spectra = spectra * 10 ** (-gain_db[:, np.newaxis] / 10)
            heard &= gain_db > _LEAST_GAIN_DB
        spectra = spectra[heard]
        if not len(spectra):
            return np.full(spectra.shape[1], np.inf)
        return np.asarray(np.quantile(spectra, share, axis=0))


class _Least:
    """Minima of arrays over cells of equal length."""

    def __init__(self, shape: tuple[int, int], most: int) -> None:
        self.blocks = _CELL_BLOCKS
        self._kept = np.empty((most, *shape))  # memory is taken as cells begin: short parts have few
        self._cells = self._heard = 0

    def hear(self, values: Array) -> None:
        if self._heard % self.blocks == 0:
            self._begin()
        self._heard += 1
        last = self._kept[self._cells - 1]
        np.minimum(last, values, out=last)

    def _begin(self) -> None:
        if self._cells == len(self._kept):
            self._kept[: self._cells // 2] = np.minimum(self._kept[::2], self._kept[1::2])
            self._cells //= 2
            self.blocks *= 2
            if self._heard % self.blocks:
                return  # the last cell goes on
        self._kept[self._cells] = np.inf
        self._cells += 1

    def values(self) -> Array:
        """Return the minima, shape (cells, ...)."""
        return self._kept[: self._cells]
