"""A band of a recording and the impulses that stand out of it: the whole one, or the low part for pops."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Array, Audio, Counts
from ...kernels.filters.decimation import decimate, decimation_filter
from ...kernels.impulses.cells import Cells, Extent, score_cells
from ...kernels.impulses.counting import (
    SCORE,
    START,
    STOP,
    Lengths,
    Outlined,
    excursion_rates,
    outline_cells,
    pick_impulses,
)
from ...kernels.impulses.spans import Scored
from ...kernels.impulses.whitening import Blocks, whiten

Picked = npt.NDArray[np.float64]

CELLS_A_BLOCK = 16
"""So that what a cell is compared with lies in a block; derived: `SIDE` + `GUARD` of `cells`."""

BLOCKS_A_HOP = 32  # tuned: by hand, for speed: Python's share of the time is small

SCORES = 2.0 ** (np.arange(-5, 17) / 3)
"""Scores from which impulses are counted; derived: third octaves, 0.3 to 40."""

FLOOR = 2.0**-16
"""Least scale; derived: half a step of 16 bits."""

# tuned: bench click_finder, tuning takes, 2026-11-21, from those of Declick; no record of what else was tried
_THRESHOLDS = np.array(
    [14.0, 4.0,  # what scores 1: so many scales, and so many times the highest peak nearby,
     60.0, 5.0]  # or so many scales, and so many times three quarters of the peaks
)  # fmt: skip
_LONGEST_MS = 6.0  # tuned: by hand, 2026-11-21, no record
# A drum's stroke lasts, so what lasts must stand out more.
_SCORE_A_MS, _MOST_ASKED = 1.5, 8.0  # tuned: by hand, 2026-11-21, as Declick's; no record
# tuned: bench click_finder, tuning takes, 2026-11-21.
# Music scores lower in its low band: as many of its peaks reach this score as reach the lowest in all of it,
_FAINTEST, _STEEPER = 0.3, 2.2  # and of those over it they become fewer so many times as fast.
_MOST_ALONE = 2.3  # nothing is certain from the low band alone
_EXCURSION_SCALES = np.array([12.0, 6.0])  # tuned: bench click_finder, its crackle, 2026-11-21


class Band:
    """The last hop of a band, and what lies around it.

    ::

        |- past: 2 blocks -|------ hop ------|- 1 block -|- 1 block -|
                           picked            | whitened  | newest

    Parameters
    ----------
    sample_rate, channels
        Of the band.
    cell
        Samples that are scored at once: about 1.5 ms.
    least
        Lowest score that is looked for.
    """

    def __init__(self, sample_rate: float, channels: int, cell: int, least: float) -> None:
        self._cell, self._block, self._least = cell, CELLS_A_BLOCK * cell, least
        self.hop = BLOCKS_A_HOP * self._block
        self.size = self.hop + 4 * self._block
        self.order = min(max(round(15 / 44_100 * sample_rate), 11), 31)
        self._blocks = Blocks(2 * self._block, self.order, max(round(_LONGEST_MS * 1e-3 * sample_rate), 2))
        pause = max(round(0.25e-3 * sample_rate), 2)
        self._lengths = Lengths(pause, self._blocks.longest, 1e3 * _SCORE_A_MS / sample_rate, _MOST_ASKED)
        self._gap = max(round(0.25e-3 * sample_rate), 11)
        self.x, self._e = np.zeros((2, channels, self.size))
        self._median, self._peak = np.zeros((2, channels, self.size // cell))
        self._place = np.zeros((channels, self.size // cell), np.int64)
        self._held = [Cells(*of) for of in zip(self._median, self._peak, self._place, strict=True)]
        self._picked = np.zeros((self.size // cell, 5))
        last = self.size // cell - 2 * CELLS_A_BLOCK
        self._cells = last - self.hop // cell, last

    @property
    def picked_from(self) -> int:
        """First sample of the hop that is picked."""
        return self._cells[0] * self._cell

    def hear(self, frame: Audio, bounds: Counts) -> None:
        """Take in one hop, and whiten as far as that allows; the recording lies within `bounds`."""
        hop, cells = self.hop, self.hop // self._cell
        for kept, step in ((self.x, hop), (self._e, hop), (self._median, cells), (self._peak, cells),
                           (self._place, cells)):  # fmt: skip
            kept[:, :-step] = kept[:, step:]
        self._place -= hop
        self.x[:, -hop:] = frame
        stop = self.size - self._block
        for x, e, held in zip(self.x, self._e, self._held, strict=True):
            whiten(x, stop - hop, stop, bounds, self._blocks, e)
            outline_cells(e, (stop - hop) // self._cell, stop // self._cell, self._cell, held)

    def pick(self, bounds: Counts) -> list[Picked]:
        """Return each channel's impulses of the hop that is now seen from both sides."""
        stop = self.size - self._block
        low = -(-(int(bounds[0]) + self.order) // self._cell)
        high = min(int(bounds[1]), stop) // self._cell
        inside = max(self._cells[0], low), min(self._cells[1], high)
        score, scale = np.zeros((2, *self._peak.shape))
        for held, of_cells, down_to in zip(self._held, score, scale, strict=True):
            score_cells(held, Extent(*inside, low, high), _THRESHOLDS, self._least, FLOOR, of_cells, down_to)
        near = score.copy()
        near[:, 1:] = np.maximum(near[:, 1:], score[:, :-1])
        near[:, :-1] = np.maximum(near[:, :-1], score[:, 1:])
        extent = Extent(*inside, int(bounds[0]) + self.order, int(bounds[1]))
        every = []
        for channel in range(len(score)):
            support = np.delete(near, channel, axis=0).max(axis=0, initial=0.0)
            scored = Scored(score[channel], scale[channel], self._place[channel])
            count = pick_impulses(self._e[channel], scored, support, extent, self._lengths, self._picked)
            every.append(self._picked[:count].copy())
        return every

    def excursions(self, bounds: Counts, dense: float) -> Array:
        """Return each channel's rates a sample in that hop, shape (channels, 3): see `excursion_rates`."""
        low = -(-(int(bounds[0]) + self.order) // self._cell)
        first, last = max(self._cells[0], low), min(self._cells[1], int(bounds[1]) // self._cell)
        rates = np.zeros((len(self._e), 3))
        for e, held, out in zip(self._e, self._held, rates, strict=True):
            outlined = Outlined(e, self._cell, held)
            excursion_rates(
                outlined, first, max(last, first), _EXCURSION_SCALES, dense, FLOOR, self._gap, out
            )
        return rates


class LowBand(Band):
    """The band under 4 kHz, at about 11 kHz: a pop that hiss and cymbals hide stands out of it.

    Parameters
    ----------
    sample_rate
        The recording's.
    factor
        Samples of the recording for each sample of the band.
    channels, cell, least
        See `Band`; the cell is in samples of the band.
    """

    PASS_PART = 0.36  # of the band's rate; what lies over it may alias

    def __init__(self, sample_rate: float, factor: int, channels: int, cell: int, least: float) -> None:
        super().__init__(sample_rate / factor, channels, cell, least)
        self._factor = factor
        self._taps = decimation_filter(sample_rate, factor, self.PASS_PART * sample_rate / factor)
        self._before = np.zeros((channels, self._taps.size - factor))
        self._delay = (self._taps.size + 1) // 2 - factor

    def own_bounds(self, bounds: Counts, origin: int) -> Counts:
        """Return where the band is whole, of a recording whose buffer begins at sample `origin`."""
        start = max(-(-self._taps.size // self._factor) - 1 - origin // self._factor, 0)
        return np.array([start, min(max(int(bounds[1]) // self._factor, 0), self.size)])

    def hear(self, frame: Audio, bounds: Counts) -> None:
        """Take in one hop of the recording."""
        fed = np.concatenate([self._before, frame], axis=1)
        self._before = fed[:, frame.shape[1] :]
        super().hear(decimate(fed, self._taps, self._factor), bounds)

    def pick(self, bounds: Counts) -> list[Picked]:
        """Return each channel's impulses, at samples of the recording, with scores as the whole band has."""
        every = super().pick(bounds)
        for picked in every:
            alike = SCORES[0] * (picked[:, SCORE] / _FAINTEST) ** _STEEPER
            picked[:, SCORE] = np.maximum(picked[:, SCORE], np.minimum(alike, _MOST_ALONE))
            picked[:, [START, STOP]] = picked[:, [START, STOP]] * self._factor - self._delay
        return every
