"""Clicks taken away from left to right, each where the evidence for it suffices, and neighbours in turn."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...audio.arrays import Mask
from ..compilation.compilation import compiled
from ..prediction.gaps import believed_peak, gaps_together, rebuild
from ..prediction.models import Matrix, Positions, Vector
from .clicks import are_few_off, estimate_burst, estimate_click
from .rings import RingSearch
from .sound_models import (
    Sounds,
    empty_sounds,
    estimate_first,
    estimate_likeliest,
    fit_around,
    fit_others,
    use_model,
)
from .thumps import ThumpSearch, group_search, remove_thump

CLICK, BURST, FORCED, GROUP = range(4)  # what a span is

_PLAIN = 8.0  # score of what the sound's own excitation cannot be; tuned: as that of the Declick stage
# To either side of the pivot, beyond which a tilt goes no further; tuned: by hand, 2026-11-21, no record.
_TILT_OCTAVES = 2.0
_FAINT = 1e-3  # guard: of a click's peak; so little of it before it begins is none of it
_PLAINLY, _MUCH = 0.5, 1.0015  # log evidence a sample, and a part, by which a group may be the sound's own
_THUMP = 0.12  # of its burst's peak, what a thump in a group swings by at least


class Tilt(NamedTuple):
    """How much harder clicks of high frequency are looked for than those of low frequency.

    Attributes
    ----------
    octave
        Logarithm to base 2 of what an octave is worth; 0 where all frequencies are alike.
    pivot
        Radians a sample that are worth nothing.
    """

    octave: float
    pivot: float


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
    rings, thumps
        Where to look for them.
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
    least: float
    least_odds: float
    tilt: Tilt


@compiled
def tilt_gain(click: Vector, tilt: Tilt) -> float:
    """Return what a click's frequency makes of its score.

    The frequency is the root mean square of its spectrum's, as the energy of the first difference gives it.
    """
    if tilt.octave == 0.0:
        return 1.0
    energy, change, before = 0.0, 0.0, 0.0
    for value in click:
        energy += value * value
        change += (value - before) ** 2
        before = value
    change += before * before
    sine = np.sqrt(change / (4.0 * energy + 1e-300))
    octaves = np.log2(max(2.0 * np.arcsin(min(sine, 1.0)), 1e-9) / tilt.pivot)
    return float(2.0 ** (tilt.octave * min(max(octaves, -_TILT_OCTAVES), _TILT_OCTAVES)))


@compiled
def confirm_bursts(
    x: Vector,
    bursts: Matrix,
    clicks: Positions,
    bounds: Positions,
    model: int,
    order: int,
    search: RingSearch,
) -> int:
    """Keep, in place, the bursts that noise was added in, and that no click explains better; return how many.

    Parameters
    ----------
    bursts
        Rows of (start, stop, score).
    clicks
        Rows of (start, stop): the clicks that were found.
    x, bounds
        As of `repair_spans`.
    model, order, search
        Of `RepairSettings`.
    """
    models = np.ones((2, order + 1))
    a = models[0]
    band = np.ones(2)
    kept = 0
    click = np.empty(x.size)
    for k in range(bursts.shape[0]):
        start, stop = int(bursts[k, 0]), int(bursts[k, 1])
        if start - order < bounds[0] or stop >= bounds[1]:
            continue
        damaged = np.zeros(x.size, np.bool_)
        damaged[start:stop] = True
        variance = fit_around(x, start, stop, bounds, model, damaged, band, models)[0]
        if not variance > 0.0:
            continue
        sigma = np.sqrt(variance)
        length, evidence = estimate_burst(x, start, stop, bounds[1], a, sigma, click)
        better = length > 0
        for q in range(clicks.shape[0]):
            first, last = clicks[q]
            if better and first < stop and last > start and first - order >= bounds[0] and last < bounds[1]:
                room = click[: bounds[1] - first]
                better = estimate_click(x, first, last, bounds[1], a, sigma, search, room)[2] < evidence
        if better:
            bursts[kept] = bursts[k]
            kept += 1
    return kept


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
        how.model, how.order, how.others, how.spread, rings, how.thumps, how.least, how.least_odds, how.tilt
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
    start, stop = damage.spans[k]
    kind, score, until = damage.kinds[k], damage.scores[k], damage.until[k]
    end = _begin_of(damage.spans, k + 1, bounds)
    room = click[: bounds[1] - start]
    whole, sigma = x, np.sqrt(sounds.variances[0])
    if kind == BURST:
        a = sounds.models[0, : sounds.orders[0] + 1]
        length, evidence = estimate_burst(x, start, stop, end, a, sigma, room)
        adds, gain = True, tilt_gain(room[:length], how.tilt)
    else:
        place = (int(start), int(stop), end)
        found = estimate_first(x, place, sounds, how.rings, room)
        length, evidence = found.length, found.evidence
        gain = tilt_gain(room[:length], how.tilt)
        odds = how.least_odds / gain
        if kind == GROUP:  # of any shape, so it is one unless it plainly is the sound's own
            sure = evidence + _PLAINLY * (stop - start)
            adds = found.own < sure + odds or found.own < _MUCH * evidence
        else:
            adds = score >= _PLAIN or (found.plain > found.own + odds and evidence > how.least)
        if adds and score * gain >= 1.0:
            fit_others(x, (int(start), int(stop)), bounds, how.others, damaged, sounds)
            length, evidence, whole, which = estimate_likeliest(x, place, sounds, how.rings, found, room)
            sigma = np.sqrt(sounds.variances[which])
    if not (adds and evidence > how.least and score * gain >= 1.0 and start + length <= until):
        return int(start), int(start)
    first = 0
    least = _FAINT * np.max(np.abs(click[:length]))
    spread = how.spread if how.rings.edge < 1.0 else 0
    while first < min(spread, length - 1) and abs(click[first]) < least:
        first += 1
    for t in range(first, length):
        x[start + t] = whole[start + t] - sigma * click[t]
    done = start + length
    if kind == BURST:
        done = remove_thump(x, start, done, done, bounds, until, 0.0, how.thumps)
    elif kind == GROUP and stop - start > how.order:
        peak = sigma * np.max(np.abs(click[:length]))
        done = remove_thump(x, start, start, done, bounds, until, _THUMP * peak, group_search(how.thumps))
    return int(start + first), int(done)


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
