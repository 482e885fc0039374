"""The spans of clicks: followed from the peaks of the cells that stand out, and joined where they touch."""

from __future__ import annotations

from typing import NamedTuple

from ..compilation.compilation import compiled
from ..prediction.models import Matrix, Positions, Vector
from ..samples.runs import run_end
from .cells import Extent


class Scored(NamedTuple):
    """What the search for spans knows of cells: of one channel, or, with one axis more in front, of several.

    Attributes
    ----------
    score, scale
        From `score_cells`, shape (cells,).
    place
        From `describe_cells`, shape (cells,).
    """

    score: Vector
    scale: Vector
    place: Positions


@compiled
def click_span(e: Vector, peak_at: int, scale: float, gap: int, low: int, high: int) -> tuple[int, int]:
    """Follow a click from its peak to both sides, over pauses of under `gap` samples: [start, stop)."""
    start = peak_at
    t = peak_at - 1
    while t >= low and start - t <= gap:
        if abs(e[t]) > scale:
            start = t
        t -= 1
    return start, run_end(e, peak_at, high, scale, gap)


@compiled
def add_span(spans: Matrix, count: int, start: int, stop: int, score: float) -> int:
    """Add a span to the first `count` rows of (start, stop, score, ...), in order; return how many there are.

    One that touches the last is part of it, with the higher score; where there is no room it is left out.
    Columns beyond the score are 0.
    """
    if count and start <= spans[count - 1, 1]:
        spans[count - 1, 1] = max(spans[count - 1, 1], stop)
        spans[count - 1, 2] = max(spans[count - 1, 2], score)
        return count
    if count == spans.shape[0]:
        return count
    spans[count, 0], spans[count, 1], spans[count, 2] = start, stop, score
    spans[count, 3:] = 0.0
    return count + 1


@compiled
def find_spans(e: Vector, channel: int, scored: Scored, extent: Extent, gap: int, near: int,
               doubt: float, spans: Matrix) -> int:  # fmt: skip
    """Find the spans of one channel's clicks.

    A click found in another channel within `near` samples halves what is asked of this one.

    Parameters
    ----------
    e
        The channel's excitation, shape (n,).
    scored
        All channels' cells.
    extent
        The cells that peaks lie in, and the samples between which a span may lie.
    gap, near
        Samples: see `click_span`, and above.
    doubt
        Least score, up to 1, of what is found though it is no click by its score alone.
    spans
        Filled with rows of (start, stop, score); spans that touch are one. The score of a click in
        another channel too is doubled where it is under 1.

    Returns
    -------
    int
        How many.
    """
    score, scale, place = scored
    first, last, low, high = extent
    count = 0
    for k in range(first, last):
        own = score[channel, k]
        if own < 0.5 * doubt or place[channel, k] < low:
            continue
        if own < 1.0:
            shared = False
            for other in range(score.shape[0]):
                for q in range(max(k - 1, first), min(k + 2, last)):
                    apart = abs(place[other, q] - place[channel, k])
                    shared |= other != channel and score[other, q] >= 1.0 and apart <= near
            own *= 2.0 if shared else 1.0
            if own < doubt:
                continue
        start, stop = click_span(e, place[channel, k], scale[channel, k], gap, low, high)
        count = add_span(spans, count, start, stop, own)
    return count
