"""Clicks estimated and taken away: models compete for each one, and neighbours are repaired in turn.

Indices count samples; a click's own count from its first sample, in units of the excitation's standard
deviation.
"""

# ruff: noqa: PLR0917 - kernels take plain arrays by position

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...audio.arrays import Mask
from ..compilation.compilation import compiled
from ..prediction.gaps import believed_peak, gaps_together, rebuild
from ..prediction.models import Matrix, Positions, Vector, covariance_model, prediction_error
from .burst_pulse import burst_pulse, own_evidence
from .clipped_pulse import MOST_FLAT, flat_samples, restore_tops
from .noise_pulse import decaying_pulse, ring_pulse, sparse_pulse
from .rings import RingSearch
from .thumps import ThumpSearch, remove_thump

CLICK, BURST, FORCED = 0, 1, 2  # what a span is

_MODELS = 3
_PLAIN = 8.0  # score of what the sound's own excitation cannot be
_TILT_OCTAVES = 2.0  # to either side of the pivot, beyond which a tilt goes no further
_RUNG = 14.0  # time constants until the slowest ring is surely over
_NEGLIGIBLE = 1e-3  # weight of a model beside the likeliest
_MOST_SOUND = 1.5  # without a click, as a part of what there is with it


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
def estimate_click(
    x: Vector, start: int, stop: int, end: int, a: Vector, sigma: float, search: RingSearch, click: Vector
) -> tuple[int, float]:
    """Estimate the click that adds to `x` from `start` to `stop`, and its ring beyond.

    It is the mean of what the models say, each weighted by the evidence for it.

    Parameters
    ----------
    x
        Samples, shape (n,); the p before `start` are whole.
    start, stop
        Span of the click.
    end
        Samples from here on do not count: the recording's end, or another click.
    a, sigma
        Model of the sound around it, and standard deviation of its excitation.
    search
        Where to look for a ring.
    click
        Filled with the click; its first sample belongs to `start`. A ring may go on past `end`, as far as
        there is room.

    Returns
    -------
    length, evidence
        Samples that were filled, and the logarithm of the evidence for the click; -inf where no estimate
        makes sense.
    """
    order = a.size - 1
    span = stop - start
    reach = min(stop + 2 * order, end) - start
    local = x[start - order : start + reach]
    white = np.zeros(local.size)
    prediction_error(local, order, local.size, a, white)
    e = white[order:] / sigma
    room = min(click.size, span + int(_RUNG / -np.log(search.slowest)))
    pulses = np.zeros((_MODELS, room))
    lengths = np.full(_MODELS, span)
    evidences = np.empty(_MODELS)
    evidences[0] = sparse_pulse(e, a, pulses[0, :span])
    lengths[1], evidences[1] = ring_pulse(e, a, search, pulses[1], span)
    begins = 0
    while begins < span - 1 and pulses[0, begins] == 0.0:
        begins += 1
    ends = span
    while ends > begins + 1 and pulses[0, ends - 1] == 0.0:
        ends -= 1
    lengths[2], evidences[2] = decaying_pulse(e, a, begins, ends, pulses[2, :span])
    for k in range(_MODELS):
        if evidences[k] > -np.inf and is_absurd(x, start, lengths[k], sigma, pulses[k]):
            evidences[k] = -np.inf
    likeliest = np.argmax(evidences)
    if evidences[likeliest] == -np.inf:
        return 0, -np.inf
    total, length = 0.0, 0
    click[:room] = 0.0
    for k in range(_MODELS):
        weight = np.exp(evidences[k] - evidences[likeliest])
        if weight > _NEGLIGIBLE:
            total += weight
            length = max(length, lengths[k])
            for t in range(lengths[k]):
                click[t] += weight * pulses[k, t]
    for t in range(length):
        click[t] /= total
    return length, evidences[likeliest]


@compiled
def _estimate_clipped(
    x: Vector,
    start: int,
    stop: int,
    end: int,
    a: Vector,
    sigma: float,
    search: RingSearch,
    click: Vector,
    length: int,
    evidence: float,
) -> tuple[int, float, Vector]:
    """Estimate a click again whose tops a converter cut off, with them put back.

    Parameters are those of `estimate_click`, and what it found. Tops are looked for as far as a click may
    last. Energies add, so what leaves less sound behind is the better estimate.

    Returns
    -------
    length, evidence, whole
        Of the better estimate, and the samples that `click` is to be taken from: `x` itself where no top was
        cut off, or none could be put back.
    """
    longest = int(0.5 * np.log(1000.0) / -np.log(search.slowest))
    flat = np.empty(MOST_FLAT, np.int64)
    count = flat_samples(x, start, min(max(stop, start + longest), end), flat)
    if count in (0, MOST_FLAT):
        return length, evidence, x
    whole = x.copy()
    known = min(max(stop, start + flat[count - 1] + 1) + 2 * (a.size - 1), end)
    if not restore_tops(whole, start, known, flat[:count], a, sigma, search):
        return length, evidence, x
    again = np.empty(click.size)
    size, odds = estimate_click(whole, start, stop, end, a, sigma, search, again)
    reach = max(length, size)
    left = _energy_left(x, start, length, reach, sigma, click)
    if not _energy_left(whole, start, size, reach, sigma, again) < left:
        return length, evidence, x
    click[:size] = again[:size]
    return size, odds, whole


@compiled
def estimate_burst(
    x: Vector, start: int, stop: int, end: int, a: Vector, sigma: float, click: Vector
) -> tuple[int, float]:
    """Estimate the burst of noise that adds to `x` from `start` to `stop`; see `estimate_click`."""
    order = a.size - 1
    local = x[start - order : min(stop + 2 * order, end)]
    white = np.zeros(local.size)
    prediction_error(local, order, local.size, a, white)
    length, evidence = burst_pulse(white[order:] / sigma, a, click[: stop - start])
    if length and is_absurd(x, start, length, sigma, click):
        return 0, -np.inf
    return length, evidence


@compiled
def _sounds_own(x: Vector, start: int, stop: int, end: int, a: Vector, sigma: float) -> float:
    """Return the log evidence that what stands out from `start` on is the sound's own; see `own_evidence`."""
    order = a.size - 1
    local = x[start - order : min(stop + 2 * order, end)]
    white = np.zeros(local.size)
    prediction_error(local, order, local.size, a, white)
    return float(own_evidence(white[order:] / sigma))


@compiled
def is_absurd(x: Vector, start: int, length: int, sigma: float, click: Vector) -> bool:
    """Whether there is clearly more sound without the click than with it.

    Click and music are independent, so their energies add. An estimate that breaks this rule put a great
    oscillation into the click and its opposite into the music, where too few samples told them apart.
    """
    before, after = 0.0, 0.0
    for t in range(length):
        value = x[start + t]
        rest = value - sigma * click[t]
        before += value * value
        after += rest * rest
    return after > _MOST_SOUND * before


@compiled
def _energy_left(x: Vector, start: int, length: int, reach: int, sigma: float, click: Vector) -> float:
    """Return the energy of `reach` samples from `start` on, without a click of `length` samples."""
    energy = 0.0
    for t in range(reach):
        value = x[start + t] - (sigma * click[t] if t < length else 0.0)
        energy += value * value
    return energy


@compiled
def _fit_around(
    x: Vector, start: int, stop: int, bounds: Positions, model: int, damaged: Mask, a: Vector
) -> float:
    """Fit a model to what is whole around a span, or to all of it where damage leaves too little."""
    low, high = max(start - model, bounds[0]), min(stop + model, bounds[1])
    variance = covariance_model(x, low, high, damaged, 1e-10, a)
    if variance < 0.0:
        variance = covariance_model(x, low, high, np.zeros(x.size, np.bool_), 1e-10, a)
    return float(variance)


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
    x, bounds, model, order, search
        As of `repair_spans`.
    """
    a = np.empty(order + 1)
    a[0] = 1.0
    kept = 0
    click = np.empty(x.size)
    for k in range(bursts.shape[0]):
        start, stop = int(bursts[k, 0]), int(bursts[k, 1])
        if start - order < bounds[0] or stop >= bounds[1]:
            continue
        damaged = np.zeros(x.size, np.bool_)
        damaged[start:stop] = True
        variance = _fit_around(x, start, stop, bounds, model, damaged, a)
        if not variance > 0.0:
            continue
        sigma = np.sqrt(variance)
        length, evidence = estimate_burst(x, start, stop, bounds[1], a, sigma, click)
        better = length > 0
        for q in range(clicks.shape[0]):
            first, last = clicks[q]
            if better and first < stop and last > start and first - order >= bounds[0] and last < bounds[1]:
                room = click[: bounds[1] - first]
                better = estimate_click(x, first, last, bounds[1], a, sigma, search, room)[1] < evidence
        if better:
            bursts[kept] = bursts[k]
            kept += 1
    return kept


@compiled
def _rebuild_forced(
    x: Vector,
    spans: Positions,
    first: int,
    count: int,
    kinds: Positions,
    bounds: Positions,
    model: int,
    damaged: Mask,
    a: Vector,
    variance: float,
    done: Positions,
) -> int:
    """Rebuild a forced span, and those so near that they know of each other; return the next to repair.

    Parameters are those of `repair_spans`, and what it knows when it comes to the span `first`. Of a stretch
    that cannot be rebuilt `done` says that nothing was changed.
    """
    order = a.size - 1
    forced = first
    while forced < count and kinds[forced] == FORCED:
        forced += 1
    stop = int(gaps_together(spans, first, forced, order, model))
    # What follows closely is as unknown, and is rebuilt in its turn.
    beside = stop
    while beside < spans.shape[0] and spans[beside, 0] - spans[stop - 1, 1] < 2 * order:
        beside += 1
    end = min(spans[beside, 0], bounds[1]) if beside < spans.shape[0] else bounds[1]
    low, high = max(spans[first, 0] - model, bounds[0]), min(spans[stop - 1, 1] + model, bounds[1])
    good = (
        variance > 0.0
        and spans[first, 0] - order >= bounds[0]
        and spans[beside - 1, 1] < end
        and rebuild(x, spans[first:beside], stop - first, end, a, believed_peak(x, low, high, damaged))
    )
    for k in range(first, stop):
        done[k, 0] = spans[k, 0]
        done[k, 1] = spans[k, 1] if good else spans[k, 0]
        damaged[spans[k, 0] : spans[k, 1]] = False
    return stop


@compiled
def repair_spans(
    x: Vector,
    spans: Positions,
    count: int,
    bounds: Positions,
    model: int,
    order: int,
    search: RingSearch,
    thumps: ThumpSearch,
    least: float,
    least_odds: float,
    kinds: Positions,
    scores: Vector,
    tilt: Tilt,
    until: Positions,
    done: Positions,
) -> None:
    """Take the clicks in the first `count` spans out of `x`, from left to right.

    Parameters
    ----------
    x
        Samples, changed in place, shape (n,).
    spans
        Rows of (start, stop), sorted and apart; those from `count` on are known damage yet to be repaired.
    count
        How many to repair.
    bounds
        Where the recording begins and ends in `x`.
    model, order
        Samples to either side that a model is fitted to, and its order. Neighbours share one.
    search
        Where to look for rings.
    thumps
        Where to look for thumps.
    least
        Least log evidence for a click; with less, the samples are left alone.
    least_odds
        Least log odds that a click adds to the sound, against the sound's own excitation.
    kinds
        What each span is, shape (count,): a `CLICK`; a `BURST` of noise, after which there may be a thump; or
        damage that is `FORCED`, whatever the evidence says: it has no shape to estimate, so it is
        interpolated.
    scores
        How far each span stands out, shape (count,).
    tilt
        What is asked of bright clicks and of low ones.
    until
        Where the next samples begin that must not change, shape (count,): a click whose ring goes on there
        stays, and so does a thump.
    done
        Filled with rows of (first, one past last) of the samples changed, shape (count, 2).
    """
    a = np.empty(order + 1)
    a[0] = 1.0
    damaged = np.zeros(x.size, np.bool_)
    for k in range(spans.shape[0]):
        damaged[spans[k, 0] : spans[k, 1]] = True
    click = np.empty(x.size)
    variance = 0.0
    centre = -x.size
    rebuilt = 0  # spans before this one are done
    for k in range(count):
        if k < rebuilt:
            continue
        start, stop = spans[k, 0], spans[k, 1]
        if (start + stop) // 2 - centre > model // 4:
            centre = (start + stop) // 2
            variance = _fit_around(x, start, stop, bounds, model, damaged, a)
        end = min(spans[k + 1, 0], bounds[1]) if k + 1 < spans.shape[0] else bounds[1]
        done[k] = start
        if kinds[k] == FORCED:
            rebuilt = _rebuild_forced(x, spans, k, count, kinds, bounds, model, damaged, a, variance, done)
            continue
        if variance > 0.0 and start - order >= bounds[0] and stop < end:
            sigma = np.sqrt(variance)
            room = click[: bounds[1] - start]
            whole = x
            if kinds[k] == BURST:
                length, evidence = estimate_burst(x, start, stop, end, a, sigma, room)
            else:
                length, evidence = estimate_click(x, start, stop, end, a, sigma, search, room)
                length, evidence, whole = _estimate_clipped(
                    x, start, stop, end, a, sigma, search, room, length, evidence
                )
            gain = tilt_gain(click[:length], tilt)
            asked = least
            if kinds[k] == CLICK and scores[k] < _PLAIN:
                asked = max(least, _sounds_own(whole, start, stop, end, a, sigma) + least_odds / gain)
            if evidence > asked and scores[k] * gain >= 1.0 and start + length <= until[k]:
                for t in range(length):
                    x[start + t] = whole[start + t] - sigma * click[t]
                done[k, 1] = start + length
                if kinds[k] == BURST:
                    done[k, 1] = remove_thump(x, start, done[k, 1], bounds, until[k], thumps)
        damaged[start:stop] = False
