"""Impulses in a recording: found where its excitation stands out of what surrounds it on both sides.

A click is short, and what stands before and after it is alike. Attacks differ from it in that what follows
is as loud; glottal pulses, brass and distorted guitars in that the neighbours are as high. So each cell of
about 1.5 ms is compared with the cells to its left and to its right, and the larger of the two counts.
"""

# ruff: noqa: PLR0917 - kernels take plain arrays by position

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..compilation.compilation import compiled
from ..prediction.models import (
    Matrix,
    Positions,
    Vector,
    autocorrelation,
    band_cholesky,
    band_solve,
    levinson,
    prediction_error,
    span_gradient,
    span_precision,
)

Cells = npt.NDArray[np.int64]

SIDE = 14  # cells that are looked at on each side
GUARD = 2  # the nearest of them starts so many cells away
SIGMA = 1.4826  # standard deviation of a Gaussian over the median of its magnitude
_OUTLIER = 6.0  # scales: what is bridged before a model is fitted again
_IRREGULAR = 0.15  # part of its period by which a train's distances may differ


@compiled
def bridge(x: Vector, start: int, stop: int, end: int, a: Vector, e: Vector) -> None:
    """Interpolate ``x[start:stop]`` by least squares (Janssen, Veldhuis and Vries 1986), `e` following."""
    active = np.arange(start, stop)
    order = a.size - 1
    band = np.empty((active.size, min(order + 1, active.size)))
    span_precision(a, active, end - 1, band)
    for i in range(active.size):
        band[i, 0] *= 1.0 + 1e-9
    change = np.empty(active.size)
    span_gradient(a, e, active, end - 1, change)
    if band_cholesky(band):
        band_solve(band, change)
        for i in range(active.size):
            x[start + i] -= change[i]
        prediction_error(x, start, min(stop + order, end), a, e)


@compiled
def bridge_outliers(x: Vector, a: Vector, longest: int, outlier: float, sparse: int, reach: int) -> bool:
    """Interpolate the runs of `x` whose excitation is an outlier; say whether there was any.

    An outlier is over `outlier` scales; every `sparse`-th sample counts for the scale; those up to `reach`
    samples apart are one run.
    """
    e = np.zeros(x.size)
    order = a.size - 1
    prediction_error(x, order, x.size, a, e)
    limit = outlier * SIGMA * np.median(np.abs(e[order::sparse]))
    found = False
    t = order
    while t < x.size:
        if abs(e[t]) <= limit:
            t += 1
            continue
        stop = t + 1
        ahead = stop
        while ahead < x.size and ahead - stop < reach:
            if abs(e[ahead]) > 0.5 * limit:
                stop = ahead + 1
            ahead += 1
        if stop - t <= longest and stop < x.size:
            bridge(x, t, stop, x.size, a, e)
            found = True
        t = stop
    return found


@compiled
def excitation(x: Vector, repaired: Vector, first: int, last: int, block: int, bounds: Positions, order: int,
               longest: int, e: Vector) -> None:  # fmt: skip
    """Write the excitation of whole blocks of `x`, each under a model of its own, into `e`.

    A model is fitted (autocorrelation method, Hann window of two blocks around the block), outliers are
    bridged, and it is fitted again, so that clicks do not hide in the model that is to show them.

    Parameters
    ----------
    x
        The recording, shape (n,).
    repaired
        The same with earlier clicks repaired: what models are fitted to.
    first, last
        First sample of the first block, and one past the last block.
    block
        Samples a block.
    bounds
        Where the recording begins and ends in `x`; nothing outside counts.
    order, longest
        Order of the models; longest run of outliers that is bridged.
    e
        Filled from `first` to `last`, with 0 where a prediction would reach past the recording's start.
    """
    a = np.empty(order + 1)
    taper = 0.5 - 0.5 * np.cos(2.0 * np.pi * (np.arange(2 * block) + 0.5) / (2 * block))
    for start in range(first, last, block):
        low = start - block // 2
        low = max(min(low, bounds[1] - 2 * block), bounds[0])
        stretch = repaired[low : min(low + 2 * block, bounds[1])].copy()
        begin = max(start, bounds[0] + order)
        end = min(start + block, bounds[1])
        e[start : start + block] = 0.0
        if stretch.size <= 2 * order or begin >= end:
            continue
        for again in range(2):
            r = autocorrelation(stretch * taper[: stretch.size], order)
            r[0] *= 1.0 + 1e-9
            levinson(r, a)
            if again or not bridge_outliers(stretch, a, longest, _OUTLIER, 1, order // 4):
                break
        prediction_error(x, begin, end, a, e)


@compiled
def describe_cells(e: Vector, first: int, last: int, cell: int, median: Vector, peak: Vector,
                   place: Positions) -> None:  # fmt: skip
    """Find median and greatest magnitude of each cell ``e[k * cell : (k + 1) * cell]``, and its place."""
    for k in range(first, last):
        magnitude = np.abs(e[k * cell : (k + 1) * cell])
        median[k] = np.median(magnitude)
        at = np.argmax(magnitude)
        peak[k] = magnitude[at]
        place[k] = k * cell + at


@compiled
def surroundings(median: Vector, peak: Vector, k: int, low: int, high: int, out: Vector) -> None:
    """Robust scale, upper quartile of the peaks and highest peak beside cell `k`, the larger side of each.

    Cells before `low` and from `high` on do not exist. `out` has shape (3,).
    """
    out[:] = 0.0
    for side in range(2):
        begin = max(k - GUARD - SIDE + 1, low) if side == 0 else k + GUARD
        end = k - GUARD + 1 if side == 0 else min(k + GUARD + SIDE, high)
        count = end - begin
        if count < 2:
            continue
        out[0] = max(out[0], SIGMA * np.median(median[begin:end]))
        peaks = np.sort(peak[begin:end])
        out[1] = max(out[1], peaks[(3 * count) // 4])
        out[2] = max(out[2], peaks[count - 1])


@compiled
def recurs(peak: Vector, place: Cells, k: int, low: int, high: int) -> bool:
    """Say whether cell `k`'s peak is one of a train: as far from its like on one side as on the other.

    Or, where a train begins or ends, as far from the next as that is from the one after. Pulses of a
    voice, of brass and of synthesisers recur so, however far they stand out; crackle does so by chance only.
    """
    distance = np.zeros((2, 2))  # of the first and the second on each side
    for side in range(2):
        step = 2 * side - 1
        count = 0
        q = k + step * GUARD
        while low < q < high - 1 and abs(q - k) < GUARD + SIDE and count < 2:
            alike = 0.4 * peak[k] < peak[q] < 2.5 * peak[k]
            if alike and peak[q] >= peak[q - 1] and peak[q] >= peak[q + 1]:
                distance[side, count] = abs(place[q] - place[k])
                count += 1
            q += step
    left, right = distance[0, 0], distance[1, 0]
    if left > 0.0 and right > 0.0 and abs(left - right) < _IRREGULAR * max(left, right):
        return True
    for side in range(2):
        first = distance[side, 0]
        second = distance[side, 1] - first
        if second > 0.0 and abs(second - first) < _IRREGULAR * max(first, second):
            return True
    return False


@compiled
def score_cells(median: Matrix, peak: Matrix, place: Cells, first: int, last: int, low: int, high: int,
                thresholds: Vector, floor: float, score: Matrix, scale: Matrix) -> None:  # fmt: skip
    """Score how far each cell's peak stands out; 1 is a click.

    Parameters
    ----------
    median, peak, place
        From `describe_cells`, shape (channels, cells).
    first, last
        The cells to score.
    low, high
        The cells that lie in the recording.
    thresholds
        A click stands ``thresholds[0]`` scales out and ``thresholds[1]`` times over the highest peak nearby;
        or, in crackle, ``thresholds[2]`` scales out and ``thresholds[3]`` times over the upper quartile of
        the peaks, and no pulse in a train.
    floor
        Least scale.
    score, scale
        Filled, shape (channels, cells): the score, 0 where a neighbour's peak is higher, and the magnitude
        down to which a click is followed.
    """
    around = np.empty(3)
    for channel in range(peak.shape[0]):
        for k in range(first, last):
            own = peak[channel, k]
            score[channel, k] = 0.0
            if not own > 0.25 * thresholds[0] * max(median[channel, k], floor):
                continue
            if (k > low and peak[channel, k - 1] > own) or (k + 1 < high and peak[channel, k + 1] >= own):
                continue
            surroundings(median[channel], peak[channel], k, low, high, around)
            base = max(around[0], floor)
            alone = min(own / (thresholds[0] * base), own / (thresholds[1] * max(around[2], base)))
            among = min(own / (thresholds[2] * base), own / (thresholds[3] * max(around[1], base)))
            if among > alone and recurs(peak[channel], place[channel], k, low, high):
                among = 0.0
            score[channel, k] = max(alone, among)
            scale[channel, k] = max(4.0 * base, 1.2 * around[1])


@compiled
def click_span(e: Vector, peak_at: int, scale: float, gap: int, low: int, high: int) -> tuple[int, int]:
    """Follow a click from its peak to both sides, over pauses of up to `gap` samples: [start, stop)."""
    start = peak_at
    t = peak_at - 1
    while t >= low and start - t <= gap:
        if abs(e[t]) > scale:
            start = t
        t -= 1
    stop = peak_at + 1
    t = stop
    while t < high and t - stop < gap:
        if abs(e[t]) > scale:
            stop = t + 1
        t += 1
    return start, stop


@compiled
def find_spans(e: Vector, channel: int, score: Matrix, scale: Matrix, place: Cells, first: int, last: int,
               low: int, high: int, gap: int, near: int, spans: Matrix) -> int:  # fmt: skip
    """Find the spans of one channel's clicks whose peaks lie in cells `first` to `last`.

    A click found in another channel within `near` samples halves what is asked of this one.

    Parameters
    ----------
    e
        The channel's excitation, shape (n,).
    score, scale, place
        All channels' cells, shape (channels, cells).
    low, high
        Samples between which a span may lie.
    gap, near
        Samples: see `click_span`, and above.
    spans
        Filled with rows of (start, stop, score); spans that touch are one. The score of a click that only
        the other channel's made one is doubled, so that 1 is the least.

    Returns
    -------
    int
        How many.
    """
    count = 0
    for k in range(first, last):
        own = score[channel, k]
        if own < 0.5 or place[channel, k] < low:
            continue
        if own < 1.0:
            shared = False
            for other in range(score.shape[0]):
                for q in range(max(k - 1, first), min(k + 2, last)):
                    apart = abs(place[other, q] - place[channel, k])
                    shared |= other != channel and score[other, q] >= 1.0 and apart <= near
            if not shared:
                continue
            own *= 2.0
        start, stop = click_span(e, place[channel, k], scale[channel, k], gap, low, high)
        if count and start <= spans[count - 1, 1]:
            spans[count - 1, 1] = max(stop, spans[count - 1, 1])
            spans[count - 1, 2] = max(own, spans[count - 1, 2])
        elif count < spans.shape[0]:
            spans[count, 0] = start
            spans[count, 1] = stop
            spans[count, 2] = own
            count += 1
    return count


@compiled
def accept_spans(spans: Matrix, count: int, longest: int, join: int, per_sample: float, plain: float) -> int:
    """Keep, in place, the spans that are clicks, and join neighbours; return how many are left.

    A drum's stroke drives the sound for milliseconds, a click with its own few samples, so longer spans must
    stand out more.

    Parameters
    ----------
    spans, count
        From `find_spans`.
    longest
        Longer spans are dropped, and joining does not make longer ones.
    join
        Spans up to so many samples apart become one.
    per_sample, plain
        The score a span needs grows with its length by `per_sample`, up to `plain`.
    """
    kept = 0
    for k in range(count):
        length = spans[k, 1] - spans[k, 0]
        if length > longest or spans[k, 2] < min(per_sample * length, plain):
            continue
        near = kept > 0 and spans[k, 0] - spans[kept - 1, 1] <= join
        if near and spans[k, 1] - spans[kept - 1, 0] <= longest:
            spans[kept - 1, 1] = spans[k, 1]
            spans[kept - 1, 2] = max(spans[kept - 1, 2], spans[k, 2])
        else:
            spans[kept] = spans[k]
            kept += 1
    return kept
