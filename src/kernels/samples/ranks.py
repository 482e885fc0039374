"""Robust statistics: what a median says of a scale, and windows that stay sorted while they move."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..compilation.compilation import compiled

Vector = npt.NDArray[np.float64]

SIGMA = 1.4826
"""Standard deviation of a Gaussian over the median of its magnitude; derived: 1 / Phi^-1(3/4)."""


@compiled
def replace_ranked(ranked: Vector, old: float, new: float) -> None:
    """Replace one value of a window that is kept in increasing order: `old` goes, `new` comes."""
    i = np.searchsorted(ranked, old)
    while i + 1 < ranked.size and ranked[i + 1] < new:
        ranked[i] = ranked[i + 1]
        i += 1
    while i > 0 and ranked[i - 1] > new:
        ranked[i] = ranked[i - 1]
        i -= 1
    ranked[i] = new
