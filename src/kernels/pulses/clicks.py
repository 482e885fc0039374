"""Clicks estimated: models compete for each one.

Indices count samples; a click's own count from its first sample, in units of the excitation's standard
deviation.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compilation.compilation import compiled
from ..prediction.models import Matrix, Positions, Vector, add_filtered, excitation_of
from .burst_pulse import burst_pulse, own_evidence
from .clipped_pulse import MOST_FLAT, flat_samples, restore_tops
from .driven_pulse import driven_pulse
from .dull_ring import dull_ring
from .noise_pulse import ring_pulse, sparse_pulse
from .rings import RingSearch

# derived: the models; a driven one for each of `_DRIVES`, and at last two in what a ring and a dull one leave
_SPARSE, _RING, _DRIVEN, _RUNG_AND_DRIVEN = 0, 1, 2, 5

_RUNG = 14.0  # derived: twice `rings.RUNG`; time constants until the slowest ring is surely over
_NEGLIGIBLE = 1e-3  # guard: weight of a model beside the likeliest

# tuned: known spans of the tuning set's material for clicks, 2026-11-29
_DRIVES = ((4, 0.125), (4, 0.5), (0, 0.125))  # poles; and orders of the model, over which what drives changes
_EXPLAINED = 2.0  # variances of the excitation that a click may leave of itself, for no other to be tried
_MOST_SOUND = 1.5  # without a click, as a part of what there is with it,
_FEW = 0.25  # orders of the model: samples that are off by themselves; more of them are interpolated
_BESIDE = 10  # orders of the model on either side of a click that say how loud the sound is
_MORE_SOUND = 3.0  # and beyond that as a part of what there is beside it


class _Beside(NamedTuple):
    """The sound's mean square beside a click, in variances of its excitation, and samples of a window."""

    level: float
    grain: int


@compiled
def estimate_click(
    x: Vector, start: int, stop: int, end: int, a: Vector, sigma: float, search: RingSearch, click: Vector
) -> tuple[int, float, float]:
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
    length, evidence, plain
        Samples that were filled; the logarithm of the evidence for the click, -inf where no estimate makes
        sense; and the same by those models alone that have a click's shape: one that may take any shape takes
        that of a drum's stroke as well.
    """
    span = stop - start
    grain = search.grain if search.grain else a.size - 1
    e = _excitation(x, start, stop + grain, end, a, sigma)
    level = sound_beside(x, start, stop, end, grain)
    beside = _Beside(level / (sigma * sigma), grain)
    room = min(click.size, span + int(_RUNG / -np.log(search.slowest)))
    count = _RUNG_AND_DRIVEN + 2
    pulses = np.zeros((count, room))
    lengths = np.full(count, span)
    evidences = np.full(count, -np.inf)
    evidences[_SPARSE] = sparse_pulse(e, a, pulses[_SPARSE, :span])
    lengths[_RING], evidences[_RING], twice = ring_pulse(e, a, search, pulses[_RING], span)
    for k in range(_DRIVEN):
        if evidences[k] > -np.inf:
            lengths[k] = believed(x[start : start + lengths[k]], level, grain, sigma, pulses[k])
            evidences[k] = evidences[k] if lengths[k] >= span else -np.inf
    likeliest = np.argmax(evidences)
    plain = max(evidences[_SPARSE], evidences[_RING] + twice)  # what is asked of it was tuned with both
    if not _explains(e, a, likeliest, grain, pulses[likeliest, : lengths[likeliest]]):
        samples = x[start:stop] / sigma
        for k in range(_DRIVEN, count):
            if k < _RUNG_AND_DRIVEN:
                which = k - _DRIVEN
                evidences[k] = _driven(e, a, samples, beside, which, pulses[k, :span])
            elif k == _RUNG_AND_DRIVEN:
                lengths[k] = lengths[_RING]
                pulses[k] = pulses[_RING]
                evidences[k] = _add_driven(e, a, samples, beside, evidences[_RING], pulses[k])
            elif search.edge < 1.0:
                gain = dull_ring(e, a, search, pulses[k, :span])
                odds = _gain_of(e, a, pulses[k, :span]) - 2.5 * np.log(1.0 + gain) if gain > 0.0 else -np.inf
                evidences[k] = _add_driven(e, a, samples, beside, odds, pulses[k, :span])
            if evidences[k] > -np.inf:
                lengths[k] = believed(x[start : start + lengths[k]], level, grain, sigma, pulses[k])
                evidences[k] = evidences[k] if lengths[k] >= span else -np.inf
    length, evidence = _mean_click(pulses, lengths, evidences, click[:room])
    return length, evidence, plain


@compiled
def _driven(e: Vector, a: Vector, samples: Vector, beside: _Beside, which: int, pulse: Vector) -> float:
    """Estimate a driven pulse from `samples`, in standard deviations of the excitation."""
    poles, reach = _DRIVES[which]
    power = np.maximum(samples**2 - beside.level, 0.0)
    return float(driven_pulse(e, a, power, poles, max(round(reach * beside.grain), 1), pulse))


@compiled
def _add_driven(
    e: Vector, a: Vector, samples: Vector, beside: _Beside, evidence: float, pulse: Vector
) -> float:
    """Estimate what a ring of some evidence leaves as a driven pulse, and add it; see `_driven`."""
    if not evidence > -np.inf:
        return -np.inf
    span = samples.size
    more = np.zeros(span)
    gained = _driven(_without(e, a, pulse), a, samples - pulse[:span], beside, 0, more)
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
    x: Vector, start: int, stop: int, end: int, a: Vector, sigma: float, search: RingSearch, click: Vector
) -> tuple[int, float, float, Vector]:
    """Estimate a click, and again with its tops put back where a converter cut them off.

    Parameters are those of `estimate_click`. Tops are looked for as far as a click may last. Energies add, so
    tops that leave clearly more sound behind were none; a little more stays where less is taken for click.

    Returns
    -------
    length, evidence, plain, whole
        Of the better estimate, and the samples that `click` is to be taken from: `x` itself where no top was
        cut off, or none could be put back.
    """
    length, evidence, plain = estimate_click(x, start, stop, end, a, sigma, search, click)
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
    size, odds, shaped = estimate_click(whole, start, stop, end, a, sigma, search, again)
    reach = max(length, size)
    left = _energy_left(x, start, length, reach, sigma, click)
    if not _energy_left(whole, start, size, reach, sigma, again) < _MOST_SOUND * left:
        return length, evidence, plain, x
    click[:size] = again[:size]
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
def believed(x: Vector, level: float, window: int, sigma: float, click: Vector) -> int:
    """Find the first part of a click that leaves clearly more sound than there was: it is not believed.

    Click and music are independent, so their energies add. An estimate that breaks this rule put a great
    oscillation into the click and its opposite into the music, where too few samples told them apart. Beside
    all of a loud click such an oscillation at its end is nothing, so each part counts by itself.

    Parameters
    ----------
    x
        The samples that the click is taken from, shape (m,).
    level
        Mean square of the sound beside them.
    window
        Samples of a part; parts overlap by half.
    sigma, click
        The click in units of `sigma`, shape (m,) or longer.

    Returns
    -------
    int
        Samples before that part; m where there is none.
    """
    step = max(window // 2, 1)
    for first in range(0, max(x.size - window, 0) + 1, step):
        before, after = 0.0, 0.0
        last = first + window if first + step + window <= x.size else x.size
        for t in range(first, last):
            rest = x[t] - sigma * click[t]
            before += x[t] * x[t]
            after += rest * rest
        if after > _MOST_SOUND * before + _MORE_SOUND * level * (last - first):
            return first
    return int(x.size)


@compiled
def is_absurd(x: Vector, level: float, window: int, sigma: float, click: Vector) -> bool:
    """Whether there is clearly more sound without the click than with it, in any part; see `believed`."""
    return bool(believed(x, level, window, sigma, click) < x.size)


@compiled
def _energy_left(x: Vector, start: int, length: int, reach: int, sigma: float, click: Vector) -> float:
    """Return the energy of `reach` samples from `start` on, without a click of `length` samples."""
    energy = 0.0
    for t in range(reach):
        value = x[start + t] - (sigma * click[t] if t < length else 0.0)
        energy += value * value
    return energy
