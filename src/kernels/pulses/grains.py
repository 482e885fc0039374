"""Grains: what dust and wear in a groove sound like, as the priors that impulses are estimated under.

A stylus that meets a grain gives a pulse that its cartridge, the playback curve, a converter and what came
after them have shaped alike; of its low notes the excitation of music says next to nothing, of its high ones
all that can be known, and the prior says how the two belong together. Each family of shapes is drawn over
its range, in every phase between samples; its covariance (by pivoted Cholesky factors) is the prior, times
the square of a height. Posterior mean and evidence are those of linear models (C. Bishop, Pattern Recognition
and Machine Learning, 2006, sections 3.3 and 3.5), in standard deviations of the excitation.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.signal import bilinear, lfilter, resample_poly

from ..compilation.compilation import compiled
from ..prediction.bands import band_cholesky, band_solve
from ..prediction.models import Matrix, Positions, Vector, add_filtered

_FINER = 8  # times the rate at which shapes are drawn; derived: phases are multiples of an eighth of a sample
_PHASES = 4  # of a sample; derived: half of them
_LEAD_S = 0.5e-3  # before a grain's peak; derived: longer than onsets, and a converter's own ringing
# source: the playback curve's time constants, IEC 60098, with the amendment's 20 Hz
_SLOW_S, _MIDDLE_S, _FAST_S, _LOWEST_HZ = 3180e-6, 318e-6, 75e-6, 20.0
# tuned: bench.material.tuning.crackle, tuning set, 2026-11-29; ranges as pickups and discs are, by hand
_CARTRIDGES = ((10e3, 1.2), (14e3, 0.7), (20e3, 1.0))  # turning point in Hz, and quality
_DECAYS_S = (15e-6, 25e-6, 40e-6, 60e-6, 85e-6)  # of spikes
_WIDTHS_S = (12e-6, 25e-6, 45e-6, 70e-6)  # of a groove's grains
_RINGS_S = (0.03e-3, 0.06e-3, 0.1e-3, 0.15e-3)  # decays of rings
_ONSETS_S = (0.0, 0.06e-3, 0.12e-3)  # how long they swell
_LOW_RINGS_HZ = (1.5e3, 2e3, 2.6e3, 3.3e3, 4e3)
_HIGH_RINGS_HZ = (4.6e3, 5.3e3, 6.1e3, 7e3, 8e3, 9.2e3)
_RANK = 28  # figures that a grain of a family is known by, at most,
_LEFT = 1e-6  # and part of their energy that these leave
PLAYED = 4  # derived: families that a converter has limited; the others are the recording's own samples
_WORTH = 8.0  # log evidence under the best from which other heights are worth a look
_HEIGHTS = 16  # heights that are tried, each twice the one before
_MOST_SHIFT = 1  # samples at 44.1 kHz by which a grain's peak may lie beside the one that was found


class Grains(NamedTuple):
    """Families of shapes at one sample rate, within one band.

    Attributes
    ----------
    rows
        Factors of the families' covariances, shape (k, m): row by row as in ``sum_i z[i] rows[i]``, `z` of
        variance 1 for a height of 1.
    family
        First row of each family, and one past the last, shape (families + 1,).
    sizes
        Samples of each family, shape (families,).
    peak
        Sample at which a grain peaks.
    shift
        Samples by which it may lie beside that.
    """

    rows: Matrix
    family: Positions
    sizes: Positions
    peak: int
    shift: int


class Responses(NamedTuple):
    """What grains are in an excitation, under one model.

    Attributes
    ----------
    rows
        Excitation of each row of `Grains`, shape (m + p, k): sums over time run along all rows at once.
    grams
        Inner products of the rows of each family, as bands, shape (families, rank, rank).
    factors
        Cholesky factors of each family and height, as `band_cholesky` leaves them, shape (families, heights,
        rank, rank); made when they are asked for.
    prices
        What each costs of evidence, shape (families, heights); NaN where it was not asked for yet.
    """

    rows: Matrix
    grams: npt.NDArray[np.float64]
    factors: npt.NDArray[np.float64]
    prices: Matrix


@lru_cache(maxsize=8)
def grains_at(sample_rate: float) -> Grains:
    """Return the families of grains at a sample rate in Hz."""
    lead = round(_LEAD_S * sample_rate)
    fine = _FINER * sample_rate
    families = [
        _aligned(shapes, lead, lead + round(tail_s * sample_rate))
        for shapes, tail_s in (
            (_spikes(fine), 0.6e-3),
            (_groove(fine), 3e-3),
            (_rings(fine, _LOW_RINGS_HZ), 1e-3),
            (_rings(fine, _HIGH_RINGS_HZ), 0.8e-3),
        )
    ]
    families += [
        _sampled(_rings(sample_rate, frequencies_hz), lead, lead + round(1e-3 * sample_rate))
        for frequencies_hz in (_LOW_RINGS_HZ, _HIGH_RINGS_HZ)
    ]
    factors = [factored(_covariance(atoms), _RANK, _LEFT) for atoms in families]
    return gathered(factors, lead, _MOST_SHIFT * sample_rate / 44_100)


def gathered(factors: list[Matrix], peak: int, shift: float) -> Grains:
    """Gather families by their factors; a grain may lie so many samples beside its peak."""
    longest = max(each.shape[1] for each in factors)
    rows = np.concatenate([np.pad(each, ((0, 0), (0, longest - each.shape[1]))) for each in factors])
    family = np.cumsum([0, *(len(each) for each in factors)])
    return Grains(rows, family, np.array([each.shape[1] for each in factors]), peak, max(round(shift), 1))


def _spikes(fine: float) -> Iterator[Vector]:
    """Give jumps that decay, as cartridges play them."""
    for decay_s in _DECAYS_S:
        t = np.arange(round(9.0 * decay_s * fine)) / fine
        yield from _played(np.exp(-t / decay_s), fine)


def _groove(fine: float) -> Iterator[Vector]:
    """Give velocities over a grain, one way and back or not, as the playback curve leaves them."""
    slow = bilinear([_MIDDLE_S, 1.0], np.convolve([_SLOW_S, 1.0], [_FAST_S, 1.0]), fine)
    turn = 1.0 / (2.0 * np.pi * _LOWEST_HZ)
    rumble = bilinear([turn, 0.0], [turn, 1.0], fine)
    tail = np.zeros(round(4e-3 * fine))
    for width_s in _WIDTHS_S:
        there = np.sin(np.linspace(0.0, np.pi, max(round(width_s * fine), 3))) ** 2
        for velocity in (there, np.concatenate([there, -there])):
            yield from _played(lfilter(*rumble, lfilter(*slow, np.concatenate([velocity, tail]))), fine)


def _rings(fine: float, frequencies_hz: tuple[float, ...]) -> Iterator[Vector]:
    """Give damped rings that begin at once or swell, in two phases."""
    for frequency_hz in frequencies_hz:
        for decay_s in _RINGS_S:
            for onset_s in _ONSETS_S:
                t = np.arange(round((onset_s + 7.0 * decay_s) * fine)) / fine
                envelope = np.exp(-np.maximum(t - onset_s, 0.0) / decay_s)
                if onset_s:
                    envelope *= np.sin(0.5 * np.pi * np.minimum(t / onset_s, 1.0)) ** 2
                for phase in (0.0, 0.5 * np.pi):
                    yield envelope * np.cos(2.0 * np.pi * frequency_hz * t + phase)


def _played(shape: Vector, fine: float) -> Iterator[Vector]:
    for turn_hz, quality in _CARTRIDGES:
        turn = 2.0 * np.pi * turn_hz
        if turn_hz < 0.45 * fine:
            b, a = bilinear([turn**2], [1.0, turn / quality, turn**2], fine)
            yield lfilter(b, a, np.concatenate([shape, np.zeros(shape.size)]))


def _aligned(shapes: Iterator[Vector], lead: int, size: int) -> Matrix:
    """Sample shapes so that they peak at `lead` or within half a sample of it; shape (atoms, size)."""
    atoms = []
    for shape in shapes:
        peak = int(np.argmax(np.abs(shape)))
        for phase in range(_PHASES):
            late = (phase - _PHASES // 2) * (_FINER // _PHASES)
            begin = lead * _FINER - peak + late
            padded = np.concatenate([np.zeros(max(begin, 0)), shape[max(-begin, 0) :]])
            sampled = resample_poly(np.pad(padded, (0, size * _FINER)), 1, _FINER)[:size]
            highest = np.max(np.abs(sampled))
            if highest > 0.0:
                atoms.append(sampled / highest)
    return np.array(atoms)


def _sampled(shapes: Iterator[Vector], lead: int, size: int) -> Matrix:
    """Place shapes of the recording's own samples so that they peak at `lead`; shape (atoms, size)."""
    atoms = []
    for shape in shapes:
        atom = np.zeros(size)
        peak = int(np.argmax(np.abs(shape)))
        stop = min(lead - peak + shape.size, size)
        atom[lead - peak : stop] = shape[: stop - lead + peak] / abs(shape[peak])
        atoms.append(atom)
    return np.array(atoms)


@compiled
def _covariance(atoms: Matrix) -> Matrix:
    """Return the covariance of atoms, shape (count, m), as of shape (m, m)."""
    count, size = atoms.shape
    covariance = np.zeros((size, size))
    for k in range(count):
        for i in range(size):
            value = atoms[k, i] / count
            for j in range(size):
                covariance[i, j] += value * atoms[k, j]
    return covariance


@compiled
def factored(covariance: Matrix, rank: int, left: float) -> Matrix:
    """Factor a covariance, which it spoils, into rows by pivoted Cholesky; shape (<= rank, m)."""
    size = len(covariance)
    whole = 0.0
    for i in range(size):
        whole += covariance[i, i]
    rows = np.zeros((rank, size))
    for r in range(rank):
        pivot, total = 0, 0.0
        for i in range(size):
            total += covariance[i, i]
            if covariance[i, i] > covariance[pivot, pivot]:
                pivot = i
        if total <= left * whole:
            return rows[:r].copy()
        rows[r] = covariance[pivot] / np.sqrt(covariance[pivot, pivot])
        for i in range(size):
            for j in range(size):
                covariance[i, j] -= rows[r, i] * rows[r, j]
    return rows


@compiled
def limited(grains: Grains, taps: Vector) -> Grains:
    """Return grains through a low-pass of odd length, which delays by half of it."""
    reach = taps.size // 2
    rows = np.zeros((grains.rows.shape[0], grains.rows.shape[1] + 2 * reach))
    padded = np.zeros(rows.shape[1])
    for r in range(rows.shape[0]):
        padded[: grains.rows.shape[1]] = grains.rows[r]
        add_filtered(padded, 0, taps, 0, rows[r])
    return Grains(rows, grains.family, grains.sizes + 2 * reach, grains.peak + reach, grains.shift)


@compiled
def responses(grains: Grains, a: Vector, whole: bool) -> Responses:
    """Return what grains are in the excitation of a model, shape (p + 1,); `whole` as of `estimate_grain`."""
    order = a.size - 1
    rows = np.zeros((grains.rows.shape[1] + order, grains.rows.shape[0]))
    families = grains.sizes.size
    rank = 0
    for f in range(families):
        rank = max(rank, grains.family[f + 1] - grains.family[f])
    grams = np.zeros((families, rank, rank))
    for f in range(families if whole else PLAYED):
        first, last = grains.family[f], grains.family[f + 1]
        length = grains.sizes[f] + order
        padded = np.zeros(length)
        for r in range(first, last):
            padded[: grains.sizes[f]] = grains.rows[r, : grains.sizes[f]]
            own = np.zeros(length)
            add_filtered(padded, 0, a, 0, own)
            rows[:length, r] = own
        count = last - first
        gram = np.zeros((count, count))
        for t in range(length):
            here = rows[t, first:last]
            for i in range(count):
                value, line = here[i], gram[i]
                for j in range(count):
                    line[j] += value * here[j]
        for i in range(count):
            grams[f, i, : count - i] = gram[i, i:]
    factors = np.empty((families, _HEIGHTS, rank, rank))
    return Responses(rows, grams, factors, np.full((families, _HEIGHTS), np.nan))


@compiled
def _factor(responses: Responses, f: int, height: int, count: int) -> None:
    """Make the factor of a family of `count` rows at a height."""
    band = responses.factors[f, height, :count, :count]
    band[:] = responses.grams[f, :count, :count]
    for i in range(count):
        band[i, 0] += 4.0**-height
    band_cholesky(band)
    price = 0.5 * count * np.log(4.0**height)
    for i in range(count):
        price += np.log(band[i, 0])
    responses.prices[f, height] = price


@compiled
def estimate_grain(e: Vector, at: int, height: float, grains: Grains, responses: Responses, whole: bool,
                   grain: Vector) -> tuple[int, float, float]:  # fmt: skip
    """Estimate the grain that peaks about `at`, of about such a height, under every family.

    Parameters
    ----------
    e
        Excitation with the grain in it and no other, in its standard deviations, shape (n,).
    at, height
        Of the highest sample as it was found.
    grains, responses
        See there.
    whole
        Whether the band is full; else all impulses have passed what limits it.
    grain
        Filled, from sample ``at - grains.peak - grains.shift`` on, shape (m + 2 shift,): the mean over
        families, heights and places, each weighted by its evidence.

    Returns
    -------
    length, evidence, unplayed
        Samples that were filled; the logarithm of the evidence, the mean over all; and the part of it for
        rings that no converter has limited. 0, -inf and 0 where the excitation is not known far enough.
    """
    begin = at - grains.peak
    shift, families = grains.shift, grains.sizes.size
    order = responses.rows.shape[0] - grains.rows.shape[1]
    grain[:] = 0.0
    if begin - shift < 0:
        return 0, -np.inf, 0.0
    middle = min(max(round(np.log2(max(height, 1.0))), 1), _HEIGHTS - 2)
    places = 2 * shift + 1
    known = families if whole else PLAYED
    evidences = np.full((families, 3, places), -np.inf)
    rank = responses.factors.shape[2]
    betas = np.zeros((families, places, rank))
    parts = np.zeros((families, 3, places, rank))
    best = -np.inf
    for f in range(known):
        first, count = grains.family[f], grains.family[f + 1] - grains.family[f]
        length = grains.sizes[f] + order
        if begin + shift + length > e.size:
            continue
        for s in range(places):
            here = e[begin + s - shift : begin + s - shift + length]
            beta = betas[f, s, :count]
            for t in range(length):
                value, line = here[t], responses.rows[t, first : first + count]
                for i in range(count):
                    beta[i] += value * line[i]
            evidences[f, 1, s] = _solve(responses, f, middle, beta, parts[f, 1, s, :count])
            best = max(best, evidences[f, 1, s])
    if best == -np.inf:
        return 0, -np.inf, 0.0
    for f in range(known):
        count = grains.family[f + 1] - grains.family[f]
        for s in range(places):
            if evidences[f, 1, s] > best - _WORTH:
                beta = betas[f, s, :count]
                for h in (0, 2):
                    evidences[f, h, s] = _solve(responses, f, middle + h - 1, beta, parts[f, h, s, :count])
    best = np.max(evidences)
    total, longest, unplayed = 0.0, 0, 0.0
    for f in range(known):
        first, count = grains.family[f], grains.family[f + 1] - grains.family[f]
        for h in range(3):
            for s in range(places):
                weight = np.exp(evidences[f, h, s] - best)
                total += weight
                unplayed += weight * (f >= PLAYED)
                if weight < 1e-3:
                    continue
                longest = max(longest, s + grains.sizes[f])
                for i in range(count):
                    part = weight * parts[f, h, s, i]
                    for t in range(grains.sizes[f]):
                        grain[s + t] += part * grains.rows[first + i, t]
    for t in range(longest):
        grain[t] /= total
    return longest, best + np.log(total / (families * 3 * places)), unplayed / total


@compiled
def _solve(responses: Responses, f: int, height: int, beta: Vector, z: Vector) -> float:
    """Write the likeliest figures of family `f` into `z`; return the log evidence."""
    count = beta.size
    if np.isnan(responses.prices[f, height]):
        _factor(responses, f, height, count)
    z[:] = beta
    band_solve(responses.factors[f, height, :count, :count], z)
    evidence = -responses.prices[f, height]
    for i in range(count):
        evidence += 0.5 * beta[i] * z[i]
    return float(evidence)
