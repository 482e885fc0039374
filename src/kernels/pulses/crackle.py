"""Crackle: hundreds of small impulses a second that hide each other, found first and taken later.

`find_crackle` works on a block: a model is fitted to what is left without the impulses, they are estimated
together under the excitation it leaves, and so on in turns. What it finds could be the music's own: a string
that is plucked, a drum, a reed. Those *drive* the sound, one sample of excitation each; crackle *adds*, and
one sample off drives the whole length of the prediction-error filter. So for each impulse the evidence for an
addition is set against that for a few samples of great excitation: the additive and the innovational outlier
of A. J. Fox, "Outliers in time series", Journal of the Royal Statistical Society B 34(3), 1972.

No impulse is judged alone, though: crackle goes on for seconds, at random times and as tall in a loud passage
as in a quiet one. What the blocks around say together is the `Prior` under which `take_crackle` chooses;
it estimates each impulse once more, the others taken away, under the models of `clicks`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...audio.arrays import Mask
from ..compilation.compilation import compiled
from ..prediction.models import Matrix, Positions, Vector, autocorrelation_model, hann, prediction_error
from ..samples.runs import run_end
from .clicks import estimate_click, is_absurd
from .rings import RingSearch
from .sparse_impulses import local_scale, sparse_impulses

# An impulse may turn out to begin so many samples before the block that it was left to.
BEFORE = 8  # tuned: by hand, 2026-11-21, no record

# tuned: table crackle, tuning takes, 2026-11-21, no record of each
_CELLS_A_BLOCK = 16
_RIDGE = 1e-9  # guard: no band may be empty
_GAP = 4  # samples between the samples of one impulse
_LEAD = 3  # samples by which its span is widened
_LONGEST = 64  # samples of a span that are one impulse; more are many, left as they were estimated together
_SHORT = 16  # samples over which energies say nothing yet
_RINGS_ON = 128  # samples of the longest impulse
_SHAPED = 3.0  # times the peaks beside it from which an impulse's shape is worth a search
_LEAST_EVIDENCE = 8.0
_GROWS = 3.0  # a ring of so much more energy than what was found is the music's own
_SETTLED = 0.8  # the excitation's scale over that of the turn before: the model has no crackle in it any more
_CELL = 64  # samples,
_CELLS = 8  # and how many of them are looked at on each side for peaks
_PRICE_OF_OUTLIER = 3.0  # log evidence that a sample of excitation must bring to be an outlier,
_PRICE_OF_SAMPLE = 4.0  # or a sample of the recording to be off
_SURELY_ADDED = 20.0  # log odds of what counts as evidence of crackle,
_STANDS_OUT = 2.0  # and times the peaks beside it
_PLAIN = 3.0  # times the peaks: added, whatever the odds: where many overlap, no fit is good enough to tell
_DENSE = 8.0  # impulses a block from which odds mean nothing, for the same reason
_TALLEST = 4.0  # times what is usual: no crackle but
_SURE = (60.0, 6.0)  # with such odds, and so far out of the peaks


class Stretch(NamedTuple):
    """What `find_crackle` found in two blocks of samples around one.

    Attributes
    ----------
    model
        Of the music, shape (p + 1,).
    scale
        Standard deviation of its excitation, shape (2 block,).
    off
        The impulses, in standard deviations, shape (2 block,).
    spans
        Rows of (start, stop) of each impulse, shape (2 block, 2).
    odds
        Log odds of each that it adds to the music, against the music's own excitation.
    stands_out
        The excitation of each, root of the sum of squares, over the peaks beside it.
    tallest
        Its tallest sample, as a part of full scale.
    place
        First sample of the stretch, how many there are, number of impulses, and how many of them begin in the
        block.
    """

    model: Vector
    scale: Vector
    off: Vector
    spans: Positions
    odds: Vector
    stands_out: Vector
    tallest: Vector
    place: Positions


class CrackleSearch(NamedTuple):
    """How crackle is looked for.

    Attributes
    ----------
    block
        Samples a block. Half a block more is looked at on either side.
    turns
        How often the model is fitted at most.
    alone
        See `sparse_impulses`.
    floor
        Least standard deviation of the excitation.
    """

    block: int
    turns: int
    alone: float
    floor: float


class Prior(NamedTuple):
    """What the seconds around a block say about the crackle in it.

    Attributes
    ----------
    a_block
        Impulses a block.
    height
        The tallest of a block, usually.
    skew
        Over 0, impulses under the music's level must stand out more, and those over it less.
    """

    a_block: float
    height: float
    skew: float


@compiled
def find_crackle(
    x: Vector, start: int, bounds: Positions, search: CrackleSearch, found: Stretch
) -> tuple[int, float]:
    """Estimate the impulses that begin in the block from `start` on, and take them out of `x`.

    Parameters
    ----------
    x
        Samples, changed in place, shape (n,): what is fitted to. Those before `start` have been through this.
    start
        First sample of the block.
    bounds
        Where the recording begins and ends in `x`; nothing outside counts.
    search
        See `CrackleSearch`.
    found
        Filled.

    Returns
    -------
    evident, tallest
        How many impulses are plainly additions, and the tallest sample of these.
    """
    block, order = search.block, found.model.size - 1
    low = max(min(start - block // 2, bounds[1] - 2 * block), bounds[0])
    size = min(2 * block, bounds[1] - low)
    # What is off before the first excitation that is known would be taken for something after it.
    first = max(start - BEFORE - low, order if low > bounds[0] else 2 * order)
    last = min(start + block, bounds[1]) - low
    high = size - order
    found.place[:] = 0
    if high - first <= 2 * order or last <= first:
        return 0, 0.0
    rest = np.zeros(size)
    if not _separate(x[low : low + size].copy(), first, high, search, found, rest):
        return 0, 0.0
    groups = _group(found.off[:size], first, high, found.spans)
    found.place[0], found.place[1], found.place[2] = low, size, groups
    evident, tallest = 0, 0.0
    for k in range(groups):
        _describe(rest, k, found)
        begin, end = found.spans[k]
        if begin < last:
            found.place[3] = k + 1
            for t in range(begin, end):
                x[low + t] -= found.scale[t] * found.off[t]
            if found.odds[k] > _SURELY_ADDED and found.stands_out[k] > _STANDS_OUT:
                evident += 1
                tallest = max(tallest, found.tallest[k])
    return evident, tallest


@compiled
def _separate(
    seg: Vector, first: int, high: int, search: CrackleSearch, found: Stretch, rest: Vector
) -> bool:
    """Part a stretch into impulses that begin in ``first <= t < high``, and the rest, in turns.

    Fills the model, the scale and what is off of `found`, and `rest` with the excitation without impulses, in
    its standard deviations. Returns whether there is anything that is off.
    """
    order, size = found.model.size - 1, seg.size
    taper = hann(size)
    e = np.zeros(size)
    scale, off = found.scale[:size], found.off[:size]
    clean = seg
    sigma = 0.0
    off[:] = 0.0
    scale[:] = 1.0
    for turn in range(search.turns):
        autocorrelation_model(clean * taper, _RIDGE, found.model)
        prediction_error(clean, order, size, found.model, rest)
        off *= scale
        before = sigma
        sigma = local_scale(rest, order, search.block // _CELLS_A_BLOCK, search.floor, scale)
        off /= scale
        prediction_error(seg, order, size, found.model, e)
        if not sparse_impulses(e / scale, rest / scale, found.model, first, high, search.alone, off):
            return False
        clean = seg - scale * off
        if turn > 0 and sigma > _SETTLED * before:
            break
    prediction_error(clean, order, size, found.model, rest)
    rest /= scale
    return True


@compiled
def _group(n: Vector, low: int, high: int, spans: Positions) -> int:
    """Write (start, stop) of the runs of samples that are off, over gaps, widened; return how many."""
    count = 0
    t = low
    while t < high:
        if n[t] == 0.0:
            t += 1
            continue
        stop = run_end(n, t, high, 0.0, _GAP)
        spans[count, 0] = max(t - _LEAD, low)
        spans[count, 1] = min(stop + _LEAD + (stop - t) // 2, high)
        if count:
            spans[count - 1, 1] = min(spans[count - 1, 1], spans[count, 0] + _LEAD)
            spans[count, 0] = max(spans[count, 0], spans[count - 1, 1])
        count += 1
        t = stop
    return count


@compiled
def _describe(rest: Vector, k: int, found: Stretch) -> None:
    """Set odds, standing and height of impulse `k`; `rest` is the excitation without any, shape (k,)."""
    order = found.model.size - 1
    start, stop = found.spans[k]
    energy, odds, tallest = 0.0, 0.0, 0.0
    for t in range(start, min(stop + order, rest.size)):
        own = 0.0
        for j in range(max(t - stop + 1, 0), min(order, t - start) + 1):
            own += found.model[j] * found.off[t - j]
        if t < stop and found.off[t] != 0.0:
            tallest = max(tallest, abs(found.off[t] * found.scale[t]))
            odds -= _PRICE_OF_SAMPLE
        energy += own * own
        odds += _surprise(rest[t] + own) - _surprise(rest[t])
    found.odds[k] = odds
    found.stands_out[k] = np.sqrt(energy) / _peak_beside(rest, start, stop + order, order, rest.size)
    found.tallest[k] = tallest


@compiled
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


@compiled
def _surprise(e: float) -> float:
    """Negative log likelihood of a sample of excitation, up to a constant: Gaussian, or an outlier."""
    return float(min(0.5 * e * e, 0.5 + np.log(max(abs(e), 1.0)) + _PRICE_OF_OUTLIER))


@compiled
def is_crackle(found: Stretch, k: int, level: float, prior: Prior) -> bool:
    """Say whether impulse `k` is crackle where crackle is known to be; `level` is the music's."""
    loudness = min(max(found.tallest[k] / level, 1.0 / 16.0), 16.0)
    stands_out = found.stands_out[k] * loudness**prior.skew
    if found.tallest[k] > _TALLEST * prior.height:
        return bool(found.odds[k] > _SURE[0] and stands_out > _SURE[1])
    if prior.skew != 0.0 and stands_out < 1.0:
        return False
    return bool(found.odds[k] > 0.0 or stands_out > _PLAIN or prior.a_block > _DENSE)


@compiled
def take_crackle(x: Vector, found: Stretch, last: int, prior: Prior, search: RingSearch, floor: float,
                 vetoed: Mask, taken: Matrix) -> int:  # fmt: skip
    """Take the impulses of a block that are crackle out of `x`.

    Parameters
    ----------
    x
        Samples, changed in place, shape (n,). Those before the block have been through this.
    found
        From `find_crackle`; its place counts from ``x[0]``.
    last
        One past the block's last sample.
    prior
        See `Prior`.
    search
        Where to look for rings.
    floor
        Least level of music.
    vetoed
        Samples that no impulse may touch, shape (n,).
    taken
        Filled with rows of (first, one past last, excitation over the peaks beside it), shape (2 block, 3).

    Returns
    -------
    int
        How many impulses.
    """
    low, size, groups = found.place[0], found.place[1], found.place[2]
    all_off = found.scale[:size] * found.off[:size]
    rest = x[low : low + size] - all_off
    level = np.sqrt(np.mean(rest * rest)) + floor
    chosen = np.zeros(groups, np.bool_)
    for k in range(groups):
        begin, end = found.spans[k]
        chosen[k] = is_crackle(found, k, level, prior) and not np.any(vetoed[low + begin : low + end])
        if not chosen[k]:
            rest[begin:end] += all_off[begin:end]
    impulse = np.empty(max(size, _RINGS_ON))
    count = 0
    for k in range(groups):
        begin, end = found.spans[k]
        if low + begin >= last:
            break
        if not chosen[k]:
            continue
        rest[begin:end] += all_off[begin:end]
        length = _estimate(rest, all_off[begin:end], begin, end, found, found.stands_out[k], search, impulse)
        at = low + begin
        if not length or np.any(vetoed[at : at + length]):
            continue
        for t in range(length):
            rest[begin + t] -= impulse[t]
            x[at + t] -= impulse[t]
        taken[count, 0] = at
        taken[count, 1] = at + length
        taken[count, 2] = found.stands_out[k]
        count += 1
    return count


@compiled
def _estimate(x: Vector, off: Vector, start: int, stop: int, found: Stretch, stands_out: float,
              search: RingSearch, impulse: Vector) -> int:  # fmt: skip
    """Estimate an impulse, the others taken away, into `impulse`; return its length, 0 where that is absurd.

    It stays the samples `off` that were found where it is too faint to have a shape, or no model does better.
    """
    length = stop - start
    if stands_out > _SHAPED and 2 * _LEAD < length <= _LONGEST:
        sigma = found.scale[(start + stop) // 2]
        room = impulse[: min(_RINGS_ON, x.size - start)]
        heard, evidence, _ = estimate_click(x, start, stop, x.size, found.model, sigma, search, room)
        if evidence > _LEAST_EVIDENCE:
            impulse[:heard] *= sigma
            if np.sum(impulse[:heard] ** 2) < _GROWS * np.sum(off * off):
                return 0 if heard > _SHORT and _adds_sound(x[start : start + heard], impulse) else heard
    impulse[:length] = off
    return 0 if length > _SHORT and _adds_sound(x[start : start + length], impulse) else length


@compiled
def _adds_sound(x: Vector, impulse: Vector) -> bool:
    """Whether there is clearly more sound in all of `x` without an impulse than with it."""
    return bool(is_absurd(x, 0.0, x.size, 1.0, impulse))
