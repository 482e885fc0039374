"""Lengths that Declick works with at one sample rate, and where in its buffer each act takes place."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ...kernels.impulses.bursts import AFTER, SIDE
from ...kernels.impulses.cells import SIDE as BESIDE
from ...kernels.impulses.groups import BEYOND
from ...kernels.pulses.click_repair import FORCED
from ...kernels.pulses.groove_pulse import GrooveCurves, groove_curves
from ...kernels.pulses.thumps import ThumpSearch, thump_search

_CELLS_A_BLOCK = 16  # derived: `cells.SIDE` + `cells.GUARD`, so that what a cell is compared with lies within
_BLOCKS_A_HOP = 8  # tuned: latency against speed, by hand, no record
_LEAST_THUMP = 12.0  # tuned: table clicks on the tuning set, 2026-11-21, no record

# tuned: known spans of the tuning set through low-passes, resamplers and MP3, 2026-11-29
_SPREAD_S = 0.45e-3

# tuned: bench.material.tuning, known spans, all kinds at 5 and 15 times, music and speech, tuning set,
# 2026-11-29, of order 16 to 512 in nine rows: (order, samples to either side) at 44.1 kHz of models that
# compete with the first; of the finer ones only the finest that is not too high
_COARSER, _FINER = (16, 500), ((128, 2000), (256, 4000))
_HIGHEST_ORDER = 320  # guard: one that is higher, at higher rates, takes more time than it is worth

_GROUP_S = 16e-3  # tuned: bench.material.tuning against clean takes, tuning set, 2026-11-29; longest group


@dataclass(frozen=True)
class Times:
    """Lengths in samples at one sample rate, and how the buffer lies on the recording.

    ::

        0              past          past + hop                               size
        |---- past ----|---- hop ----|---------------- ahead -----------------|
                       given out now | repaired | found       | whitened | newest
                                                |-- model... --|- block --|- block -|
    """

    cell: int
    order: int
    model: int
    others: npt.NDArray[np.int64]
    longest: int
    group: int
    lead: int
    spread: int
    widening: int
    thumps: ThumpSearch
    curves: GrooveCurves

    @classmethod
    def at(cls, sample_rate: float, max_length_ms: float, widening_ms: float) -> Times:
        """Lengths at a sample rate in Hz, as two of the parameters of Declick are."""
        order = min(max(round(32 / 44_100 * sample_rate), 16), 64)
        others = np.round(np.array([_COARSER, *_FINER]) * (sample_rate / 44_100)).astype(np.int64)
        others = others[others[:, 0] <= _HIGHEST_ORDER]
        return cls(
            cell=2 * max(round(32 / 44_100 * sample_rate), 4),
            order=order,
            model=max(round(1000 / 44_100 * sample_rate), 6 * order),
            others=others[[0, -1]] if len(others) > 1 else others,
            longest=max(round(max_length_ms * 1e-3 * sample_rate), 1),
            group=round(_GROUP_S * sample_rate),
            lead=max(round(70e-6 * sample_rate), 2),
            spread=round(_SPREAD_S * sample_rate),
            widening=round(widening_ms * 1e-3 * sample_rate),
            thumps=thump_search(sample_rate, _LEAST_THUMP),
            curves=groove_curves(sample_rate),
        )

    @cached_property
    def half(self) -> int:
        """Half a cell: bursts are found in those."""
        return self.cell // 2

    @cached_property
    def longest_run(self) -> int:
        """Half cells that the longest burst touches."""
        return (self.longest + self.order) // self.half + 1

    @cached_property
    def longest_group(self) -> int:
        """Cells of the longest group of clicks."""
        return self.group // self.cell

    @cached_property
    def searched(self) -> int:
        """Cells that must follow a cell before it is searched."""
        halves = self.longest_run + AFTER + SIDE
        return max(_CELLS_A_BLOCK, -(-halves // 2), self.longest_group + BEYOND + BESIDE + 1)

    @cached_property
    def block(self) -> int:
        """Samples that are whitened by one model."""
        return _CELLS_A_BLOCK * self.cell

    @cached_property
    def hop(self) -> int:
        """Samples repaired at once."""
        return _BLOCKS_A_HOP * self.block

    @cached_property
    def ahead(self) -> int:
        """Samples seen before the first of a hop is repaired and given out."""
        beyond = max(self.model, self.thumps.longest, self.curves.last)
        found = -(-self.searched // _CELLS_A_BLOCK)
        return self.block * (
            1 + found - (-(beyond + 2 * (self.longest + self.widening) + self.lead) // self.block)
        )

    @cached_property
    def past(self) -> int:
        """Samples kept before those that are given out."""
        return self.block * (1 - (-max(self.model, self.thumps.past) // self.block))

    @cached_property
    def size(self) -> int:
        """Samples of the buffer."""
        return self.past + self.hop + self.ahead

    def widened(self, rows: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        """Return the spans of found clicks widened, shape (n, 2); a forced one is as it was said.

        Parameters
        ----------
        rows
            Rows of (start, stop, score, kind), shape (n, 4).
        """
        spans = rows[:, :2].astype(np.int64)
        found = rows[:, 3] != FORCED
        further = np.minimum((spans[found, 1] - spans[found, 0]) // 2, self.order)
        spans[found, 1] += self.lead + further + self.widening
        spans[found, 0] -= self.lead + self.widening
        return spans

    def keep_apart(self, spans: npt.NDArray[np.int64], stops: npt.NDArray[np.int64]) -> None:
        """Take back, in place, what spans were widened by into the next.

        Without whole samples after it no click can be told from the sound.

        Parameters
        ----------
        spans
            Rows of (start, stop), in order.
        stops
            Where each was seen to end, shape (n,).
        """
        begins, ends = spans[1:, 0], spans[:-1, 1]
        apart = np.minimum(np.maximum(begins - self.order, stops[:-1]), begins)
        spans[:-1, 1] = np.where(ends < begins, ends, apart)
