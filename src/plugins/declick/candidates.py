"""What may be a click: spans that stand out of the whole band, or of its low part, as one list."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ...contract.marks import touched
from ...kernels.impulses.bursts import Runs
from ...kernels.impulses.spans import Scored

_DULL = 0.5
"""A click that stands out of the low band by less than such a part of what it does of the whole is bright;
tuned: by hand, 2026-11-29.
"""


class Standing(NamedTuple):
    """How far all channels stand out of what lies beside.

    Attributes
    ----------
    cells, low
        Cells of the whole band, and of its low part.
    runs
        Runs of half cells.
    """

    cells: Scored
    low: Scored
    runs: Runs


class Sizes(NamedTuple):
    """Samples.

    Attributes
    ----------
    cell, low_cell
        A cell of the whole band, and of its low part.
    longest
        Longer spans are none.
    near
        So close together they are one.
    """

    cell: int
    low_cell: int
    longest: int
    near: int


def joined(
    spans: npt.NDArray[np.float64],
    low: npt.NDArray[np.float64],
    scores: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
    sizes: Sizes,
) -> npt.NDArray[np.float64]:
    """Join what stands out of the whole band and of its low part: what overlaps or nearly touches is one.

    Parameters
    ----------
    spans, low
        Rows of (start, stop, score) of each.
    scores
        Of the channel's cells in each.
    sizes
        See `Sizes`.

    Returns
    -------
    Rows of (start, stop, score, score in the low band), shape (n, 4), apart from each other.
    """
    rows = np.zeros((len(spans) + len(low), 4))
    rows[: len(spans), :3] = spans
    rows[len(spans) :, :2], rows[len(spans) :, 3] = low[:, :2], low[:, 2]
    too_long = spans[spans[:, 1] - spans[:, 0] > sizes.longest, :2].astype(np.int64)
    rows = rows[(rows[:, 1] - rows[:, 0] <= sizes.longest) & ~touched(rows, too_long)]
    found: list[npt.NDArray[np.float64]] = []
    for row in rows[np.argsort(rows[:, 0], kind="stable")]:
        last = found[-1] if found else None
        if last is not None and row[0] <= last[1] + sizes.near and row[1] - last[0] <= sizes.longest:
            found[-1] = _together(last, row)
        elif last is None or row[0] >= last[1]:
            found.append(row)
    for row in found:
        row[2] = max(row[2], _highest(scores[0], row, sizes.cell))
        row[3] = max(row[3], _highest(scores[1], row, sizes.low_cell))
    return np.array(found).reshape(-1, 4)


def _highest(score: npt.NDArray[np.float64], row: npt.NDArray[np.float64], cell: int) -> float:
    """Return the highest score of the cells that a span lies in."""
    return float(np.max(score[int(row[0]) // cell : int(row[1] - 1) // cell + 1], initial=0.0))


def _together(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return one span of two; what is bright is as long as the whole band says, which the low one blurs."""
    scores = np.maximum(one[2:], other[2:])
    bright = scores[1] < _DULL * scores[0]
    start, stop = min(one[0], other[0]), max(one[1], other[1])
    if bright and (one[2] == 0.0) != (other[2] == 0.0):
        start, stop = (one if one[2] > 0.0 else other)[:2]
    return np.array([start, stop, *scores])
