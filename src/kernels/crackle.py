"""Crackle: hundreds of small impulses a second that hide each other, estimated together.

A block at a time: a model is fitted to what is left without the impulses, the impulses are estimated as
samples that are off under the excitation it leaves (sparse Bayesian learning, Tipping 2001, with the
leave-one-out terms of Tipping and Faul 2003), and so on in turns. Then each impulse, the others taken away,
is estimated once more under the models of `click_repair`.

What is there could also be the music's own: a string that is plucked, a drum, a reed. Two things tell
crackle from it. It stands out of the excitation on both sides, attacks do not. And it *adds*: one sample off
drives the whole length of the prediction-error filter, a sound's own impulse drives one sample of
excitation. So for each impulse the evidence for an addition is set against that for a few samples of great
excitation: the additive and the innovational outlier of A. J. Fox, "Outliers in time series", Journal of the
Royal Statistical Society B 34(3), 1972.
"""

# ruff: noqa: PLR0917 - kernels take plain arrays by position

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from .autoregression import (
    Mask,
    Matrix,
    Positions,
    Vector,
    autocorrelation,
    band_cholesky,
    band_inverse_diagonal,
    band_solve,
    levinson,
    prediction_error,
    span_gradient,
    span_precision,
)
from .click_repair import estimate_click, is_absurd
from .impulses import SIGMA
from .rings import RingSearch

BEFORE = 8  # an impulse may turn out to begin so many samples before the block that it was left to

_BAYES_ROUNDS = 8
_ALONE = 16.0  # squared standard deviations by which a sample stands out of what the others leave,
_BESIDE = 3.0  # or beside one that does
_NEAR = 4  # samples
_PEAK = 100.0  # the same for what is plain, were it alone
_FAINT = 4.0  # the same for what is looked at at all
_REACH = (12, 25)  # samples before and after one that stands out alone that are looked at
_GAP = 4  # samples between the samples of one impulse
_LEAD = 3  # samples by which its span is widened
_LONGEST = 64  # samples of a span that are one impulse; more are many, left as they were estimated together
_SHORT = 16  # samples over which energies say nothing yet
_RINGS_ON = 128  # samples of the longest impulse
_PLAIN = 4.0  # score of what is crackle whatever the odds: where many overlap, no fit is good enough to tell
_AMONG = 400  # samples to either side in which
_MOST = 0.5  # this part of what stands out must be crackle,
_LIKELY = 0.25  # score of crackle where the music became predictable without it
_STRONG = 2.0  # or the mean of the scores so high
_LEAST_EVIDENCE = 8.0
_SETTLED = 0.8  # the excitation's scale over that of the turn before: the model has no crackle in it any more
_CELL = 64  # samples,
_CELLS = 8  # and how many of them are looked at on each side
_PRICE_OF_OUTLIER = 3.0  # log evidence that a sample of excitation must bring to be an outlier,
_PRICE_OF_SAMPLE = 4.0  # or a sample of the recording to be off


class Limits(NamedTuple):
    """What it takes to be crackle.

    Attributes
    ----------
    stands_out
        The impulse's excitation, root of the sum of squares, over the upper quartile of the peaks beside it.
    odds
        Least log odds that it adds to the music, against the music's own excitation.
    skew
        Over 0, `stands_out` grows for impulses under the music's level and falls for those over it.
    floor
        Least standard deviation of the excitation.
    cleared
        Where taking all that is off leaves less than this part of the excitation's scale, all of it is
        crackle: without it the music is predictable, and its own impulses would not have hidden that.
    """

    stands_out: float
    odds: float
    skew: float
    floor: float
    cleared: float


@njit(cache=True, nogil=True)
def sparse_crackle(e: Vector, a: Vector, low: int, high: int, n: Vector) -> int:
    """Estimate every impulse that begins in ``low <= t < high`` together, as samples that are off.

    Parameters
    ----------
    e
        Excitation in standard deviations, shape (k,).
    a
        The model, shape (p + 1,).
    low, high
        Where to look, ``high <= k - p``.
    n
        Filled with the impulses, shape (k,).

    Returns
    -------
    int
        How many samples are off.
    """
    n[:] = 0.0
    power = np.sum(a * a)
    g = np.zeros(e.size)
    span_gradient(a, e, np.arange(low, high), e.size - 1, g[low:high])
    active, variance = _candidates(g, power, low, high)
    out = np.zeros(e.size)
    for turn in range(_BAYES_ROUNDS):
        if not active.size:
            break
        band = np.empty((active.size, min(a.size, active.size)))
        span_precision(a, active, e.size - 1, band)
        mean = np.empty(active.size)
        spread = np.empty(active.size)
        for i in range(active.size):
            band[i, 0] += 1.0 / variance[i]
            mean[i] = g[active[i]]
        if not band_cholesky(band):
            return 0
        band_solve(band, mean)
        if turn == _BAYES_ROUNDS - 1:
            for i in range(active.size):
                n[active[i]] = mean[i]
            break
        band_inverse_diagonal(band, spread)
        out[:] = 0.0
        for i in range(active.size):
            alone = max(1.0 / spread[i] - 1.0 / variance[i], 1e-12)
            out[active[i]] = (mean[i] / spread[i]) ** 2 / alone
        kept = 0
        ease = min(1.0, 0.25 * (turn + 1))
        for i in range(active.size):
            t = active[i]
            beside = max(np.max(out[t - _NEAR : t]), np.max(out[t + 1 : t + _NEAR + 1]))
            # Neighbours explain each other, so the tallest of them stays until the others have gone.
            peak = abs(g[t]) >= np.max(np.abs(g[t - _NEAR : t + _NEAR + 1]))
            best = ease < 1.0 and peak and g[t] * g[t] > _PEAK * power
            if best or out[t] > ease * (_BESIDE if beside > _ALONE else _ALONE):
                known = max(1.0 - spread[i] / variance[i], 1e-3)
                active[kept] = t
                variance[kept] = max(mean[i] * mean[i] / known, 1e-12)
                kept += 1
        active = active[:kept].copy()
        variance = variance[:kept].copy()
    return int(active.size)


@njit(cache=True, nogil=True)
def _candidates(g: Vector, power: float, low: int, high: int) -> tuple[Positions, Vector]:
    """Pick the samples to look at, and the variance of each as if it were the only one that is off."""
    looked = np.zeros(g.size, np.bool_)
    for t in range(low, high):
        if g[t] * g[t] > _ALONE * power:
            looked[max(t - _REACH[0], low) : min(t + _REACH[1], high)] = True
    active = np.empty(g.size, np.int64)
    variance = np.empty(g.size)
    count = 0
    for t in range(low, high):
        if looked[t] and g[t] * g[t] > _FAINT * power:
            active[count] = t
            variance[count] = (g[t] / power) ** 2
            count += 1
    return active[:count].copy(), variance[:count].copy()


@njit(cache=True, nogil=True)
def _group(n: Vector, low: int, high: int, spans: Positions) -> int:
    """Write (start, stop) of the runs of samples that are off, over gaps, widened; return how many."""
    count = 0
    t = low
    while t < high:
        if n[t] == 0.0:
            t += 1
            continue
        stop = t + 1
        ahead = stop
        while ahead < high and ahead - stop < _GAP:
            if n[ahead] != 0.0:
                stop = ahead + 1
            ahead += 1
        spans[count, 0] = max(t - _LEAD, low)
        spans[count, 1] = min(stop + _LEAD + (stop - t) // 2, high)
        count += 1
        t = stop
    return count


@njit(cache=True, nogil=True)
def _peak_beside(e: Vector, start: int, stop: int, low: int, high: int) -> float:
    """Upper quartile of the cells' peaks, and no less than three scales, on the side where it is larger."""
    highest = 0.0
    for side in range(2):
        begin = max(start - _CELLS * _CELL, low) if side == 0 else stop
        end = start if side == 0 else min(stop + _CELLS * _CELL, high)
        cells = (end - begin) // _CELL
        if cells < 2:
            continue
        peaks = np.empty(cells)
        for k in range(cells):
            peaks[k] = np.max(np.abs(e[begin + k * _CELL : begin + (k + 1) * _CELL]))
        peaks.sort()
        highest = max(highest, peaks[(3 * cells) // 4])
    return max(highest, 3.0)


@njit(cache=True, nogil=True)
def _surprise(e: float) -> float:
    """Negative log likelihood of a sample of excitation, up to a constant: Gaussian, or an outlier."""
    return float(min(0.5 * e * e, 0.5 + np.log(max(abs(e), 1.0)) + _PRICE_OF_OUTLIER))


@njit(cache=True, nogil=True)
def impulse_score(rest: Vector, a: Vector, n: Vector, start: int, stop: int, low: int, high: int,
                  level: float, limits: Limits) -> float:  # fmt: skip
    """Score how surely the samples of `n` from `start` to `stop` are an impulse that was added; 1 is enough.

    Parameters
    ----------
    rest
        Excitation without any impulse, shape (k,).
    a, n
        See `sparse_crackle`.
    low, high
        Where `rest` counts.
    level
        Of the music, in standard deviations of its excitation.
    limits
        What it takes.
    """
    order = a.size - 1
    energy, odds, tallest = 0.0, 0.0, 0.0
    for t in range(start, min(stop + order, high)):
        own = 0.0
        for k in range(max(t - stop + 1, 0), min(order, t - start) + 1):
            own += a[k] * n[t - k]
        if t < stop and n[t] != 0.0:
            tallest = max(tallest, abs(n[t]))
            odds -= _PRICE_OF_SAMPLE
        energy += own * own
        odds += _surprise(rest[t] + own) - _surprise(rest[t])
    loudness = min(max(tallest / level, 1.0 / 16.0), 16.0)
    need = limits.stands_out * loudness**-limits.skew
    score = float(np.sqrt(energy) / (need * _peak_beside(rest, start, stop + order, low, high)))
    return score if odds > limits.odds or score > _PLAIN else 0.0


@njit(cache=True, nogil=True)
def remove_crackle(x: Vector, start: int, block: int, bounds: Positions, order: int, rounds: int,
                   search: RingSearch, limits: Limits, vetoed: Mask, found: Matrix) -> int:  # fmt: skip
    """Take the crackle that begins in ``x[start:start + block]`` out of `x`.

    Parameters
    ----------
    x
        Samples, changed in place, shape (n,). Those before `start` have been through this.
    start, block
        The block. Half a block more is looked at on either side.
    bounds
        Where the recording begins and ends in `x`; nothing outside counts.
    order, rounds
        Order of the models, and how often they are fitted again at most.
    search
        Where to look for rings.
    limits
        What it takes to be crackle.
    vetoed
        Samples that no impulse may touch, shape (n,).
    found
        Filled with rows of (first, one past last, score) of what was taken, shape (block, 3).

    Returns
    -------
    int
        How many impulses.
    """
    low = max(min(start - block // 2, bounds[1] - 2 * block), bounds[0])
    seg = x[low : min(low + 2 * block, bounds[1])].copy()
    # What is off before the first excitation that is known would be taken for something after it.
    first = max(start - BEFORE - low, order if low > bounds[0] else 2 * order)
    last = min(start + block, bounds[1]) - low
    high = seg.size - order
    if high - first <= 2 * order or last <= first:
        return 0
    taper = 0.5 - 0.5 * np.cos(2.0 * np.pi * (np.arange(seg.size) + 0.5) / seg.size)
    a = np.empty(order + 1)
    e = np.zeros(seg.size)
    n = np.zeros(seg.size)
    clean = seg
    sigma, found_at = 0.0, 0.0
    for turn in range(rounds):
        r = autocorrelation(clean * taper, order)
        r[0] *= 1.0 + 1e-9
        levinson(r, a)
        prediction_error(clean, order, seg.size, a, e)
        before, sigma = sigma, max(SIGMA * np.median(np.abs(e[order:])), limits.floor)
        if turn == 0:
            found_at = sigma
        else:
            prediction_error(seg, order, seg.size, a, e)
        off = sparse_crackle(e / sigma, a, first, high, n)
        if not off:
            return 0
        clean = seg - sigma * n
        if turn > 0 and sigma > _SETTLED * before:
            break
    prediction_error(clean, order, seg.size, a, e)
    left = SIGMA * np.median(np.abs(e[order:]))
    sure = left < limits.cleared * found_at
    return int(
        _take(
            x,
            low,
            seg.size,
            clean,
            e / sigma,
            a,
            sigma,
            n,
            first,
            last,
            high,
            search,
            limits,
            sure,
            vetoed,
            found,
        )
    )


@njit(cache=True, nogil=True)
def _take(x: Vector, low: int, size: int, rest: Vector, e: Vector, a: Vector, sigma: float, n: Vector,
          first: int, last: int, high: int, search: RingSearch, limits: Limits, sure: bool, vetoed: Mask,
          found: Matrix) -> int:  # fmt: skip
    """Estimate the impulses of `n` that begin before `last` one by one, and take those that are crackle."""
    spans = np.empty((size, 2), np.int64)
    groups = _group(n, first, high, spans)
    score = _scores(rest, e, a, sigma, n, spans[:groups], low, limits, sure, vetoed)
    impulse = np.empty(_RINGS_ON)
    count = 0
    for k in range(groups):
        start, stop = spans[k]
        if start >= last or count == found.shape[0]:
            break
        if not score[k] > 0.0:
            continue
        rest[start:stop] += sigma * n[start:stop]
        length, own = stop - start, n[start:stop]
        if 2 * _LEAD < length <= _LONGEST:
            room = impulse[: min(_RINGS_ON, size - start)]
            heard, evidence = estimate_click(rest, start, stop, size, a, sigma, search, room)
            if evidence > _LEAST_EVIDENCE:
                length, own = heard, room[:heard]
        if length > _SHORT and is_absurd(rest, start, length, sigma, own):
            continue
        for t in range(length):
            change = sigma * own[t]
            rest[start + t] -= change
            x[low + start + t] -= change
        found[count, 0] = low + start
        found[count, 1] = low + start + length
        found[count, 2] = score[k]
        count += 1
    return count


@njit(cache=True, nogil=True)
def _scores(rest: Vector, e: Vector, a: Vector, sigma: float, n: Vector, spans: Positions, low: int,
            limits: Limits, sure: bool, vetoed: Mask) -> Vector:  # fmt: skip
    """Score every group, 0 where it is no crackle; those that are none go back into `rest`.

    What is close to an impulse is part of it. But where most of what stands out is no crackle, the rest of it
    is none either: a drum's stroke, rough for tens of milliseconds, is outliers among outliers.
    """
    order = a.size - 1
    level = np.sqrt(np.mean(rest * rest)) / sigma
    own = np.zeros(spans.shape[0])
    for k in range(own.size):
        if k + 1 < own.size:
            spans[k, 1] = min(spans[k, 1], spans[k + 1, 0] + _LEAD)
        if k:
            spans[k, 0] = max(spans[k, 0], spans[k - 1, 1])
        own[k] = impulse_score(e, a, n, spans[k, 0], spans[k, 1], order, e.size, level, limits)
    score = np.zeros(own.size)
    for k in range(own.size):
        start, stop = spans[k]
        taken, near, among, total = own[k] >= 1.0, 0, 0, 0.0
        for q in range(own.size):
            apart = max(spans[q, 0] - stop, start - spans[q, 1])
            if apart < _AMONG:
                among += 1
                near += own[q] >= 1.0
                total += own[q]
            taken |= apart < order and own[q] >= 1.0
        taken &= near >= _MOST * among or total > _STRONG * among
        if ((sure and own[k] > _LIKELY) or taken) and not np.any(vetoed[low + start : low + stop]):
            score[k] = max(own[k], 1.0)
        else:
            rest[start:stop] += sigma * n[start:stop]
    return score
