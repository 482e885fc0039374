"""Clicks estimated: models compete for each one.

Indices count samples; a click's own count from its first sample, in units of the excitation's standard
deviation.
"""

from __future__ import annotations

import numpy as np

from ..compilation.compilation import compiled
from ..prediction.models import Matrix, Positions, Vector, excitation_of
from .burst_pulse import burst_pulse, own_evidence
from .clipped_pulse import MOST_FLAT, flat_samples, restore_tops
from .noise_pulse import decaying_pulse, ring_pulse, sparse_pulse
from .rings import RingSearch

_MODELS = 3  # derived: sparse, ring, decay
_RUNG = 14.0  # time constants until the slowest ring is surely over; derived: e^-14 is -122 dB
_NEGLIGIBLE = 1e-3  # weight of a model beside the likeliest; tuned: by hand, 2026-11-21, no record
# Without a click, as a part of what there is with it; tuned: by hand, 2026-11-21, no record.
_MOST_SOUND = 1.5


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
    span = stop - start
    e = _excitation(x, start, stop, end, a, sigma)
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
    length, evidence = _mean_click(pulses, lengths, evidences, click[:room])
    return length, evidence


@compiled
def _excitation(x: Vector, start: int, stop: int, end: int, a: Vector, sigma: float) -> Vector:
    """Return the excitation of a click and of what it drives after it, in its standard deviations."""
    e: Vector = excitation_of(x, start, min(stop + 2 * (a.size - 1), end), a)
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
def estimate_whole_click(
    x: Vector, start: int, stop: int, end: int, a: Vector, sigma: float, search: RingSearch, click: Vector
) -> tuple[int, float, Vector]:
    """Estimate a click, and again with its tops put back where a converter cut them off.

    Parameters are those of `estimate_click`. Tops are looked for as far as a click may last. Energies add, so
    what leaves less sound behind is the better estimate.

    Returns
    -------
    length, evidence, whole
        Of the better estimate, and the samples that `click` is to be taken from: `x` itself where no top was
        cut off, or none could be put back.
    """
    length, evidence = estimate_click(x, start, stop, end, a, sigma, search, click)
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
    e = _excitation(x, start, stop, end, a, sigma)
    length, evidence = burst_pulse(e, a, click[: stop - start])
    if length and is_absurd(x, start, length, sigma, click):
        return 0, -np.inf
    return length, evidence


@compiled
def sounds_own(x: Vector, start: int, stop: int, end: int, a: Vector, sigma: float) -> float:
    """Return the log evidence that what stands out from `start` on is the sound's own; see `own_evidence`."""
    return float(own_evidence(_excitation(x, start, stop, end, a, sigma)))


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
