"""Lengths that MouthClick works with at one sample rate, and where in its buffer each act takes place."""

from __future__ import annotations

from dataclasses import dataclass

from ...kernels.impulses.mouth_clicks import CELL_S, FAR, LONGEST
from ...kernels.pulses.mouth_pulse import AROUND_S, MOST_ORDER

_WORKING_HZ = 44_000.0  # guard: clicks have next to nothing over 16 kHz, so no more need be worked on
_TAPS = 24  # tuned: by hand, 2026-11-29; flat to 16 kHz at 48 kHz
_CELLS_A_HOP = 64  # tuned: latency against speed, by hand, 2026-11-29
_MARGIN_S = (
    2.5e-3  # tuned: bench.material.tuning, kind mouth, 2026-11-29; a first burst may be too small to see
)
_LOUDNESS_S = 0.05  # source: harm is measured in 0.1 s


@dataclass(frozen=True)
class Times:
    """Lengths in samples at the rate that is worked at, and how the buffer lies on the recording.

    ::

        0          past             past + hop                                  size
        |-- past --|------- hop -------|------ left ------|------- ahead -------|
                   given out now       | may be changed   |  searched up to here; seen
    """

    factor: int
    taps: int
    cell: int
    margin: int
    around: int
    loudness: int

    @classmethod
    def at(cls, sample_rate: float) -> Times:
        """Lengths at a sample rate in Hz."""
        factor = max(int(sample_rate // _WORKING_HZ), 1)
        rate = sample_rate / factor
        return cls(
            factor=factor,
            taps=_TAPS if factor > 1 else 1,
            cell=max(round(CELL_S * rate), 1),
            margin=round(_MARGIN_S * rate),
            around=round(AROUND_S * rate),
            loudness=round(_LOUDNESS_S * rate),
        )

    @property
    def hop(self) -> int:
        """Samples searched, and given out, at once."""
        return _CELLS_A_HOP * self.cell

    @property
    def ahead(self) -> int:
        """Samples seen after the last that is searched."""
        return (FAR + 2 * LONGEST) * self.cell + self.loudness

    @property
    def left(self) -> int:
        """Samples by which a click may begin before the cell that it is found at."""
        return (LONGEST + 1) * self.cell + self.margin

    @property
    def past(self) -> int:
        """Samples kept before those that are given out."""
        cells = FAR + 2 * LONGEST + self.around // self.cell + 1 + MOST_ORDER // self.cell + 1
        return cells * self.cell + max(self.loudness, self.taps)

    @property
    def size(self) -> int:
        """Samples of the buffer, whole cells."""
        return -(-(self.past + self.hop + self.left + self.ahead + self.taps) // self.cell) * self.cell

    @property
    def latency(self) -> int:
        """Samples, at the recording's own rate, that are heard before the first of them is given out."""
        return (self.left + self.ahead + self.taps - 1) * self.factor
