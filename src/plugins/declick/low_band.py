"""The sound below 5.5 kHz by itself: what is low and soft in its onset hardly stands out of the whole band.

A model of a few milliseconds' memory knows low notes there, and a pop that is a sample's worth of the whole
band's excitation is all of this one's; its extent shows as well.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Audio
from ...kernels.filters.polyphase import decimate, decimator
from ...kernels.impulses.cells import Cells, Extent, describe_cells, score_cells
from ...kernels.impulses.spans import Scored, find_spans
from ...kernels.impulses.whitening import Blocks, excitation
from .times import Times

# tuned: candidates of bench.material.tuning at 5 times by four routes, tuning set, 2026-11-29
_RATE_HZ = 11_025.0  # that is come near to, by powers of 2; of half and twice as much
_ORDER = 32  # of 16, 32, 48
_MOST_FACTOR = 16  # guard: whole cells a hop
_CELL = 16  # derived: 1.3 to 2 ms at such a rate, as of the whole band
_TAPS = 8  # tuned: by hand; groups of samples that the low-pass is long
_NEAR_S, _GAP_S = 1e-3, 0.25e-3  # derived: as of the whole band


def low_factor(sample_rate: float) -> int:
    """Return the factor between a recording's rate in Hz and that of its low band; 1 where it has none."""
    factor = 2 ** round(np.log2(max(sample_rate / _RATE_HZ, 1.0)))
    return int(min(factor, _MOST_FACTOR))


class LowBand:
    """Excitation of the low band of what the buffers hold, and what stands out of it.

    Parameters
    ----------
    times
        Lengths of the whole band, and how the buffers lie on the recording.
    sample_rate, channels
        Of the recording.
    floor
        Least scale.

    Attributes
    ----------
    e
        Excitation, shape (channels, size // factor).
    factor
        Samples a sample of it.
    """

    def __init__(self, times: Times, sample_rate: float, channels: int, floor: float) -> None:
        self.factor = low_factor(sample_rate)
        self._times = times
        self._floor = floor
        self._low_pass = decimator(self.factor, _TAPS)
        rate = sample_rate / self.factor
        self._near, self._gap = round(_NEAR_S * rate), max(round(_GAP_S * rate), 2)
        self._block = times.block // self.factor
        self._longest = max(times.longest // self.factor, 1)
        self.e = np.zeros((channels, times.size // self.factor))
        cells = self.e.shape[1] // _CELL
        self._cells = [
            Cells(np.zeros(cells), np.zeros(cells), np.zeros(cells, np.int64)) for _ in range(channels)
        ]

    def advance(self, x: Audio, repaired: Audio, bounds: npt.NDArray[np.int64]) -> None:
        """Whiten the newest hop that can be; parameters are those of `ClickSearch`."""
        times, factor = self._times, self.factor
        hop = times.hop // factor
        stop = (times.size - times.block) // factor
        start = stop - hop
        self.e[:, :-hop] = self.e[:, hop:]
        low = start - self._block  # what models are fitted to begins half a block before
        within = np.array([-(-bounds[0] // factor), bounds[1] // factor]) - low
        heard = self._decimated(x, low)
        mended = self._decimated(repaired, low)
        within = np.clip(within, 0, heard.shape[1])
        blocks = Blocks(self._block, _ORDER, self._longest)
        first, last = stop // _CELL - hop // _CELL - 1, stop // _CELL
        for channel, cells in enumerate(self._cells):
            e = np.zeros(heard.shape[1])
            excitation(heard[channel], mended[channel], start - low, stop - low, within, blocks, e)
            self.e[channel, start:stop] = e[start - low : stop - low]
            for held in cells:
                held[: -(hop // _CELL)] = held[hop // _CELL :]
            cells.place[:] -= hop
            describe_cells(self.e[channel], first, last, _CELL, cells)

    def _decimated(self, x: Audio, low: int) -> Audio:
        """Return the low band from sample `low` of it on, as far as half a filter before the end."""
        begin = (low - _TAPS // 2) * self.factor
        low_band: Audio = decimate(np.ascontiguousarray(x[:, begin:]), self._low_pass)
        return low_band

    def scored(
        self,
        searched: npt.NDArray[np.int64],
        bounds: npt.NDArray[np.int64],
        thresholds: npt.NDArray[np.float64],
        least: float,
    ) -> Scored:
        """Score the cells that begin in some samples of the whole band; see `score_cells`."""
        size = _CELL * self.factor
        first, last = searched[0] // size - 1, searched[1] // size + 1
        low = -(-(bounds[0] + (_ORDER + _TAPS) * self.factor) // size)
        high = min(int(bounds[1]), self._times.size - self._times.block) // size
        shape = len(self._cells), len(self._cells[0].peak)
        places = np.array([cells.place for cells in self._cells])
        scored = Scored(np.zeros(shape), np.zeros(shape), places)
        extent = Extent(max(first, low), min(last, high), low, high)
        for cells, score, scale in zip(self._cells, scored.score, scored.scale, strict=True):
            score_cells(cells, extent, thresholds, least, self._floor, score, scale)
        return scored

    @property
    def cell(self) -> int:
        """Samples of the whole band a cell."""
        return _CELL * self.factor

    def spans(
        self,
        channel: int,
        scored: Scored,
        room: tuple[int, int],
        searched: npt.NDArray[np.int64],
        doubt: float,
    ) -> npt.NDArray[np.float64]:
        """Return rows of (start, stop, score) in samples of the whole band, of what peaks in the search.

        Parameters
        ----------
        channel, scored, doubt
            See `find_spans`.
        room
            Samples between which a span may lie.
        searched
            Samples that a peak lies in.
        """
        factor = self.factor
        first, last = int(searched[0]) // self.cell - 1, int(searched[1]) // self.cell + 1
        here = (scored.place * factor >= searched[0]) & (scored.place * factor < searched[1])
        one = Scored(np.where(here, scored.score, 0.0), scored.scale, scored.place)
        spans = np.empty((max(last - first, 0), 3))
        extent = Extent(first, last, -(-room[0] // factor), room[1] // factor)
        count = find_spans(self.e[channel], channel, one, extent, self._gap, self._near, doubt, spans)
        rows = spans[:count]
        rows[:, 0] = np.maximum(rows[:, 0] * factor - factor // 2, room[0])
        rows[:, 1] = np.minimum(rows[:, 1] * factor - factor // 2, room[1])
        return rows[rows[:, 1] > rows[:, 0]]
