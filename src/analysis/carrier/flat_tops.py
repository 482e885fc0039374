"""At which amplitude exactly the tops of a recording are cut flat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self

import numpy as np

from ...audio.arrays import Array, Audio, Counts
from ...contract.constraints import CHANNELS, SHARE, Each, Range
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
    believed
        Which share of what is rebuilt above the ceiling may be believed, shape (channels,): less than 1 where
        peaks were rounded before they were cut.
    tried
        How many known peaks of the recording were cut and rebuilt to find that out, shape (channels,).
    """

    upper: Annotated[Array, Each(CHANNELS), Range(0.0)]
    lower: Annotated[Array, Each(CHANNELS), Range(0.0)]
    events: Annotated[Counts, Each(CHANNELS), Range(0.0)]
    samples: Annotated[Counts, Each(CHANNELS), Range(0.0)]
    believed: Annotated[Array, Each(CHANNELS), SHARE]
    tried: Annotated[Counts, Each(CHANNELS), Range(0.0)]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """See `Findings.from_json`; findings from before there were trials are believed."""
        upper = data.get("upper") if isinstance(data, Mapping) else None
        if isinstance(upper, list) and not {"believed", "tried"} & set(data):
            data = {**data, "believed": [1.0] * len(upper), "tried": [0] * len(upper)}
        return super().from_json(data)

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
        told = f"cut flat at {said} dBFS: {self.events.sum()} tops, {self.samples.sum()} samples"
        shares = [
            f"{believed:.2f}" if level and believed < 1.0 else None
            for level, believed in zip(levels, self.believed.tolist(), strict=True)
        ]
        if not any(shares):
            return told
        kept = f"{by_channel(shares)} of what is rebuilt is kept"
        return f"{told}; peaks were rounded before they were cut: {kept}"


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
        untried = np.zeros(self.channels, np.int64)
        return FlatTops(upper, lower, clipping.events, clipping.samples, np.ones(self.channels), untried)

    def _amplitude(self, channel: int, side: int, level_dbfs: float) -> float:
        found = level_dbfs > NO_LEVEL
        return self._clipping.amplitude(channel, side, level_dbfs) if found else 0.0
