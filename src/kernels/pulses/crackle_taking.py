"""Crackle taken: which of the impulses that were found are some, and what each was.

No impulse is judged alone: crackle goes on for seconds, at random times and as tall in a loud passage as in a
quiet one. What the blocks around say together is the `Prior` under which `take_crackle` chooses; it estimates
each impulse once more, the others taken away, as samples that are off and under the priors of `grains`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...audio.arrays import Mask
from ..compilation.compilation import compiled
from ..prediction.models import Matrix, Vector, add_filtered, prediction_error, span_equations
from .belief import is_absurd
from .clicks import estimate_click
from .crackle import LEAD, STANDS_OUT, SURELY_ADDED
from .grains import Grains, Responses, estimate_grain, responses
from .noise_pulse import pulse_mean
from .rings import RingSearch
from .stretches import SHARP, Stretch, delay_of, impulse_of, response_of

# tuned: table crackle, tuning takes, 2026-11-21, no record of each; what has to do with voids, strokes and
# grains: bench.material.tuning.crackle and table crackle, tuning set, 2026-11-29
_SHORT = 16  # samples over which energies say nothing yet
_RINGS_ON = 128  # samples of the longest ring
_SHAPED = 3.0  # times the peaks beside it from which an impulse's shape is worth a search,
_LONGEST = 64  # and samples up to which it is one impulse,
_UNPLAYED = 0.5  # where so much of the evidence is for one that no converter has limited
_LEAST_EVIDENCE = 8.0
_TAIL = 6.0  # energy of a grain over that of what was found of it, at most
_GROWS = 3.0  # a ring of so much more energy than what was found is the music's own
_FADED = 1e-3  # part of its peak from which on an impulse is there
_PRICE_OF_OFF = 2.0  # the same, beside a grain
_PLAIN = 3.0  # times the peaks: added, whatever the odds: where many overlap, no fit is good enough to tell
_DENSE = 8.0  # impulses a block from which odds mean nothing, for the same reason
_TALLEST = 4.0  # times what is usual: no crackle but
_SURE = (60.0, 6.0)  # with such odds, and so far out of the peaks,
_FEW = 12  # and no more samples off
_MANY = 28  # samples off that are a stroke's
_FAINTEST = 0.1  # times what is usual: what is fainter is no loss there
# tuned: bench.material.tuning.crackle in three drum loops and four other takes, tuning set, 2026-11-30
DOUBTED = 40.0  # log odds: of crackle one impulse in four has fewer, of drums' own half of them;
_STRUCK = 0.28  # with more than this part of them around
_ASKED = 60.0  # so much is asked of one as tall as usual, and of a taller one as much more,
_OVER_MUSIC = 2.5  # if it is no more times as tall as the music is loud
_NEAR_STROKE = 512  # samples at 44.1 kHz within which the evidence must be as for crackle at all


class Shapes(NamedTuple):
    """What shapes impulses have.

    Attributes
    ----------
    grains
        Those that are likely, within the stretch's band, or soft ones.
    rings
        Where to look for rings that none of these is.
    """

    grains: Grains
    rings: RingSearch


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
    doubt
        The part of the impulses, but for the faintest, whose odds are under `DOUBTED`.
    """

    a_block: float
    height: float
    skew: float
    doubt: float


@compiled
def is_stroke(found: Stretch, k: int, prior: Prior) -> bool:
    """Say whether impulse `k` is no crackle by its height, or by how many samples it needs.

    It is the music's own, or a click, of which `Declick` is to have all.
    """
    off = np.count_nonzero(found.off[found.runs[k, 0] : found.runs[k, 1]])
    if found.tallest[k] > _TALLEST * prior.height:
        return bool(off > _FEW or found.odds[k] <= _SURE[0] or found.stands_out[k] <= _SURE[1])
    return bool(off > _MANY)


@compiled
def is_crackle(found: Stretch, k: int, level: float, prior: Prior, struck: bool) -> bool:
    """Say whether impulse `k`, no stroke, is crackle where crackle is known to be.

    `level` is the music's; where it was `struck`, nothing counts but evidence.
    """
    if struck and found.tallest[k] < _FAINTEST * prior.height:
        return False
    asked = _ASKED * found.tallest[k] / prior.height
    tells = found.place[4] == SHARP and prior.a_block <= _DENSE  # within a band, or as bells, odds are fewer
    doubted = tells and prior.doubt > _STRUCK
    if doubted and found.odds[k] <= asked and found.tallest[k] <= _OVER_MUSIC * level:
        return False
    loudness = min(max(found.tallest[k] / level, 1.0 / 16.0), 16.0)
    stands_out = found.stands_out[k] * loudness**prior.skew
    if struck:
        return bool(found.odds[k] > SURELY_ADDED and stands_out > STANDS_OUT)
    if prior.skew != 0.0 and stands_out < 1.0:
        return False
    return bool(found.odds[k] > 0.0 or stands_out > _PLAIN or prior.a_block > _DENSE)


@compiled
def _choose(found: Stretch, level: float, prior: Prior, chosen: Mask) -> None:
    """Say of every impulse of a stretch whether it is crackle."""
    groups = found.place[2]
    near = _NEAR_STROKE * found.model.size // 33
    strokes = np.empty(groups, np.int64)
    count = 0
    for k in range(groups):
        chosen[k] = not is_stroke(found, k, prior)
        if not chosen[k]:
            strokes[count] = found.runs[k, 0]
            count += 1
    for k in range(groups):
        struck = False
        for j in range(count):
            struck = struck or abs(strokes[j] - found.runs[k, 0]) < near
        chosen[k] = chosen[k] and is_crackle(found, k, level, prior, struck)


@compiled
def take_crackle(x: Vector, found: Stretch, last: int, prior: Prior, shapes: Shapes, floor: float,
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
    shapes
        See `Shapes`.
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
    order = found.model.size - 1
    rest = x[low : low + size].copy()
    for k in range(groups):
        _subtract(rest, found, k, 1.0)
    level = np.sqrt(np.mean(rest * rest)) + floor
    chosen = np.zeros(groups, np.bool_)
    _choose(found, level, prior, chosen)
    for k in range(groups):
        begin, end = found.spans[k]
        chosen[k] = chosen[k] and not np.any(vetoed[low + begin : low + end])
        if not chosen[k]:
            _subtract(rest, found, k, -1.0)
    here = np.searchsorted(found.runs[:groups, 0], last - low - delay_of(found))
    if not np.any(chosen[:here]):
        return 0
    e = np.zeros(size)
    prediction_error(rest, order, size, found.model, e)
    e /= found.scale[:size]
    heard = responses(shapes.grains, found.model, found.place[4] == SHARP)
    response = response_of(found)
    count = 0
    for k in range(here):
        if not chosen[k]:
            continue
        begin, wave = impulse_of(found, k)
        _add_response(e, begin, wave, found.model, 1.0)
        _subtract_wave(rest, found, begin, wave, -1.0)
        begin, wave = _estimate(e, rest, k, found, response, shapes, heard)
        _add_response(e, begin, wave, found.model, -1.0)
        _subtract_wave(rest, found, begin, wave, 1.0)
        first, stop = _audible(wave)
        at = low + begin
        if stop <= first or np.any(vetoed[at + first : at + stop]):
            continue
        change = wave[first:stop] * found.scale[begin + first : begin + stop]
        if stop - first > _SHORT and _adds_sound(x[at + first : at + stop], change):
            continue
        x[at + first : at + stop] -= change
        taken[count, 0] = at + first
        taken[count, 1] = at + stop
        taken[count, 2] = found.stands_out[k]
        count += 1
    return count


@compiled
def _subtract(x: Vector, found: Stretch, k: int, times: float) -> None:
    """Subtract impulse number `k` from a stretch so many times."""
    begin, wave = impulse_of(found, k)
    _subtract_wave(x, found, begin, wave, times)


@compiled
def _subtract_wave(x: Vector, found: Stretch, begin: int, wave: Vector, times: float) -> None:
    for t in range(wave.size):
        x[begin + t] -= times * wave[t] * found.scale[begin + t]


@compiled
def _add_response(e: Vector, begin: int, wave: Vector, a: Vector, times: float) -> None:
    """Add what samples drive to an excitation, so many times."""
    size = min(wave.size + a.size - 1, e.size - begin)
    padded = np.zeros(size)
    padded[: min(wave.size, size)] = times * wave[:size]
    add_filtered(padded, 0, a, 0, e[begin : begin + size])


@compiled
def _audible(wave: Vector) -> tuple[int, int]:
    """Return from where to where an impulse is more than nothing beside its peak."""
    least = _FADED * np.max(np.abs(wave)) if wave.size else 0.0
    first, stop = 0, wave.size
    while first < stop and abs(wave[first]) <= least:
        first += 1
    while stop > first and abs(wave[stop - 1]) <= least:
        stop -= 1
    return first, stop


@compiled
def _estimate(e: Vector, x: Vector, k: int, found: Stretch, response: Vector, shapes: Shapes,
              heard: Responses) -> tuple[int, Vector]:  # fmt: skip
    """Estimate an impulse once more, alone in the excitation `e` and in the sound `x`.

    Returns where it begins and its samples: the mean of what samples that are off and grains say, each
    weighted by its evidence; or a ring, where it has the recording's own sharp samples.
    """
    begin, wave = impulse_of(found, k)
    grains = shapes.grains
    peak = int(np.argmax(np.abs(wave)))
    at = begin + peak
    room = np.zeros(grains.rows.shape[1] + 2 * grains.shift)
    length, evidence, unplayed = estimate_grain(
        e, at, abs(wave[peak]), grains, heard, found.place[4] == SHARP, room
    )
    first, whole = begin, wave
    if length:
        start, stop = found.runs[k]
        own = _evidence_of_samples(e, start, found.off[start:stop], response)
        weight = 1.0 / (1.0 + np.exp(min(max(own - evidence, -50.0), 50.0)))
        from_here = at - grains.peak - grains.shift
        first = min(begin, from_here)
        whole = np.zeros(max(begin + wave.size, from_here + length) - first)
        whole[from_here - first : from_here - first + length] += weight * room[:length]
        whole[begin - first : begin - first + wave.size] += (1.0 - weight) * wave
        if np.sum(whole**2) > _TAIL * np.sum(wave**2):
            return begin, wave
    shaped = found.stands_out[k] > _SHAPED and 2 * LEAD < wave.size <= _LONGEST
    if found.place[4] == SHARP and shaped and unplayed > _UNPLAYED:
        ring = _ring(x, begin, wave, found, shapes.rings)
        if ring.size:
            return begin, ring
    return first, whole


@compiled
def _ring(x: Vector, begin: int, wave: Vector, found: Stretch, search: RingSearch) -> Vector:
    """Estimate an impulse as a click that rings; of no samples where that is none."""
    stop = begin + wave.size
    sigma = found.scale[(begin + stop) // 2]
    ring = np.zeros(min(_RINGS_ON, x.size - begin))
    length, evidence, _ = estimate_click(x, begin, stop, x.size, found.model, sigma, search, ring)
    ring = ring[:length]
    if evidence > _LEAST_EVIDENCE and np.sum(ring**2) < _GROWS * np.sum(wave**2):
        return ring
    return ring[:0]


@compiled
def _evidence_of_samples(e: Vector, start: int, off: Vector, response: Vector) -> float:
    """Return the log evidence for samples that are off, less what their variances cost."""
    count = 0
    active = np.empty(off.size, np.int64)
    variance = np.empty(off.size)
    for t in range(off.size):
        if off[t] != 0.0:
            active[count], variance[count] = t, off[t] * off[t]
            count += 1
    here = e[start : min(start + off.size + response.size, e.size)]
    precision, g = span_equations(response, here, active[:count].copy(), here.size - 1)
    mean = np.empty(count)
    return float(pulse_mean(precision, g, variance[:count], mean) - _PRICE_OF_OFF * count)


@compiled
def _adds_sound(x: Vector, impulse: Vector) -> bool:
    """Whether there is clearly more sound in all of `x` without an impulse than with it."""
    return bool(is_absurd(x, 0.0, x.size, 1.0, impulse))
