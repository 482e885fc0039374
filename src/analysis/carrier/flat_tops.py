"""At which amplitude exactly the tops of a recording are cut flat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from ...audio.arrays import Array, Audio, Counts
from ...contract.constraints import CHANNELS, Each, Range
from ...contract.findings import NO_LEVEL, Analyser, Findings, by_channel
from .clipping import ClippingAnalyser

_HOP = 4096  # guard: samples that are handed on at once


@dataclass(frozen=True, eq=False)
class FlatTops(Findings):
    """Ceilings of each channel that its samples reach in flat tops, and never pass.

    Attributes
    ----------
    upper, lower
        Amplitudes, 1.0 full scale, at which the upper and the lower half of the wave are cut, shape
        (channels,); 0 where they are not.
    events, samples
        Flat tops, and samples in them, shape (channels,).
    """

    upper: Annotated[Array, Each(CHANNELS), Range(0.0)]
    lower: Annotated[Array, Each(CHANNELS), Range(0.0)]
    events: Annotated[Counts, Each(CHANNELS), Range(0.0)]
    samples: Annotated[Counts, Each(CHANNELS), Range(0.0)]

    @property
    def found(self) -> bool:
        """Whether any channel is clipped."""
        return bool(np.any(self.upper) or np.any(self.lower))

    def describe(self) -> str:
        """See `Findings.describe`."""
        if not self.found:
            return "no flat tops"
        levels = [max(pair) for pair in zip(self.upper, self.lower, strict=True)]
        said = by_channel([f"{20 * np.log10(level):.1f}" if level else None for level in levels])
        return f"cut flat at {said} dBFS: {self.events.sum()} tops, {self.samples.sum()} samples"


class FlatTopsAnalyser(Analyser[FlatTops]):
    """Find the ceilings as `ClippingAnalyser` does, and keep how high the flat tops at each really are."""

    def __init__(self, sample_rate: float, channels: int) -> None:
        self._clipping = ClippingAnalyser(sample_rate, channels)
        super().__init__(sample_rate, channels, hop=_HOP)

    def _frame(self, frame: Audio) -> None:
        self._clipping.push(frame)

    def _conclude(self, rest: Audio) -> FlatTops:
        self._clipping.push(rest)
        clipping = self._clipping.result()
        upper, lower = (
            np.array([self._amplitude(channel, side, dbfs) for channel, dbfs in enumerate(levels)])
            for side, levels in enumerate((clipping.upper_dbfs, clipping.lower_dbfs))
        )
        return FlatTops(upper, lower, clipping.events, clipping.samples)

    def _amplitude(self, channel: int, side: int, level_dbfs: float) -> float:
        found = level_dbfs > NO_LEVEL
        return self._clipping.amplitude(channel, side, level_dbfs) if found else 0.0
