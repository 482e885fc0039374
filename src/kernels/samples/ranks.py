"""Robust statistics: what a median says of a scale, and windows that stay sorted while they move."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..compilation.compilation import compiled

Vector = npt.NDArray[np.float64]
Rows = npt.NDArray[np.float64]

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


@compiled
def moving_ranks(
    values: Rows, ring: Rows, ranked: Rows, at: int, share: float
) -> tuple[Rows, npt.NDArray[np.int64]]:
    """Return, row by row, the value of each column that `share` of its latest ones lie under.

    Parameters
    ----------
    values
        Shape (rows, columns); infinite where there is none, in all columns of a row or in none.
    ring
        The latest rows, shape (size, columns); it is renewed.
    ranked
        Its columns in increasing order, shape (columns, size); they are renewed.
    at
        Row of the ring that is the oldest.
    share
        0 to less than 1.

    Returns
    -------
    tuple of arrays
        Ranks, shape (rows, columns), infinite while there are none; and how many rows of the ring have values
        then, shape (rows,).
    """
    ranks = np.empty_like(values)
    counts = np.empty(len(values), np.int64)
    for row in range(len(values)):
        for column in range(values.shape[1]):
            new = values[row, column]
            replace_ranked(ranked[column], ring[at, column], new)
            ring[at, column] = new
        at = (at + 1) % len(ring)
        counts[row] = np.searchsorted(ranked[0], np.inf)
        place = int(share * counts[row])
        ranks[row] = ranked[:, place]
    return ranks, counts
