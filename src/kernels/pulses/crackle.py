"""Crackle: hundreds of small impulses a second that hide each other, found first and taken later.

`find_crackle` works on a block: a model is fitted to what is left without the impulses, they are estimated
together under the excitation it leaves, and so on in turns. What it finds could be the music's own: a string
that is plucked, a drum, a reed. Those *drive* the sound, one sample of excitation each; crackle *adds*, and
one sample off drives the whole length of the prediction-error filter. So for each impulse the evidence for an
addition is set against that for a few samples of great excitation: the additive and the innovational outlier
of A. J. Fox, "Outliers in time series", Journal of the Royal Statistical Society B 34(3), 1972.

Where the recording's band ends, impulses ended with it: they are looked for as samples through the low-pass
that the band's end is, under a model whose void is filled. Crackle without a sharp beginning is looked for as
a few bells instead of many samples. What is chosen of all this is `crackle_taking`'s.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compilation.compilation import compiled
from ..prediction.models import (
    Positions,
    Vector,
    add_filtered,
    autocorrelation,
    hann,
    levinson,
    prediction_error,
)
from ..prediction.voids import band_filter, filling_noise_from, followed_edge
from ..samples.runs import run_end
from .sparse_impulses import local_scale, sparse_impulses
from .stretches import LIMITED, REACH, SHARP, SOFT, WITHIN, Stretch, delay_of, impulse_of, response_of, spread

# An impulse may turn out to begin so many samples before the block that it was left to.
BEFORE = 8  # tuned: by hand, 2026-11-21, no record

# tuned: table crackle, tuning takes, 2026-11-21, no record of each; what has to do with voids, strokes and
# grains: bench.material.tuning.crackle and table crackle, tuning set, 2026-11-29
_CELLS_A_BLOCK = 16
_RIDGE = 1e-9  # guard: no band may be empty
_GAP = 4  # samples between the samples of one impulse
LEAD = 3  # samples by which its span is widened
_TRIED = 8  # blocks
_UNDER_DB = 6.0  # how far the noise that fills a void lies under the top of the band
_SETTLED = 0.8  # the excitation's scale over that of the turn before: the model has no crackle in it any more
_CELL = 64  # samples,
_CELLS = 8  # and how many of them are looked at on each side for peaks
_PRICE_OF_OUTLIER = 3.0  # log evidence that a sample of excitation must bring to be an outlier,
_PRICE_OF_SAMPLE = 4.0  # or a sample of the recording to be off
SURELY_ADDED = 20.0  # log odds of what counts as evidence of crackle,
_IN_VOID = 1.5  # times as much where a void had to be filled,
STANDS_OUT = 2.0  # and times the peaks beside it

# tuned: bench.material.tuning.crackle with GRAINS and SOFT_GRAINS, tuning set, 2026-11-30
_COMPARED = 4  # blocks of which one is looked at both ways
_AS_SOFT = -0.55  # mean log of bells' odds over samples'; soft crackle has -0.9 to 0.1, sharp -2 to -0.64
_LOUD = 1.9  # times the music's level, as the tallest of a block are: what is softer a drum has too
_REMEMBERED = 0.98  # of what was seen, at the next look
_FEW_ODDS = 20.0  # under which a ratio says little
_BELLS_APART = 12  # samples at order 32
# `Band.softness` at first: four blocks of sharp crackle, as loud as the music
NEVER_SOFT_YET = (-4.0, 0.0, 4.0)
NEVER_SOFT = (-np.inf, 0.0, 4.0)  # derived: whatever is added, crackle is sharp


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
    taper
        A Hann window of two blocks.
    bell
        What one sample of soft crackle is heard as, shape (2 `REACH` + 1,).
    """

    block: int
    turns: int
    alone: float
    floor: float
    taper: Vector
    bell: Vector


class Band(NamedTuple):
    """What is known of a recording so far.

    Attributes
    ----------
    edge
        See `followed_edge`, shape (2,).
    tries
        Whether more is evident where the void is filled, and how many blocks there were, shape (2,).
    softness
        Sums over blocks of the logarithm of bells' odds over samples', and of the height of the tallest over
        the music's level, and the number of blocks, shape (3,); what is long ago counts less.
    """

    edge: Vector
    tries: Positions
    softness: Vector


class Rooms(NamedTuple):
    """Where to write what is found; the second is for the other kind of crackle."""

    found: Stretch
    other: Stretch


@compiled
def find_crackle(
    x: Vector, start: int, bounds: Positions, search: CrackleSearch, band: Band, rooms: Rooms
) -> tuple[int, float, bool]:
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
    band
        See `Band`; it follows what is seen.
    rooms
        One of them is filled.

    Returns
    -------
    evident, tallest, swapped
        How many impulses are plainly additions, the tallest sample of these, and whether all are in
        ``rooms.other``.
    """
    found = rooms.found
    block, order = search.block, found.model.size - 1
    low = max(min(start - block // 2, bounds[1] - 2 * block), bounds[0])
    size = min(2 * block, bounds[1] - low)
    last = min(start + block, bounds[1]) - low
    # What is off before the first excitation that is known would be taken for something after it.
    first = max(start - BEFORE - low, order if low > bounds[0] else 2 * order)
    found.place[:] = 0
    if size - order - first <= 2 * order or last <= first:
        return 0, 0.0, False
    found.place[0], found.place[1] = low, size
    rooms.other.place[:] = found.place
    seg = x[low : low + size].copy()
    looks = band.softness[0] > -np.inf and (band.tries[1] % _COMPARED == 0 or band.tries[1] < _TRIED)
    soft = is_soft(band.softness)
    evident, tallest = 0, 0.0
    if looks or not soft:
        evident, tallest = _find_within(seg, first, last, search, band, found)
    else:
        band.tries[1] += 1
    if (looks and evident) or soft:
        bells, highest = _find_bells(seg, first, last, search, band, rooms.other)
        if looks and evident:
            level = np.sqrt(np.mean(seg[first:last] ** 2)) + search.floor
            _compare(found, rooms.other, tallest / level, band.softness)
        if soft:
            found, evident, tallest = rooms.other, bells, highest
    for k in range(found.place[3]):
        begin, wave = impulse_of(found, k)
        for t in range(wave.size):
            x[low + begin + t] -= found.scale[begin + t] * wave[t]
    return evident, tallest, soft


@compiled
def is_soft(softness: Vector) -> bool:
    """Say by `Band.softness` whether crackle is soft and loud."""
    count = softness[2]
    return bool(softness[0] > _AS_SOFT * count and softness[1] > np.log(_LOUD) * count)


@compiled
def _compare(sharp: Stretch, soft: Stretch, height: float, softness: Vector) -> None:
    """Add to `softness` what a block says as samples and as bells; `height` is over the music's level."""
    softness *= _REMEMBERED
    softness[0] += np.log((_odds_within(soft) + _FEW_ODDS) / (_odds_within(sharp) + _FEW_ODDS))
    softness[1] += np.log(height)
    softness[2] += 1.0


@compiled
def _odds_within(found: Stretch) -> float:
    """Return the sum of the log odds of a block's impulses that are likelier added than not."""
    odds = 0.0
    for k in range(found.place[3]):
        odds += max(found.odds[k], 0.0)
    return odds


@compiled
def _find_bells(
    seg: Vector, first: int, last: int, search: CrackleSearch, band: Band, found: Stretch
) -> tuple[int, float]:
    """Find impulses as bells, with the void filled where that is better for samples."""
    found.edge[0] = band.edge[1] if band.tries[0] else 1.0
    found.place[4] = SOFT
    found.taps[:] = search.bell
    evident, tallest = _find(seg, first, last, search, found)
    return evident, tallest


@compiled
def _find_within(
    seg: Vector, first: int, last: int, search: CrackleSearch, band: Band, found: Stretch
) -> tuple[int, float]:
    """Find impulses with the void above the band filled or not, as more are evident.

    What came after whatever limited the band is best seen in the void, in which nothing else is to be seen.
    Both are tried once in `_TRIED` blocks, and the better one in between.
    """
    edge, tries = band.edge, band.tries
    looks = tries[1] % _TRIED == 0 or tries[1] < _TRIED
    tries[1] += 1
    evident, tallest = 0, 0.0
    if looks or not tries[0]:
        found.edge[0], found.place[4] = 1.0, SHARP
        evident, tallest = _find(seg, first, last, search, found)
        followed_edge(found.model, edge)
    if edge[1] >= 1.0 or not (looks or tries[0]):
        return evident, tallest
    found.edge[0], found.place[4] = edge[1], LIMITED
    found.taps[:] = band_filter(WITHIN * found.edge[0], REACH)
    within, highest = _find(seg, first, last, search, found)
    if looks and within != evident:
        tries[0] = within > evident
    if tries[0]:
        return within, highest
    found.edge[0], found.place[4] = 1.0, SHARP
    evident, tallest = _find(seg, first, last, search, found)
    return evident, tallest


@compiled
def _find(seg: Vector, first: int, last: int, search: CrackleSearch, found: Stretch) -> tuple[int, float]:
    """Find impulses in a stretch whose band's end is known; see `find_crackle`."""
    found.place[2:4] = 0
    rest = np.zeros(seg.size)
    if not _separate(seg, first, search, found, rest):
        return 0, 0.0
    surely = SURELY_ADDED * (1.0 if found.edge[0] >= 1.0 else _IN_VOID)
    groups = _group(first, seg.size, found)
    found.place[2] = groups
    evident, tallest = 0, 0.0
    for k in range(groups):
        begin, wave = impulse_of(found, k)
        _describe(rest, begin, wave, k, found)
        if found.runs[k, 0] + delay_of(found) < last:
            found.place[3] = k + 1
            if found.odds[k] > surely and found.stands_out[k] > STANDS_OUT:
                evident += 1
                tallest = max(tallest, found.tallest[k])
    return evident, tallest


@compiled
def _fit(clean: Vector, taper: Vector, found: Stretch) -> None:
    """Fit the model to what is left without impulses, the void above its band filled."""
    r = autocorrelation(clean * taper, found.model.size - 1)
    r[0] *= 1.0 + _RIDGE
    energy = levinson(r, found.model)
    if found.edge[0] < 1.0:
        r[0] += filling_noise_from(found.model, energy, found.edge[0], _UNDER_DB)
        levinson(r, found.model)


@compiled
def _separate(seg: Vector, first: int, search: CrackleSearch, found: Stretch, rest: Vector) -> bool:
    """Part a stretch into impulses that begin from `first` on, and the rest, in turns.

    Fills the model, the scale and what is off of `found`, and `rest` with the excitation without
    impulses, in its standard deviations. Returns whether there is anything that is off.
    """
    order, size = found.model.size - 1, seg.size
    taper = search.taper if search.taper.size == size else hann(size)
    e = np.zeros(size)
    scale, off = found.scale[:size], found.off[:size]
    clean = seg
    sigma = 0.0
    off[:] = 0.0
    scale[:] = 1.0
    for turn in range(search.turns):
        _fit(clean, taper, found)
        prediction_error(clean, order, size, found.model, rest)
        off *= scale
        before = sigma
        sigma = local_scale(rest, order, search.block // _CELLS_A_BLOCK, search.floor, scale)
        # A void has no excitation, so what the band has is more than the mean of both.
        scale /= np.sqrt(found.edge[0])
        off /= scale
        if turn == 0:  # nothing is taken out yet
            e[:] = rest
        else:
            prediction_error(seg, order, size, found.model, e)
        response = response_of(found)
        high = size - response.size + 1
        if high <= first:
            return False
        if not sparse_impulses(
            e / scale, rest / scale, response, max(first - delay_of(found), order), high, search.alone, off
        ):
            return False
        clean = seg - scale * spread(off, found)
        if turn > 0 and sigma > _SETTLED * before:
            break
    prediction_error(clean, order, size, found.model, rest)
    rest /= scale
    return True


@compiled
def _group(low: int, size: int, found: Stretch) -> int:
    """Write runs of samples that are off, over gaps, and their spans, widened; return how many."""
    n, spans = found.off[:size], found.spans
    delay = delay_of(found)
    high = size - found.model.size + 1
    gap = round(_GAP / found.edge[0])
    if found.place[4] == SOFT:
        gap = _BELLS_APART * (found.model.size - 1) // 32
    count = 0
    t = max(low - delay, 0)
    while t < high - 2 * delay:
        if n[t] == 0.0:
            t += 1
            continue
        stop = run_end(n, t, high - 2 * delay, 0.0, gap)
        found.runs[count, 0], found.runs[count, 1] = t, stop
        spans[count, 0] = max(t + delay - LEAD, low)
        spans[count, 1] = min(stop + delay + LEAD + (stop - t) // 2, high)
        if count:
            spans[count - 1, 1] = min(spans[count - 1, 1], spans[count, 0] + LEAD)
            spans[count, 0] = max(spans[count, 0], spans[count - 1, 1])
        count += 1
        t = stop
    return count


@compiled
def _describe(rest: Vector, begin: int, wave: Vector, k: int, found: Stretch) -> None:
    """Set odds, standing and height of impulse `k`; `rest` is the excitation without any, shape (k,)."""
    order = found.model.size - 1
    energy, odds, tallest = 0.0, 0.0, 0.0
    size = min(wave.size + order, rest.size - begin)
    padded = np.zeros(size)
    padded[: min(wave.size, size)] = wave[:size]
    own = np.zeros(size)
    add_filtered(padded, 0, found.model, 0, own)
    inside = 1.0 / np.sqrt(
        found.edge[0]
    )  # what is in the band alone has so many times the standard deviation
    for t in range(size):
        if t < wave.size:
            tallest = max(tallest, abs(wave[t] * found.scale[begin + t]))
        energy += own[t] * own[t]
        odds += _surprise(inside * (rest[begin + t] + own[t])) - _surprise(inside * rest[begin + t])
    odds *= found.edge[0]  # so many samples are independent
    for t in range(found.runs[k, 0], found.runs[k, 1]):
        odds -= _PRICE_OF_SAMPLE * (found.off[t] != 0.0)
    found.odds[k] = odds
    peaks = _peak_beside(rest, begin, begin + size, order, rest.size)
    found.stands_out[k] = np.sqrt(energy) / peaks
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
