"""Clicks taken away from left to right, each where the evidence for it suffices, and neighbours in turn."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...audio.arrays import Mask
from ..compilation.compilation import compiled
from ..prediction.gaps import believed_peak, gaps_together, rebuild
from ..prediction.models import Positions, Vector
from .clicks import are_few_off, estimate_burst
from .extents import further
from .groove_pulse import GrooveCurves, estimate_groove
from .rings import RingSearch
from .sound_models import (
    First,
    Sounds,
    empty_sounds,
    estimate_first,
    estimate_likeliest,
    evidence_under_first,
    explained,
    fit_again,
    fit_around,
    fit_others,
    use_model,
)
from .thumps import ThumpSearch, group_search, remove_thump
from .tilt import Tilt, tilt_gain

CLICK, BURST, FORCED, GROUP = range(4)  # what a span is

_PLAIN = 8.0  # score of what the sound's own excitation cannot be; tuned: as that of the Declick stage
_FAINT = 1e-3  # guard: of a click's peak; so little of it before it begins is none of it
# tuned: bench.material.tuning against clean takes, tuning set, 2026-11-29, no record of each
_PLAINLY, _MUCH = 0.5, 1.0015  # log evidence a sample, and a part, by which a group may be the sound's own
# tuned: bench.material.tuning, swells and groups at 5 times, and clean takes, tuning set, 2026-11-30
_LONG, _SWELLING = 4, 3  # orders from which on a click is more than one, and may have a thump in it
_THUMP, _HIGHEST_THUMP = 0.12, 1.5  # of what it begins in, what a thump swings by at least and at most


class Damage(NamedTuple):
    """What is to be repaired, from left to right.

    Attributes
    ----------
    spans
        Rows of (start, stop), sorted and apart; those that have no kind are known damage yet to be repaired.
    kinds
        What each is, shape (count,): a `CLICK`; a `BURST` of noise, after which there may be a thump; damage
        that is `FORCED`, whatever the evidence says: it has no shape to estimate, so it is interpolated; or
        part of a `GROUP`, a click, which may be noise in which a thump begins.
    scores
        How far each stands out, shape (count,).
    until
        Where the next samples begin that must not change, shape (count,): a click whose ring goes on there
        stays, and so does a thump.
    since
        Where the last samples end that must not change, shape (count,).
    """

    spans: Positions
    kinds: Positions
    scores: Vector
    until: Positions
    since: Positions


class RepairSettings(NamedTuple):
    """How clicks are repaired, and what is asked of them.

    Attributes
    ----------
    model, order
        Samples to either side that the first model is fitted to, and its order. Neighbours share one.
    others
        Rows of (order, samples to either side): models that compete with it, shape (count, 2).
    spread
        Samples to either side by which a band that ends under half the sample rate spreads a click.
    rings, thumps, curves
        Where to look for them, and the playback curves that may have drawn a click out.
    least
        Least log evidence for a click; with less, the samples are left alone.
    least_odds
        Least log odds that a click adds to the sound, against the sound's own excitation.
    tilt
        What is asked of bright clicks and of low ones.
    """

    model: int
    order: int
    others: Positions
    spread: int
    rings: RingSearch
    thumps: ThumpSearch
    curves: GrooveCurves
    least: float
    least_odds: float
    tilt: Tilt


@compiled
def _rebuild_forced(
    x: Vector,
    damage: Damage,
    first: int,
    bounds: Positions,
    how: RepairSettings,
    damaged: Mask,
    a: Vector,
    fits: bool,
) -> tuple[int, bool]:
    """Rebuild the forced span number `first`, and those so near that they know of each other.

    The model `a` is only used where it `fits`.

    Returns
    -------
    beyond, rebuilt
        The next span to repair, and whether these could be rebuilt; else nothing was changed.
    """
    spans, order = damage.spans, how.order
    forced = first
    while forced < damage.kinds.size and damage.kinds[forced] == FORCED:
        forced += 1
    stop = int(gaps_together(spans, first, forced, order, how.model))
    # What follows closely is as unknown, and is rebuilt in its turn.
    beside = stop
    while beside < spans.shape[0] and spans[beside, 0] - spans[stop - 1, 1] < 2 * order:
        beside += 1
    end = _begin_of(spans, beside, bounds)
    if not fits or spans[first, 0] - order < bounds[0] or spans[beside - 1, 1] >= end:
        return stop, False
    low, high = max(spans[first, 0] - how.model, bounds[0]), min(spans[stop - 1, 1] + how.model, bounds[1])
    limit = believed_peak(x, low, high, damaged)
    return stop, rebuild(x, spans[first:beside], stop - first, end, a, limit)


@compiled
def _begin_of(spans: Positions, k: int, bounds: Positions) -> int:
    """Return where span number `k` begins, or the recording ends."""
    return int(min(spans[k, 0], bounds[1]) if k < spans.shape[0] else bounds[1])


@compiled
def _within(how: RepairSettings, edge: float) -> RepairSettings:
    """Return how clicks are repaired where the band ends at `edge`: spread out, they begin anywhere."""
    rings = how.rings
    starts = rings.starts + 2 * how.spread if edge < 1.0 else rings.starts
    rings = RingSearch(starts, rings.poles, rings.slowest, rings.first, edge, how.order)
    return RepairSettings(
        how.model,
        how.order,
        how.others,
        how.spread,
        rings,
        how.thumps,
        how.curves,
        how.least,
        how.least_odds,
        how.tilt,
    )


@compiled
def _spread_out(damage: Damage, k: int, bounds: Positions, how: RepairSettings) -> None:
    """Widen span number `k` by what a limited band spreads it, as far as there is nothing else."""
    start, stop = damage.spans[k]
    low = max(start - how.spread, damage.since[k], bounds[0] + how.order)
    high = min(stop + how.spread, damage.until[k], _begin_of(damage.spans, k + 1, bounds) - 1)
    damage.spans[k, 0] = min(low, start)
    damage.spans[k, 1] = max(high, stop)


@compiled
def _seen(damage: Damage, k: int, how: RepairSettings) -> int:
    """Return how long span number `k` is without what a limited band spreads it by."""
    spread = 2 * how.spread if how.rings.edge < 1.0 else 0
    return int(damage.spans[k, 1] - damage.spans[k, 0]) - spread


@compiled
def _is_click(kind: int, score: float, span: int, gain: float, found: First, how: RepairSettings) -> bool:
    """Whether what stands out adds to the sound, rather than being the sound's own.

    A short click's own models are asked, as one that may take any shape takes a drum's stroke as well. What
    is long is no single click but a group, or noise: of any shape, so it is one unless it plainly is the
    sound's own.
    """
    if kind == BURST or (kind == CLICK and score >= _PLAIN):
        return True
    odds = how.least_odds / gain
    if kind == GROUP or span > _LONG * how.order:
        sure = found.evidence + _PLAINLY * span + odds
        return bool(found.own < sure or found.own < _MUCH * found.evidence)
    return bool(found.plain > found.own + odds)


class _Estimate(NamedTuple):
    """What is to be taken out of a recording.

    Attributes
    ----------
    length
        Samples; 0 where there is no click.
    whole
        The samples that it is to be taken from.
    sigma
        What it is in units of.
    """

    length: int
    whole: Vector
    sigma: float


@compiled
def _estimate(
    x: Vector,
    damage: Damage,
    k: int,
    bounds: Positions,
    how: RepairSettings,
    damaged: Mask,
    sounds: Sounds,
    click: Vector,
) -> _Estimate:
    """Estimate span number `k` into `click`, from where the span begins, which may be before it did."""
    start, stop = int(damage.spans[k, 0]), int(damage.spans[k, 1])
    kind, score, until = damage.kinds[k], damage.scores[k], damage.until[k]
    place = start, stop, _begin_of(damage.spans, k + 1, bounds)
    room = click[: bounds[1] - start]
    first = estimate_first(x, place, sounds, how.rings, room)
    size, noise, odds = 0, np.empty(stop - start), -np.inf
    if kind == BURST:
        a = sounds.models[0, : sounds.orders[0] + 1]
        size, odds = estimate_burst(x, start, stop, place[2], a, np.sqrt(sounds.variances[0]), noise)
    gain = tilt_gain(noise[:size] if odds > first.evidence else room[: first.length], how.tilt)
    adds = max(first.evidence, odds) > how.least and score * gain >= 1.0
    if not (adds and _is_click(kind, score, _seen(damage, k, how), gain, first, how)):
        return _Estimate(0, x, 0.0)
    if kind != BURST:
        low = max(damage.since[k], bounds[0] + sounds.orders[0])
        limits = max(low, damage.spans[k - 1, 1] if k else low), min(until, place[2] - 1)
        start, stop = further(x, place, limits, sounds, how.rings, first.evidence, room[: first.length])
        if stop - start > place[1] - place[0]:
            damage.spans[k, 0], damage.spans[k, 1] = start, stop
            damaged[start:stop] = True
            place, room = (start, stop, place[2]), click[: bounds[1] - start]
            fit_again(x, place, bounds, how.model, damaged, sounds)
            first = estimate_first(x, place, sounds, how.rings, room)
    fit_others(x, (start, stop), bounds, how.others, damaged, sounds)
    length, evidence, whole, which = estimate_likeliest(x, place, sounds, how.rings, first, room)
    if odds > evidence_under_first(x, place, sounds, evidence, which):
        length, evidence, whole, which = size, odds, x, 0
        room[:size] = noise[:size]
    sigma = np.sqrt(sounds.variances[which])
    drawn = min(how.curves.last, room.size)
    if kind == CLICK and whole is x and start + drawn <= until and not explained(first):
        a = sounds.models[which, : sounds.orders[which] + 1]
        if estimate_groove(x, place, a, sigma, how.curves, evidence, room):
            length = drawn
    if not (evidence > how.least and start + length <= until):
        return _Estimate(0, x, 0.0)
    return _Estimate(length, whole, sigma)


@compiled
def _take_click(
    x: Vector,
    damage: Damage,
    k: int,
    bounds: Positions,
    how: RepairSettings,
    damaged: Mask,
    sounds: Sounds,
    click: Vector,
) -> tuple[int, int]:
    """Take span number `k`, a click or a burst, out of `x` if it is one.

    Returns
    -------
    first, beyond
        The samples changed; what the estimate has of nothing before a click begins is left as it was.
    """
    kind, seen = damage.kinds[k], _seen(damage, k, how)
    length, whole, sigma = _estimate(x, damage, k, bounds, how, damaged, sounds, click)
    start = int(damage.spans[k, 0])
    if not length:
        return start, start
    peak = np.max(np.abs(click[:length]))
    spread = how.spread if how.rings.edge < 1.0 else 0
    first = 0
    while first < min(spread, length - 1) and abs(click[first]) < _FAINT * peak:
        first += 1
    for t in range(first, length):
        x[start + t] = whole[start + t] - sigma * click[t]
    ended = start + length
    limits = max(damage.since[k], bounds[0]), damage.until[k]
    low = high = ended
    if kind == BURST:
        low, high = remove_thump(x, start, ended, ended, bounds, limits, (0.0, np.inf), how.thumps)
    if high == low and seen > (_SWELLING if kind == CLICK else 1) * how.order:
        heights = _THUMP * sigma * peak, _HIGHEST_THUMP * sigma * peak
        low, high = remove_thump(x, start, start, ended, bounds, limits, heights, group_search(how.thumps))
    return int(min(start + first, low)), int(max(ended, high))


@compiled
def repair_spans(
    x: Vector, damage: Damage, bounds: Positions, how: RepairSettings, band: Vector, done: Positions
) -> None:
    """Take clicks out of `x`, from left to right.

    Parameters
    ----------
    x
        Samples, changed in place, shape (n,).
    damage
        What to repair.
    bounds
        Where the recording begins and ends in `x`.
    how
        See `RepairSettings`.
    band
        Parts of half the sample rate, shape (2,): how high sound goes at most, and where the recording's band
        has ended so far, which follows what is seen; 1 where that is nothing.
    done
        Filled with rows of (first, one past last) of the samples changed, shape (count, 2).
    """
    order = how.order
    damage = Damage(damage.spans.copy(), damage.kinds, damage.scores, damage.until, damage.since)
    spans = damage.spans
    models = np.ones((2, order + 1))
    sounds = empty_sounds(order, how.others)
    damaged = np.zeros(x.size, np.bool_)
    for k in range(spans.shape[0]):
        damaged[spans[k, 0] : spans[k, 1]] = True
    click = np.empty(x.size)
    variance, unfilled, edge, noise = 0.0, 0.0, 1.0, 0.0
    centre = -x.size
    k = 0
    while k < damage.kinds.size:
        start, stop = spans[k]
        if (start + stop) // 2 - centre > how.model // 4:
            centre = (start + stop) // 2
            variance, unfilled, edge, noise = fit_around(
                x, start, stop, bounds, how.model, damaged, band, models
            )
        done[k] = start
        kind = damage.kinds[k]
        within = edge if kind in (CLICK, GROUP) else 1.0
        use_model(sounds, centre, models[0], variance, noise)
        if within < 1.0 and start - order >= bounds[0]:
            end = _begin_of(spans, k + 1, bounds)
            if are_few_off(x, start, stop, end, models[1], np.sqrt(unfilled)):
                use_model(sounds, centre, models[1], unfilled, 0.0)
                within = 1.0
        if within < 1.0:
            _spread_out(damage, k, bounds, how)
            start, stop = spans[k]
        beyond = k + 1
        if kind == FORCED:
            beyond, rebuilt = _rebuild_forced(x, damage, k, bounds, how, damaged, models[0], variance > 0.0)
            for j in range(k, beyond):
                done[j, 0] = spans[j, 0]
                done[j, 1] = spans[j, 1] if rebuilt else spans[j, 0]
        elif variance > 0.0 and start - order >= bounds[0] and stop < _begin_of(spans, k + 1, bounds):
            changed = _take_click(x, damage, k, bounds, _within(how, within), damaged, sounds, click)
            if changed[1] > changed[0]:
                done[k] = changed
        for j in range(k, beyond):
            damaged[spans[j, 0] : spans[j, 1]] = False
        k = beyond
