"""How many strokes a recording has had lately: drums, machines and voices make sounds that are alike."""

from __future__ import annotations

import numpy as np

# tuned: bench.material.tuning against clean takes by the same routes, tuning set, 2026-11-29
_REMEMBERED_S = 4.0  # how long strokes and clicks count for what is found next
MEMORY_S = 3 * _REMEMBERED_S  # derived: a twentieth of it is left then
_MOST_DOUBT = 6.0  # log odds that they cost at most


class StrokeMemory:
    """Says how much more is asked of what is found next, because strokes outnumbered clicks.

    Parameters
    ----------
    hop
        Samples from one count to the next.
    sample_rate
        Of the recording.
    cost
        Log odds that strokes cost for each natural logarithm of how many times they outnumber clicks.

    Attributes
    ----------
    doubt
        Log odds that what is found now must have more.
    """

    def __init__(self, hop: int, sample_rate: float, cost: float) -> None:
        self._cost = cost
        self._kept = float(np.exp(-hop / (_REMEMBERED_S * sample_rate)))
        self._strokes = 0.0
        self._clicks = 0.0
        self.doubt = 0.0

    def strokes(self, count: int) -> None:
        """Count the strokes of the samples that are searched now."""
        self._strokes = self._kept * self._strokes + count
        ratio = (self._strokes + 1.0) / (self._kept * self._clicks + 1.0)
        self.doubt = min(max(self._cost * np.log(ratio), 0.0), _MOST_DOUBT)

    def clicks(self, count: int) -> None:
        """Count what was taken for clicks there."""
        self._clicks = self._kept * self._clicks + count
