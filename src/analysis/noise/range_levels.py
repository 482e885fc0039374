"""Whether a range that is said to be noise alone is louder than what a recording has beside it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ...audio.arrays import Audio
from ...audio.clock import clock
from ...audio.framing import FrameGrid

# tuned: by hand, no record
_BLOCK_S = 0.1
_QUIET_SHARE = 0.1
_RANGE_SHARE = 0.25  # of its blocks: clicks in a range do not count
_LOUDER_DB = 10.0  # surface noise rises by 6 dB from a disc's edge to its worst
_SILENT_DBFS = -90.0  # derived: no more than 16-bit dither: a muted gap says nothing about noise


class RangeLevels:
    """Hear levels in blocks of 0.1 s, without offset; see `warnings`.

    Parameters
    ----------
    sample_rate
        Hz.
    channels
        Number of channels.
    """

    def __init__(self, sample_rate: float, channels: int) -> None:
        self._sample_rate = sample_rate
        self._hop = max(round(_BLOCK_S * sample_rate), 1)
        self._grid = FrameGrid(channels, self._hop)
        self._powers: list[float] = []

    def push(self, audio: Audio) -> None:
        """Hear the next block, shape (channels, n)."""
        self._powers += [float(np.mean(np.var(frame, axis=1))) for frame in self._grid.push(audio)]

    def warnings(self, ranges: Sequence[tuple[int, int]]) -> list[str]:
        """Say which ranges, (start, stop) in samples, are much louder than what their prints hold for.

        A print holds from halfway to the range before to halfway to the range after. The lower quarter of its
        range is compared with the quietest tenth of that: over 10 dB above it lies more than its noise.
        """
        if not ranges:
            return []
        ranges = sorted(ranges)
        levels = 10 * np.log10(np.maximum(self._powers, 1e-20))
        bounds = [0, *((one[1] + two[0]) // 2 for one, two in pairwise(ranges)), self._hop * levels.size]
        told = []
        for (start, stop), (begin, end) in zip(ranges, pairwise(bounds), strict=True):
            own = levels[-(-start // self._hop) : stop // self._hop]
            around = levels[begin // self._hop : end // self._hop]
            around = around[around > _SILENT_DBFS]
            if not (own.size and around.size):
                continue
            over = float(np.quantile(own, _RANGE_SHARE) - np.quantile(around, _QUIET_SHARE))
            if over > _LOUDER_DB:
                place = f"{clock(start, self._sample_rate)}-{clock(stop, self._sample_rate)}"
                told.append(
                    f"print range {place} is {over:.0f} dB louder than the quietest tenth of what its print "
                    "holds for; is it noise alone?"
                )
        return told
