"""Clicks estimated: models compete for each one.

Indices count samples; a click's own count from its first sample, in units of the excitation's standard
deviation.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compilation.compilation import compiled
from ..prediction.models import Matrix, Positions, Vector, add_filtered, excitation_of
from .belief import MOST_SOUND, believed, is_absurd
from .burst_pulse import burst_pulse, own_evidence
from .clipped_pulse import MOST_FLAT, flat_samples, restore_tops
from .driven_pulse import ROUNDS, driven_pulse
from .dull_ring import dull_ring
from .noise_pulse import ring_pulse, sparse_pulse
from .rings import RingSearch

# derived: the models; a driven one for each of `_DRIVES`, and at last two in what a ring and a dull one leave
_SPARSE, _RING, _DRIVEN, _RUNG_AND_DRIVEN = 0, 1, 2, 5

SHAPES = _RUNG_AND_DRIVEN + 2
"""Models of a click."""
_POLES = 4  # derived: the most of `_DRIVES`

_RUNG = 14.0  # derived: twice `rings.RUNG`; time constants until the slowest ring is surely over
_NEGLIGIBLE = 1e-3  # guard: weight of a model beside the likeliest

# tuned: known spans of the tuning set's material for clicks, 2026-11-29
_DRIVES = ((4, 0.125), (4, 0.5), (0, 0.125))  # poles; and orders of the model, over which what drives changes
_KNOWN_ROUNDS = 3  # tuned: as above; in which what was found under another model of the sound settles
_LONG = 8  # tuned: for speed, by hand, 2026-11-29; orders of the model from which on a click is a long one
_BEHIND = 80.0  # tuned: groups and all kinds at 5 times, tuning set, 2026-11-30; log evidence
_EXPLAINED = 2.0  # variances of the excitation that a click may leave of itself, for no other to be tried
_FEW = 0.25  # orders of the model: samples that are off by themselves; more of them are interpolated
_BESIDE = 10  # orders of the model on either side of a click that say how loud the sound is


class _Beside(NamedTuple):
    """The sound's mean square in variances of its excitation, samples of a window, and the most evidence."""

    level: float
    grain: int
    best: float


class Shapes(NamedTuple):
    """What is known of the models of one click.

    Attributes
    ----------
    evidences
        Logarithm of the evidence for each, shape (`SHAPES`,); one of -inf is not tried.
    variances, colours
        Of what drives each that is driven, in the sound's own units: shapes (`SHAPES`, span) and
        (`SHAPES`, poles + 1); 0 where nothing is known.
    """

    evidences: Vector
    variances: Matrix
    colours: Matrix


@compiled
def unknown_shapes(span: int) -> Shapes:
    """Return what is known of a click of some samples before anything was tried."""
    return Shapes(np.zeros(SHAPES), np.zeros((SHAPES, span)), np.zeros((SHAPES, _POLES + 1)))


@compiled
def likely_shapes(shapes: Shapes) -> Shapes:
    """Return those models of a click that another model of the sound is to try: driven ones only if likely.

    What was not tried, as no more was needed to explain the click, may be needed there.
    """
    likely = Shapes(np.zeros(SHAPES), shapes.variances.copy(), shapes.colours.copy())
    highest = np.max(shapes.evidences)
    for k in range(_DRIVEN, SHAPES):
        tried = shapes.variances[k, 0] > 0.0
        if tried and shapes.evidences[k] < highest - _BEHIND:
            likely.evidences[k] = -np.inf
    return likely


@compiled
def estimate_click(
    x: Vector, start: int, stop: int, end: int, a: Vector, sigma: float, search: RingSearch, click: Vector
) -> tuple[int, float, float]:
    """Estimate a click of which nothing is known; see `estimate_shapes`."""
    length, evidence, plain = estimate_shapes(
        x, (start, stop, end), a, sigma, search, unknown_shapes(stop - start), click
    )
    return length, evidence, plain


@compiled
def estimate_shapes(
    x: Vector,
    place: tuple[int, int, int],
    a: Vector,
    sigma: float,
    search: RingSearch,
    shapes: Shapes,
    click: Vector,
) -> tuple[int, float, float]:
    """Estimate the click that adds to `x`.

    It is the mean of what the models say, each weighted by the evidence for it.

    Parameters
    ----------
    x
        Samples, shape (n,); the p before the click are whole.
    place
        Start and stop of the click, and from where on samples do not count: the recording's end, or another
        click.
    a, sigma
        Model of the sound around it, and standard deviation of its excitation.
    search
        Where to look for a ring.
    shapes
        What is known of its models; filled with what is then.
    click
        Filled with the click; its first sample belongs to the start. A ring may go on past the end, as far as
        there is room.

    Returns
    -------
    length, evidence, plain
        Samples that were filled; the logarithm of the evidence for the click, -inf where no estimate makes
        sense; and the same by those models alone that have a click's shape: one that may take any shape takes
        that of a drum's stroke as well.
    """
    start, stop, end = place
    span = stop - start
    grain = search.grain if search.grain else a.size - 1
    e = _excitation(x, start, stop + grain, end, a, sigma)
    level = sound_beside(x, start, stop, end, grain)
    room = min(click.size, span + int(_RUNG / -np.log(search.slowest)))
    pulses = np.zeros((SHAPES, room))
    lengths = np.full(SHAPES, span)
    evidences = shapes.evidences
    twice = 0.0
    if evidences[_SPARSE] > -np.inf:
        evidences[_SPARSE] = sparse_pulse(e, a, pulses[_SPARSE, :span])
    if evidences[_RING] > -np.inf or evidences[_RUNG_AND_DRIVEN] > -np.inf:
        lengths[_RING], evidences[_RING], twice = ring_pulse(e, a, search, pulses[_RING], span)
    for k in range(_DRIVEN):
        if evidences[k] > -np.inf:
            lengths[k] = believed(x[start : start + lengths[k]], level, grain, sigma, pulses[k])
            evidences[k] = evidences[k] if lengths[k] >= span else -np.inf
    likeliest = np.argmax(evidences[:_DRIVEN])
    plain = max(evidences[_SPARSE], evidences[_RING] + twice)  # what is asked of it was tuned with both
    explained = _explains(e, a, likeliest, grain, pulses[likeliest, : lengths[likeliest]])
    samples = x[start:stop] / sigma
    for k in range(_DRIVEN, SHAPES):
        if explained or (k == SHAPES - 1 and not search.edge < 1.0):
            evidences[k] = -np.inf
        if not evidences[k] > -np.inf:
            continue
        variance, colour = shapes.variances[k], shapes.colours[k]
        variance /= sigma * sigma
        beside = _Beside(level / (sigma * sigma), grain, np.max(evidences[:k]))
        if k < _RUNG_AND_DRIVEN:
            evidences[k] = _driven(e, a, samples, beside, k - _DRIVEN, variance, colour, pulses[k, :span])
        elif k == _RUNG_AND_DRIVEN:
            lengths[k] = lengths[_RING]
            pulses[k] = pulses[_RING]
            evidences[k] = _add_driven(e, a, samples, beside, evidences[_RING], variance, colour, pulses[k])
        else:
            gain = dull_ring(e, a, search, pulses[k, :span])
            odds = _gain_of(e, a, pulses[k, :span]) - 2.5 * np.log(1.0 + gain) if gain > 0.0 else -np.inf
            evidences[k] = _add_driven(e, a, samples, beside, odds, variance, colour, pulses[k, :span])
        variance *= sigma * sigma
        if evidences[k] > -np.inf:
            lengths[k] = believed(x[start : start + lengths[k]], level, grain, sigma, pulses[k])
            evidences[k] = evidences[k] if lengths[k] >= span else -np.inf
    length, evidence = _mean_click(pulses, lengths, evidences, click[:room])
    return length, evidence, plain


@compiled
def _driven(
    e: Vector,
    a: Vector,
    samples: Vector,
    beside: _Beside,
    which: int,
    variance: Vector,
    colour: Vector,
    pulse: Vector,
) -> float:
    """Estimate a driven pulse from `samples`, in standard deviations of the excitation.

    In a long one, what another model of the sound found of variance and colour is where the search begins.
    """
    poles, reach = _DRIVES[which]
    rounds = _KNOWN_ROUNDS
    if not (variance[0] > 0.0 and samples.size > _LONG * beside.grain):
        variance[:] = np.maximum(samples**2 - beside.level, 0.0)
        colour[:] = 0.0
        colour[0] = 1.0
        rounds = ROUNDS
    smooth = max(round(reach * beside.grain), 1)
    return float(driven_pulse(e, a, variance, colour[: poles + 1], smooth, rounds, beside.best, pulse))


@compiled
def _add_driven(
    e: Vector,
    a: Vector,
    samples: Vector,
    beside: _Beside,
    evidence: float,
    variance: Vector,
    colour: Vector,
    pulse: Vector,
) -> float:
    """Estimate what a ring of some evidence leaves as a driven pulse, and add it; see `_driven`."""
    if not evidence > -np.inf:
        return -np.inf
    span = samples.size
    more = np.zeros(span)
    rest = samples - pulse[:span]
    beside = _Beside(beside.level, beside.grain, beside.best - evidence)
    gained = _driven(_without(e, a, pulse), a, rest, beside, 0, variance, colour, more)
    if not gained > 0.0:
        return evidence
    pulse[:span] += more
    return float(evidence + gained)


@compiled
def _gain_of(e: Vector, a: Vector, pulse: Vector) -> float:
    """Return half of the energy that a pulse takes from the excitation."""
    total = 0.0
    rest = _without(e, a, pulse)
    for t in range(e.size):
        total += 0.5 * (e[t] * e[t] - rest[t] * rest[t])
    return total


@compiled
def _without(e: Vector, a: Vector, pulse: Vector) -> Vector:
    """Return the excitation without what a pulse drives, as far as it is known."""
    padded = np.zeros(e.size)
    count = min(pulse.size, e.size)
    padded[:count] = pulse[:count]
    rest = e - padded
    echo = np.zeros(e.size)
    add_filtered(padded, 0, a, 1, echo)
    return rest - echo


@compiled
def _explains(e: Vector, a: Vector, model: int, grain: int, pulse: Vector) -> bool:
    """Whether a ring, or a few samples, leave no more excitation than the sound has by itself."""
    active = 0
    for value in pulse:
        active += value != 0.0
    if active == 0 or (model == _SPARSE and active > _FEW * grain):
        return False
    reach = min(pulse.size + grain, e.size)
    total = 0.0
    for value in _without(e[:reach], a, pulse):
        total += value * value
    return total < _EXPLAINED * reach


@compiled
def sound_beside(x: Vector, start: int, stop: int, end: int, order: int) -> float:
    """Mean square of the sound beside a click, on the quieter side: what is damaged there is no sound."""
    quieter = np.inf
    for low, high in ((max(start - _BESIDE * order, 0), start), (stop, min(stop + _BESIDE * order, end))):
        if high - low >= order:
            quieter = min(quieter, float(np.mean(x[low:high] ** 2)))
    return quieter if quieter < np.inf else 0.0


@compiled
def _excitation(x: Vector, start: int, stop: int, end: int, a: Vector, sigma: float) -> Vector:
    """Return the excitation up to `stop` and of what that drives after it, in its standard deviations."""
    e: Vector = excitation_of(x, start, min(stop + a.size - 1, end), a)
    return e / sigma


@compiled
def _mean_click(pulses: Matrix, lengths: Positions, evidences: Vector, click: Vector) -> tuple[int, float]:
    """Fill in the mean of what the models say, each weighted by the evidence for it; see `estimate_click`."""
    likeliest = np.argmax(evidences)
    if evidences[likeliest] == -np.inf:
        return 0, -np.inf
    total, length = 0.0, 0
    click[:] = 0.0
    for k in range(evidences.size):
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
def are_few_off(x: Vector, start: int, stop: int, end: int, a: Vector, sigma: float) -> bool:
    """Whether a few samples that are off are all there is in a span; see `estimate_click`.

    They came after whatever limited the recording's band, so the void above it shows them.
    """
    e = _excitation(x, start, stop + a.size - 1, end, a, sigma)
    pulse = np.zeros(stop - start)
    return bool(sparse_pulse(e, a, pulse) > 0.0 and _explains(e, a, _SPARSE, a.size - 1, pulse))


@compiled
def estimate_whole_click(
    x: Vector,
    place: tuple[int, int, int],
    a: Vector,
    sigma: float,
    search: RingSearch,
    shapes: Shapes,
    click: Vector,
) -> tuple[int, float, float, Vector]:
    """Estimate a click, and again with its tops put back where a converter cut them off.

    Parameters are those of `estimate_shapes`. Tops are looked for as far as a click may last. Energies add,
    so tops that leave clearly more sound behind were none; a little more stays where less is taken for click.

    Returns
    -------
    length, evidence, plain, whole
        Of the better estimate, and the samples that `click` is to be taken from: `x` itself where no top was
        cut off, or none could be put back.
    """
    start, stop, end = place
    whole_shapes = Shapes(shapes.evidences.copy(), shapes.variances.copy(), shapes.colours.copy())
    length, evidence, plain = estimate_shapes(x, place, a, sigma, search, shapes, click)
    longest = int(0.5 * np.log(1000.0) / -np.log(search.slowest))
    flat = np.empty(MOST_FLAT, np.int64)
    count = flat_samples(x, start, min(max(stop, start + longest), end), flat)
    if count in (0, MOST_FLAT):
        return length, evidence, plain, x
    whole = x.copy()
    known = min(max(stop, start + flat[count - 1] + 1) + 2 * (a.size - 1), end)
    if not restore_tops(whole, start, known, flat[:count], a, sigma, search):
        return length, evidence, plain, x
    again = np.empty(click.size)
    size, odds, shaped = estimate_shapes(whole, place, a, sigma, search, whole_shapes, again)
    reach = max(length, size)
    left = _energy_left(x, start, length, reach, sigma, click)
    if not _energy_left(whole, start, size, reach, sigma, again) < MOST_SOUND * left:
        return length, evidence, plain, x
    click[:size] = again[:size]
    shapes.evidences[:] = whole_shapes.evidences
    shapes.variances[:] = whole_shapes.variances
    shapes.colours[:] = whole_shapes.colours
    return size, odds, shaped, whole


@compiled
def estimate_burst(
    x: Vector, start: int, stop: int, end: int, a: Vector, sigma: float, click: Vector
) -> tuple[int, float]:
    """Estimate the burst of noise that adds to `x` from `start` to `stop`; see `estimate_click`."""
    e = _excitation(x, start, stop + a.size - 1, end, a, sigma)
    length, evidence = burst_pulse(e, a, click[: stop - start])
    level = sound_beside(x, start, stop, end, a.size - 1)
    if length and is_absurd(x[start : start + length], level, a.size - 1, sigma, click):
        return 0, -np.inf
    return length, evidence


@compiled
def sounds_own(x: Vector, start: int, stop: int, end: int, a: Vector, sigma: float) -> float:
    """Return the log evidence that what stands out from `start` on is the sound's own; see `own_evidence`."""
    return float(own_evidence(_excitation(x, start, stop + a.size - 1, end, a, sigma)))


@compiled
def _energy_left(x: Vector, start: int, length: int, reach: int, sigma: float, click: Vector) -> float:
    """Return the energy of `reach` samples from `start` on, without a click of `length` samples."""
    energy = 0.0
    for t in range(reach):
        value = x[start + t] - (sigma * click[t] if t < length else 0.0)
        energy += value * value
    return energy
